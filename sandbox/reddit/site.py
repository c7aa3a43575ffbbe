"""Reddit's OAuth host and its token endpoint. Any client id and secret are taken."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from sandbox.clock import MarketClock
from sandbox.control_error import number_of as number_wish
from sandbox.faults import FaultBook, FaultName
from sandbox.market import Market
from sandbox.reddit.posts import (
    SUBREDDITS,
    Json,
    Post,
    buying_json,
    comment_json,
    post_json,
    posts_of,
    price_text,
    sticky_json,
)
from sandbox.search import words_of
from sandbox.site import LookAlike, Visit, json_response

_TOKEN_SECONDS = 3600.0
_CAP = 1000
PRIVATE = "membersonly"
_IN_THREAD, _HIDDEN = 6, 4


class RedditSite(LookAlike):
    """The look-alike of ``oauth.reddit.com`` and of the token endpoint of ``www.reddit.com``."""

    name = "reddit"

    def __init__(self, market: Market, clock: MarketClock, faults: FaultBook) -> None:
        super().__init__(market, clock, faults)
        self.token_seconds = _TOKEN_SECONDS
        self.issued = 0
        self.grant = ""
        self.remaining = 600.0
        self._tokens: dict[str, float] = {}

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            self.route("/api/v1/access_token", self._token, "POST"),
            self.route("/r/{names}/new", self._new),
            self.route("/r/{names}/search", self._search),
            self.route("/subreddits/search", self._subreddits),
            self.route("/comments/{number}", self._comments),
            self.route("/api/morechildren", self._more, "POST"),
        ]

    def truth(self, at: datetime, country: str | None) -> list[dict[str, object]]:
        """Return every thing of every post, by the post's name and the thing's title, with what is asked for it now."""
        del country
        moment = int(at.timestamp())
        return [
            {
                "external_id": f"t3_{post.number}",
                "title": item.title,
                "kind": str(item.kind),
                "planted": item.kind == "planted",
                "live": item.is_live(moment),
                "price": price_text(item, post.currency, moment)[1:],
                "currency": post.currency,
                "manner": post.manner,
            }
            for post in posts_of(self.market.items(at), moment)
            for item in post.items
        ]

    def control(self, wish: Mapping[str, object]) -> dict[str, object]:
        """Set ``ttl_seconds`` of tokens to come and ``remaining`` requests; ``revoke`` ends the tokens issued."""
        if "ttl_seconds" in wish:
            self.token_seconds = number_wish(wish["ttl_seconds"], "ttl_seconds")
        if "remaining" in wish:
            self.remaining = number_wish(wish["remaining"], "remaining")
        if wish.get("revoke"):
            self._tokens.clear()
        return {
            "ttl_seconds": self.token_seconds,
            "issued": self.issued,
            "remaining": self.remaining,
            "grant": self.grant,
        }

    # ------------------------------------------------------------------ refusals

    def unauthorised(self, visit: Visit) -> Response:
        """Answer a token that is not accepted."""
        del visit
        headers = {"www-authenticate": 'Bearer realm="reddit", error="invalid_token"'}
        return json_response({"message": "Unauthorized", "error": 401}, 401, headers)

    def throttled(self, visit: Visit, seconds: float) -> Response:
        """Answer an app that asks too often."""
        del visit
        return json_response({"message": "Too Many Requests", "error": 429}, 429, {"Retry-After": f"{seconds:g}"})

    def challenge(self, visit: Visit, status: int) -> Response:
        """Answer with the block page that unauthenticated callers get."""
        del visit
        page = (
            "<!doctype html><html><head><title>Blocked</title></head><body><h1>whoa there, pardner!</h1></body></html>"
        )
        return HTMLResponse(page, status)

    def withdrawn(self, visit: Visit) -> Response:
        """Answer for a subreddit that is not there."""
        del visit
        return json_response({"message": "Not Found", "error": 404, "reason": "banned"}, 404)

    # ------------------------------------------------------------------ answers

    def _token(self, visit: Visit) -> Response:
        scheme, _, pair = visit.request.headers.get("Authorization", "").partition(" ")
        form = parse_qs(visit.body.decode("utf-8", "replace"))
        try:
            client, _, secret = base64.b64decode(pair).decode().partition(":")
        except ValueError:
            client = secret = ""
        if scheme != "Basic" or not client or not secret:
            return self.unauthorised(visit)
        if form.get("grant_type") not in (["client_credentials"], ["password"]):
            return json_response({"error": "unsupported_grant_type"})
        token = secrets.token_urlsafe(24)
        self.grant = form["grant_type"][0]
        self._tokens[token] = time.monotonic() + self.token_seconds
        self.issued += 1
        body = {"access_token": token, "token_type": "bearer", "expires_in": int(self.token_seconds), "scope": "*"}
        return json_response(body)

    def _is_signed_in(self, visit: Visit) -> bool:
        _, _, token = visit.request.headers.get("Authorization", "").partition(" ")
        return self._tokens.get(token, 0.0) > time.monotonic()

    def _answer(self, body: object) -> Response:
        self.remaining = max(0.0, self.remaining - 1)
        headers = {
            "x-ratelimit-used": "1",
            "x-ratelimit-remaining": f"{self.remaining:.1f}",
            "x-ratelimit-reset": "349",
        }
        return json_response(body, 200, headers)

    def _posts(self, visit: Visit) -> list[Post] | None:
        """Return the posts of the subreddits that a path names; None where one of them is not there."""
        names = {name.lower() for name in str(visit.request.path_params["names"]).split("+")}
        if not names <= {name.lower() for name in SUBREDDITS}:
            return None
        posts = posts_of(self.market.items(visit.at), int(visit.at.timestamp()))
        return [post for post in posts if post.subreddit.lower() in names]

    def _elsewhere(self, visit: Visit) -> Response:
        """Answer for subreddits that are not all there: a private one is forbidden, another redirects to a search."""
        names = str(visit.request.path_params["names"])
        if names == PRIVATE:
            return json_response({"reason": "private", "message": "Forbidden", "error": 403}, 403)
        return RedirectResponse(f"/{self.name}/subreddits/search?q={names}", 302)

    def _subreddits(self, visit: Visit) -> Response:
        if not self._is_signed_in(visit):
            return self.unauthorised(visit)
        return self._answer(_as_listing([{"kind": "t5", "data": {"display_name": name}} for name in SUBREDDITS]))

    def _new(self, visit: Visit) -> Response:
        if not self._is_signed_in(visit):
            return self.unauthorised(visit)
        posts = self._posts(visit)
        if posts is None:
            return self._elsewhere(visit)
        return self._listing(visit, posts, with_sticky=True)

    def _search(self, visit: Visit) -> Response:
        if not self._is_signed_in(visit):
            return self.unauthorised(visit)
        posts = self._posts(visit)
        if posts is None:
            return self._elsewhere(visit)
        wanted = set(words_of(visit.request.query_params.get("q", "")))
        found = [post for post in posts if wanted <= {word for item in post.items for word in words_of(item.title)}]
        return self._listing(visit, found, with_sticky=False)

    def _listing(self, visit: Visit, posts: list[Post], *, with_sticky: bool) -> Response:
        query, at = visit.request.query_params, int(visit.at.timestamp())
        limit, after = min(int(query.get("limit", "25")), 100), query.get("after")
        reachable = posts[:_CAP]
        names = [f"t3_{post.number}" for post in reachable]
        start = names.index(after) + 1 if after in names else 0
        page = reachable[start : start + limit]
        escaped = query.get("raw_json") != "1"
        data = [post_json(post, at, escaped=escaped) for post in page]
        data += [buying_json(page[0], at)] if page else []
        if with_sticky and start == 0 and page:
            data.insert(0, sticky_json(page[0].subreddit, int(self.market.start.timestamp())))
        if visit.meets(FaultName.CHANGED):
            return json_response({"data": {"feed": [{"postId": one["id"]} for one in data]}})
        if visit.meets(FaultName.POISON) and data:
            self._poison(data[-2 if len(data) > 1 else 0])
        last = f"t3_{page[-1].number}" if page and start + limit < len(reachable) else None
        children = [{"kind": "t3", "data": one} for one in data]
        body = {"after": last, "before": None, "dist": len(children), "modhash": "", "children": children}
        return self._answer({"kind": "Listing", "data": body})

    @staticmethod
    def _poison(post: Json) -> None:
        post["id"], post["title"] = None, 12

    def _thread(self, visit: Visit) -> list[Json]:
        at = int(visit.at.timestamp())
        fashion = [item for item in self.market.items(visit.at) if not item.family.electric and item.item_id % 3 == 1]
        return [comment_json(item, "malefashionmarket", at) for item in fashion[-_IN_THREAD - _HIDDEN :]]

    def _comments(self, visit: Visit) -> Response:
        if not self._is_signed_in(visit):
            return self.unauthorised(visit)
        number = str(visit.request.path_params["number"])
        if number != "sticky1":
            return self._one_post(visit, number)
        comments = self._thread(visit)
        shown: list[Json] = [{"kind": "t1", "data": one} for one in comments[:_IN_THREAD]]
        hidden = [str(one["id"]) for one in comments[_IN_THREAD:]]
        more: Json = {
            "kind": "more",
            "data": {"count": len(hidden), "children": hidden, "id": "more1", "parent_id": "t3_sticky1"},
        }
        rest: Json = {"kind": "more", "data": {"count": 0, "children": [], "id": "_", "parent_id": "t3_sticky1"}}
        post: Json = {"kind": "t3", "data": sticky_json("malefashionmarket", int(self.market.start.timestamp()))}
        folded: list[Json] = [more, rest] if hidden else [rest]
        return self._answer([_as_listing([post]), _as_listing([*shown, *folded])])

    def _one_post(self, visit: Visit, number: str) -> Response:
        at = int(visit.at.timestamp())
        found = [post for post in posts_of(self.market.items(visit.at), at) if post.number == number]
        if not found:
            return self.withdrawn(visit)
        escaped = visit.request.query_params.get("raw_json") != "1"
        data = post_json(found[0], at, escaped=escaped)
        if visit.meets(FaultName.CHANGED):
            return json_response({"post": {"postId": data["id"]}})
        return self._answer([_as_listing([{"kind": "t3", "data": data}]), _as_listing([])])

    def _more(self, visit: Visit) -> Response:
        if not self._is_signed_in(visit):
            return self.unauthorised(visit)
        wanted = set(parse_qs(visit.body.decode()).get("children", [""])[0].split(","))
        things = [{"kind": "t1", "data": one} for one in self._thread(visit) if one["id"] in wanted]
        return self._answer({"json": {"errors": [], "data": {"things": things}}})


def _as_listing(children: list[Json]) -> Json:
    return {"kind": "Listing", "data": {"after": None, "before": None, "children": children, "modhash": ""}}
