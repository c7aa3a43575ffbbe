"""A session, or a rendered page, from a real browser: for where plain HTTP is refused or brings no price.

Belongs here: finding a Chromium, opening a page in a fresh context, handing back its cookies or its document. Does not:
hiding that it is a browser under control, forging fingerprints, solving captchas; a site that then still refuses is
``blocked``.

The browser names itself with the same User-Agent as the plain client, because clearance cookies are bound to it.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from domain.settings import Settings
from scrapers.http import Answer

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Playwright, ProxySettings, Route

logger = logging.getLogger(__name__)

_CANDIDATES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# A wall that a browser passes by itself is passed within some seconds; one that asks for a person never is.
_SETTLE_SECONDS = 10.0


class BrowserError(Exception):
    """The browser did not bring a session; the message says why."""


class BrowserUnavailableError(BrowserError):
    """There is no browser to use on this machine; the message says how to get one."""


class BrowserSession(msgspec.Struct, frozen=True, kw_only=True):
    """What a homepage gave a browser.

    Attributes:
        status: of the homepage itself; 0 where the browser does not say.
        cookies: name to value, as the browser would send them back to the homepage.
        headers: of the homepage's answer, names in lower case.
    """

    status: int
    cookies: dict[str, str]
    headers: dict[str, str]


def find_chromium(settings: Settings) -> Path | None:
    """Return the Chromium to use: the configured one, else the system's, else None (Playwright's own is tried)."""
    if settings.chromium_path is not None:
        return settings.chromium_path
    for name in _CANDIDATES:
        found = shutil.which(name) or shutil.which(name, path="/usr/bin:/usr/local/bin:/snap/bin")
        if found:
            return Path(found)
    return None


async def fetch_session(
    url: str,
    *,
    settings: Settings,
    wanted_cookies: tuple[str, ...] = (),
    headers: Mapping[str, str] | None = None,
    timeout_seconds: float = 60.0,
) -> BrowserSession:
    """Open a homepage in a fresh, headless Chromium and return the cookies it set.

    Args:
        url: the homepage.
        settings: for the browser's path, the proxy and the User-Agent.
        wanted_cookies: wait, within the time limit, until one of these is there; a challenge that the site lifts by
            itself takes some seconds.
        headers: sent to the homepage's origin only.
        timeout_seconds: for everything together.

    Raises:
        BrowserUnavailableError: where there is no browser, or it cannot start.
        BrowserError: where the page did not load in time.
    """
    async with _context(url, settings, headers or {}, timeout_seconds) as context:
        page = await context.new_page()
        response = await page.goto(url, wait_until="domcontentloaded", timeout=timeout_seconds * 1000)
        cookies = await _cookies(context, url)
        deadline = asyncio.get_running_loop().time() + min(_SETTLE_SECONDS, timeout_seconds / 2)
        while wanted_cookies and not any(name in cookies for name in wanted_cookies):
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(0.2)
            cookies = await _cookies(context, url)
        return BrowserSession(
            status=response.status if response else 0,
            cookies=cookies,
            headers=dict(await response.all_headers()) if response else {},
        )


async def fetch_rendered(
    url: str,
    *,
    settings: Settings,
    wait_for: str | None = None,
    headers: Mapping[str, str] | None = None,
    refuse: Callable[[str], Awaitable[str | None]] | None = None,
    timeout_seconds: float = 60.0,
) -> Answer:
    """Open a page in a fresh Chromium, let its scripts run, and return the document as it stands then.

    Args:
        wait_for: CSS selector that is there when the page is complete; without it, or when it does not come within ten
            seconds, the page is taken once its requests have gone quiet.
        headers: sent to the page's origin only.
        refuse: asked before every request of the page; a sentence keeps it from being sent (``scrapers.ssrf``).

    Raises:
        BrowserUnavailableError: where there is no browser, or it cannot start.
        BrowserError: where the page did not load in time.
    """
    from playwright.async_api import TimeoutError as Late  # noqa: PLC0415 - see _context

    began = asyncio.get_running_loop().time()
    async with _context(url, settings, headers or {}, timeout_seconds) as context:
        if refuse is not None:
            await _guard(context, refuse)
        page = await context.new_page()
        response = await page.goto(url, wait_until="domcontentloaded", timeout=timeout_seconds * 1000)
        try:
            if wait_for is not None:
                await page.wait_for_selector(wait_for, state="attached", timeout=_SETTLE_SECONDS * 1000)
            else:
                await page.wait_for_load_state("networkidle", timeout=_SETTLE_SECONDS * 1000)
        except Late:
            # What is there by now is read; a price that never came is told as such.
            logger.debug("%s did not settle", urlsplit(url).hostname)
        return Answer(
            status=response.status if response else 0,
            url=page.url,
            headers={"content-type": "text/html; charset=utf-8"},
            body=(await page.content()).encode(),
            duration_ms=round((asyncio.get_running_loop().time() - began) * 1000),
        )


@asynccontextmanager
async def _context(
    url: str, settings: Settings, headers: Mapping[str, str], timeout_seconds: float
) -> AsyncIterator[BrowserContext]:
    """Yield a context of a fresh browser; what Playwright raises in it becomes ``BrowserError``."""
    try:
        # Lazy: the polling path never needs it, and importing it costs a quarter of a second.
        from playwright.async_api import Error, async_playwright  # noqa: PLC0415
    except ImportError as error:
        raise BrowserUnavailableError(
            "Playwright is not installed: install it, or set PRICESCOPE_VINTED_COOKIE by hand"
        ) from error
    try:
        async with asyncio.timeout(timeout_seconds), async_playwright() as playwright:
            browser = await _launch(playwright, settings)
            try:
                context = await browser.new_context(user_agent=settings.user_agent)
                if headers:
                    await _send_headers_to_origin(context, url, headers)
                yield context
            finally:
                await browser.close()
    except TimeoutError as error:
        raise BrowserError(f"the browser had no page of {urlsplit(url).hostname} in {timeout_seconds:g} s") from error
    except Error as error:
        raise BrowserError(f"the browser failed: {_first_line(error)}") from error


async def _launch(playwright: Playwright, settings: Settings) -> Browser:
    from playwright.async_api import Error  # noqa: PLC0415 - see _context

    path = find_chromium(settings)
    try:
        return await playwright.chromium.launch(
            executable_path=path, headless=True, args=list(_FLAGS), proxy=_proxy(settings)
        )
    except Error as error:
        raise BrowserUnavailableError(
            f"no Chromium could be started ({path or 'none found'}): install one, or set PRICESCOPE_CHROMIUM_PATH. "
            f"It said: {_first_line(error)}"
        ) from error


async def _guard(context: BrowserContext, refuse: Callable[[str], Awaitable[str | None]]) -> None:
    async def decide(route: Route) -> None:
        address = route.request.url
        if address.startswith(("http://", "https://")) and await refuse(address) is not None:
            await route.abort("blockedbyclient")
        else:
            await route.fallback()

    await context.route("**/*", decide)


async def _send_headers_to_origin(context: BrowserContext, url: str, headers: Mapping[str, str]) -> None:
    parts = urlsplit(url)

    async def forward(route: Route) -> None:
        await route.continue_(headers={**route.request.headers, **headers})

    await context.route(f"{parts.scheme}://{parts.netloc}/**", forward)


async def _cookies(context: BrowserContext, url: str) -> dict[str, str]:
    found: list[Any] = list(await context.cookies(url))
    return {str(cookie["name"]): str(cookie["value"]) for cookie in found}


def _proxy(settings: Settings) -> ProxySettings | None:
    if settings.proxy_url is None:
        return None
    parts = urlsplit(settings.proxy_url.get_secret_value())
    proxy: ProxySettings = {
        "server": f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else ""),
        "bypass": "127.0.0.1,localhost",
    }
    if parts.username:
        proxy["username"] = parts.username
        proxy["password"] = parts.password or ""
    return proxy


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
