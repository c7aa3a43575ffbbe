import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.untrusted import one_line, shorten, slack_plain, web_address
from tests.alert_samples import nasty_text


@given(nasty_text)
def test_one_line_holds_nothing_that_ends_a_line_or_turns_its_direction(text: str) -> None:
    line = one_line(text)
    assert len(line) <= 300
    assert len(line.splitlines()) <= 1
    assert not {unicodedata.category(character) for character in line} & {"Cc", "Cs", "Zl", "Zp"}
    assert "\u202e" not in line
    line.encode("utf-8")


@given(nasty_text)
def test_neutralising_twice_changes_nothing_more(text: str) -> None:
    assert one_line(one_line(text)) == one_line(text)


def test_what_people_write_stays_as_it_is() -> None:
    for title in ("Levi's 501 - W32/L34 & belt", "Куртка зимняя 50%", "靴 27cm", "\N{MAN}\u200d\N{GIRL} set", 'TV 42"'):
        assert one_line(title) == title


@given(st.text(min_size=1), st.integers(min_value=1, max_value=50))
def test_shortened_text_fits(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//evil.example/x",
        "https://",
        "http:///x",
        "https://a b",
        "https://a.example/\nx",
        'https://a.example/"onclick=x',
        "https://a.example/>x",
        "https://a.example/|here",
        "https://[::1",
        "https://a.example/" + "a" * 2000,
        "",
        None,
    ],
)
def test_only_plain_web_addresses_are_linked(url: str | None) -> None:
    assert web_address(url) is None


def test_a_signed_picture_address_is_kept_whole() -> None:
    url = "https://images.example/t/04_x/f800/1.webp?s=8f3e&t=1#a"
    assert web_address(url) == url


@given(nasty_text)
def test_no_mark_up_of_slack_can_start_in_neutralised_text(text: str) -> None:
    plain = slack_plain(text)
    assert not set(plain) & set("<>*_~`\n")
    assert plain.count("&") == plain.count("&amp;") + plain.count("&lt;") + plain.count("&gt;")
