"""What kind of thing a listing offers, by what its title and description say.

Belongs here: how hits are weighed: negations, exceptions, which text and which kind goes first. Does not: the words.
In the polling path: a title without any word of the lists costs a few microseconds, nothing heavy is imported.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from domain.condition import Condition
from domain.listing_kind import KindVerdict, ListingKind
from ml.kinds.text import clauses, fold, words_of
from ml.kinds.wordlists import Rule, WordLists, load_words

# What is said at once of several kinds goes to the first: a wanted replica's box is wanted.
_FIRST = (
    ListingKind.SERVICE_OR_WANTED,
    ListingKind.SUSPECTED_REPLICA,
    ListingKind.ACCESSORY,
    ListingKind.DAMAGED_OR_PARTS,
    ListingKind.BUNDLE,
)
_MEANINGS = {
    ListingKind.DAMAGED_OR_PARTS: "damaged or for parts",
    ListingKind.BUNDLE: "several things at once",
    ListingKind.ACCESSORY: "something that belongs to the thing, not the thing",
    ListingKind.SERVICE_OR_WANTED: "a service or a wanted ad",
    ListingKind.SUSPECTED_REPLICA: "a replica or an imitation",
}


class _Index:
    """Which rules a word may belong to."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._exact: dict[str, tuple[int, ...]] = {}
        self._begins: dict[int, dict[str, tuple[int, ...]]] = {}
        self._ends: dict[int, dict[str, tuple[int, ...]]] = {}
        self._open: tuple[int, ...] = ()
        for number, rule in enumerate(self._rules):
            for word in rule.phrase.triggers:
                begin, star, end = word.partition("*")
                if begin:
                    table = self._begins.setdefault(len(begin), {}) if star else self._exact
                    table[begin] = (*table.get(begin, ()), number)
                elif "*" in end:
                    self._open += (number,)
                else:
                    table = self._ends.setdefault(len(end), {})
                    table[end] = (*table.get(end, ()), number)

    def rules_of(self, words: Iterable[str]) -> list[Rule]:
        """Return the rules that may match a text of these words, in the order of the lists."""
        found = set(self._open)
        for word in words:
            if word in self._exact:
                found.update(self._exact[word])
            if word.isalpha():
                for length, begins in self._begins.items():
                    if word[:length] in begins:
                        found.update(begins[word[:length]])
                for length, ends in self._ends.items():
                    if word[-length:] in ends:
                        found.update(ends[word[-length:]])
        return [self._rules[number] for number in sorted(found)]


class Classifier:
    """Tells kinds by one set of word lists. Safe to share between threads."""

    def __init__(self, lists: WordLists) -> None:
        self.version = lists.version
        self._normal = KindVerdict(ListingKind.NORMAL, "nothing it says makes it another kind", "", lists.version)
        by_place = {
            place: [rule for rule in lists.rules if rule.section in sections]
            for place, sections in (("title", {"title", "ambiguous"}), ("description", {"description"}))
        }
        self._indexes = {place: _Index(rules) for place, rules in by_place.items()}
        self._unless = {
            kind: _Index(rule for rule in lists.rules if rule.section == "unless" and rule.kind is kind)
            for kind in _FIRST
        }
        negation = "|".join(f"{re.escape(_plain(word))} " for word in lists.negations)
        filler = "|".join(f"{re.escape(_plain(word))} " for word in lists.fillers)
        part = "|".join(re.escape(_plain(word)) for word in lists.parts)
        self._parts = re.compile(rf"(?<= )(?:{part}) ")
        self._negated = re.compile(rf"(?<= )(?:{negation})(?:{filler}){{0,5}}\Z")
        self._none = re.compile(
            rf"[,:] (?:{'|'.join(re.escape(_plain(word)) for word in lists.none_after)}) (?:[,:]|\Z)"
        )

    def kind_of(
        self,
        title: str,
        description: str | None = None,
        condition: Condition | None = None,
        language: str | None = None,
    ) -> KindVerdict:
        """Return the kind of a listing. Never raises, whatever the text.

        Args:
            title: what counts most.
            description: only its plainest phrases count, and only where the title says nothing.
            condition: ``for_parts`` makes it damaged where the texts say nothing else.
            language: ISO 639-1 of the seller's text where it is known; some words count only then, because they mean
                something else in another language.
        """
        found = self._told(title, "title", language) if title else None
        if found is None and condition is Condition.FOR_PARTS:
            kind = ListingKind.DAMAGED_OR_PARTS
            return KindVerdict(kind, f"its condition is 'for parts': {_MEANINGS[kind]}", "", self.version)
        if found is None and description:
            found = self._told(description, "description", language)
        return self._normal if found is None else found

    def kinds_wanted(self, search: str) -> tuple[ListingKind, ...]:
        """Return the kinds that a search text asks for: normal, what it says itself, and parts where it names one."""
        wanted = [ListingKind.NORMAL]
        said = self.kind_of(search).kind
        if said is not ListingKind.NORMAL:
            wanted.append(said)
        elif self._parts.search(clauses(fold(search))):
            wanted.append(ListingKind.ACCESSORY)
        return tuple(wanted)

    def _told(self, text: str, place: str, language: str | None) -> KindVerdict | None:
        folded = fold(text)
        words = words_of(folded)
        rules = self._indexes[place].rules_of(words)
        if not rules:
            return None
        said = clauses(folded)
        for kind in _FIRST:
            for rule in rules:
                if rule.kind is not kind or (rule.section == "ambiguous" and rule.language != language):
                    continue
                for begin, end in self._hits(rule, said, words):
                    matched = said[begin:end].strip(" ,:")
                    reason = f"the {place} says '{matched}': {_MEANINGS[kind]}"
                    return KindVerdict(kind, reason, matched, self.version)
        return None

    def _hits(self, rule: Rule, said: str, words: list[str]) -> Iterator[tuple[int, int]]:
        """Yield where a rule's phrase stands in a text, negated and excepted places left out."""
        for hit in rule.phrase.pattern.finditer(said):
            begin, end = hit.span()
            if self._negated.search(said, 0, begin) or self._none.match(said, end):
                continue
            excepted = (
                spot.span()
                for exception in self._unless[rule.kind].rules_of(words)
                for spot in exception.phrase.pattern.finditer(said)
            )
            if not any(first < end and last > begin for first, last in excepted):
                yield begin, end


def _plain(words: str) -> str:
    return " ".join(words_of(fold(words)))


@functools.cache
def classifier(path: Path | None = None) -> Classifier:
    """Return the classifier by the shipped lists and the owner's file ``path``; made once a process.

    Raises:
        SettingsError: naming every mistake of the owner's file.
    """
    return Classifier(load_words(path))


def kind_of(
    title: str, description: str | None = None, condition: Condition | None = None, language: str | None = None
) -> KindVerdict:
    """Return the kind of a listing by the shipped lists; see ``Classifier.kind_of``."""
    return classifier().kind_of(title, description, condition, language)
