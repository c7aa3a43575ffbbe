"""A session with one country's Vinted site: how it is got and what it adds to a request.

Belongs here: the bootstrap by plain HTTP, by a browser, or from a cookie set by hand. Does not: when to renew
(``client``). Token and cookie values are never logged; they do not show in ``repr``.

After the public recipes of 2026-09 (Fuyucch1/Vinted-Notifications#118): the homepage sets ``access_token_web`` and
``anon_id``, and names the latter in the answer header ``X-Anon-Id``; the service wants both back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie

from domain.settings import Settings
from scrapers.browser import fetch_session
from scrapers.http import Answer, PoliteClient

TOKEN_COOKIE = "access_token_web"  # noqa: S105 - a cookie's name, not a secret
ANON_COOKIE = "anon_id"
ANON_HEADER = "x-anon-id"


@dataclass(frozen=True, slots=True)
class Session:
    """What proves to the search service that a visitor came by the front door.

    Attributes:
        origin: ``http``, ``browser`` or ``cookie`` (set by hand).
        token: bearer token; life about 7 days for anonymous visitors.
        anon_id: the visitor's anonymous id.
        cookie_header: sent as ``Cookie`` where the client's own jar does not hold the session's cookies.
    """

    origin: str
    token: str | None = field(default=None, repr=False)
    anon_id: str | None = field(default=None, repr=False)
    cookie_header: str | None = field(default=None, repr=False)

    def page_headers(self) -> dict[str, str]:
        """Return what a request for one of the site's pages adds."""
        return {"Cookie": self.cookie_header} if self.cookie_header else {}

    def service_headers(self) -> dict[str, str]:
        """Return what a request to the search service adds."""
        headers = self.page_headers()
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.anon_id:
            headers["X-Anon-Id"] = self.anon_id
        return headers


def session_from_cookie(text: str) -> Session | None:
    """Return a session from a ``Cookie`` header copied by hand from a browser; None where it holds no token."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(text.strip().removeprefix("Cookie:").strip())
    except CookieError:
        return None
    cookies = {name: morsel.value for name, morsel in jar.items()}
    return _session("cookie", cookies, {}, keep_cookies=True)


async def session_by_http(
    client: PoliteClient, homepage: str, headers: Mapping[str, str]
) -> tuple[Session | None, Answer]:
    """Ask the homepage for a session by plain HTTP.

    Returns:
        The session, or None where the homepage refused or gave none; and the homepage's answer.
    """
    answer = await client.get(homepage, headers={"Accept": "text/html", **headers})
    cookies = {name: value for name in (TOKEN_COOKIE, ANON_COOKIE) if (value := client.cookie(name))}
    if answer.status != 200:
        return None, answer
    return _session("http", cookies, answer.headers, keep_cookies=False), answer


async def session_by_browser(settings: Settings, homepage: str, headers: Mapping[str, str]) -> Session | None:
    """Ask the homepage for a session with a real browser; None where it gave none, either.

    Raises:
        BrowserError: where no browser is available, or the page did not load.
    """
    found = await fetch_session(
        homepage,
        settings=settings,
        wanted_cookies=(TOKEN_COOKIE,),
        headers=headers,
        timeout_seconds=2 * settings.request_timeout_seconds,
    )
    return _session("browser", found.cookies, found.headers, keep_cookies=True)


def _session(
    origin: str, cookies: Mapping[str, str], headers: Mapping[str, str], *, keep_cookies: bool
) -> Session | None:
    token = cookies.get(TOKEN_COOKIE)
    if not token:
        return None
    return Session(
        origin=origin,
        token=token,
        anon_id=headers.get(ANON_HEADER) or cookies.get(ANON_COOKIE),
        cookie_header="; ".join(f"{name}={value}" for name, value in cookies.items()) if keep_cookies else None,
    )
