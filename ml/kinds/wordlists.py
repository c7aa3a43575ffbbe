"""The word lists: those shipped beside this module, one file a language, and the owner's changes to them.

Belongs here: reading, merging and checking the files. Does not: what their phrases mean (``phrases``) or decide
(``classify``). Every mistake of the owner's file is reported, all at once.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from domain.listing_kind import ListingKind
from domain.settings import SettingsError
from ml.kinds.phrases import Phrase, PhraseError, compile_phrase

FORMAT = 1
LANGUAGES = ("any", "en", "fr", "de", "nl", "pl", "it", "es")
KINDS = tuple(str(kind) for kind in ListingKind if kind is not ListingKind.NORMAL)
SECTIONS = ("title", "description", "unless", "ambiguous")
LISTS = ("numbers", "for", "with", "part", "shell", "container", "people", "device", "handheld", "imitated", "thing")
_NEGATION = ("negations", "fillers", "none_after")
_HOME = Path(__file__).parent / "words"
# language -> (a list's name | lists.NAME | KIND.SECTION) -> entries
_Entries = dict[str, dict[str, tuple[str, ...]]]


class Rule(msgspec.Struct, frozen=True):
    """A phrase of a kind.

    Attributes:
        section: where it counts, one of ``SECTIONS``; ``unless`` takes back what it overlaps.
    """

    kind: ListingKind
    language: str
    section: str
    phrase: Phrase


class WordLists(msgspec.Struct, frozen=True):
    """All lists of all languages, compiled.

    Attributes:
        parts: names of what belongs to a thing; without wildcards.
        negations, fillers, none_after: "no", what may stand between it and the word it negates, and "none" after it.
        version: changes whenever an entry does.
    """

    rules: tuple[Rule, ...]
    negations: tuple[str, ...]
    fillers: tuple[str, ...]
    none_after: tuple[str, ...]
    parts: tuple[str, ...]
    version: str


@functools.cache
def load_words(path: Path | None = None) -> WordLists:
    """Return the shipped lists with the owner's changes of the file ``path``.

    Raises:
        SettingsError: naming every mistake of the owner's file.
    """
    entries = {language: _shipped(language) for language in LANGUAGES}
    mistakes = [] if path is None else _change(entries, _read(path))
    rules: list[Rule] = []
    for language, own in entries.items():
        lists = {**_lists(entries["any"]), **_lists(own), "negations": own.get("negations", ())}
        for place, written in own.items():
            kind, _, section = place.partition(".")
            if kind in KINDS:
                for text in written:
                    try:
                        rules.append(Rule(ListingKind(kind), language, section, compile_phrase(text, lists)))
                    except PhraseError as error:
                        mistakes.append(f"{language}.{place}: {text!r}: {error}")
    if mistakes:
        lines = "\n".join(f"  {mistake}" for mistake in mistakes)
        name = "the word lists" if path is None else path.name
        raise SettingsError(f"PRICESCOPE_KINDS_FILE: {name} has mistakes:\n{lines}")
    digest = hashlib.sha256(msgspec.json.encode(entries, order="deterministic")).hexdigest()
    negation = {
        name: tuple(dict.fromkeys(word for own in entries.values() for word in own.get(name, ()))) for name in _NEGATION
    }
    things = entries["any"]["lists.thing"]
    parts = (
        word for own in entries.values() for word in own.get("lists.part", ()) if "*" not in word and word not in things
    )
    return WordLists(
        rules=tuple(rules), parts=tuple(dict.fromkeys(parts)), version=f"{FORMAT}-{digest[:8]}", **negation
    )


def _lists(own: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {name.removeprefix("lists."): written for name, written in own.items() if name.startswith("lists.")}


def _shipped(language: str) -> dict[str, tuple[str, ...]]:
    document = yaml.load((_HOME / f"{language}.yaml").read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)  # noqa: S506 - makes strings of everything
    flat: dict[str, tuple[str, ...]] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{section}": tuple(written) for section, written in value.items()}
        else:
            flat[name] = tuple(value)
    return flat


def _read(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader) or {}  # noqa: S506 - as above
    except OSError as error:
        raise SettingsError(f"PRICESCOPE_KINDS_FILE: {path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"PRICESCOPE_KINDS_FILE: {path.name} is not YAML: {error}") from None


# ---------------------------------------------------------------- the owner's changes


def _change(entries: _Entries, document: Any) -> list[str]:
    """Apply the owner's document to the entries; return its mistakes."""
    mistakes: list[str] = []
    for language, sections in _mapping(document, "the file", mistakes).items():
        if language not in LANGUAGES:
            mistakes.append(f"{language}: there is no such language; there are {', '.join(LANGUAGES)}")
            continue
        for name, value in _mapping(sections, language, mistakes).items():
            where = f"{language}.{name}"
            if name in _NEGATION:
                _change_list(entries[language], name, value, where, mistakes)
            elif name in KINDS or name == "lists":
                known = SECTIONS if name in KINDS else LISTS
                for section, change in _mapping(value, where, mistakes).items():
                    if section in known:
                        _change_list(entries[language], f"{name}.{section}", change, f"{where}.{section}", mistakes)
                    else:
                        mistakes.append(f"{where}.{section}: there is no such list; there are {', '.join(known)}")
            else:
                known_names = ", ".join((*KINDS, "lists", *_NEGATION))
                mistakes.append(f"{where}: there is no such section; there are {known_names}")
    return mistakes


def _change_list(own: dict[str, tuple[str, ...]], name: str, change: Any, where: str, mistakes: list[str]) -> None:
    written = list(own.get(name, ()))
    for action, words in _mapping(change, where, mistakes).items():
        if action not in {"add", "remove"}:
            mistakes.append(f"{where}.{action}: write add or remove")
        elif not isinstance(words, list) or not all(isinstance(word, str) and word.strip() for word in words):
            mistakes.append(f"{where}.{action}: write a list of words, e.g. [water leak, leaking]")
        elif action == "add":
            written += [word for word in words if word not in written]
        else:
            mistakes += [f"{where}.remove: {word!r} is not in the list" for word in words if word not in written]
            written = [word for word in written if word not in words]
    own[name] = tuple(written)


def _mapping(value: Any, where: str, mistakes: list[str]) -> dict[str, Any]:
    if isinstance(value, dict):
        return {str(key): inner for key, inner in value.items()}
    mistakes.append(f"{where}: write names with a colon and what belongs to them indented below")
    return {}
