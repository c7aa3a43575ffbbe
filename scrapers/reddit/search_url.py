"""Reddit's own addresses of subreddits and searches to canonical parameters and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from scrapers.contract import ParsedSearch, SearchUrlError
from scrapers.pasted_address import pasted_address
from scrapers.reddit.posts import SOURCE_NAME
from scrapers.reddit.words import DEFAULT_SUBREDDITS, currency_of

Params = Mapping[str, str | list[str]]
# Reddit has no sites by country.
COUNTRY = "any"
_HOST = re.compile(r"(?:(?:www|old|new|np|sh)\.)?reddit\.com")
_NAME = re.compile(r"[A-Za-z0-9_]{2,21}")
_NOISE = re.compile(
    r"utm_.*|ref|ref_source|count|after|before|limit|type|cId|iId|rdt|share_id|include_over_18|sr_nsfw|feedViewType"
)
_SORTS = frozenset({"new", "relevance", "hot", "top", "comments"})
_TIMES = frozenset({"hour", "day", "week", "month", "year", "all"})


def parse_search_url(url: str) -> ParsedSearch:
    """Read the address of a subreddit's new posts or of a search; without a subreddit, of the brief's defaults.

    Raises:
        SearchUrlError: naming what is not understood.
    """
    _, parts, host = pasted_address(url)
    if _HOST.fullmatch(host) is None:
        raise SearchUrlError(f"{url[:80]!r} is not an address of reddit.com")
    path = re.fullmatch(r"(?:/r/([\w+]+))?/(?:(search)|(new|hot|top|rising)?)/?", parts.path or "/")
    if path is None or (path.group(1) is None and path.group(2) is None):
        raise SearchUrlError(
            f"{parts.path[:80]!r} is not understood: paste /r/<subreddit>/new or /r/<subreddit>/search?q=..."
        )
    names = path.group(1).split("+") if path.group(1) else list(DEFAULT_SUBREDDITS)
    wrong = [name for name in names if not _NAME.fullmatch(name)]
    if wrong:
        raise SearchUrlError(f"not the name of a subreddit: {', '.join(wrong)[:80]}")
    params: dict[str, str | list[str]] = {"subreddits": sorted(names, key=str.lower)}
    mistakes = [
        mistake
        for name, value in parse_qsl(parts.query, keep_blank_values=False)
        if (mistake := _take(params, name, value.strip()))
    ]
    if mistakes:
        raise SearchUrlError(f"not understood: {'; '.join(mistakes)}. Remove it from the address")
    if path.group(2) and "search_text" not in params:
        raise SearchUrlError("the address searches for nothing: it needs q=...")
    currency = currency_of(names[0], "")
    return ParsedSearch(
        source=SOURCE_NAME, country=COUNTRY, currency=currency, params=params, canonical_url=write_search_url(params)
    )


def _take(params: dict[str, str | list[str]], name: str, value: str) -> str | None:
    match name:
        case "q":
            params["search_text"] = " ".join(value.split())
        case "restrict_sr" if value in {"1", "on", "true"}:
            pass
        case "sort" if value in _SORTS:
            params["sort"] = value
        case "t" if value in _TIMES:
            params["time"] = value
        case "f" if value.startswith("flair_name:"):
            params["flair"] = value.removeprefix("flair_name:").strip('"')
        case _ if not _NOISE.fullmatch(name):
            return f"{name[:40]}={value[:20]}"
        case _:
            pass
    return None


def write_search_url(params: Params) -> str:
    """Return the address of the same search on the website."""
    path, pairs = api_query(params)
    return f"https://www.reddit.com{path}/" + (f"?{urlencode(pairs)}" if pairs else "")


def api_query(params: Params) -> tuple[str, list[tuple[str, str]]]:
    """Return the path and the query of a search; newest first where no order is asked for."""
    names = params.get("subreddits") or list(DEFAULT_SUBREDDITS)
    place = f"/r/{'+'.join(names if isinstance(names, list) else [names])}"
    text = [str(params["search_text"])] if params.get("search_text") else []
    if params.get("flair"):
        text.append(f'flair_name:"{params["flair"]}"')
    if not text:
        return f"{place}/new", []
    pairs = [("q", " ".join(text)), ("restrict_sr", "1"), ("sort", str(params.get("sort") or "new"))]
    if params.get("time"):
        pairs.append(("t", str(params["time"])))
    return f"{place}/search", pairs
