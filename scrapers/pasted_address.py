"""An address as a user pastes it, as far as all sites are alike.

Belongs here: its scheme, length and host, a look-alike in the sandbox, the sentence on parameters that are not known.
Does not: any site's paths and parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import SplitResult, unquote, urlsplit

from scrapers.contract import SearchUrlError

_LONGEST = 8192


def pasted_address(url: str) -> tuple[str, SplitResult, str]:
    """Return an address with its scheme, ``https`` where it has none, its parts and its host in small letters.

    Raises:
        SearchUrlError: where it is no address of the web.
    """
    text = url.strip()
    if len(text) > _LONGEST:
        raise SearchUrlError(f"the address is longer than {_LONGEST} characters")
    if "://" not in text:
        text = f"https://{text.removeprefix('//')}"
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").lower()
    except ValueError as error:
        raise SearchUrlError(f"this is not an address: {text[:80]!r}") from error
    if parts.scheme.lower() not in {"http", "https"}:
        raise SearchUrlError(f"this is not a web address: {text[:80]!r}")
    return text, parts, host


def place_on_site(url: str, *, host: str, source: str, sandbox_url: str | None, example: str) -> tuple[str, str]:
    """Return path and query of an address on a site with one host, or on its look-alike in the sandbox.

    Args:
        host: without ``www.``.
        source: slug, under which the sandbox has the look-alike.
        example: what to paste, for the error.

    Raises:
        SearchUrlError: where it is on neither.
    """
    text, parts, given = pasted_address(url)
    if given.removeprefix("www.") == host:
        return unquote(parts.path), parts.query
    if sandbox_url:
        base = f"{sandbox_url.rstrip('/')}/{source}"
        if text.startswith(f"{base}/"):
            return unquote(parts.path).removeprefix(urlsplit(base).path), parts.query
    raise SearchUrlError(f"{given[:80]!r} is not {host}; paste {example}")


def site_of_page(url: str, *, host: str, source: str, real_base: str) -> str:
    """Return the address, without a slash at the end, of the site with one host, or its look-alike, a page is from."""
    try:
        parts = urlsplit(url)
        given = (parts.hostname or "").lower()
    except ValueError:
        return real_base
    before, found, _ = parts.path.partition(f"/{source}/")
    is_real = not given or given.removeprefix("www.") == host or not found
    return real_base if is_real else f"{parts.scheme}://{parts.netloc}{before}/{source}"


def refuse_unknown(names: Sequence[str]) -> None:
    """Refuse an address for its parameters that are not known, if there are any.

    Raises:
        SearchUrlError: naming each of them.
    """
    if names:
        named = ", ".join(" ".join(name.split())[:60] for name in dict.fromkeys(names))
        noun = "parameter" if len(names) == 1 else "parameters"
        raise SearchUrlError(f"This address is not understood: unknown {noun} {named}; remove it from the address.")
