"""Prices of the market: how sellers set them, exchange, the buyer-protection fee, and how the API writes an amount.

Floats appear only while a random price is drawn; it becomes integer minor units before anything else sees it.
"""

from __future__ import annotations

import bisect
import math
import random
from decimal import ROUND_HALF_UP, Decimal

from domain.money import from_minor
from sandbox.locales import EUR_PER_UNIT, Grade

# What a grade does to the price of the same thing, against "very good".
GRADE_FACTOR = {
    Grade.NEW_WITH_TAGS: 1.40,
    Grade.NEW_WITHOUT_TAGS: 1.22,
    Grade.VERY_GOOD: 1.0,
    Grade.GOOD: 0.82,
    Grade.SATISFACTORY: 0.62,
}
# The fixed part of the fee; the rest is 5 % of the price. EUR and GBP hold for all recorded pairs of 2023-2026;
# PLN and USD are analogous, not recorded.
_FIXED_FEE_MINOR = {"EUR": 70, "GBP": 70, "PLN": 290, "USD": 70}
_FEE_RATE = Decimal("0.05")


# How asking prices lie round the median of a narrow search, in standard deviations of log price: quantiles pooled over
# 2,266 dealers' and eBay listings in 37 searches of brand and model (crawled 2026-04-22 to 2026-05-19). Right-skewed:
# hopeful prices reach far up, and few sellers go far below what the thing costs. A normal law has neither.
_RESIDUAL_QUANTILES = (
    (0.0, -3.8), (0.001, -3.19), (0.005, -2.12), (0.01, -1.85), (0.025, -1.62), (0.05, -1.28), (0.1, -0.94),
    (0.2, -0.62), (0.3, -0.41), (0.4, -0.18), (0.5, 0.0), (0.6, 0.2), (0.7, 0.49), (0.8, 0.88), (0.9, 1.43),
    (0.95, 1.96), (0.975, 2.46), (0.99, 3.04), (0.995, 3.59), (0.999, 4.64), (1.0, 5.2),
)  # fmt: skip
_PROBABILITIES = [probability for probability, _ in _RESIDUAL_QUANTILES]


def draw_log_price(rng: random.Random, *, median_eur: float, sigma: float, grade: Grade) -> float:
    """Draw the natural log of a price in euros around the family's median for that grade.

    ``sigma`` is the standard deviation of log price; the shape is that of real listings.
    """
    return math.log(median_eur * GRADE_FACTOR[grade]) + sigma * _residual(rng.random())


def _residual(probability: float) -> float:
    place = min(bisect.bisect_right(_PROBABILITIES, probability), len(_PROBABILITIES) - 1)
    (low, below), (high, above) = _RESIDUAL_QUANTILES[place - 1], _RESIDUAL_QUANTILES[place]
    return below + (above - below) * (probability - low) / (high - low)


def seller_price(euros: float, currency: str, rng: random.Random) -> int:
    """Turn a drawn value in euros into a price a person would ask, in minor units of the seller's currency.

    Cheap things are asked in halves, dear ones in fives; some sellers like .99. Never below one unit.
    """
    units = euros / float(EUR_PER_UNIT[currency])
    if units < 12:
        minor = round(units * 2) * 50
    elif units < 150 or rng.random() < 0.5:
        minor = round(units) * 100
    else:
        minor = round(units / 5) * 500
    if minor >= 1000 and rng.random() < 0.12:
        minor -= 1
    return max(100, minor)


def convert(minor: int, seller_currency: str, buyer_currency: str) -> int:
    """Convert minor units between currencies at the market's constant rates, rounding half up."""
    if seller_currency == buyer_currency:
        return minor
    value = Decimal(minor) * EUR_PER_UNIT[seller_currency] / EUR_PER_UNIT[buyer_currency]
    return int(value.to_integral_value(rounding=ROUND_HALF_UP))


def service_fee(minor: int, currency: str) -> int:
    """Return the buyer-protection fee in minor units: 0.70 + 5 % of the price, rounded to cents."""
    return int((_FIXED_FEE_MINOR[currency] + minor * _FEE_RATE).to_integral_value(rounding=ROUND_HALF_UP))


def amount_text(minor: int, currency: str) -> str:
    """Write an amount as the API does: trailing zeros dropped, one decimal kept (``900.0``, ``3.5``, ``56.02``)."""
    text = format(from_minor(minor, currency).normalize(), "f")
    return text if "." in text else f"{text}.0"


def conversion(seller_minor: int, seller_currency: str, buyer_currency: str) -> dict[str, str] | None:
    """Return the API's ``conversion`` object; None where no conversion took place.

    ``fx_rounded_rate`` is for display only, as on the real site: multiplying with it does not give the price.
    """
    if seller_currency == buyer_currency:
        return None
    rate = EUR_PER_UNIT[seller_currency] / EUR_PER_UNIT[buyer_currency]
    rounded = format(rate.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP).normalize(), "f")
    return {
        "seller_price": amount_text(seller_minor, seller_currency),
        "seller_currency": seller_currency,
        "buyer_currency": buyer_currency,
        "fx_rounded_rate": rounded if "." in rounded else f"{rounded}.0",
        "fx_base_amount": "1.0",
        "fx_markup_rate": "0.012",
    }
