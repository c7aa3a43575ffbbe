"""Any shop's client: one product page a watch, within robots.txt and on the open internet only.

Belongs here: what is asked for and through what. Does not: reading (``reading``), who may be asked (``scrapers.ssrf``,
``scrapers.robots``).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime

import msgspec

from domain.page import PageReading, RawPage
from domain.settings import Settings
from scrapers.answers import ERROR_CONTENT_TYPE
from scrapers.base import BaseSource
from scrapers.browser import BrowserError, fetch_rendered
from scrapers.contract import Clock, ParsedSearch, Query, SearchUrlError
from scrapers.http import Answer, PoliteClient
from scrapers.robots import Robots
from scrapers.shop.config import ShopRule, load_rules
from scrapers.shop.document import currency_of_address
from scrapers.shop.product_url import canonical_product_url, product_id
from scrapers.shop.reading import PARSER_VERSION, SOURCE_NAME, read_product_page
from scrapers.ssrf import PublicOnly


class ShopSource(BaseSource):
    """Product pages of any shop (see ``scrapers.contract.ItemSource``)."""

    name = SOURCE_NAME
    parser_version = PARSER_VERSION
    home = ""
    rate = 0.2

    def prepare(self, settings: Settings) -> None:
        """Set up what is this source's own (see ``BaseSource``).

        Raises:
            SettingsError: where the file of shop rules has mistakes.
        """
        self._rules = load_rules(settings.shops_file)
        self._guard = PublicOnly(settings.sandbox_url)
        self._client_options = {"guard": self._guard, **self._client_options}
        self._robots: Robots | None = None

    @property
    def client(self) -> PoliteClient:
        """The polite client, which refuses addresses that are not on the open internet."""
        opened = super().client
        if self._robots is None:
            self._robots = Robots(opened, self._settings.user_agent)
        return opened

    def parse_search_url(self, url: str) -> ParsedSearch:
        """Read a product's address.

        Raises:
            SearchUrlError: where it is none.
        """
        address = canonical_product_url(url)
        rule = self._rules.rule_of(address)
        currency = (rule.currency if rule else None) or currency_of_address(address) or self._settings.base_currency
        return ParsedSearch(
            source=self.name, country="any", currency=currency, params={"url": address}, canonical_url=address
        )

    async def fetch_search(self, query: Query) -> AsyncIterator[RawPage]:
        """Fetch the product page that a watch names."""
        address = query.params.get("url")
        if not isinstance(address, str):
            raise SearchUrlError("a watch of a shop needs the address of a product page")
        yield await self._fetch(address, query)

    def parse_item_url(self, id_or_url: str, country: str) -> tuple[str, str]:
        """Return the id and the country ("any") of a product's address.

        Raises:
            ValueError: where it is no address.
        """
        del country
        return product_id(id_or_url), "any"

    async def fetch_item(self, item_id: str, country: str) -> RawPage:
        """Fetch a product's page by its id or address."""
        del country
        address = item_id if item_id.startswith(("http://", "https://")) else f"https://{item_id}"
        return await self._fetch(address, None)

    def read_page(self, page: RawPage) -> PageReading:
        """Read one stored page."""
        return read_product_page(page, self._rules)

    def recorded_page(self, body: bytes, *, url: str | None = None, fetched_at: datetime) -> RawPage:
        """Return a recorded body as a page; without an address, the one that the page itself names is used."""
        return super().recorded_page(body, url=url or "", fetched_at=fetched_at)

    async def _fetch(self, address: str, query: Query | None) -> RawPage:
        rule = self._rules.rule_of(address)
        target = _endpoint(address, rule)
        client = self.client
        refused = await self._guard.refuse(target)
        if refused is None and self._robots is not None:
            refused = await self._robots.refuse(target)
        if refused is not None:
            return self._unasked(address, refused, query)
        if self._robots is not None:
            client.slow_down(target, await self._robots.delay(target))
        if rule is not None and rule.needs_browser:
            return await self._rendered(address, query)
        accept = "application/json" if target != address else "text/html,application/xhtml+xml"
        answer = await client.get(target, headers={"Accept": accept, **self._market_headers})
        page = self.page(answer, query, 1)
        return self._under(page, address)

    async def _rendered(self, address: str, query: Query | None) -> RawPage:
        try:
            answer = await fetch_rendered(
                address,
                settings=self._settings,
                headers=self._market_headers,
                refuse=self._guard.refuse,
            )
        except BrowserError as error:
            return self._unasked(address, str(error), query)
        return self._under(self.page(answer, query, 1), address)

    def _unasked(self, address: str, reason: str, query: Query | None) -> RawPage:
        return self.page(Answer(status=0, url=address, error=f"not asked: {reason}"), query, 1)

    @staticmethod
    def _under(page: RawPage, address: str) -> RawPage:
        """Keep the page under the address that was asked for: a redirect must not make another product of it."""
        if page.content_type == ERROR_CONTENT_TYPE:
            return page
        return msgspec.structs.replace(page, url=address)


def _endpoint(address: str, rule: ShopRule | None) -> str:
    """Return what is asked: the page, or the JSON endpoint that the shop's rule names for it."""
    if rule is None or rule.json_url is None or rule.product_id is None:
        return address
    found = re.search(rule.product_id, address)
    return rule.json_url.replace("{id}", found.group(1)) if found else address


def create_shop(settings: Settings, *, clock: Clock | None = None, market_time: datetime | None = None) -> ShopSource:
    """Return the source of any shop (the registry's factory)."""
    return ShopSource(settings, clock=clock, market_time=market_time)
