"""What the newest price model of a market says of candidates; on the polling path, loaded only where a watch asks.

Belongs here: loading a stored model once and giving candidates their fair prices. Does not: training
(``pipeline.price_models``), the verdict (``ml.rules``). Needs numpy and scipy.sparse, neither scikit-learn nor torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
import psycopg

from domain.fair_price import FairPrice
from domain.statistics import Candidate
from domain.watch import Watch
from ml.pricing.listings import PricingError, listings
from ml.pricing.model import FairPriceModel
from ml.pricing.storage import model_id, model_of
from pipeline.estimates import fair_prices
from pipeline.pricing import row_id, scope_of
from warehouse.price_models import PriceModel, newest_model, read_artifact

_TRAIN_AGAIN = "run the job `price` to train it again"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The model that counts of a market; ``refusal`` says why it gives no estimates, else ``fitted`` is there."""

    known: PriceModel
    fitted: FairPriceModel | None
    refusal: str | None = None

    @property
    def name(self) -> str:
        """Return the model's number and the start of its sha256."""
        return f"{self.known.price_model_id}:{self.known.sha256[:12]}"


@dataclass(slots=True)
class ModelRule:
    """Gives candidates their fair prices; each market's model is read once, when first asked for."""

    conn: psycopg.Connection
    _loaded: dict[str, Loaded | None] = field(default_factory=dict)

    def estimated(self, watch: Watch, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Return the candidates with their fair prices; as they were where the market has no model yet.

        All that the model knows counts as known before them; a listing is never its own comparable.
        """
        loaded = self._of(watch)
        if loaded is None:
            return list(candidates)
        if loaded.fitted is None:
            refused = FairPrice(model=loaded.name, trained_until=loaded.known.trained_until, refusal=loaded.refusal)
            return [msgspec.structs.replace(candidate, fair_price=refused) for candidate in candidates]
        result = list(candidates)
        places = [place for place, candidate in enumerate(candidates) if _can_be_priced(candidate)]
        for place, fair in zip(places, _estimates(loaded, [candidates[place] for place in places]), strict=True):
            result[place] = msgspec.structs.replace(candidates[place], fair_price=fair)
        return result

    def _of(self, watch: Watch) -> Loaded | None:
        scope = scope_of(watch.owner, watch.currency)
        if scope not in self._loaded:
            self._loaded[scope] = load(self.conn, scope)
        return self._loaded[scope]


def load(conn: psycopg.Connection, scope: str) -> Loaded | None:
    """Return the model that counts of a market, None where none was trained; one that cannot be read says why."""
    known = newest_model(conn, scope)
    if known is None:
        return None
    if known.state == "refused":
        return Loaded(known, None, known.error or "its last window's intervals did not hold")
    content = read_artifact(conn, known.price_model_id)
    if content is None or model_id(content) != known.sha256:
        return Loaded(known, None, f"the stored model {known.price_model_id} is damaged; {_TRAIN_AGAIN}")
    try:
        return Loaded(known, model_of(content))
    except PricingError as error:
        return Loaded(known, None, str(error))


def _can_be_priced(candidate: Candidate) -> bool:
    return candidate.price is not None and candidate.price > 0 and not candidate.is_blacklisted


def _estimates(loaded: Loaded, candidates: Sequence[Candidate]) -> list[FairPrice]:
    if not candidates or loaded.fitted is None:
        return []
    items = listings(
        [row_id(candidate.listing_id, candidate.watch_id) for candidate in candidates],
        [candidate.title for candidate in candidates],
        np.array([float(candidate.price or 0) for candidate in candidates]),
        watches=[str(candidate.watch_id) for candidate in candidates],
        brands=[candidate.brand.casefold().strip() for candidate in candidates],
        conditions=[str(candidate.condition) for candidate in candidates],
        kinds=[str(candidate.kind) for candidate in candidates],
    )
    record = fair_prices(
        loaded.fitted.price(items),
        loaded.fitted.regressor.pool,
        loaded.fitted.calibration,
        currency=candidates[0].currency,
        model=loaded.name,
        trained_until=loaded.known.trained_until,
        watches=items.watches,
    )
    return [record(row) for row in range(len(items))]
