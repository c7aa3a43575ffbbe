"""Amazon's HTML: product pages of both layouts, search tiles, and the pages of its walls.

The ids and classes that carry meaning are the real ones (pages of 2020-12, fragments of 2023 and 2024); everything
between them is the sandbox's own. The walls hold only the marks they are known by. What is a price of something else on
the real pages is one here, too: a struck list price, used offers, another product's `.a-price`.
"""

from __future__ import annotations

from html import escape

from sandbox.amazon.words import Country
from sandbox.goods import Good, Offer, State

_NO_PRICE = frozenset({State.OUT_OF_STOCK, State.OTHER_SELLERS})


def asin(good: Good) -> str:
    """Return a thing's number on this site; invented ones begin with B0SB."""
    return f"B0SB{good.number:06d}"


def number_of(text: str) -> int | None:
    """Return the thing that an ASIN of the look-alike stands for."""
    digits = text.upper().removeprefix("B0SB")
    return int(digits) if len(digits) == 6 and digits.isdigit() else None


def is_new_layout(good: Good) -> bool:
    """Tell in which layout a thing is shown: every second one in that of 2023."""
    return good.number % 2 == 0


def product(country: Country, offer: Offer, base: str) -> str:
    """Return a product's page."""
    good = offer.good
    crumbs = " &rsaquo; ".join(escape(part) for part in good.category)
    box = _new_box(country, offer) if is_new_layout(good) else _old_box(country, offer)
    return f"""<!doctype html><html lang="{country.language}" class="a-js"><head><meta charset="utf-8">
<title>{escape(good.title)}: Amazon.{country.domain}</title>
<link rel="canonical" href="{base}/{good.slug}/dp/{asin(good)}"></head><body>
<span id="glow-ingress-line2"> Sandbox </span>
<div id="wayfinding-breadcrumbs_feature_div"> {crumbs} </div>
<div id="dp-container"><img id="landingImage" src="{base}/images/{asin(good)}._AC_SX569_.jpg"
 data-old-hires="{base}/images/{asin(good)}._AC_SL1500_.jpg">
<h1 id="title"><span id="productTitle" class="a-size-large"> {escape(good.title)} </span></h1>
<a id="bylineInfo" href="/stores/x">{country.store.format(escape(good.brand))}</a>
{box}
<div id="HLCXComparisonWidget_feature_div"><span class="a-price" data-a-size="l"><span class="a-offscreen">
{country.money(offer.amount * 2)}</span><span aria-hidden="true">{country.money(offer.amount * 2)}</span></span></div>
<table id="productDetails_techSpec_section_1"><tr><th> EAN </th><td> {good.gtin} </td></tr></table></div>
</body></html>
"""


def _availability(country: Country, offer: Offer) -> str:
    text = {
        State.FEW_LEFT: country.few_left.format(offer.stock),
        State.OUT_OF_STOCK: country.unavailable,
        State.OTHER_SELLERS: country.other_sellers,
    }.get(offer.state, country.in_stock)
    return f'<div id="availability"><span class="a-size-medium a-color-success"> {text} </span></div>'


def _around(country: Country, offer: Offer) -> str:
    """Return what both layouts have beside the price: stock, used offers, coupon, the form of the cart."""
    good = offer.good
    parts = [_availability(country, offer)]
    if offer.state is State.OUT_OF_STOCK:
        parts.append(f'<div id="outOfStock"><span class="a-color-price">{country.unavailable}</span></div>')
    elif offer.state is State.OTHER_SELLERS or good.number % 3 == 0:
        used = country.used_and_new.format(
            f'<span class="a-size-base a-color-price">{country.money(offer.amount * 9 / 10)}</span>'
        )
        parts.append(f'<div id="olp_feature_div"><div id="olp-upd-new-used"><a href="#">{used}</a></div></div>')
    if offer.state is State.OTHER_SELLERS:
        parts.append('<div id="unqualifiedBuyBox"><span id="buybox-see-all-buying-choices">···</span></div>')
    if offer.state is State.COUPON:
        parts.append(f'<div id="vpcButton"><span>{country.coupon}</span></div>')
    seller = "" if offer.state in _NO_PRICE else f"ASANDBOX{good.number:06d}"
    parts.append(
        f'<form id="addToCart"><input type="hidden" id="ASIN" name="ASIN" value="{asin(good)}">'
        f'<input type="hidden" id="merchantID" name="merchantID" value="{seller}">'
        + ("" if offer.state in _NO_PRICE else '<input id="add-to-cart-button" type="submit">')
        + "</form>"
    )
    return "\n".join(parts)


def _old_box(country: Country, offer: Offer) -> str:
    sold = offer.state not in _NO_PRICE
    price, listed = country.money(offer.amount), country.money(offer.list_amount)
    row = (
        f'<div id="price"><table><tr><td>{country.list_price}</td><td><span class="priceBlockStrikePriceString '
        f'a-text-strike"> {listed}</span></td></tr><tr><td><span id="priceblock_ourprice" '
        f'class="a-size-medium a-color-price">{price}</span><span id="ourprice_shippingmessage"> </span></td></tr>'
        "</table></div>"
    )
    return (
        f'<div id="cerberus-data-metrics" data-asin="{asin(offer.good)}" '
        f'data-asin-price="{offer.amount if sold else ""}" '
        f'data-asin-shipping="{0 if sold else ""}" data-asin-currency-code="{offer.currency if sold else ""}"></div>'
        f'<input type="hidden" id="attach-base-product-price" value="{offer.amount if sold else "0.0"}">'
        f'{row if sold else ""}<div id="desktop_buybox">'
        + (f'<span id="price_inside_buybox" class="a-color-price"> {price} </span>' if sold else "")
        + f"{_around(country, offer)}</div>"
    )


def _price_node(country: Country, offer: Offer, extra: str = "") -> str:
    text = country.money(offer.amount)
    sign = country.price.format("").strip()
    whole, _, cents = text.replace(sign, "").strip("\u00a0 ").rpartition(country.decimal_sign)
    # The spoken text is empty on some pages, as on a real one of 2024.
    spoken = "" if offer.good.number % 4 == 0 else text
    return (
        f'<span class="a-price {extra}" data-a-size="xl" data-a-color="base"><span class="a-offscreen">{spoken}</span>'
        f'<span aria-hidden="true"><span class="a-price-symbol">{sign}</span><span class="a-price-whole">{whole}'
        f'<span class="a-price-decimal">{country.decimal_sign}</span></span>'
        f'<span class="a-price-fraction">{cents}</span></span></span>'
    )


def _struck(country: Country, offer: Offer) -> str:
    listed = country.money(offer.list_amount)
    return (
        f'<span class="a-price a-text-price" data-a-size="s" data-a-strike="true">'
        f'<span class="a-offscreen">{listed}</span>'
        f'<span aria-hidden="true">{listed}</span></span>'
    )


def _new_box(country: Country, offer: Offer) -> str:
    sold = offer.state not in _NO_PRICE
    shown = (
        f'<div class="a-section">{_price_node(country, offer, "priceToPay")}</div><div class="a-section basisPrice">'
        f"{country.list_price} {_struck(country, offer)}</div>"
    )
    return (
        f'<div id="corePriceDisplay_desktop_feature_div" data-csa-c-asin="{asin(offer.good)}">'
        f"{shown if sold else ''}</div>"
        f'<div id="desktop_buybox">{_around(country, offer)}</div>'
    )


def search(country: Country, offers: list[Offer], *, found: int, page: int, pages: int, poisoned: bool = False) -> str:
    """Return a page of results: an advertisement's frame, a sponsored tile of the first product, then all of them."""
    tiles = "".join(_tile(country, offer, sponsored=False) for offer in offers)
    if offers:
        tiles = '<div data-asin="" data-component-type="s-search-result"></div>' + (
            _tile(country, offers[0], sponsored=True) + tiles
        )
    if poisoned and offers:
        tiles = tiles.replace(f'data-asin="{asin(offers[-1].good)}"', 'data-asin="not-an-asin"')
    links = "".join(f'<span class="s-pagination-item">{number}</span>' for number in range(1, pages + 1))
    counted = country.results.format(len(offers), found) if offers else ""
    return f"""<!doctype html><html lang="{country.language}"><head><meta charset="utf-8">
<title>Amazon.{country.domain}</title></head><body>
<div data-component-type="s-result-info-bar"><h1><span>{counted}</span></h1></div>
<span data-component-type="s-search-results">{tiles}</span>
<div class="s-pagination-container" data-page="{page}">
{links}</div></body></html>
"""


def _tile(country: Country, offer: Offer, *, sponsored: bool) -> str:
    good = offer.good
    price = ""
    if offer.state not in _NO_PRICE:
        price = f'<a href="/{good.slug}/dp/{asin(good)}">{_price_node(country, offer)} {_struck(country, offer)}</a>'
    elif offer.state is State.OTHER_SELLERS:
        price = f'<div data-cy="secondary-offer-recipe"><span>{country.money(offer.amount)}</span></div>'
    label = f'<span class="puis-sponsored-label-text">{country.sponsored}</span>' if sponsored else ""
    return (
        f'<div data-asin="{asin(good)}" data-component-type="s-search-result" class="s-result-item">{label}'
        f'<h2><a href="/{good.slug}/dp/{asin(good)}"><span>{escape(good.title)}</span></a></h2>{price}</div>'
    )


# ---------------------------------------------------------------- walls and missing pages


def captcha() -> str:
    """Return the wall that asks for a person."""
    return (
        '<!doctype html><html lang="en-us"><head><title dir="ltr">Amazon.com</title></head><body>'
        '<form method="get" action="/errors/validateCaptcha" name=""><input type="hidden" name="amzn" value="sandbox">'
        '<button type="submit">···</button></form></body></html>'
    )


def refused() -> str:
    """Return the error page that automated visitors get with status 503."""
    return (
        '<!doctype html><html><head><title>503</title></head><body><a href="/ref=cs_503_logo">···</a>'
        '<a href="/dogsofamazon/ref=cs_503_d">···</a></body></html>'
    )


def missing() -> str:
    """Return the error page of a product that is gone."""
    return (
        '<!doctype html><html><head><title>404</title></head><body><a href="/ref=cs_404_logo">···</a>'
        '<a href="/dogsofamazon/ref=cs_404_d">···</a></body></html>'
    )


def login() -> str:
    """Return the page that asks for an account."""
    return (
        '<!doctype html><html><head><title>···</title></head><body><form name="signIn" method="post">'
        '<input id="ap_email" name="email"></form></body></html>'
    )


def changed(page: str) -> str:
    """Return a page of a new front end: none of the ids that anything is read by."""
    for word in ("productTitle", "availability", "priceToPay", "priceblock_ourprice", "data-asin", 'name="ASIN"'):
        page = page.replace(word, f"nx-{len(word)}")
    return page
