"""Messages as the pipeline would freeze them, for the tests of the alerts room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
from hypothesis import strategies as st

from alerts import message as messages
from domain.condition import Condition
from domain.watch import RuleName

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

DEAL = messages.DealMessage(
    watch_name="Jeans, W32, France",
    source="vinted",
    title="Blue straight jeans W32",
    url="https://market.example/items/12345678901-blue-jeans?ref=a&b=c",
    price=Decimal("39.30"),
    fee=Decimal("2.70"),
    total=Decimal("42.00"),
    currency="EUR",
    original_price=Decimal("179.00"),
    original_currency="PLN",
    image_url="https://pictures.example/1.webp?s=abc&t=1",
    judged_at=NOW,
    condition=Condition.VERY_GOOD,
    condition_label="Très bon état",
    size="W32",
    brand="Somebrand",
    seller_login="seller_1",
    seller_is_business=False,
    listed_at=NOW - timedelta(minutes=12),
    why=("42.00 EUR is 41 % below the 71.20 EUR expected.", "42.00 EUR is under your limit of 45.00 EUR."),
    rule=RuleName.ROBUST,
    evidence_currency="EUR",
    expected=Decimal("71.20"),
    median=Decimal("71.00"),
    n=37,
    window_days=30,
    percent=41.01,
    difference=Decimal("29.20"),
    sigma_below=2.31,
    previous_total=Decimal("55.00"),
    comparables=tuple(
        messages.Comparable(
            title=f"Comparable {number}",
            price=Decimal(60 + number),
            currency="EUR",
            url=f"https://market.example/items/{number}",
        )
        for number in range(7)
    ),
    highlights=("straight",),
    explain_command="pricescope explain 18231 --watch 3",
    hide_command="pricescope hide 18231",
    dashboard_url="http://127.0.0.1:3000/assets/deals",
)

REPORT = messages.ReportMessage(
    watch_name="Jeans, W32, France",
    source="vinted",
    indexed=240,
    under_limit=3,
    judged_at=NOW,
    watch_url="https://market.example/catalog?search_text=jeans",
    dashboard_url="http://127.0.0.1:3000/",
    items=tuple(
        messages.ReportItem(
            title=f"Jeans {number}",
            url=f"https://market.example/items/{number}",
            total=Decimal("21.50"),
            currency="EUR",
            condition=Condition.GOOD,
            percent=40.0 - number,
        )
        for number in range(3)
    ),
)

TEST = messages.TestMessage(channel="email", sent_at=NOW, dashboard_url="http://127.0.0.1:3000/")

PRICES = messages.PricesMessage(
    moved=12,
    judged_at=NOW,
    dashboard_url="http://127.0.0.1:3000/",
    items=tuple(
        messages.PriceItem(
            sku=f"S{number}",
            name=f"Coat {number}",
            why="79.90 EUR is 20.0 % less than 99.90 EUR on 2026-11-19",
            price=Decimal("79.90"),
            currency="EUR",
            percent=-20.0 + 3 * number,
            source="shop",
            url=f"https://market.example/items/{number}",
        )
        for number in range(12)
    ),
)

ALL = (DEAL, REPORT, PRICES, TEST)

BARE_DEAL = messages.DealMessage(
    watch_name="w",
    source="vinted",
    title="t",
    url="https://market.example/1",
    price=Decimal(5),
    total=Decimal(5),
    currency="JPY",
    judged_at=NOW,
)

# What a seller may type, and worse: mark-up, line ends, direction marks, NUL, unpaired surrogates, mentions.
_NASTY = st.sampled_from(
    [
        "\r\nBcc: all@example.org",
        "\n.\r\n",
        "\x00",
        "\ud800",
        "\u202e",
        "\u2028",
        "\x85",
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '" onmouseover="x',
        "</td></table>",
        "{{ 7 * 7 }}",
        "<!channel>",
        "<@U123>",
        "<https://evil.example|here>",
        "*bold* _it_ ~no~ `code`",
        "&lt;!here&gt;",
        "javascript:alert(1)",
        "a" * 4000,
    ]
)
nasty_text = st.lists(st.one_of(_NASTY, st.text(alphabet=st.characters(exclude_categories=()))), max_size=4).map(
    "".join
)


def nasty_deal(text: str) -> messages.DealMessage:
    """Return a deal in which everything that comes from outside is ``text``."""
    return msgspec.structs.replace(
        DEAL,
        watch_name=text,
        source=text,
        title=text,
        url=text,
        image_url=text,
        condition_label=text,
        size=text,
        brand=text,
        seller_login=text,
        why=(text, text),
        comparables=tuple(
            messages.Comparable(title=text, price=Decimal(1), currency="EUR", url=text) for _ in range(5)
        ),
        highlights=(text,),
        explain_command=text,
        hide_command=text,
        dashboard_url=text,
    )
