"""Lots in the shapes of UZEX's answers.

Belongs here: field names and forms. Recorded ones (2025-12): completed auctions, their positions, e-shop requests that
came to nothing, dictionaries, open tenders. As public clients describe them, so perhaps not exactly so: open auctions,
``GetLot``, completed shop deals, ``DealsList``, ``NotDealedList``, ``GetTrade``. Does not: paging, faults (``site``).
"""

# ruff: noqa: RUF001 - texts are Russian and Uzbek: their letters are meant

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from sandbox.uzex.lots import Position, SandboxLot

_TASHKENT = timezone(timedelta(hours=5))
_CURRENCIES = {"UZS": (1, "Узбекский сум", "860"), "USD": (2, "Доллар США", "840"), "EUR": (3, "Евро", "978")}

Row = dict[str, object]


def written(at: int) -> str:
    """Write a time as the services do: Tashkent's, without zone."""
    return datetime.fromtimestamp(at, UTC).astimezone(_TASHKENT).replace(tzinfo=None).isoformat()


def display_number(lot: SandboxLot) -> str:
    """Return the number shown to people: the year, 11 (budget) or 12 (corporate), the platform, the lot."""
    year = written(lot.opened_at)[2:4]
    return f"{year}{'11' if lot.is_budget else '12'}{'0012' if lot.kind == 'tender' else '1007'}{lot.number}"


def _number(value: Decimal | int) -> float:
    # The services write every number as a float.
    return float(value)


def _title(position: Position) -> str:
    return position.text.strip()


def auction_deal(lot: SandboxLot, *, is_won: bool) -> Row:
    """Return a row of ``GetCompletedDeals`` or ``GetNotCompletedDeals`` of the auctions."""
    return {
        "lot_id": lot.number,
        "lot_start_date": written(lot.opened_at),
        "lot_end_date": written(lot.ends_at),
        "pcp_count": float(lot.bidders),
        "category_name": lot.positions[0].good.category,
        "start_cost": _number(lot.total(of_deal=False)),
        "deal_cost": _number(lot.total(of_deal=True)) if is_won else None,
        "customer_inn": lot.customer[0],
        "customer_name": f"{lot.customer[1]} ",
        "customer_region": None,
        "deal_date": written(lot.deal_at) if is_won else None,
        "deal_id": lot.number - 68_000 if is_won else None,
        "lot_display_no": display_number(lot),
        "provider_name": lot.provider[1] if is_won else None,
        "provider_inn": lot.provider[0] if is_won else None,
        "currency_name": None,
        "is_budget": int(lot.is_budget),
        "type_name": "Бюджет" if lot.is_budget else "Корпоратив",
        "kazna_status_id": 0,
        "kazna_status": "Договор Зарегистрирован",
        "kazna_payment_status": "Не оплачен",
        "deal_status_name": None,
    }


def auction_open(lot: SandboxLot) -> Row:
    """Return a row of ``GetMinimizedLotsList``."""
    return {
        "id": lot.number,
        "display_no": display_number(lot),
        "customer_type": "Byudjet" if lot.is_budget else "Korporativ",
        "category_name": lot.positions[0].good.category,
        "start_cost": _number(lot.total(of_deal=False)),
        "min_cost": _number(lot.total(of_deal=False) * Decimal("0.84")),
        "region_name": lot.region[1],
        "district_name": "Sandbox tumani",
        "start_date": written(lot.opened_at),
        "end_date": written(lot.ends_at),
        "currency_name": "Сом",
    }


def item(position: Position, *, of_deal: bool) -> Row:
    """Return a position as ``GetCompletedDealProducts`` and ``GetLot`` give it; ``product_name`` is null."""
    price = position.price if of_deal else position.ceiling
    properties = [("Единица измерения", position.good.unit), *position.good.properties]
    return {
        "order_num": position.number,
        "product_name": None,
        "quantity": float(position.amount),
        "price": _number(price),
        "country_name": position.good.made_in,
        "description": position.text,
        "cost": _number(price * position.amount),
        "currency_name": "Сом",
        "js_properties": [
            {"property_name": name, "user_value": value, "user_value_id": 0, "pnum": place}
            for place, (name, value) in enumerate(properties)
        ],
    }


def auction_card(lot: SandboxLot) -> Row:
    """Return ``GetLot``: the lot with its positions at their ceilings."""
    return {
        **auction_open(lot),
        "customer_inn": lot.customer[0],
        "customer_name": lot.customer[1],
        "js_details": [item(one, of_deal=False) for one in lot.positions],
    }


def shop_row(lot: SandboxLot, *, is_won: bool) -> Row:
    """Return a row of the shops: a request that came to nothing has fewer fields than a deal."""
    position = lot.positions[0]
    price = position.price if is_won else position.ceiling
    row: Row = {
        "id": lot.number,
        "start_date": written(lot.opened_at),
        "end_date": written(lot.ends_at),
        "pcp_count": lot.bidders,
        "product_name": _title(position),
        "category_name": position.good.category,
        "cost": _number(price * position.amount),
        "price": _number(price),
        "amount": float(position.amount),
    }
    if is_won:
        row |= {
            "lot_id": lot.number,
            "lot_display_no": display_number(lot),
            "start_cost": _number(lot.total(of_deal=False)),
            "deal_cost": _number(lot.total(of_deal=True)),
            "deal_date": written(lot.deal_at),
            "customer_inn": lot.customer[0],
            "customer_name": lot.customer[1],
            "customer_region_name": lot.region[1],
            "provider_inn": lot.provider[0],
            "provider_name": lot.provider[1],
        }
    return row


def tender_open(lot: SandboxLot) -> Row:
    """Return a row of ``TradeList``; its ``seller_*`` is who buys."""
    number, name, code = _CURRENCIES[lot.currency]
    return {
        "id": lot.number,
        "display_no": display_number(lot),
        "name": f"{_title(lot.positions[0])} / xarid",
        "start_date": written(lot.opened_at),
        "end_date": written(lot.ends_at),
        "clarific_date": written(lot.ends_at - 2 * 86400),
        "cost": _number(lot.total(of_deal=False)),
        "seller_name": lot.customer[1],
        "seller_tin": lot.customer[0],
        "region_name": lot.region[1],
        "district_name": "Sandbox tumani",
        "seller_id": lot.number % 9000,
        "category_name": None if lot.number % 5 == 0 else lot.positions[0].good.category,
        "currency_id": number,
        "currency_name": name,
        "currency_code123": code,
        "currency_codeabc": lot.currency,
    }


def tender_closed(lot: SandboxLot, *, is_won: bool) -> Row:
    """Return a row of ``DealsList`` or ``NotDealedList``: ``category_name`` says what was bought."""
    row: Row = {
        "trade_id": lot.number,
        "display_no": display_number(lot),
        "start_date": written(lot.opened_at),
        "end_date": written(lot.ends_at),
        "category_name": _title(lot.positions[0]),
        "start_cost": _number(lot.total(of_deal=False)),
        "participants_count": lot.bidders,
        "customer_name": lot.customer[1],
        "customer_inn": lot.customer[0],
        "is_local_manufacturs": False,
    }
    if is_won:
        row |= {
            "deal_id": lot.number - 318_000,
            "deal_date": written(lot.deal_at),
            "deal_cost": _number(lot.total(of_deal=True)),
            "currency_name": {"UZS": "Сум"}.get(lot.currency, _CURRENCIES[lot.currency][1]),
            "provider_name": lot.provider[1],
            "provider_inn": lot.provider[0],
        }
    return row


def tender_card(lot: SandboxLot) -> Row:
    """Return ``GetTrade``: the positions are a JSON text with names in another spelling."""
    products = [
        {
            "Id": lot.number * 10 + one.number,
            "Order_Num": one.number,
            "Product_Name": _title(one),
            "Product_Code": f"00.00.00.000-{one.number:05d}",
            "Category_Name": one.good.category,
            "Quantity": float(one.amount),
            "Price": _number(one.ceiling),
            "Cost": _number(one.ceiling * one.amount),
            "Description": one.text,
            "Js_Properties": [{"Property_Name": "Единица измерения", "User_Value": one.good.unit, "Pnum": 0}],
        }
        for one in lot.positions
    ]
    return {
        **tender_open(lot),
        "start_cost": _number(lot.total(of_deal=False)),
        "budget_products": json.dumps(products, ensure_ascii=False),
    }
