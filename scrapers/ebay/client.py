"""eBay's client: application token, search pages, one item.

Belongs here: the order of calls. Does not: politeness (``scrapers.http``), what an answer holds (``reading``).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from urllib.parse import quote, urlsplit

import msgspec

from domain.page import PageMeaning, PageReading, RawPage
from domain.settings import Settings
from scrapers.base import BaseSource
from scrapers.contract import Clock, ParsedSearch, Query
from scrapers.ebay import search_url
from scrapers.ebay.quota import Quota, read_quota, share_of_day
from scrapers.ebay.reading import PARSER_VERSION, read_page
from scrapers.ebay.requests import LIMIT, MAX_OFFSET, price_range_of, search_params, split
from scrapers.ebay.sites import SOURCE_NAME, Site, api, site, site_of_host
from scrapers.http import Answer
from scrapers.oauth import OAuthToken
from scrapers.tokens import TokenFile

_SCOPE = "https://api.ebay.com/oauth/api_scope"
_TOKEN_SECONDS = 7200
# The brief's sync runs every six hours, a tick every ten minutes; a share is reckoned for the tick.
_SECONDS_BETWEEN_POLLS = 600.0
_MISSING = (
    "PRICESCOPE_EBAY_CLIENT_ID and PRICESCOPE_EBAY_CLIENT_SECRET are not set: join developer.ebay.com, make a "
    "production keyset under My Account > Application Keysets, and copy its App ID and Cert ID."
)


class EbaySource(BaseSource):
    """eBay as the pipeline sees it (see ``scrapers.contract.ItemSource``)."""

    name = SOURCE_NAME
    parser_version = PARSER_VERSION
    home: ClassVar[str] = "https://api.ebay.com/buy/browse/v1/item_summary/search"
    rate = 2.0

    def prepare(self, settings: Settings) -> None:
        """Set up what is this source's own (see ``BaseSource``)."""
        self._api = api(settings.sandbox_url)
        given = settings.ebay_client_id and settings.ebay_client_secret
        self.missing_configuration = None if given else _MISSING
        self._token = OAuthToken(
            TokenFile(settings.home, SOURCE_NAME, settings.ebay_client_id or "", self._api),
            f"{self._api}/identity/v1/oauth2/token",
            client_id=settings.ebay_client_id,
            client_secret=settings.ebay_client_secret,
            form={"grant_type": "client_credentials", "scope": _SCOPE},
            lasts=_TOKEN_SECONDS,
            clock=self._clock,
        )
        self._quota: Quota | None = None
        self._quota_asked = False
        self._calls = 0

    # ------------------------------------------------------------ pure

    def parse_search_url(self, url: str) -> ParsedSearch:
        """Read a search address of any eBay site.

        Raises:
            SearchUrlError: naming what is not understood.
        """
        return search_url.parse_search_url(url)

    def parse_item_url(self, id_or_url: str, country: str) -> tuple[str, str]:
        """Return the id and the country of an item's address or number.

        Raises:
            ValueError: where it is none.
        """
        text = id_or_url.strip()
        if re.fullmatch(r"\d{9,15}", text):
            return text, country
        parts = urlsplit(text)
        found = site_of_host(parts.hostname or "")
        number = re.fullmatch(r"/itm/(?:[^/]+/)?([0-9]{9,15})/?", parts.path)
        if found is None or number is None:
            raise ValueError(f"{text[:80]!r} is no eBay item: give its number or https://www.ebay.<site>/itm/<number>")
        variation = re.search(r"(?:^|&)var=([0-9]{1,15})(?:&|$)", parts.query)
        return (f"v1|{number.group(1)}|{variation.group(1)}" if variation else number.group(1)), found.country

    def read_page(self, page: RawPage) -> PageReading:
        """Read one stored answer."""
        return read_page(page)

    # ------------------------------------------------------------ fetching

    async def fetch_search(self, query: Query) -> AsyncIterator[RawPage]:
        """Fetch a search, newest first, pages of 200.

        Ends at the last page, at an empty one, at a refusal, at the poll's share of the day's calls, or at the API's
        end of 10,000; where a watch asks for more, the search is read in price ranges that are each smaller.
        """
        place = site(query.country)
        ranges = [price_range_of(query.params)]
        left = query.max_pages
        while ranges and left > 0:
            bounds = ranges.pop(0)
            for number in range(MAX_OFFSET // LIMIT):
                if left <= 0 or not await self._may_spend():
                    return
                reading: PageReading | None = None
                async for page in self._asked(query, place, number * LIMIT, bounds, query.max_pages - left + 1):
                    reading = self.read(page)
                    yield page
                left -= 1
                if reading is None or reading.meaning is not PageMeaning.OK:
                    if reading is not None and reading.meaning.is_refusal:
                        return
                    break
                total = reading.total_entries or 0
                if number == 0 and total > MAX_OFFSET and left * LIMIT > MAX_OFFSET:
                    halves = split(*bounds)
                    ranges = [*halves, *ranges]
                    if halves:
                        break
                if (number + 1) * LIMIT >= total:
                    break

    async def fetch_item(self, item_id: str, country: str) -> RawPage:
        """Fetch one listing by its number, or by eBay's own id (``v1|number|variation``)."""
        place = site(country)
        whole = item_id if item_id.startswith("v1|") else f"v1|{item_id}|0"
        url = f"{self._api}/buy/browse/v1/item/{quote(whole, safe='')}"
        refused = await self._token.sign_in(self.client, self._market_headers)
        if refused is not None:
            return self.page(refused)
        answer = await self._get(url, [], place)
        if answer.status == 401:
            await self._token.renew(self.client, self._market_headers)
            answer = await self._get(url, [], place)
        return self._noted(self.page(answer), place)

    async def _asked(
        self,
        query: Query,
        place: Site,
        offset: int,
        bounds: tuple[Decimal | None, Decimal | None],
        number: int,
    ) -> AsyncIterator[RawPage]:
        """Yield one page's answers: a refused token's too, then that of the new one."""
        refused = await self._token.sign_in(self.client, self._market_headers)
        if refused is not None:
            yield self.page(refused, query, number)
            return
        url = f"{self._api}/buy/browse/v1/item_summary/search"
        params = search_params(query.params, place, offset=offset, price_range=bounds)
        answer = await self._get(url, params, place)
        yield self._noted(self.page(answer, query, number), place)
        if answer.status == 401:
            refused = await self._token.renew(self.client, self._market_headers)
            if refused is not None:
                yield self.page(refused, query, number)
                return
            yield self._noted(self.page(await self._get(url, params, place), query, number), place)

    async def _get(self, url: str, params: list[tuple[str, str]], place: Site) -> Answer:
        self._calls += 1
        return await self.client.get(
            url,
            params=params,
            headers={
                "Accept": "application/json",
                "Authorization": self._token.header,
                "X-EBAY-C-MARKETPLACE-ID": place.marketplace,
                **self._market_headers,
            },
        )

    @staticmethod
    def _noted(page: RawPage, place: Site) -> RawPage:
        """Note the site behind ``#``: the API's address does not say which was asked, and the stored page must."""
        return msgspec.structs.replace(page, url=f"{page.url.partition('#')[0]}#{place.marketplace}")

    # ------------------------------------------------------------ token and quota

    async def _may_spend(self) -> bool:
        """Tell whether this poll may spend another call of the day's quota; eBay is asked once a client."""
        if not self._quota_asked:
            self._quota_asked = True
            if await self._token.sign_in(self.client, self._market_headers) is None:
                answer = await self.client.get(
                    f"{self._api}/developer/analytics/v1_beta/rate_limit/",
                    params=[("api_name", "browse"), ("api_context", "buy")],
                    headers={"Authorization": self._token.header, **self._market_headers},
                )
                self._quota = read_quota(answer.body) if answer.status == 200 else None
        if self._quota is None:
            return True
        # A first page is asked even of a spent quota: its refusal is what the owner sees.
        return self._calls == 0 or self._calls < share_of_day(self._quota, self._clock(), _SECONDS_BETWEEN_POLLS)


def create_ebay(settings: Settings, *, clock: Clock | None = None, market_time: datetime | None = None) -> EbaySource:
    """Return the eBay source (the registry's factory)."""
    return EbaySource(settings, clock=clock, market_time=market_time)
