import json
import re

import msgspec
import pytest
from hypothesis import given

from alerts import message as messages
from tests.alert_samples import ALL, BARE_DEAL, DEAL, nasty_deal, nasty_text
from warehouse.tables import notifications


@pytest.mark.parametrize("message", [*ALL, BARE_DEAL], ids=lambda message: type(message).__name__)
def test_a_message_survives_json_unchanged(message: messages.Message) -> None:
    assert messages.decode(json.loads(json.dumps(messages.encode(message)))) == message


def test_money_is_stored_as_decimal_text_and_never_as_a_float() -> None:
    payload = messages.encode(DEAL)
    assert payload["total"] == "42.00"
    assert payload["comparables"][0]["price"] == "60"


def test_every_kind_of_message_is_a_kind_the_outbox_admits() -> None:
    admitted = next(
        str(constraint.sqltext)
        for constraint in notifications.constraints
        if "kind in" in str(getattr(constraint, "sqltext", ""))
    )
    assert {str(messages.encode(message)["kind"]) for message in ALL} == set(re.findall(r"'(\w+)'", admitted))


def test_fields_of_a_later_version_are_ignored() -> None:
    payload = messages.encode(DEAL) | {"loyalty_points": 12}
    assert messages.decode(payload) == DEAL


def test_fields_that_an_earlier_version_did_not_have_take_their_defaults() -> None:
    required = {"kind", "watch_name", "source", "title", "url", "price", "total", "currency", "judged_at"}
    payload = {name: value for name, value in messages.encode(BARE_DEAL).items() if name in required}
    assert messages.decode(payload) == BARE_DEAL


@pytest.mark.parametrize("payload", [None, [], {}, {"kind": "deal"}, {"kind": "party"}, {"kind": "test", "channel": 5}])
def test_what_is_no_message_is_refused_by_name(payload: object) -> None:
    with pytest.raises(messages.MessageError, match="not a notification payload"):
        messages.decode(payload)


@given(nasty_text)
def test_a_payload_holds_nothing_that_jsonb_refuses(text: str) -> None:
    payload = messages.encode(nasty_deal(text))
    written = json.dumps(payload, ensure_ascii=False).encode("utf-8")  # fails on unpaired surrogates
    assert b"\\u0000" not in written
    assert messages.encode(messages.decode(json.loads(written))) == payload


def test_only_frozen_messages_are_stored() -> None:
    with pytest.raises(AttributeError):
        DEAL.title = "another"
    assert all(msgspec.structs.fields(type(message)) for message in ALL)
