"""Titles as weighted character n-grams: TF-IDF like scikit-learn's ``char_wb``, hashed in numpy.

Belongs here: text to a sparse unit-length row. Does not: similarity, prices.

The windows are those of ``TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)``: 2 to 5
characters inside a word with one blank on either side. They are hashed instead of kept in a dictionary: 100,000 titles
take seconds, a stored model is two small arrays, and scoring needs no scikit-learn. The idf is scikit-learn's smoothed
one, ln((1 + n) / (1 + df)) + 1.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ml.pricing.listings import Integers, Singles

if TYPE_CHECKING:
    from scipy import sparse

_SHORTEST, _LONGEST = 2, 5
_BUCKETS = 1 << 22
_MAX_FEATURES = 60_000
_CHUNK = 4_000
_BLANK = 0x20
_BASE = np.uint64(0x100000001B3)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(64 - 22)


@dataclass(frozen=True, slots=True)
class NgramSpace:
    """The n-grams kept and their weights.

    Attributes:
        buckets: sorted hash buckets, shape (f,).
        idf: inverse document frequency of each, shape (f,).
    """

    buckets: Integers
    idf: Singles

    def transform(self, titles: Sequence[str]) -> sparse.csr_matrix:
        """Return one unit-length row a title, shape (n, f), float32; a title without a known n-gram is a zero row."""
        from scipy import sparse  # noqa: PLC0415 - only scoring needs it

        rows, columns, values = [], [], []
        # One more entry: the place where searchsorted puts what is beyond the last bucket.
        known = np.append(self.buckets, -1)
        for start in range(0, len(titles), _CHUNK):
            row, bucket, count = _counted(titles[start : start + _CHUNK])
            column = np.searchsorted(self.buckets, bucket)
            kept = known[column] == bucket
            rows.append(row[kept] + start)
            columns.append(column[kept])
            values.append((1.0 + np.log(count[kept])) * self.idf[column[kept]])
        if not rows:
            return sparse.csr_matrix((0, len(self.buckets)), dtype=np.float32)
        row, value = np.concatenate(rows), np.concatenate(values)
        norm = np.sqrt(np.bincount(row, weights=value * value, minlength=len(titles)))
        value = (value / norm[row]).astype(np.float32)
        return sparse.csr_matrix((value, (row, np.concatenate(columns))), shape=(len(titles), len(self.buckets)))


def fit_ngrams(titles: Sequence[str]) -> NgramSpace:
    """Choose the n-grams worth keeping: seen in at least 3 titles (2 where there are few), the 60,000 commonest."""
    frequency = np.zeros(_BUCKETS, dtype=np.int64)
    for start in range(0, len(titles), _CHUNK):
        frequency += np.bincount(_counted(titles[start : start + _CHUNK])[1], minlength=_BUCKETS)
    kept = np.flatnonzero(frequency >= (3 if len(titles) >= 200 else 1))
    if len(kept) > _MAX_FEATURES:
        kept = np.sort(kept[np.argsort(-frequency[kept], kind="stable")[:_MAX_FEATURES]])
    idf = np.log((1.0 + len(titles)) / (1.0 + frequency[kept])) + 1.0
    return NgramSpace(kept.astype(np.int64), idf.astype(np.float32))


def plain(title: str) -> str:
    """Return the title in lower case without accents, blanks collapsed."""
    text = title.replace("\0", " ").lower()
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(text.split())


def _counted(titles: Sequence[str]) -> tuple[Integers, Integers, npt.NDArray[np.int64]]:
    """Return (row, bucket, count) of the distinct n-grams of each title."""
    # A zero ends each title: no window crosses it. Lone surrogates of a broken file become question marks.
    text = "".join(f" {plain(title)} \0" for title in titles)
    code = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    row = np.cumsum(code == 0) - (code == 0)
    keys = []
    digest = code
    valid = code != 0
    for n in range(2, _LONGEST + 1):
        last = code[n - 1 :]
        digest = digest[: len(last)] * _BASE + last
        inner_ok = valid[: len(last)] if n == 2 else valid[: len(last)] & (code[n - 2 : len(code) - 1] != _BLANK)
        valid = inner_ok & (last != 0)
        if n >= _SHORTEST:
            mixed = (digest[valid] ^ np.uint64(n)) * _SPREAD
            bucket = ((mixed ^ (mixed >> np.uint64(29))) * _BASE * _SPREAD) >> _SHIFT
            keys.append((row[: len(last)][valid] << 22) | bucket.astype(np.int64))
    unique, count = np.unique(np.concatenate(keys), return_counts=True)
    return unique >> 22, unique & (_BUCKETS - 1), count.astype(np.int64)
