"""Empik's HTML: a product's page as it comes, with empty price fields, and the script that fills them; search tiles.

The head is that of a real page (2026-09-30). What the real scripts ask and where they put the price was never recorded:
`/api/price/{id}`, the filled metas and `.ta-price` are the sandbox's own, after the names that public client code uses.
"""

from __future__ import annotations

from html import escape

from sandbox.goods import Good, Offer, State

_FIRST_PRODUCT = 1_900_000_000


def product_number(good: Good) -> str:
    """Return a thing's number on this site, ``p1900000001``."""
    return f"p{_FIRST_PRODUCT + good.number}"


def number_of(product: str) -> int | None:
    """Return which thing a product's number stands for."""
    digits = product.removeprefix("p")
    return int(digits) - _FIRST_PRODUCT if digits.isdigit() else None


def path(good: Good) -> str:
    """Return the product's path, below the site."""
    return f"/{good.slug},{product_number(good)},{good.category[0].lower()}-p"


def price_fields(offer: Offer) -> dict[str, object]:
    """Return what the page's script is told; a part of the goods is on sale, some are cheaper for subscribers."""
    if offer.state in {State.OUT_OF_STOCK, State.OTHER_SELLERS}:
        return {"available": False}
    on_sale = offer.good.number % 2 == 0
    return {
        "available": True,
        "price": str(offer.list_amount if on_sale else offer.amount),
        "sale_price": str(offer.amount) if on_sale else "",
        "premium_price": str(offer.amount - 1) if offer.good.number % 3 == 0 else "",
    }


# The metas are filled as the names of the empty ones promise; the shown price as the site writes it.
_SCRIPT = """
fetch('%(api)s').then(function (answer) { return answer.json(); }).then(function (told) {
  if (!told.available) { return; }
  ['price', 'sale_price', 'premium_price'].forEach(function (name) {
    var field = document.querySelector('meta[property="product:' + name + ':amount"]');
    if (field && told[name]) { field.setAttribute('content', told[name]); }
  });
  var shown = document.createElement('span');
  shown.className = 'ta-price';
  shown.textContent = (told.sale_price || told.price).replace('.', ',') + '\\u00a0zł';
  document.getElementById('price-place').appendChild(shown);
});
"""


def product(offer: Offer, base: str) -> str:
    """Return a product's page as it comes."""
    good = offer.good
    available = "false" if offer.state in {State.OUT_OF_STOCK, State.OTHER_SELLERS} else "true"
    address = f"{base}{path(good)}"
    metas = "".join(
        f'<meta data-rh="true" property="{name}" content="{escape(value)}"/>'
        for name, value in (
            ("product:price:amount", ""),
            ("product:sale_price:amount", ""),
            ("product:premium_price:amount", ""),
            ("product:promo", "true" if good.number % 2 == 0 else "false"),
            ("product:availability", available),
            ("og:title", good.title),
            ("og:description", f"{good.title}, w sklepie."),
            ("og:image", f"{base}/images/{product_number(good)}.jpg"),
            ("og:url", address),
            ("product:merchant_id", ""),
            ("product:retailer_part_no", product_number(good)),
            ("product:category_tree", ">".join(good.category)),
        )
    )
    script = _SCRIPT % {"api": f"{base}/api/price/{product_number(good)}"}
    return f"""<!doctype html><html><head><meta charset="utf-8">
<title data-rh="true">{escape(good.title)}</title>{metas}
<meta property="og:type" content="product"/><link data-rh="true" rel="canonical" href="{address}"/></head>
<body><h1>{escape(good.title)}</h1><div id="price-place"></div><script>{script}</script></body></html>
"""


def search(offers: list[Offer], *, poisoned: bool = False) -> str:
    """Return a page of results."""
    tiles = "".join(
        f'<div class="search-list-item js-reco-product ta-product-tile" data-product-id="{product_number(offer.good)}" '
        f'data-product-name="{escape(offer.good.title)}" data-product-price="{offer.amount}">'
        f'<a href="{path(offer.good)}">{escape(offer.good.title)}</a><div class="price ta-price-tile">'
        f"{str(offer.amount).replace('.', ',')}\u00a0zł</div></div>"
        for offer in offers
    )
    if poisoned and offers:
        tiles = tiles.replace(f'data-product-id="{product_number(offers[-1].good)}"', 'data-product-id=""')
    return f"""<!doctype html><html><head><meta charset="utf-8"><title>Szukaj</title></head><body>
<div class="search-content">{tiles}</div></body></html>
"""


def wall() -> str:
    """Return a bot wall's page; Empik's own was never recorded."""
    return '<!doctype html><html><head><title>···</title></head><body><form id="challenge-form"></form></body></html>'


def gone() -> str:
    """Return the page of a product that is gone; the real one was never recorded."""
    return "<!doctype html><html><head><title>404</title></head><body><h1>404</h1></body></html>"


def changed(text: str) -> str:
    """Return a page of a new front end: none of the metas or marks that anything is read by."""
    return text.replace("product:", "item:").replace("data-product-", "data-item-").replace('"product"', '"website"')
