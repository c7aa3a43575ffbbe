"""Reddit's client: token, pages of posts, and the comments of buy/sell/trade threads.

Belongs here: the order of calls. Does not: politeness (``scrapers.http``), what an answer holds (``reading``).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import ClassVar

from domain.page import PageMeaning, PageReading, RawPage
from domain.settings import Settings
from scrapers.answers import base_url
from scrapers.base import BaseSource
from scrapers.contract import Clock, ParsedSearch, Query
from scrapers.http import Answer
from scrapers.oauth import OAuthToken
from scrapers.reddit import post_url, search_url
from scrapers.reddit.allowance import Allowance
from scrapers.reddit.posts import SOURCE_NAME
from scrapers.reddit.reading import PARSER_VERSION, hidden_comments, next_cursor, read_page, threads_of
from scrapers.tokens import TokenFile

_LIMIT = 100
# One morechildren call takes a hundred ids; a thread of thousands is read as far as this.
_MORE_CALLS = 3
# A page holds a stickied thread or two; a subreddit that calls every post a thread does not multiply the requests.
_THREADS = 5
# Recorded: 3600; 86,400 reported since.
_TOKEN_SECONDS = 3600
_FEW_COMMENTS = [("limit", "1"), ("raw_json", "1")]
_MISSING = (
    "PRICESCOPE_REDDIT_CLIENT_ID and PRICESCOPE_REDDIT_CLIENT_SECRET are not set: since 2025-11 Reddit approves apps "
    "by hand (support.reddithelp.com, Responsible Builder Policy); unauthenticated pages are blocked since 2026-05."
)


class RedditSource(BaseSource):
    """Reddit as the pipeline sees it (see ``scrapers.contract.Source``)."""

    name = SOURCE_NAME
    parser_version = PARSER_VERSION
    home: ClassVar[str] = "https://oauth.reddit.com/"
    # 100 requests a minute are allowed per app since 2023-07; two thirds of that.
    rate = 1.1

    def prepare(self, settings: Settings) -> None:
        """Set up what is this source's own (see ``BaseSource``)."""
        self._api = base_url("https://oauth.reddit.com", settings.sandbox_url, SOURCE_NAME)
        self._www = base_url("https://www.reddit.com", settings.sandbox_url, SOURCE_NAME)
        given = settings.reddit_client_id and settings.reddit_client_secret
        self.missing_configuration = None if given else _MISSING
        identity = (settings.reddit_client_id or "", settings.reddit_username or "", self._www)
        self._token = OAuthToken(
            TokenFile(settings.home, SOURCE_NAME, *identity),
            f"{self._www}/api/v1/access_token",
            client_id=settings.reddit_client_id,
            client_secret=settings.reddit_client_secret,
            form=_grant(settings),
            lasts=_TOKEN_SECONDS,
            clock=self._clock,
        )
        self.allowance = Allowance()

    def parse_search_url(self, url: str) -> ParsedSearch:
        """Read the address of a subreddit or a search, of Reddit or of the sandbox where one is set.

        Raises:
            SearchUrlError: naming what is not understood.
        """
        text = url.strip()
        sandbox = self._www + "/" if self._settings.sandbox_url else None
        return search_url.parse_search_url(
            f"https://www.reddit.com/{text.removeprefix(sandbox)}" if sandbox and text.startswith(sandbox) else text
        )

    def read_page(self, page: RawPage) -> PageReading:
        """Read one stored answer."""
        return read_page(page)

    def parse_item_url(self, id_or_url: str, country: str) -> tuple[str, str]:
        """Return the id of the post that an address names; a thing of a post has no address of its own.

        Raises:
            ValueError: where it is no post of Reddit.
        """
        return post_url.parse_post_url(id_or_url), country or search_url.COUNTRY

    async def fetch_item(self, item_id: str, country: str) -> RawPage:
        """Fetch a post with its first comments; never raises for what the site answered."""
        del country
        pages = [self.page(answer) async for answer in self._asked("GET", f"/comments/{item_id}", _FEW_COMMENTS)]
        return pages[-1]

    async def fetch_search(self, query: Query) -> AsyncIterator[RawPage]:
        """Fetch new posts, a hundred a page, and the comments of threads among them.

        Old posts come first where they are stickied, so no position is a watermark. Ends at the listing's end (about a
        thousand posts), at a refusal, or when Reddit's own count says that no request is left for now.
        """
        path, pairs = search_url.api_query(query.params)
        after: str | None = None
        for number in range(1, query.max_pages + 1):
            params = [*pairs, ("limit", str(_LIMIT)), ("raw_json", "1"), *([("after", after)] if after else [])]
            page: RawPage | None = None
            async for answer in self._asked("GET", path, params):
                page = self.page(answer, query, number)
                yield page
            if page is None or self.read(page).meaning is not PageMeaning.OK:
                return
            for thread in threads_of(page.body)[:_THREADS]:
                if self.allowance.is_spent:
                    return
                async for comments in self._thread(thread, query, number):
                    yield comments
            after = next_cursor(page.body)
            if after is None or self.allowance.is_spent:
                return

    async def _thread(self, post_id: str, query: Query, number: int) -> AsyncIterator[RawPage]:
        """Yield a thread's comments and, where they are folded away, the rest of the top level."""
        body = b""
        async for answer in self._asked("GET", f"/comments/{post_id}", [("limit", "500"), ("raw_json", "1")]):
            body = answer.body
            yield self.page(answer, query, number)
        hidden = hidden_comments(body)
        for place in range(0, min(len(hidden), _MORE_CALLS * 100), 100):
            if self.allowance.is_spent:
                return
            form = {
                "api_type": "json",
                "link_id": f"t3_{post_id}",
                "children": ",".join(hidden[place : place + 100]),
                "raw_json": "1",
            }
            async for answer in self._asked("POST", "/api/morechildren", [], form):
                yield self.page(answer, query, number)

    # ------------------------------------------------------------ token and counts

    async def _asked(
        self, method: str, path: str, params: list[tuple[str, str]], form: dict[str, str] | None = None
    ) -> AsyncIterator[Answer]:
        """Yield the answer; a refused token's too, then that of the new one."""
        refused = await self._token.sign_in(self.client, self._market_headers)
        if refused is not None:
            yield refused
            return
        answer = await self._call(method, path, params, form)
        yield answer
        if answer.status == 401:
            refused = await self._token.renew(self.client, self._market_headers)
            yield refused if refused is not None else await self._call(method, path, params, form)

    async def _call(self, method: str, path: str, params: list[tuple[str, str]], form: dict[str, str] | None) -> Answer:
        answer = await self.client.request(
            method,
            f"{self._api}{path}",
            params=params,
            form=form,
            headers={"Accept": "application/json", "Authorization": self._token.header, **self._market_headers},
        )
        self.allowance.note(answer.headers)
        return answer


def _grant(settings: Settings) -> dict[str, str]:
    """Return the grant to ask for: a script app's where a user is set, else app-only."""
    if settings.reddit_username and settings.reddit_password:
        return {
            "grant_type": "password",
            "username": settings.reddit_username,
            "password": settings.reddit_password.get_secret_value(),
        }
    return {"grant_type": "client_credentials"}


def create_reddit(
    settings: Settings, *, clock: Clock | None = None, market_time: datetime | None = None
) -> RedditSource:
    """Return the Reddit source (the registry's factory)."""
    return RedditSource(settings, clock=clock, market_time=market_time)
