"""`pricescope similar` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from domain.settings import Settings
from ml.embeddings.load import text_encoder
from ml.embeddings.models import MINILM
from pipeline.embeddings import embed_texts
from tests.embedding_models import models_dir
from tests.integration.cli.conftest import Command
from tests.integration.warehouse.samples import listing, page, store_and_load
from warehouse.connect import DatabaseUrl, connect

pytestmark = pytest.mark.integration


def vectors(pricescope: Command) -> dict[tuple[str, str], int]:
    rows = map(json.loads, pricescope("database", "vectors", "--json").stdout.splitlines())
    return {(row["model"], row["kind"]): row["vectors"] for row in rows}


def test_like_listings_are_listed_and_what_cannot_be_found_is_said(
    pricescope: Command, own_database: DatabaseUrl, tmp_path: Path
) -> None:
    early = pricescope("similar", "anything")
    assert (early.returncode, "the job `embed` makes them" in early.stderr) == (2, True), early.stderr
    with connect(own_database) as conn:
        titles = ("Omega Speedmaster 1969", "omega speedmaster moonwatch", "Levi's 501")
        store_and_load(conn, page(), [listing(n, title=title, description=None) for n, title in enumerate(titles)])
        settings = Settings(_env_file=None, home=tmp_path)  # type: ignore[call-arg]  # pydantic's own
        embed_texts(conn, settings, encoder=text_encoder(MINILM, models_dir=models_dir(), threads=1))
    found = pricescope("similar", "vinted:8000000000", "-n", "1", "--json")
    assert found.returncode == 0, found.stderr
    assert "like listing" in found.stderr
    (line,) = [json.loads(row) for row in found.stdout.splitlines()]
    assert line["detail"]["title"] == "omega speedmaster moonwatch"
    assert "omega speedmaster moonwatch" in pricescope("similar", "vinted:8000000000").stdout
    for what, said in (
        (("vinted:1",), "no listing 'vinted:1' is stored"),
        (("https://example.org/1",), "is stored; give our number"),
        (("no-such.png",), "cannot be read"),
        (("8000000000", "--source", "ebay"), "no listing that was asked for"),
        (("8000000000", "--watch", "none"), "there is no watch 'none'"),
        (("coat", "--by", "photo"), "no words; photos are found by words with a CLIP model"),
    ):
        done = pricescope("similar", *what)
        assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr


def test_vectors_are_listed_by_model_and_those_of_one_can_go(pricescope: Command) -> None:
    ((model, kind), count) = next(iter(vectors(pricescope).items()))
    assert (kind, count) == ("title", 3)
    unknown = pricescope("database", "vectors", "--forget", "no-such-model")
    assert (unknown.returncode, "there is no vector by 'no-such-model'" in unknown.stderr) == (2, True)
    assert vectors(pricescope) == {(model, "title"): 3}
    gone = pricescope("database", "vectors", "--forget", model)
    assert (gone.returncode, gone.stdout) == (0, f"3 vectors by {model} deleted\n"), gone.stderr
    assert vectors(pricescope) == {}
