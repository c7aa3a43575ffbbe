"""Names for clusters, from the words of their titles.

Belongs here: class-based TF-IDF and how its words become a name. Does not: clustering, storing.

Class-based TF-IDF (Grootendorst 2022, arXiv 2203.05794): the words and pairs of words of a cluster's titles, their
frequency in the cluster times ln(1 + A / f), A the mean number of terms a cluster has, f the term's frequency in all.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ml.clustering.arrays import Booleans, Integers
from ml.clustering.listings import Listings
from ml.clustering.plain import plain_words
from ml.clustering.text import has_digit, normalise, tokens_of
from ml.clustering.words import ARTICLES, COLOURS, PRODUCT_NOUNS, STOP_WORDS

_TERMS = 5
# A word names a cluster only if this share of its titles have it: one seller's flourish does not, nor the same word in
# two languages.
_LEAST_SHARE = 0.5
_LONGEST_NAME = 60
_NEARLY = 0.8
# What sellers fill in when they must name a brand.
_NO_BRAND = {
    "",
    "-",
    "?",
    "other",
    "unknown",
    "unbranded",
    "no brand",
    "none",
    "n/a",
    "sans marque",
    "ohne marke",
    "andere",
}
# Levi's, with whatever apostrophe, and Levis are one word.
_POSSESSIVE = re.compile(r"(?<=\w)['\u2019`\u00b4\u02bc](?=s\b)", re.IGNORECASE)
_POSSESSIVE_WORD = re.compile(r"(\w+)'(s)\b", re.IGNORECASE)
# From this length on, a word and its plural are not both told; x and xs are sizes.
_PLURAL = 4
# Longer than this, a word is a glued code or an address.
_LONGEST_WORD = 24


@dataclass(frozen=True, slots=True)
class _Cluster:
    rows: tuple[int, ...]
    words: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Label:
    """What a cluster is called, and the words that tell it from the others of its group, best first."""

    name: str
    terms: tuple[str, ...]


def label_clusters(listings: Listings, labels: Integers, representative: Booleans) -> tuple[str, ...]:
    """Return a name for every cluster 0, 1, ...: its brand and what tells it from the others of its group.

    The words stand as in the titles; a brand that titles do not repeat comes first. What kind of thing it is (a
    console) is left out where the brand and more is said; a colour is said in English.

    Two clusters of a group may get the same name. A cluster whose titles share no telling word is called as its
    representative's title.
    """
    return tuple(label.name for label in describe_clusters(listings, labels, representative))


def describe_clusters(listings: Listings, labels: Integers, representative: Booleans) -> tuple[Label, ...]:
    """Return the name of every cluster as :func:`label_clusters` does, with the words it was made from."""
    members: dict[int, list[int]] = defaultdict(list)
    for row in np.flatnonzero(labels >= 0).tolist():
        members[int(labels[row])].append(row)
    chosen = {int(labels[row]): int(row) for row in np.flatnonzero(representative)}
    groups = listings.groups
    by_group: dict[str, list[int]] = defaultdict(list)
    for cluster, rows in sorted(members.items()):
        by_group[groups[rows[0]] if groups is not None else ""].append(cluster)
    names: dict[int, Label] = {}
    for clusters in by_group.values():
        read = {cluster: _read(listings.titles, members[cluster]) for cluster in clusters}
        scores = _class_tf_idf({cluster: _terms(one.words) for cluster, one in read.items()})
        for cluster in clusters:
            fallback = listings.titles[chosen[cluster]] if cluster in chosen else ""
            rows = members[cluster]
            brand = _brand(listings.brands, rows, read[cluster].words)
            titles = [listings.titles[row] for row in rows]
            spelling = _spellings(titles)
            for word, article in _articles(titles).items():
                spelling[word] = f"{article} {spelling.get(word, word)}"
            words = _best_words(read[cluster], scores[cluster], brand)
            name = _name(read[cluster], _without_nouns(words, brand), brand, spelling, fallback)
            names[cluster] = Label(name, tuple(words))
    return tuple(names[cluster] for cluster in sorted(names))


def _read(titles: Sequence[str], rows: Sequence[int]) -> _Cluster:
    # Sorted, so that a name does not depend on the order of the rows.
    words = sorted(tuple(filter(_tells, _words(titles[row]))) for row in rows)
    return _Cluster(tuple(rows), tuple(words))


def _words(title: str) -> Sequence[str]:
    return tokens_of(plain_words(normalise(_POSSESSIVE.sub("", title))))


def _tells(word: str) -> bool:
    return word not in STOP_WORDS and len(word) <= _LONGEST_WORD


def _terms(titles: Iterable[tuple[str, ...]]) -> Counter[tuple[str, ...]]:
    found: Counter[tuple[str, ...]] = Counter()
    for words in titles:
        found.update({(word,) for word in words} | set(pairwise(words)))
    return found


def _class_tf_idf(counts: Mapping[int, Counter[tuple[str, ...]]]) -> dict[int, dict[tuple[str, ...], float]]:
    of_all: Counter[tuple[str, ...]] = Counter()
    for own in counts.values():
        of_all.update(own)
    mean_length = of_all.total() / max(len(counts), 1)
    return {
        cluster: {
            term: count / max(own.total(), 1) * float(np.log(1 + mean_length / of_all[term]))
            for term, count in own.items()
        }
        for cluster, own in counts.items()
    }


def _brand(brands: Sequence[str] | None, rows: Sequence[int], titles: Sequence[tuple[str, ...]]) -> str:
    """Return the brand that most members name, or one names and most titles hold; else the word that most begin with.

    One member's brand alone says nothing of the others: it may be a guess of the site.
    """
    given = [brands[row].strip() for row in rows] if brands is not None else []
    known = Counter(brand for brand in given if brand.lower() not in _NO_BRAND)
    for brand in sorted(known, key=lambda brand: (-known[brand], brand)):
        own = set(_words(brand))
        if max(known[brand], sum(own <= set(words) for words in titles)) * 2 >= len(rows):
            return brand
    first = Counter(words[0] for words in titles if words and not has_digit(words[0]))
    best = min(first, key=lambda word: (-first[word], word), default="")
    return best if best and first[best] > len(titles) / 2 else ""


def _without_nouns(words: Sequence[str], brand: str) -> Sequence[str]:
    telling = [word for word in words if word not in PRODUCT_NOUNS]
    return telling if brand and telling else words


def _name(cluster: _Cluster, words: Sequence[str], brand: str, spelling: Mapping[str, str], fallback: str) -> str:
    if len(words) + bool(brand) < 2 and not any(map(has_digit, words)):
        return " ".join(fallback.split())[:_LONGEST_NAME] or brand
    name = ""
    if brand == brand.lower() and brand not in spelling:
        spelling = {**spelling, brand: " ".join(map(_with_capitals, brand.split()))}
    for word in _in_order(words, brand, cluster.words):
        longer = f"{name} {spelling.get(word, word.capitalize() if word in COLOURS else word)}".strip()
        if len(longer) <= _LONGEST_NAME or not name:
            name = longer
    return name


def _best_words(cluster: _Cluster, scores: Mapping[tuple[str, ...], float], brand: str) -> list[str]:
    """Return the telling words, best first: those of the best terms, a pair of words giving both."""
    least = max(2 if len(cluster.words) > 1 else 1, _LEAST_SHARE * len(cluster.words))
    frequency = _terms(cluster.words)
    of_brand = set(_words(brand))
    best: dict[str, None] = {}
    for term in sorted(scores, key=lambda term: (-scores[term], term)):
        if frequency[term] >= least:
            for word in term:
                if word not in of_brand and not any(_is_plural(word, other) for other in best):
                    best[word] = None
        if len(best) >= _TERMS:
            break
    return list(best)[:_TERMS]


def _is_plural(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= _PLURAL and long == f"{short}s"


def _in_order(words: Sequence[str], brand: str, titles: Sequence[tuple[str, ...]]) -> list[str]:
    """Sort the words and the brand by where titles have them, the brand first where most have not."""
    of_brand = set(_words(brand))
    places: dict[str, list[float]] = {word: [] for word in words}
    brand_places: list[float] = []
    for title in titles:
        for place, word in enumerate(title):
            if word in places:
                places[word].append(place / len(title))
        if brand and of_brand <= set(title):
            brand_places.append(min(title.index(word) for word in of_brand) / len(title))
    if brand:
        places[brand] = brand_places if len(brand_places) * 2 > len(titles) else [-1.0]
    return sorted(places, key=lambda word: (float(np.mean(places[word] or [1.0])), word))


def _articles(titles: Iterable[str]) -> dict[str, str]:
    """Return the words that titles nearly always write with the same article, and that article: The North Face."""
    counts: Counter[str] = Counter()
    before: dict[str, Counter[str]] = defaultdict(Counter)
    for title in titles:
        words = tokens_of(normalise(title))
        for one, word in pairwise(["", *words]):
            counts[word] += 1
            if one in ARTICLES:
                before[word][one] += 1
    usual = {word: ways.most_common(1)[0] for word, ways in before.items()}
    return {
        word: one.capitalize() for word, (one, count) in usual.items() if count > 1 and count >= _NEARLY * counts[word]
    }


def _spellings(titles: Iterable[str]) -> dict[str, str]:
    """Return how most titles write each word: iPhone, LCD. One never written with a capital gets one, a code all."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for title in titles:
        plain = _POSSESSIVE.sub("'", title)
        for word in tokens_of(unicodedata.normalize("NFKC", _POSSESSIVE.sub("", title))):
            counts[word.lower()][word] += 1
        for word, ending in _POSSESSIVE_WORD.findall(plain):
            ways = counts[f"{word}{ending}".lower()]
            ways[f"{word}{ending}"] -= 1
            ways[f"{word}'{ending}"] += 1
    spelling = {}
    for word, ways in counts.items():
        best = min(ways, key=lambda way: (-ways[way], way))
        spelling[word] = _with_capitals(best) if best == best.lower() else best
    return spelling


def _with_capitals(word: str) -> str:
    if has_digit(word):
        # Codes are written in capitals, amounts (64gb) are not.
        return word.upper() if word[0].isalpha() else word
    return word[:1].upper() + word[1:]
