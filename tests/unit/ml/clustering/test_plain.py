"""The words by which titles are compared: flourishes, sizes, colours and nouns in seven languages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ml.clustering.listings import Listings
from ml.clustering.plain import plain_titles, plain_words
from ml.clustering.products import UNIQUE, cluster_products
from ml.clustering.words import COLOURS, FLOURISHES, PRODUCT_NOUNS

_SOME = st.lists(
    st.sampled_from(["501", "switch oled", "jeans", "veste", "noir", "schwarz", "rare", "taille 42", "64gb", "!", ","]),
    max_size=5,
).map(" ".join)


def _one(titles: list[str], groups: list[str] | None = None) -> bool:
    return len(set(plain_titles(titles, groups or ["a"] * len(titles)))) == 1


def test_one_thing_said_in_six_languages_is_said_once() -> None:
    assert _one(
        ["Konsole Switch OLED, schwarz", "console Switch OLED noir", "Switch OLED czarny konsola", "switch oled black"]
    )
    assert _one(["Jeans Levi's 501 Gr. W32", "Jean Levi's 501 taille W32 rare", "Levi's 501 size W32 with receipt"])
    assert _one(["RTX 3090", "Carte graphique RTX 3090 avec facture", "scheda video RTX 3090"])


def test_nouns_that_differ_keep_things_apart() -> None:
    assert plain_titles(["Levi's 501 jeans", "Veste Levi's 501", "Levi's 501"], ["a"] * 3) == [
        "levi's 501 jeans",
        "jacket levi's 501",
        "levi's 501",
    ]
    # Another group's noun says nothing of this one's.
    assert plain_titles(["501 jeans", "501", "501 jacket"], ["a", "a", "b"]) == ["501", "501", "501 jacket"]


def test_a_weight_is_no_size_and_a_code_no_size_word() -> None:
    assert plain_words("dr. martens 1460 gr. 42.5").split() == ["dr.", "martens", "1460", "42.5"]
    assert plain_words("jas maat m").split() == ["jas", "m"]
    assert plain_words("coffee 500 gr 2 packs") == "coffee 500 gr 2 packs"
    assert plain_words("sz7 tg123 gr35") == "sz7 tg123 gr35"


def test_a_title_of_flourishes_and_nouns_stays_as_it_is() -> None:
    assert plain_titles(["Jeans vintage", "RARE!", "console"], ["a"] * 3) == ["jeans vintage", "rare!", "console"]


def test_the_lists_are_in_the_spelling_that_titles_are_read_in() -> None:
    for phrase in (*PRODUCT_NOUNS, *COLOURS, *(one for own in FLOURISHES.values() for one in own)):
        assert phrase == " ".join(phrase.lower().split())


@given(st.lists(_SOME, min_size=1, max_size=6), st.randoms())
def test_the_order_of_titles_changes_nothing(titles: list[str], random) -> None:  # type: ignore[no-untyped-def]  # a Random
    plain = dict(zip(titles, plain_titles(titles, ["a"] * len(titles)), strict=True))
    shuffled = list(titles)
    random.shuffle(shuffled)
    assert dict(zip(shuffled, plain_titles(shuffled, ["a"] * len(titles)), strict=True)) == plain
    assert all(title.strip() == "" or text for title, text in plain.items())


def test_listings_in_several_languages_are_one_cluster_and_other_things_are_not() -> None:
    titles = [
        "Konsole Nintendo Switch OLED", "Consola Nintendo Switch OLED raro", "Nintendo Switch OLED y2k",
        "Console nintendo switch oled, avec facture", "Kurtka Barbour Bedale", "Barbour Bedale jacket hardly used",
    ]  # fmt: skip
    labels = cluster_products(Listings([str(row) for row in range(6)], titles)).labels
    assert UNIQUE not in labels
    assert len(set(labels[:4].tolist())) == len(set(labels[4:].tolist())) == 1
    assert labels[0] != labels[5]
