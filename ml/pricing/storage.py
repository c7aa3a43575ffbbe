"""A fitted model as bytes: arrays and JSON in an .npz, known by their sha256.

Belongs here: writing and reading them. Does not: where they are kept, which model is current.

No pickle and no joblib: reading a model can run no code. The trees are arrays (``forest``), the n-gram space is two
arrays; of the pool only what is compared with is kept (titles, prices, groups, times, attributes, vectors as halves),
and its sparse rows are computed again when it is read. A model of 2,000 listings without vectors takes about 1 MB.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from ml.pricing.comparables import AttributeScale, place
from ml.pricing.features import Encoder
from ml.pricing.forest import Forest
from ml.pricing.listings import Listings, PricingError
from ml.pricing.model import Boosting, Calibration, FairPriceModel, Knobs, Regressor
from ml.pricing.ngrams import NgramSpace

FORMAT = 2
_WORDS = ("ids", "titles", "watches", "brands", "conditions", "kinds")
_FOREST_ARRAYS = ("roots", "feature", "threshold", "missing_left", "left", "right", "value")


class ModelFileError(PricingError):
    """Bytes that are no model of this version; the message says what to do."""


def model_bytes(model: FairPriceModel) -> bytes:
    """Return the model as the bytes of an .npz; the same model always gives the same bytes."""
    regressor, calibration = model.regressor, model.calibration
    pool = regressor.pool
    arrays: dict[str, Any] = {
        "pool_prices": pool.prices,
        "pool_first_seen": pool.first_seen,
        "buckets": regressor.space.buckets,
        "idf": regressor.space.idf,
        "scores": calibration.scores,
        "alarm_scores": calibration.alarm_scores,
    }
    if pool.vectors is not None:
        arrays["pool_vectors"] = pool.vectors.astype(np.float16)
    for number, name in enumerate(sorted(pool.attributes)):
        arrays[f"attribute_{number}"] = pool.attributes[name]
    header: dict[str, Any] = {
        "format": FORMAT,
        "pool": {name: list(getattr(pool, name)) for name in _WORDS},
        "attributes": sorted(pool.attributes),
        "scales": [asdict(scale) for scale in regressor.scales],
        "knobs": asdict(regressor.knobs),
        "centre": regressor.centre,
        "lower": regressor.lower,
        "upper": regressor.upper,
        "calibration": {
            f.name: getattr(calibration, f.name)
            for f in fields(calibration)
            if f.name not in {"scores", "alarm_scores", "factors"}
        }
        | {"factors": dict(calibration.factors), "refusals": dict(calibration.refusals)},
        "trained_rows": model.trained_rows,
        "forests": [],
    }
    if regressor.boosting is not None:
        encoder = regressor.boosting.encoder
        header["encoder"] = {
            "attributes": list(encoder.attributes),
            "residuals": {name: dict(table) for name, table in encoder.residuals.items()},
        }
        if encoder.mean is not None and encoder.components is not None:
            arrays |= {"encoder_mean": encoder.mean, "encoder_components": encoder.components}
        for number, forest in enumerate(regressor.boosting.forests):
            header["forests"].append({"baseline": forest.baseline, "depth": forest.depth})
            arrays |= {f"forest_{number}_{name}": getattr(forest, name) for name in _FOREST_ARRAYS}
    text = json.dumps(header, ensure_ascii=True, sort_keys=True).encode()
    arrays["header"] = np.frombuffer(text, dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def model_id(content: bytes) -> str:
    """Return the model's id: the sha256 of its bytes."""
    return hashlib.sha256(content).hexdigest()


def model_of(content: bytes) -> FairPriceModel:
    """Return the model of bytes that ``model_bytes`` made; ModelFileError for another format."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    header = json.loads(arrays.pop("header").tobytes())
    if header["format"] != FORMAT:
        raise ModelFileError(f"a model of format {header['format']}, this version reads {FORMAT}; fit it again")
    vectors = arrays.get("pool_vectors")
    pool = Listings(
        **{name: tuple(header["pool"][name]) for name in _WORDS},
        prices=arrays["pool_prices"],
        first_seen=arrays["pool_first_seen"],
        attributes={name: arrays[f"attribute_{number}"] for number, name in enumerate(header["attributes"])},
        vectors=None if vectors is None else vectors.astype(np.float32),
    )
    space = NgramSpace(arrays["buckets"], arrays["idf"])
    scales = tuple(AttributeScale(**scale) for scale in header["scales"])
    regressor = Regressor(
        pool=pool,
        points=place(space, scales, pool),
        space=space,
        scales=scales,
        knobs=Knobs(**header["knobs"]),
        centre=header["centre"],
        lower=header["lower"],
        upper=header["upper"],
        boosting=_boosting(header, arrays),
    )
    known = header["calibration"]
    calibration = Calibration(
        **known | {"units": tuple(known["units"]), "scores": arrays["scores"], "alarm_scores": arrays["alarm_scores"]}
    )
    return FairPriceModel(regressor, calibration, header["trained_rows"])


def _boosting(header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Boosting | None:
    if not header["forests"]:
        return None
    first, second, third = (
        Forest(**{name: arrays[f"forest_{number}_{name}"] for name in _FOREST_ARRAYS}, **rest)
        for number, rest in enumerate(header["forests"])
    )
    encoder = Encoder(
        attributes=tuple(header["encoder"]["attributes"]),
        residuals=header["encoder"]["residuals"],
        mean=arrays.get("encoder_mean"),
        components=arrays.get("encoder_components"),
    )
    return Boosting(encoder, (first, second, third))
