"""What a listing is told to be by its words: right on our labelled sentences, quiet on real titles, never an error."""

from __future__ import annotations

import csv
import itertools
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.condition import Condition
from domain.listing_kind import ListingKind
from domain.settings import SettingsError
from ml.kinds import KindVerdict, classifier, kind_of
from ml.kinds.phrases import PhraseError, compile_phrase
from ml.kinds.text import clauses, fold
from tests.fixtures import fixture_path

LABELLED = Path(__file__).resolve().parents[2] / "data" / "listing_kinds.tsv"


def labelled() -> list[tuple[str, str, str | None]]:
    rows = [line.split("\t") for line in LABELLED.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [(row[0], row[2], row[3] if len(row) > 3 else None) for row in rows]


NORMAL = [(title, description) for _, title, description in labelled() if kind_of(title, description).kind == "normal"]


def test_the_labelled_sentences_are_many_of_each_kind() -> None:
    counts = Counter(kind for kind, _, _ in labelled())
    assert set(counts) == {str(kind) for kind in ListingKind}
    assert min(counts.values()) >= 25
    assert counts["normal"] >= 150


@pytest.mark.parametrize("kind", [str(kind) for kind in ListingKind])
def test_each_kind_is_told_precisely_and_seldom_missed(kind: str) -> None:
    told = [(right, str(kind_of(title, description).kind), title) for right, title, description in labelled()]
    found = [row for row in told if row[1] == kind]
    wrong = [row for row in found if row[0] != kind]
    missed = [row for row in told if row[0] == kind and row[1] != kind]
    assert len(wrong) <= 0.05 * len(found), wrong
    assert len(missed) <= 0.05 * sum(row[0] == kind for row in told), missed


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("iPhone 12, no damage, with box and papers", "normal"),
        ("iPhone 12 box only", "accessory"),
        ("iPhone 12, nur OVP", "accessory"),
        ("iPhone 12, nur OVP fehlt", "normal"),
        ("Sans défaut : iPhone 12", "normal"),
        ("iPhone 12, kein Defekt", "normal"),
        ("IPHONE 12 DEFEKT!!!", "damaged_or_parts"),
        ("Zegarek nieuszkodzony", "normal"),
        ("Casse acustiche Bose", "normal"),
        ("Suche Nintendo Switch", "service_or_wanted"),
        ("Kater sucht neues Zuhause", "normal"),
        ("Pagani Design Submariner homage 40mm", "normal"),
        ("Lange 1 Homage to F. A. Lange", "normal"),
        ("Nikon D90 body only", "normal"),
        ("Lego set 75192", "normal"),
        ("Set of 3 Lego sets", "bundle"),
        ("Panasonic AAA battery", "normal"),
        ("Gucci bag AAA quality", "suspected_replica"),
        ("Dallas Cowboys replica jersey", "normal"),
        ("Defekt: keine, iPhone 12", "normal"),
        ("", "normal"),
    ],
)
def test_a_title_says_what_it_offers(title: str, kind: str) -> None:
    assert kind_of(title).kind == kind


def test_words_count_whole_whatever_their_case_and_accents() -> None:
    assert kind_of("MONTRE ABIMEE").kind == kind_of("montre abîmée").kind == "damaged_or_parts"
    assert kind_of("Camelot Parkplatz Replikation").kind == "normal"


def test_the_title_goes_before_the_description_where_a_box_is_a_matter_of_course() -> None:
    assert kind_of("iPhone 12", "Comes with box, case and cable. Case for free. Bundle possible.").kind == "normal"
    assert kind_of("iPhone 12", "Careful: this is the box only.").kind == "accessory"
    assert kind_of("iPhone 12 box only", "The phone is broken, so I sell the box").kind == "accessory"


def test_a_condition_for_parts_tells_where_the_words_do_not() -> None:
    told = kind_of("iPhone 12", None, Condition.FOR_PARTS)
    assert (told.kind, told.matched) == ("damaged_or_parts", "")
    assert kind_of("iPhone 12 box only", None, Condition.FOR_PARTS).kind == "accessory"
    assert kind_of("iPhone 12", None, Condition.GOOD).kind == "normal"


def test_a_word_of_two_meanings_counts_only_in_its_own_language() -> None:
    assert kind_of("Montre cassé", language="fr").kind == "damaged_or_parts"
    assert kind_of("Casse Bose", language="it").kind == "normal"
    assert kind_of("Casse Bose").kind == "normal"


def test_a_verdict_says_by_which_words_and_lists_it_was_told() -> None:
    told = kind_of("Leere OVP iPhone 12")
    assert told == KindVerdict(
        ListingKind.ACCESSORY,
        "the title says 'leere ovp': something that belongs to the thing, not the thing",
        "leere ovp",
        classifier().version,
    )


def test_a_search_that_names_a_kind_asks_for_it() -> None:
    wanted = classifier().kinds_wanted
    assert wanted("levi's 501") == (ListingKind.NORMAL,)
    assert wanted("sac gucci") == (ListingKind.NORMAL,)
    assert wanted("lego konvolut") == (ListingKind.NORMAL, ListingKind.BUNDLE)
    assert wanted("omega strap") == (ListingKind.NORMAL, ListingKind.ACCESSORY)


# ---------------------------------------------------------------- any text


@given(st.text(), st.none() | st.text())
def test_no_text_raises(title: str, description: str | None) -> None:
    assert kind_of(title, description).kind in ListingKind


SAID = [word for kind, title, _ in labelled() if kind != "normal" for word in title.split()]


@given(st.lists(st.sampled_from([*SAID, ",", ":", "(", ")", "-", "no", "kein", "x"]), max_size=12).map(" ".join))
def test_no_salad_of_the_words_that_tell_raises(title: str) -> None:
    assert kind_of(title, title).kind in ListingKind


@given(
    st.sampled_from(NORMAL),
    st.lists(
        st.sampled_from(["azure", "Lyon", "2019", "M", "XL", "vintage", "Gr. 38", "taille", "📷", "top!"]), max_size=6
    ),
    st.booleans(),
)
def test_words_that_say_nothing_leave_a_normal_listing_normal(
    row: tuple[str, str | None], words: list[str], is_before: bool
) -> None:
    title = " ".join([*words, row[0]] if is_before else [row[0], *words])
    assert kind_of(title, row[1]).kind == "normal", title


@given(st.text())
def test_clauses_are_words_and_single_breaks(text: str) -> None:
    said = clauses(fold(text))
    assert said[0] == said[-1] == " "
    pieces = said.split()
    assert not any({one, other} <= {",", ":"} for one, other in itertools.pairwise(pieces))
    assert pieces[-1:] not in ([","], [":"])


# ---------------------------------------------------------------- real titles


def test_real_watch_titles_are_told_apart() -> None:
    with fixture_path("ml", "watch_listings.csv").open(encoding="utf-8") as file:
        titles = [row["title"] for row in csv.DictReader(file)]
    counts = Counter(str(kind_of(title).kind) for title in titles)
    # Looked through by eye: bracelets sold alone, lots of boxes, one for parts; nothing else.
    assert counts["accessory"] in range(60, 70)
    assert counts["normal"] > 0.98 * len(titles)
    assert counts["suspected_replica"] == counts["service_or_wanted"] == 0


# ---------------------------------------------------------------- the owner's words


def owners(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "kinds.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_owner_adds_words_and_takes_ours_away(tmp_path: Path) -> None:
    path = owners(
        tmp_path,
        """
        en:
          damaged_or_parts:
            title: {add: [water leak*], remove: [untested]}
          suspected_replica:
            title: {add: [homage]}
          lists:
            part: {add: [gizmo]}
        """,
    )
    own = classifier(path)
    assert own.kind_of("Canoe with water leaks").kind == "damaged_or_parts"
    assert own.kind_of("Radio, untested").kind == "normal"
    assert own.kind_of("Submariner homage").kind == "suspected_replica"
    assert own.kind_of("Gizmo for Leica M6").kind == "accessory"
    assert own.version != classifier().version
    assert kind_of("Radio, untested").kind == "damaged_or_parts"


def test_the_example_on_the_page_is_right(tmp_path: Path) -> None:
    page = (LABELLED.parents[2] / "docs" / "kinds.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    own = classifier(owners(tmp_path, example))
    assert own.kind_of("Canoe with water leaks").kind == "damaged_or_parts"
    assert own.kind_of("Boot frei defekt").kind == "normal"


def test_all_mistakes_of_the_owners_file_are_told_at_once(tmp_path: Path) -> None:
    path = owners(
        tmp_path,
        """
        xx: {bundle: {title: {add: [lot]}}}
        en:
          bundles: {title: {add: [lot]}}
          bundle: {heading: {add: [lot]}}
          damaged_or_parts:
            title: {remove: [no such word], add: ["^", "<nolist>", "a/b"], drop: [x]}
            unless: {add: word}
        """,
    )
    with pytest.raises(SettingsError) as refused:
        classifier(path)
    told = str(refused.value)
    for part in (
        "PRICESCOPE_KINDS_FILE",
        "xx",
        "en.bundles",
        "heading",
        "no such word",
        "'^'",
        "nolist",
        "a/b",
        "drop",
    ):
        assert part in told
    assert "en.damaged_or_parts.unless.add: write a list of words" in told


@pytest.mark.parametrize("text", ["[1, 2]", "en: word", "en: {bundle: [lot]}", "a: b: c", "\x00"])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="PRICESCOPE_KINDS_FILE"):
        classifier(owners(tmp_path, text))


def test_a_file_that_is_absent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        classifier(tmp_path / "none.yaml")


@pytest.mark.parametrize("written", ["", "   ", "<..>", "a ^", "<nothing>", "a|b?", "x.y", "<n> <word>"])
def test_a_phrase_that_could_not_be_found_is_refused(written: str) -> None:
    with pytest.raises(PhraseError):
        compile_phrase(written, {})


def test_telling_kinds_imports_nothing_heavy() -> None:
    heavy = "{'numpy', 'pandas', 'scipy', 'sklearn', 'torch', 'dagster', 'PIL'}"
    code = f"import sys; from ml.kinds import kind_of; kind_of('x box only'); print({heavy} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert printed.stdout.strip() == "set()"
