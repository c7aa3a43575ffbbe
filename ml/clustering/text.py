"""Titles as tokens and as sparse vectors: words, model codes, character n-grams.

Belongs here: how a title is read, weights of what is read. Does not: comparing titles, languages' stop words.

Weights are those of TF-IDF (Spärck Jones 1972; sublinear term frequency 1 + ln tf, rows of unit length).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ml.clustering.arrays import (
    Booleans,
    Floats,
    Hashes,
    Integers,
    Sparse,
    row_lengths,
    rows_of_sets,
    scaled_columns,
    unit_rows,
)

# A word keeps the marks inside it: "ps-lx350h", "mq8n2b/a", "5.5".
_TOKEN = re.compile(r"[^\W_]+(?:[-./][^\W_]+)*")
_MARKS = re.compile(r"[\W_]+")
# A model code glued to its neighbours is at most this long: longer is two words, not one written apart.
_LONGEST_CODE = 24
_SHORTEST_CODE = 3
_LONGEST_GRAM = 4
# A code that begins another (a region's or colour's suffix left out) is at least this long.
_SHORTEST_STEM = 5
# A number and its unit, together or apart: 64gb, 7 kg, 5.5", 55 inch.
_AMOUNT = re.compile(r"(?<![^\W_])(\d+(?:[.,]\d+)?)[\s-]?([a-z]+|\"|''|')(?![^\W_])")
_UNITS = {
    spelling: unit
    for unit, spellings in {
        "gb": "gb go",
        "tb": "tb to",
        "mb": "mb mo",
        "mp": "mp megapixel megapixels mpx",
        "kg": "kg kgs kilo",
        "g": "g gr grams",
        "l": "l litre litres liter liters ltr lt litri litros",
        "ml": "ml",
        "inch": "inch inches in ins zoll pouces pollici pulgadas \" '' '",
        "cm": "cm",
        "mm": "mm",
        "w": "w watt watts",
        "v": "v volt volts",
        "mah": "mah",
        "hz": "hz",
        "ghz": "ghz",
        "ft": "ft feet",
        "btu": "btu",
        "pack": "pack pcs pieces",
    }.items()
    for spelling in spellings.split()
}  # fmt: skip


def normalise(text: str) -> str:
    """Return a title in lower case with plain characters (NFKC) and single blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def tokens_of(title: str) -> list[str]:
    """Return the words of a normalised title in order, marks inside a word kept."""
    return _TOKEN.findall(title)


def join_amounts(title: str) -> str:
    """Return a normalised title with its numbers and units as one word each: ``7,5 litres`` -> ``7.5l``."""
    return _AMOUNT.sub(_joined, title)


def _joined(found: re.Match[str]) -> str:
    unit = _unit_of(found)
    return found[0] if unit is None else f"{_plain(found[1])}{unit}"


def _unit_of(found: re.Match[str]) -> str | None:
    # "20 in stock" is no size; "20in" and '20"' are.
    apart = not found[0].startswith(found[1] + found[2])
    return None if apart and found[2] in {"in", "ins"} else _UNITS.get(found[2])


def _plain(number: str) -> str:
    return f"{float(number.replace(',', '.')):.12g}"


def squeeze(token: str) -> str:
    """Return a token without its marks: ``ps-lx350h`` -> ``pslx350h``."""
    return _MARKS.sub("", token)


def has_digit(token: str) -> bool:
    """Say whether a token holds a digit: model numbers, sizes, capacities."""
    return any(map(str.isdigit, token))


@dataclass(frozen=True, slots=True)
class TitleSpace:
    """Titles read once: everything that comparing them needs.

    Attributes:
        words: (n, words) binary; ``word_idf`` (words,) between 0 and 1, 1 for a word no other title has.
        word_vectors: (n, words) TF-IDF rows of unit length.
        digits: (n, words) binary, only the words holding a digit.
        codes: (n, codes) binary, squeezed words of 3 characters or more with a digit.
        glued: (n, codes) binary, the same and what neighbouring words give when written together.
        stems: (n, codes) binary, the codes that begin a longer code of the title; ``code_idf`` (codes,) as word_idf.
        units: (n, units) binary, in which units the title gives a number; ``amounts`` (n, amounts) which numbers.
        grams: (n, grams) TF-IDF rows of unit length over the character 2- to 4-grams inside words.
        first_word: (n,) index of the first word, -1 for a title without words.
        lengths: (n,) characters.
    """

    words: Sparse
    word_idf: Floats
    word_vectors: Sparse
    digits: Sparse
    codes: Sparse
    glued: Sparse
    stems: Sparse
    code_idf: Floats
    units: Sparse
    amounts: Sparse
    grams: Sparse
    first_word: Integers
    lengths: Integers

    def __len__(self) -> int:
        return len(self.lengths)


def read_titles(titles: Sequence[str]) -> TitleSpace:
    """Read normalised titles; statistics (idf) are those of these titles."""
    titles = [join_amounts(title) for title in titles]
    tokens = [tokens_of(title) for title in titles]
    word_index: dict[str, int] = {}
    word_sets = [_numbers(dict.fromkeys(own), word_index) for own in tokens]
    words = rows_of_sets(word_sets, len(word_index))
    word_idf = _share_of_surprise(words)
    is_digit = np.fromiter(map(has_digit, word_index), dtype=np.float64, count=len(word_index))
    # A copy: dropping the zeros moves indices in place, and they are shared with the words.
    digits = scaled_columns(words, is_digit).copy()
    digits.eliminate_zeros()
    codes, glued, stems = _read_codes(tokens)
    units, amounts = _read_amounts(titles)
    return TitleSpace(
        words=words,
        word_idf=word_idf,
        word_vectors=unit_rows(scaled_columns(words, _idf(words))),
        digits=digits,
        codes=codes,
        glued=glued,
        stems=stems,
        code_idf=_share_of_surprise(glued),
        units=units,
        amounts=amounts,
        grams=character_grams(titles),
        first_word=np.fromiter((own[0] if own else -1 for own in word_sets), dtype=np.int64, count=len(titles)),
        lengths=np.fromiter(map(len, titles), dtype=np.int64, count=len(titles)),
    )


def _numbers(names: Iterable[str], index: dict[str, int]) -> list[int]:
    return [index.setdefault(name, len(index)) for name in names]


def _read_codes(tokens: Sequence[Sequence[str]]) -> tuple[Sparse, Sparse, Sparse]:
    index: dict[str, int] = {}
    own_sets: list[list[int]] = []
    glued_sets: list[list[int]] = []
    for title in tokens:
        parts = [squeeze(token) for token in title]
        own = dict.fromkeys(part for part in parts if len(part) >= _SHORTEST_CODE and has_digit(part))
        both = dict(own)
        for width in (2, 3):
            for start in range(len(parts) - width + 1):
                code = "".join(parts[start : start + width])
                if _SHORTEST_CODE < len(code) <= _LONGEST_CODE and has_digit(code):
                    both[code] = None
        own_sets.append(_numbers(own, index))
        glued_sets.append(_numbers(both, index))
    names = list(index)
    stem_sets = [
        list(
            dict.fromkeys(
                index[names[code][:end]]
                for code in own
                for end in range(_SHORTEST_STEM, len(names[code]))
                if names[code][:end] in index
            )
        )
        for own in own_sets
    ]
    width = len(index)
    return rows_of_sets(own_sets, width), rows_of_sets(glued_sets, width), rows_of_sets(stem_sets, width)


def _read_amounts(titles: Sequence[str]) -> tuple[Sparse, Sparse]:
    units: dict[str, int] = {}
    amounts: dict[str, int] = {}
    unit_sets: list[list[int]] = []
    amount_sets: list[list[int]] = []
    for title in titles:
        read = [(_plain(found[1]), _unit_of(found)) for found in _AMOUNT.finditer(title)]
        found = [(number, unit) for number, unit in read if unit is not None]
        unit_sets.append(_numbers(dict.fromkeys(unit for _, unit in found), units))
        amount_sets.append(_numbers(dict.fromkeys(f"{number} {unit}" for number, unit in found), amounts))
    return rows_of_sets(unit_sets, len(units)), rows_of_sets(amount_sets, len(amounts))


def document_frequency(matrix: Sparse) -> Integers:
    """Return in how many rows each column occurs."""
    return np.bincount(matrix.indices, minlength=matrix.shape[1]).astype(np.int64)


def _idf(matrix: Sparse) -> Floats:
    return np.asarray(np.log((1 + matrix.shape[0]) / (1 + document_frequency(matrix))) + 1, dtype=np.float64)


def _share_of_surprise(matrix: Sparse) -> Floats:
    # ln(n / df) / ln(n): 1 for what one title has, 0 for what all have, whatever the number of titles.
    size = max(matrix.shape[0], 2)
    df = np.maximum(document_frequency(matrix), 1)
    return np.asarray(np.clip(np.log(size / df) / np.log(size), 0, 1), dtype=np.float64)


def character_grams(titles: Sequence[str]) -> Sparse:
    """Return the TF-IDF rows (n, grams) of the character 2- to 4-grams inside words, each word padded by a blank.

    Grams are exact, not hashed. A gram that only one title holds keeps its weight in the row's length, but has no
    column: it can match nothing.
    """
    padded = [f" {' '.join(_MARKS.split(title))} ".replace("  ", " ") for title in titles]
    rows = np.repeat(np.arange(len(padded)), [len(text) for text in padded])
    points = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    # 16 bits a letter, so that four of them are one number: characters are numbered by the alphabet in use.
    alphabet, letters = np.unique(points, return_inverse=True)
    symbols = (letters % (2**16 - 1)).astype(np.uint64) + np.uint64(1)
    blank = np.asarray(alphabet[letters] == ord(" "), dtype=bool)
    parts = [_grams_of_width(width, rows, symbols, blank, len(padded)) for width in range(2, _LONGEST_GRAM + 1)]
    squares = sum(part[1] for part in parts)
    matrix = sparse.hstack([part[0] for part in parts], format="csr", dtype=np.float32)
    norms = np.sqrt(np.maximum(squares, 1e-12))
    data = (matrix.data / np.repeat(norms, row_lengths(matrix))).astype(np.float32)
    return sparse.csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _grams_of_width(width: int, rows: Integers, symbols: Hashes, blank: Booleans, size: int) -> tuple[Sparse, Floats]:
    count = max(len(symbols) - width + 1, 0)
    code: Hashes = np.zeros(count, dtype=np.uint64)
    crosses = np.zeros(count, dtype=bool)
    for offset in range(width):
        code = (code << np.uint64(16)) | symbols[offset : offset + count]
        if 0 < offset < width - 1:
            crosses |= blank[offset : offset + count]
    inside = ~crosses & (rows[:count] == rows[width - 1 : width - 1 + count])
    _, columns = np.unique(code[inside], return_inverse=True)
    own_rows = rows[:count][inside]
    counts = sparse.csr_matrix(
        (np.ones(len(columns), dtype=np.float32), (own_rows, columns)),
        shape=(size, int(columns.max()) + 1 if len(columns) else 0),
    )
    counts.sum_duplicates()
    counts.data = 1 + np.log(counts.data)
    weighted = scaled_columns(counts, _idf(counts)) if counts.shape[1] else counts
    squares = np.asarray(weighted.multiply(weighted).sum(axis=1), dtype=np.float64).ravel()
    return weighted[:, document_frequency(weighted) > 1], squares
