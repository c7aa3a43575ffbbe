"""A product's page in each style of markup, as shops write them: with a list price, related products and delivery."""

from __future__ import annotations

import html
import json

from sandbox.shop.products import Offer, Product, Style


def _money(cents: int) -> str:
    return f"{cents // 100:,}".replace(",", ".") + f",{cents % 100:02d}\u00a0€"


def _plain(cents: int) -> str:
    return f"{cents / 100:.2f}"


def product_page(product: Product, offer: Offer, url: str, related: list[tuple[Product, Offer]]) -> str:
    """Return the page of a product."""
    head = [
        '<meta charset="utf-8">',
        f"<title>{html.escape(product.name)} | Sandbox Shop</title>",
        f'<link rel="canonical" href="{html.escape(url)}">',
        f'<meta property="og:title" content="{html.escape(product.name)}">',
        f'<meta property="og:url" content="{html.escape(url)}">',
    ]
    scope, extra = "", ""
    if product.style in {Style.JSON_LD, Style.GRAPH}:
        head.append(f'<script type="application/ld+json">{_json_ld(product, offer, url)}</script>')
    elif product.style is Style.MICRODATA:
        scope = ' itemscope itemtype="https://schema.org/Product"'
        extra = _microdata(product, offer)
    elif product.style is Style.META:
        head += _metas(product, offer.old_cents or offer.cents, offer)
        head.append(f'<meta property="product:sale_price:amount" content="{_plain(offer.cents)}">')
        head.append('<meta property="product:sale_price:currency" content="EUR">')
    elif product.style is Style.NET_META:
        head += _metas(product, round(offer.cents / 1.2), offer)
    return (
        f'<!DOCTYPE html><html lang="de-AT"><head>{"".join(head)}</head><body>'
        f'<header class="header"><a href="/">Sandbox Shop</a><span class="minicart-total">0,00\u00a0€</span></header>'
        f"<main{scope}>{_main(product, offer, extra)}</main>{_related(related)}"
        f'<footer class="footer">Versand 4,90\u00a0€, ab 50,00\u00a0€ kostenlos</footer></body></html>'
    )


def _main(product: Product, offer: Offer, extra: str) -> str:
    name = html.escape(product.name)
    heading = f'<h1 itemprop="name">{name}</h1>' if extra else f"<h1>{name}</h1>"
    if product.style is Style.SCRIPTED:
        price = (
            '<div class="product-price" id="price"></div><script>document.getElementById("price").textContent='
            f'"{_plain(offer.cents).replace(".", ",")} " + String.fromCharCode(8364);</script>'
        )
    elif not offer.in_stock and product.style is Style.PLAIN:
        price = ""
    else:
        old = f'<del class="old-price">{_money(offer.old_cents)}</del> ' if offer.old_cents else ""
        start = "ab " if product.style is Style.FROM else ""
        price = f'<div class="product-price">{old}<span class="price-current">{start}{_money(offer.cents)}</span></div>'
    stock = "Auf Lager" if offer.in_stock else "Ausverkauft"
    button = '<button class="buy">In den Warenkorb</button>' if offer.in_stock else ""
    return (
        f'{heading}{extra}{price}<p class="stock">{stock}</p>{button}<p class="delivery">zzgl. 4,90\u00a0€ Versand</p>'
    )


def _json_ld(product: Product, offer: Offer, url: str) -> str:
    state = "InStock" if offer.in_stock else "OutOfStock"
    node: dict[str, object] = {
        "@type": "Product",
        "name": product.name,
        "sku": str(product.number),
        "gtin13": product.gtin,
        "brand": {"@type": "Brand", "name": product.brand},
        "url": url,
        "offers": {
            "@type": "Offer",
            "price": _plain(offer.cents),
            "priceCurrency": "EUR",
            "availability": f"https://schema.org/{state}",
            "itemCondition": "https://schema.org/NewCondition",
        },
    }
    if product.style is Style.GRAPH:
        crumbs = {"@type": "BreadcrumbList", "itemListElement": []}
        return json.dumps({"@context": "https://schema.org", "@graph": [crumbs, node]})
    return json.dumps({"@context": "https://schema.org", **node})


def _microdata(product: Product, offer: Offer) -> str:
    state = "InStock" if offer.in_stock else "OutOfStock"
    return (
        f'<meta itemprop="sku" content="{product.number}"><meta itemprop="gtin13" content="{product.gtin}">'
        '<div itemprop="offers" itemscope itemtype="https://schema.org/Offer">'
        f'<meta itemprop="price" content="{_plain(offer.cents)}"><meta itemprop="priceCurrency" content="EUR">'
        f'<link itemprop="availability" href="https://schema.org/{state}"></div>'
    )


def _metas(product: Product, cents: int, offer: Offer) -> list[str]:
    state = "in stock" if offer.in_stock else "out of stock"
    return [
        f'<meta property="product:price:amount" content="{_plain(cents)}">',
        '<meta property="product:price:currency" content="EUR">',
        f'<meta property="product:availability" content="{state}">',
        f'<meta property="product:retailer_item_id" content="{product.number}">',
        f'<meta property="product:ean" content="{product.gtin}">',
    ]


def _related(related: list[tuple[Product, Offer]]) -> str:
    tiles = "".join(
        f'<div class="product-item"><a href="{product.path}">{html.escape(product.name)}</a>'
        f'<span class="price">{_money(offer.cents)}</span></div>'
        for product, offer in related
    )
    return f'<aside class="related-products"><h2>Das könnte Ihnen auch gefallen</h2>{tiles}</aside>'


def changed_page() -> str:
    """Return the page of a new front end: nothing of the product is in it any more."""
    return (
        "<!DOCTYPE html><html><head><title>Shop</title></head>"
        '<body><main><div id="app">Willkommen</div></main></body></html>'
    )
