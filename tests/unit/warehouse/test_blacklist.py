"""What a blacklist entry finds, and what it must not."""

from __future__ import annotations

import pytest

from domain.blacklist import Blacklist, BlacklistError


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("cassé", "iPhone CASSE pour pièces"),
        ("casse", "écran cassé"),
        ("pour pieces", "vendu pour  pièces"),
        ("boîte vide", "BOITE-VIDE iPhone"),
        ("ß", "STRAẞE ß"),
        ("replica", "(replica)"),
        ("c++", "book on C++, 2nd"),
        ("/rep(lica|rodução)/", "Reproducao perfeita"),
        ("/^coat/", "COAT 1"),
        ("nowość", "NOWOŚĆ!"),
    ],
)  # fmt: skip
def test_an_entry_is_found_whatever_case_accents_and_punctuation(entry: str, text: str) -> None:
    assert Blacklist(["absent", entry]).match(text, None) == entry


@pytest.mark.parametrize(
    ("entry", "text"), [("cassé", "casserole"), ("pour", "pourpre"), ("vide", "video"), ("pc", "pcs"), ("10", "100")]
)
def test_a_word_does_not_match_inside_another(entry: str, text: str) -> None:
    assert Blacklist([entry]).match(text, None) is None


def test_the_description_is_searched_too() -> None:
    assert Blacklist(["repro"]).match("Coat", "a repro, sorry") == "repro"


@pytest.mark.parametrize("entry", ["/(/", "/[a/", "/*x/"])
def test_a_bad_regex_is_an_error_that_names_it(entry: str) -> None:
    with pytest.raises(BlacklistError) as caught:
        Blacklist(["fine", entry])
    assert repr(entry) in str(caught.value)


@pytest.mark.parametrize("entry", ["", "   ", "//"])
def test_an_entry_that_would_match_everything_is_refused(entry: str) -> None:
    with pytest.raises(BlacklistError):
        Blacklist([entry])
