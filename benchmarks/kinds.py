"""Claim: telling the kind of a title costs some microseconds, a twentieth of searching it for each phrase.

Run: ``python -m benchmarks.kinds [TITLES.csv ...]``: CSV files with a column ``title`` (and ``description``). Prints
titles a CPU-second beside the peer that searches every phrase's regular expression, and what was told of each file.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.fixtures import fixture
from ml.kinds import kind_of
from ml.kinds.text import clauses, fold
from ml.kinds.wordlists import load_words

_PEER_TITLES = 300
_RECORDED = ("watch_listings.csv", "abt_buy.csv")


def rate(tell: Callable[[str], object], titles: Sequence[str]) -> float:
    """Return titles a CPU-second."""
    begin = time.process_time()
    for title in titles:
        tell(title)
    return len(titles) / (time.process_time() - begin)


def search_each(title: str) -> int:
    """Return how many phrases stand in a title, each searched for."""
    said = clauses(fold(title))
    return sum(rule.phrase.pattern.search(said) is not None for rule in load_words().rules)


def main() -> None:
    """Print rates and counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    for path in parser.parse_args().files or [one for one in map(partial(fixture, "ml"), _RECORDED) if one]:
        with path.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        titles = [row["title"] for row in rows]
        rate(kind_of, titles)  # patterns are compiled when first met
        ours, peer = rate(kind_of, titles), rate(search_each, titles[:_PEER_TITLES])
        counts = Counter(str(kind_of(row["title"], row.get("description")).kind) for row in rows)
        print(f"{path.name}: {len(titles)} titles, {ours:,.0f} a CPU-s, {ours / peer:.0f} x the peer's {peer:,.0f}")
        print("  " + ", ".join(f"{kind} {count}" for kind, count in counts.most_common()))


if __name__ == "__main__":
    main()
