"""Allegro's HTML: an offer's page with its microdata and the JSON of its boxes, and the wall.

Microdata, names inside the price box and the wall's marks are the real ones (captures of 2025-12); everything between
them is the sandbox's own. Around the price stand what real pages have there: delivery, a coupon, another offer's card
with its struck 30-day price, a bundle.
"""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from html import escape

from sandbox.goods import Good, Offer, State

_FIRST_OFFER = 19_000_000_000


def offer_id(good: Good) -> str:
    """Return a thing's offer number on this site."""
    return str(_FIRST_OFFER + good.number * 7919)


def other_offer_id(good: Good) -> str:
    """Return the number of another seller's offer of the same product, shown when the first has ended."""
    return str(_FIRST_OFFER + good.number * 7919 + 101)


def number_of(offer: str) -> tuple[int, bool] | None:
    """Return which thing an offer's number stands for, and whether it is the other seller's."""
    rest = int(offer) - _FIRST_OFFER if offer.isdigit() else -1
    if rest > 0 and rest % 7919 in {0, 101}:
        return rest // 7919, rest % 7919 == 101
    return None


def product_id(good: Good) -> str:
    """Return the product's UUID, which all offers of it share."""
    return str(uuid.UUID(int=0x5A4DB0C0 << 96 | good.number, version=4))


def product_path(good: Good) -> str:
    """Return the product's path, below the site."""
    return f"/produkt/{good.slug}-{product_id(good)}"


def zloty(amount: Decimal) -> str:
    """Write an amount as the site does."""
    return f"{amount:,.2f}".replace(",", "\u00a0").replace(".", ",") + "\u00a0zł"


def page(offer: Offer, base: str, *, other: bool) -> str:
    """Return the page of an offer; ``other`` shows the other seller's, dearer by a tenth."""
    good = offer.good
    external_id = other_offer_id(good) if other else offer_id(good)
    amount = (offer.amount * 11 / 10).quantize(Decimal("0.01")) if other else offer.amount
    stock = 12 if other else offer.stock
    seller = "sandbox_drugi" if other else f"sandbox_sklep_{good.number}"
    url = f"{base}{product_path(good)}?offerId={external_id}"
    word = "InStock" if stock else "OutOfStock"
    micro = "".join(
        f'<meta itemprop="{name}" content="{escape(value)}">'
        for name, value in (
            ("url", url),
            ("name", good.title),
            ("sku", external_id),
            ("gtin", good.gtin),
            ("brand", good.brand),
            ("image", f"{base}/images/{external_id}.jpg"),
        )
    )
    boxes = "".join(
        f'<script type="application/json" data-serialize-box-id="box-{place}==">{_script_json(box)}</script>'
        for place, box in enumerate(_boxes(offer, external_id, amount, stock, seller, url))
    )
    return f"""<!doctype html><html lang="pl"><head><meta charset="utf-8">
<title>{escape(good.title)} • Cena, Opinie - Allegro</title><link rel="canonical" href="{base}{product_path(good)}">
<meta property="og:url" content="{escape(url)}"></head><body><div itemscope itemtype="http://schema.org/Product">
{micro}<div itemprop="offers" itemscope itemtype="http://schema.org/Offer"><meta itemprop="price" content="{amount}">
<meta itemprop="priceCurrency" content="PLN"><link itemprop="availability" href="http://schema.org/{word}">
<meta itemprop="itemCondition" itemtype="http://schema.org/OfferItemCondition"
 content="http://schema.org/NewCondition"></div><h1>{escape(good.title)}</h1></div>
<span class="mgn2_14">{zloty(amount)}</span><span>dostawa od 9,99&nbsp;zł</span><span>zestaw {zloty(amount * 2)}</span>
<article><span>{zloty(amount / 2)}</span><span style="text-decoration: line-through;">{zloty(amount * 3)}</span>
<span>cena z 30 dni</span></article>{boxes}</body></html>
"""


def _boxes(offer: Offer, external_id: str, amount: Decimal, stock: int, seller: str, url: str) -> list[object]:
    good = offer.good
    coupon = None
    if offer.state is State.COUPON:
        coupon = {
            "activeVariant": {"id": "coupon-promise"},
            "variants": [
                {"id": "coupon-promise", "text": "kup 10 zł taniej"},
                {"id": "coupon-received", "text": "kupon odebrany"},
            ],
        }
    old = zloty(offer.list_amount) if good.number % 3 == 0 else None
    price_box = {
        "price": {"formattedPrice": zloty(amount), "originalPrice": old, "currency": "PLN"},
        "coupon": coupon,
        "biddingSection": {"visible": False, "endingDate": None, "offerId": external_id},
        "transactionSection": {
            "offerId": external_id,
            "availableQuantity": {"value": stock, "label": f"z {stock} sztuk", "hidden": False},
            "precartData": {
                "sellerId": str(40_000_000 + good.number),
                "itemId": external_id,
                "price": str(int(amount * 100)),
                "initActionType": "ADD_TO_CART",
            },
        },
        "schema": {
            "url": url, "name": good.title, "sku": external_id, "price": str(amount), "priceCurrency": "PLN",
            "gtin": good.gtin, "brand": good.brand,
        },
        "metaData": {
            "dataLayer": {
                "idItem": external_id, "headNavigation": "|".join(good.category), "sellerName": seller,
                "active": "yes", "isAuction": False, "isBuyNow": True,
            }
        },
        "otherProductOffers": {"productId": product_id(good)},
    }  # fmt: skip
    return [
        {"offerId": external_id, "deliveryCost": "9,99\u00a0zł", "name": "ShippingInfo"},
        {"sellerName": seller, "isPrivateSeller": False, "isSuperSeller": False},
        price_box,
        {"offerId": external_id, "keyParameters": [{"name": "Stan", "value": "Nowy"}]},
        {"items": [{"offerId": "17000000001", "price": {"amount": str(amount / 2)}}]},
    ]


def _script_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")


def wall(nonce: str) -> str:
    """Return the bot wall's page: only the marks it is known by."""
    return (
        '<html lang="pl"><head><title>allegro.pl</title></head><body><script data-cfasync="false">'
        f"var dd={{'rt':'c','cid':'sandbox','hsh':'{nonce}','t':'bv','host':'geo.captcha-delivery.com'}}</script>"
        "</body></html>"
    )


def gone() -> str:
    """Return the page of an offer whose product is gone, too; the real one was never recorded."""
    return '<!doctype html><html lang="pl"><head><title>404</title></head><body><h1>404</h1></body></html>'


def changed(text: str) -> str:
    """Return a page of a new front end: no microdata, other boxes."""
    return text.replace("itemtype", "data-t").replace("itemprop", "data-p").replace("data-serialize-box-id", "data-b")
