"""A product as the body that ``/api/v2/product/{id}`` answers, and what faults make of it.

Belongs here: field names and shapes, after one recorded card of 2025-12 (102 variants). Does not: what is sold.

The recording's many null and empty fields that no reader needs are left out, and so are reviews, which name people.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson

from sandbox.uzum.goods import COLOURS, Missing, Product, Sku
from sandbox.uzum.numbers import mixed

_IMAGES = "https://images.uzum.uz"


def timestamp(at: datetime) -> str:
    """Write a time as the service does: naive, UTC, nine fractional digits."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}161"


def card(product: Product, at: datetime, *, russian: bool, without: Missing | None = None) -> dict[str, object]:
    """Return ``payload.data`` of a product, without what its way of being missing takes away."""
    kind = product.kind
    titles = {"uz": f"{kind.uz} {product.brand} {product.model}", "ru": f"{kind.ru} {product.brand} {product.model}"}
    category: dict[str, object] | None = None
    for number, (category_id, uz, ru) in enumerate(reversed(kind.categories)):
        amount = 24_000 // (number + 1)
        category = {"id": category_id, "title": ru if russian else uz, "productAmount": amount, "parent": category}
    skus = [] if without is Missing.NO_SKUS else [_sku(product, sku, at, russian=russian) for sku in product.skus]
    data: dict[str, object] = {
        "id": product.product_id,
        "title": titles["ru" if russian else "uz"],
        "localizableTitle": titles,
        "category": category,
        "rating": product.rating,
        "reviewsAmount": product.reviews,
        "ordersAmount": product.orders,
        "rOrdersAmount": product.orders,
        "totalAvailableAmount": sum(sku.amount for sku in product.skus),
        "charityCommission": 0,
        "description": _description(product, russian=russian),
        "comments": [],
        "attributes": [],
        "photos": [_photo(product.product_id, number) for number in range(2)],
        "video": None,
        "characteristics": _characteristics(product, russian=russian),
        "skuList": skus,
        "seller": _seller(product),
        "topFeedback": None,
        "badges": [],
        "warranty": {"amount": 12} if product.model % 3 == 0 else None,
        "isEco": False,
        "isPerishable": False,
        "bonusProduct": False,
        "adultCategory": False,
    }
    if without is Missing.NO_TITLE:
        data["title"], data["localizableTitle"] = None, None
    return data


def body(data: dict[str, object] | None, at: datetime) -> bytes:
    """Return the whole answer; a card with a vertical tab in its description has it raw, as one author reports."""
    payload = None if data is None else {"data": data, "seo": None}
    return orjson.dumps({"payload": payload, "timestamp": timestamp(at)}).replace(b"\\u000b", b"\x0b")


def changed(data: dict[str, object], at: datetime) -> bytes:
    """Return the answer of a service that was rebuilt over night."""
    product = {"productId": data["id"], "name": data["title"], "offers": data["skuList"]}
    return orjson.dumps({"result": {"product": product}, "time": timestamp(at)})


def poison(data: dict[str, object], record: str) -> None:
    """Spoil the middle variant in place; the others stay good."""
    skus = data["skuList"]
    if not isinstance(skus, list) or not skus:
        return
    victim = skus[len(skus) // 2]
    if record == "missing_id":
        del victim["id"]
    elif record == "nan_price":
        victim["purchasePrice"] = "NaN"
    else:
        victim["purchasePrice"] = ["not", "a", "price"]


def _description(product: Product, *, russian: bool) -> str:
    text = "Новый товар с гарантией." if russian else "Yangi mahsulot, kafolat bilan."  # noqa: RUF001 - Russian
    blank = "\x0b" if mixed(product.product_id, 3) % 50 == 0 else " "
    return f"<p>{product.brand}{blank}{product.model}</p><p>{text}</p>"


def _characteristics(product: Product, *, russian: bool) -> list[dict[str, object]]:
    colours = [COLOURS[place] for place in product.colours]
    found: list[dict[str, object]] = [
        {
            "id": -1,
            "title": "Цвет" if russian else "Rang",
            "titleType": "COLOR",
            "values": [
                {"id": colour_id, "title": ru if russian else uz, "value": value}
                for colour_id, uz, ru, value in colours
            ],
        }
    ]
    if product.kind.sizes:
        found.append(
            {
                "id": 6_000_000,
                "title": "Размер" if russian else "O'lcham",
                "titleType": None,
                "values": [
                    {"id": 6_000_001 + number, "title": size, "value": size}
                    for number, size in enumerate(product.kind.sizes)
                ],
            }
        )
    return found


def _sku(product: Product, sku: Sku, at: datetime, *, russian: bool) -> dict[str, object]:
    places = [{"charIndex": 0, "valueIndex": sku.colour}]
    if sku.size is not None:
        places.append({"charIndex": 1, "valueIndex": sku.size})
    arrives = at + timedelta(days=sku.delivery_days)
    per_month = sku.price * 17 // 200
    return {
        "id": sku.sku_id,
        "characteristics": places,
        "availableAmount": sku.amount,
        "fullPrice": sku.full_price,
        "charityProfit": 0,
        "purchasePrice": sku.price,
        "barcode": barcode(product, sku),
        "discountBadge": None,
        "productOptionDtos": [
            {
                "optionId": 1,
                "text": "Рассрочка",
                "type": "UZUM_INSTALLMENT",
                "paymentInfo": f"от {per_month} сум/мес" if russian else f"Oyiga {per_month} so'mdan",
                "paymentPerMonth": per_month,
                "period": 12,
                "active": True,
            }
        ],
        "vat": {"type": "VAT0", "vatAmount": 0, "price": sku.price, "vatRate": 0},
        "stock": {
            "type": sku.stock,
            "deliveryDays": sku.delivery_days,
            "deliveryTitle": f"{arrives:%d.%m}",
            "deliveryDate": int(arrives.timestamp() * 1000),
        },
        "discount": None,
    }


def barcode(product: Product, sku: Sku) -> int:
    """Return a variant's number: Uzum's own over the SKU id, or, of every fifth product, a maker's EAN-13."""
    own = product.product_id % 5
    digits = f"478{sku.sku_id % 10**9:09d}" if own == 0 else f"1{sku.sku_id:011d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return int(f"{digits}{-total % 10}")


def _photo(product_id: int, number: int) -> dict[str, object]:
    key = f"sandbox{product_id}n{number}"
    sizes = {
        "800": {"high": f"{_IMAGES}/{key}/original.jpg", "low": f"{_IMAGES}/{key}/t_product_low.jpg"},
        "240": {"high": f"{_IMAGES}/{key}/t_product_240_high.jpg", "low": f"{_IMAGES}/{key}/t_product_240_low.jpg"},
    }
    return {"photo": sizes, "photoKey": key, "color": None, "hasVerticalPhoto": False}


def _seller(product: Product) -> dict[str, object]:
    return {
        "id": product.seller_id,
        "title": f"Do'kon {product.seller_id}",
        "link": f"dokon{product.seller_id}",
        "registrationDate": 1_716_785_104_845,
        "rating": 4.7,
        "reviews": 2_600,
        "orders": 8_600,
        "official": product.seller_id % 10 == 0,
        "sellerAccountId": 14_000_000 + product.seller_id,
    }
