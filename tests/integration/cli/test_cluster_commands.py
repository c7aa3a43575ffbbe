"""`pricescope clusters` as a user types it."""

from __future__ import annotations

import json

import pytest

from tests.integration.cli.conftest import Command

pytestmark = pytest.mark.integration
URL = "https://www.vinted.fr/catalog?search_text=levi%27s+501&order=newest_first"


def test_a_watch_is_clustered_listed_and_shown(pricescope: Command) -> None:
    assert pricescope("watch", "add", URL, "--name", "jeans").returncode == 0
    early = pricescope("clusters", "list", "jeans")
    assert (early.returncode, "pricescope clusters run 'jeans'" in early.stderr) == (2, True)
    assert "No run yet" in pricescope("clusters", "runs", "jeans").stderr
    polled = pricescope("poll", "vinted")
    assert polled.returncode == 0, polled.stderr

    ran = pricescope("clusters", "run", "jeans")
    assert ran.returncode == 0, ran.stderr
    lines = [json.loads(line) for line in pricescope("clusters", "list", "jeans", "--json").stdout.splitlines()]
    assert lines
    sizes = [line["size"] for line in lines]
    assert sizes == sorted(sizes, reverse=True)
    listed = pricescope("clusters", "list", "jeans").stdout
    assert lines[0]["label"] in ran.stdout
    assert lines[0]["label"] in listed
    assert f"{len(lines)} clusters" in listed

    first = lines[0]["cluster_id"]
    shown = pricescope("clusters", "show", "jeans", first, "--limit", "9999", "--json").stdout
    members = [json.loads(row) for row in shown.splitlines()]
    assert len(members) == lines[0]["size"]
    assert [member["listing_id"] for member in members if member["is_representative"]] == [
        lines[0]["representative_id"]
    ]
    assert lines[0]["label"] in pricescope("clusters", "show", "jeans", first[:10]).stdout
    alone = pricescope("clusters", "show", "jeans", "unique", "--limit", "9999", "--json").stdout.splitlines()
    places = pricescope("clusters", "of", str(members[-1]["listing_id"]), "--json").stdout.splitlines()
    place = next(row for row in map(json.loads, places) if row["level"] == "product")
    assert (place["watch"], place["cluster_id"], place["size"]) == ("jeans", first, lines[0]["size"])
    born = [json.loads(row) for row in pricescope("clusters", "changes", "jeans", "--json").stdout.splitlines()]
    assert {row["to_id"] for row in born if row["kind"] == "born"} >= {line["cluster_id"] for line in lines}
    (run,) = [json.loads(row) for row in pricescope("clusters", "runs", "jeans", "--json").stdout.splitlines()]
    assert (run["state"], run["n_unique"], run["n_clusters"]) == ("success", len(alone), len(lines))
    assert sum(sizes) + len(alone) == run["n_listings"]


def test_the_classic_method_is_tried_with_its_parameters(pricescope: Command) -> None:
    ran = pricescope("clusters", "run", "jeans", "--method", "dbscan", "--eps", "0.4", "--min-samples", "3")
    assert ran.returncode == 0, ran.stderr
    assert "noise" in ran.stdout
    newest, *_ = [json.loads(row) for row in pricescope("clusters", "runs", "jeans", "--json").stdout.splitlines()]
    assert (newest["method"], newest["params"]) == ("dbscan", {"eps": 0.4, "min_samples": 3, "metric": "cosine"})
    assert pricescope("clusters", "list", "jeans", "--method", "dbscan").returncode == 0


def test_what_cannot_be_done_is_said_without_a_traceback(pricescope: Command) -> None:
    for arguments, said in (
        (("run", "jeans", "--eps", "0.4"), "--eps does not go with --method products"),
        (("run", "nothing"), "there is no watch 'nothing'"),
        (("show", "jeans", "zzz"), "has no cluster 'zzz'"),
        (("show", "jeans", ""), "more than one cluster"),
        (("of", "vinted:0"), "no listing 'vinted:0' is stored"),
    ):
        done = pricescope("clusters", *arguments)
        assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr
