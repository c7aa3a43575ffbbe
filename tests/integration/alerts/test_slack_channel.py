import json
import logging
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pydantic import SecretStr

from alerts.contract import Channel, PermanentDeliveryError, TransientDeliveryError
from alerts.slack_channel import SlackChannel
from tests.alert_samples import DEAL, TEST
from tests.integration.alerts.peers import Webhook, closed_port, dribbling_host, webhook

pytestmark = pytest.mark.integration

SECRET = "sEcReTtOkEn"


def _channel(hook: Webhook, **options: float) -> SlackChannel:
    return SlackChannel(webhook_url=SecretStr(hook.url), **options)


def test_a_deal_arrives_as_blocks_with_its_key() -> None:
    with webhook() as hook:
        _channel(hook).send(DEAL, idempotency_key="deal-17-slack")
    (request,) = hook.requests
    body = json.loads(request.body)
    assert request.headers["idempotency-key"] == "deal-17-slack"
    assert request.headers["content-type"] == "application/json"
    assert body["blocks"][0]["type"] == "header"
    assert "42.00 EUR" in body["text"]


def test_a_repeat_carries_the_same_key() -> None:
    with webhook() as hook:
        hook.answers = [(500, "oops", {})]
        with pytest.raises(TransientDeliveryError):
            _channel(hook).send(DEAL, idempotency_key="k1")
        _channel(hook).send(DEAL, idempotency_key="k1")
    assert [request.headers["idempotency-key"] for request in hook.requests] == ["k1", "k1"]
    assert hook.requests[0].body == hook.requests[1].body


def test_too_many_requests_says_how_long_to_wait() -> None:
    with webhook() as hook:
        hook.answers = [(429, "rate_limited", {"Retry-After": "30"})]
        with pytest.raises(TransientDeliveryError) as refusal:
            _channel(hook).send(DEAL, idempotency_key="k")
    assert refusal.value.retry_after == 30


def test_the_wait_may_be_a_date() -> None:
    with webhook() as hook:
        hook.answers = [(429, "", {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(hours=1))})]
        with pytest.raises(TransientDeliveryError) as refusal:
            _channel(hook).send(DEAL, idempotency_key="k")
    assert refusal.value.retry_after is not None
    assert refusal.value.retry_after > 1800


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failing_receiver_is_tried_again_later(status: int) -> None:
    with webhook() as hook:
        hook.answers = [(status, "", {})]
        with pytest.raises(TransientDeliveryError, match=str(status)):
            _channel(hook).send(DEAL, idempotency_key="k")


@pytest.mark.parametrize(
    ("status", "reason"),
    [(400, "invalid_payload"), (403, "invalid_token"), (404, "no_service"), (410, "channel_is_archived")],
)
def test_a_refusal_is_final_and_gives_slacks_reason(status: int, reason: str) -> None:
    with webhook() as hook:
        hook.answers = [(status, reason, {})]
        with pytest.raises(PermanentDeliveryError, match=reason):
            _channel(hook).send(DEAL, idempotency_key="k")
    assert len(hook.requests) == 1


def test_a_redirect_is_not_followed() -> None:
    with webhook() as hook:
        hook.answers = [(302, "", {"Location": "http://127.0.0.1:9/elsewhere"})]
        with pytest.raises(PermanentDeliveryError, match="302"):
            _channel(hook).send(DEAL, idempotency_key="k")


def test_a_picture_that_slack_cannot_fetch_does_not_cost_the_alert() -> None:
    with webhook() as hook:
        hook.answers = [(400, "invalid_blocks", {})]
        _channel(hook).send(DEAL, idempotency_key="k")
    first, second = hook.requests
    assert str(DEAL.image_url).encode() in first.body
    assert str(DEAL.image_url).encode() not in second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


def test_blocks_refused_without_a_picture_are_refused_for_good() -> None:
    with webhook() as hook:
        hook.answers = [(400, "invalid_blocks", {})]
        with pytest.raises(PermanentDeliveryError, match="invalid_blocks"):
            _channel(hook).send(TEST, idempotency_key="k")
    assert len(hook.requests) == 1


def test_nobody_listening_is_temporary() -> None:
    hook = Webhook(url=f"http://127.0.0.1:{closed_port()}/services/{SECRET}")
    with pytest.raises(TransientDeliveryError, match="ConnectError"):
        _channel(hook).send(DEAL, idempotency_key="k")


def test_a_silent_receiver_is_given_up() -> None:
    with dribbling_host() as port, pytest.raises(TransientDeliveryError, match="Timeout"):
        _channel(Webhook(url=f"http://127.0.0.1:{port}/x"), timeout_seconds=0.3).send(DEAL, idempotency_key="k")


def test_a_receiver_that_dribbles_is_cut_off_at_the_deadline() -> None:
    with dribbling_host(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 5000) as port:
        channel = _channel(Webhook(url=f"http://127.0.0.1:{port}/x"), timeout_seconds=5, deadline_seconds=0.4)
        with pytest.raises(TransientDeliveryError, match=r"took longer than 0\.4 s"):
            channel.send(DEAL, idempotency_key="k")


@pytest.mark.parametrize("url", ["not an address", "ftp://a.example/x", "https://[::1/x"])
def test_a_malformed_address_is_told_without_repeating_it(url: str) -> None:
    with pytest.raises(PermanentDeliveryError, match="PRICESCOPE_SLACK_WEBHOOK_URL") as refusal:
        _channel(Webhook(url=url)).send(DEAL, idempotency_key="k")
    assert url not in str(refusal.value)


def test_the_address_is_in_no_log_and_no_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    # Whatever quietened them before: here the HTTP libraries shall say all they ever say.
    for library in ("httpx2", "httpcore2"):
        caplog.set_level(logging.DEBUG, logger=library)
    with webhook() as hook:
        hook.answers = [
            (200, "ok", {}),
            (404, f"no hook at {hook.url}", {}),
            (500, "no /services/T000/B000/sEcReTtOkEn", {}),
        ]
        channel = _channel(hook)
        channel.send(DEAL, idempotency_key="k")
        errors = []
        for _ in range(2):
            with pytest.raises((PermanentDeliveryError, TransientDeliveryError)) as refusal:
                channel.send(DEAL, idempotency_key="k")
            errors.append(f"{refusal.value!r} {refusal.value.__cause__!r}")
    assert len(hook.requests) == 3
    assert caplog.records
    assert SECRET not in caplog.text + "".join(errors) + repr(channel)


def test_the_slack_channel_is_a_channel() -> None:
    assert isinstance(_channel(Webhook(url="http://127.0.0.1/x")), Channel)
