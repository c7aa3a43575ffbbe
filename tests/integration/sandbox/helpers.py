"""What the tests of the look-alike do over and over."""

from __future__ import annotations

from typing import Any

import httpx2

SEARCH = "/svc-catalogue/items"


def open_session(client: httpx2.Client, country: str = "fr") -> dict[str, str]:
    """Visit the homepage and return the headers the search service wants."""
    answer = client.get(f"/vinted/{country}/www/")
    assert answer.status_code == 200, answer.text[:200]
    token = next(c.value for c in client.cookies.jar if c.name == "access_token_web" and country in c.path.split("/"))
    return {"Authorization": f"Bearer {token}", "X-Anon-Id": answer.headers["X-Anon-Id"]}


def search(
    client: httpx2.Client,
    session: dict[str, str],
    country: str = "fr",
    *,
    headers: dict[str, str] | None = None,
    **params: Any,
) -> httpx2.Response:
    """Ask the search service."""
    return client.get(f"/vinted/{country}/api{SEARCH}", params=params, headers={**session, **(headers or {})})
