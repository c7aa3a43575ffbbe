"""The Central Bank of Uzbekistan's look-alike: ``/cbu/ru/arkhiv-kursov-valyut/json/all/{day}/``.

Belongs here: the answer's shape and invented rates that drift slowly, a pure function of (seed, day). The figures are
of the right size and not the bank's. Does not: anything for sale.

No new rates on Saturdays and Sundays: the answer is Friday's, dated Friday. Some currencies are quoted for 10, as the
bank quotes weak ones.
"""

from __future__ import annotations

import math
import random
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.faults import FaultName
from sandbox.site import LookAlike, Visit, json_response

_TASHKENT = timezone(timedelta(hours=5))
# code, number, Russian name, nominal, so'm for the nominal
_CURRENCIES = (
    ("USD", "840", "Доллар США", 1, 12_400),
    ("EUR", "978", "Евро", 1, 14_100),
    ("RUB", "643", "Российский рубль", 1, 152),
    ("GBP", "826", "Фунт стерлингов", 1, 16_500),
    ("PLN", "985", "Польский злотый", 1, 3_310),
    ("KZT", "398", "Казахский тенге", 1, 25),
    ("JPY", "392", "Японская иена", 10, 820),
    ("IDR", "360", "Индонезийская рупия", 10, 8),
)


def rates_of(seed: int, day: date) -> list[dict[str, object]]:
    """Return the bank's records for a day of its calendar."""
    quoted = day - timedelta(days=max(0, day.weekday() - 4))
    records: list[dict[str, object]] = []
    for number, (code, iso, name, nominal, base) in enumerate(_CURRENCIES, start=1):
        rate, before = _rate(seed, code, base, quoted), _rate(seed, code, base, quoted - timedelta(days=1))
        records.append(
            {
                "id": number,
                "Code": iso,
                "Ccy": code,
                "CcyNm_RU": name,
                "CcyNm_EN": code,
                "Nominal": str(nominal),
                "Rate": f"{rate:.2f}",
                "Diff": f"{rate - before:.2f}",
                "Date": quoted.strftime("%d.%m.%Y"),
            }
        )
    return records


def _rate(seed: int, code: str, base: int, day: date) -> Decimal:
    phase = random.Random(f"{seed}|cbu|{code}").uniform(0, 2 * math.pi)  # noqa: S311 - reproducible, not a secret
    wave = 1 + 0.02 * math.sin(day.toordinal() / 23 + phase) + 0.004 * math.sin(day.toordinal() / 3 + phase)
    return (Decimal(base) * Decimal(f"{wave:.6f}")).quantize(Decimal("0.01"))


class CbuSite(LookAlike):
    """The bank; nothing is for sale there."""

    name = "cbu"

    def routes(self) -> list[BaseRoute]:
        """Return the routes, to be mounted at the root."""
        return [
            self.route("/ru/arkhiv-kursov-valyut/json/all/{day}/", self._rates),
            self.route("/ru/arkhiv-kursov-valyut/json/", self._rates),
        ]

    def _rates(self, visit: Visit) -> Response:
        today = visit.at.astimezone(_TASHKENT).date()
        try:
            day = date.fromisoformat(str(visit.request.path_params.get("day", today.isoformat())))
        except ValueError:
            return json_response([])
        records = rates_of(self.market.seed, min(day, today))
        if visit.meets(FaultName.CHANGED):
            return json_response({"data": records, "at": datetime.now(UTC).isoformat()})
        if visit.meets(FaultName.POISON):
            records[len(records) // 2]["Rate"] = "NaN"
        return json_response(records)
