"""The page of a bot wall, and the clearance it gives to a browser that runs its script.

No genuine challenge page of Vinted was ever recorded; this one has the form of the DataDome pages that were (a few
kilobytes, a `dd` object, no content), with no outside script: a real browser solves it alone and reloads.
"""

from __future__ import annotations

import secrets

CLEARANCE_COOKIE = "datadome"
_PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{host}</title>
<style>#cmsg{{animation: A 1.5s;}}@keyframes A{{0%{{opacity:0;}}99%{{opacity:0;}}100%{{opacity:1;}}}}</style>
<meta name="viewport" content="width=device-width, initial-scale=1.0"></head><body style="margin:0">
<p id="cmsg">Please enable JS and disable any ad blocker</p>
<script data-cfasync="false">
var dd={{'rt':'i','cid':'{cid}','hsh':'{nonce}','b':1,'s':1,'host':'geo.captcha-delivery.com'}}</script>
{script}</body></html>
"""
# Reversing and summing is enough: plain HTTP runs nothing, which is the difference the fault is about.
_SOLVER = """<script>
(function () {{
  var word = dd.hsh.split('').reverse().join(''), sum = 0;
  for (var i = 0; i < word.length; i++) {{ sum = (sum * 31 + word.charCodeAt(i)) % 1000003; }}
  document.cookie = '{cookie}=' + dd.hsh + '-' + sum + '; path={path}; SameSite=Lax';
  window.location.reload();
}})();
</script>"""


def _answer(nonce: str) -> int:
    total = 0
    for character in reversed(nonce):
        total = (total * 31 + ord(character)) % 1_000_003
    return total


class Challenges:
    """Hands out challenges and knows which were solved."""

    def __init__(self) -> None:
        self._nonces: set[str] = set()

    def page(self, host: str, *, cookie_path: str | None = None) -> str:
        """Return a challenge page; with a ``cookie_path`` a browser can solve it, without it nobody can."""
        nonce = secrets.token_hex(15).upper()
        script = ""
        if cookie_path is not None:
            self._nonces.add(nonce)
            script = _SOLVER.format(cookie=CLEARANCE_COOKIE, path=cookie_path)
        return _PAGE.format(host=host, cid=secrets.token_urlsafe(60), nonce=nonce, script=script)

    def is_cleared(self, cookie: str | None) -> bool:
        """Tell whether the cookie is the solution of a challenge handed out here."""
        nonce, _, answer = (cookie or "").partition("-")
        return nonce in self._nonces and answer == str(_answer(nonce))
