import datetime
import email
import ipaddress
import re
import ssl
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from pydantic import SecretStr
from selectolax.lexbor import LexborHTMLParser

from alerts.contract import Channel, PermanentDeliveryError, TransientDeliveryError
from alerts.email_channel import EmailChannel
from tests.alert_samples import DEAL, TEST, nasty_deal, nasty_text
from tests.integration.alerts.peers import Mailbox, closed_port, dribbling_host, mail_server

pytestmark = pytest.mark.integration

SENDER = "Pricescope <alerts@shop.example>"
OWNER = "owner@shop.example"


def _channel(port: int, **options: object) -> EmailChannel:
    settings = {"host": "127.0.0.1", "port": port, "sender": SENDER, "recipients": (OWNER,), "starttls": False}
    return EmailChannel(**(settings | options))


def _only_mail(mailbox: Mailbox) -> EmailMessage:
    assert len(mailbox.received) == 1
    mail = email.message_from_bytes(mailbox.received[0].content, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def test_a_deal_arrives_as_text_and_html_with_its_subject() -> None:
    with mail_server() as mailbox:
        _channel(mailbox.port).send(DEAL, idempotency_key="deal-17-email")
        mail = _only_mail(mailbox)
    assert mailbox.received[0].rcpt_tos == [OWNER]
    assert mail["Subject"].startswith("\N{MINUS SIGN}41 % · 42.00 EUR (was 55.00 EUR) · Blue straight jeans")
    assert mail["Message-ID"] == "<deal-17-email@pricescope>"
    assert mail["From"] == SENDER
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    html = LexborHTMLParser(mail.get_body(("html",)).get_content())
    assert html.css_first("img").attributes["src"] == DEAL.image_url
    assert "Très bon état" in mail.get_body(("plain",)).get_content()
    assert parsedate_to_datetime(mail["Date"]).utcoffset() == datetime.timedelta(0)


def test_a_repeat_carries_the_same_message_id() -> None:
    with mail_server() as mailbox:
        mailbox.answers_to_data = ["451 try again", "250 OK", "250 OK"]
        channel = _channel(mailbox.port)
        with pytest.raises(TransientDeliveryError):
            channel.send(DEAL, idempotency_key="deal-17-email")
        channel.send(DEAL, idempotency_key="deal-17-email")
        channel.send(DEAL, idempotency_key="deal-17-email")
        ids = [email.message_from_bytes(envelope.content)["Message-ID"] for envelope in mailbox.received]
    assert ids == ["<deal-17-email@pricescope>"] * 2


@pytest.mark.parametrize("key", ["rule:5:listing/7", "a b", "x>\r\nBcc: all@example.org", "k" * 200, "ключ"])
def test_any_key_gives_one_well_formed_message_id(key: str) -> None:
    with mail_server() as mailbox:
        _channel(mailbox.port).send(TEST, idempotency_key=key)
        mail = _only_mail(mailbox)
    assert mail["Bcc"] is None
    assert mail["Message-ID"] == f"<{quote(key)}@pricescope>"
    assert re.fullmatch(r"<[!-;A-~]+@pricescope>", mail["Message-ID"])


@pytest.mark.parametrize("answer", ["421 closing", "450 busy", "451 try again", "452 full"])
def test_a_temporary_refusal_is_tried_again_later(answer: str) -> None:
    with mail_server() as mailbox:
        mailbox.answers_to_data = [answer]
        with pytest.raises(TransientDeliveryError, match=answer):
            _channel(mailbox.port).send(DEAL, idempotency_key="k")
    assert mailbox.received == []


@pytest.mark.parametrize("answer", ["550 no such user", "552 too big", "554 spam"])
def test_a_permanent_refusal_is_not_tried_again(answer: str) -> None:
    with mail_server() as mailbox:
        mailbox.answers_to_data = [answer]
        with pytest.raises(PermanentDeliveryError, match=answer):
            _channel(mailbox.port).send(DEAL, idempotency_key="k")


def test_a_refused_recipient_does_not_keep_the_mail_from_the_others() -> None:
    with mail_server() as mailbox:
        mailbox.answers_to_recipients = {"gone@shop.example": "550 no such user"}
        channel = _channel(mailbox.port, recipients=("gone@shop.example", OWNER))
        channel.send(DEAL, idempotency_key="k")
    assert mailbox.received[0].rcpt_tos == [OWNER]


@pytest.mark.parametrize(
    ("answer", "error"),
    [("550 no such user", PermanentDeliveryError), ("450 greylisted", TransientDeliveryError)],
)
def test_when_every_recipient_is_refused_the_code_decides(answer: str, error: type[Exception]) -> None:
    with mail_server() as mailbox:
        mailbox.answers_to_recipients = {OWNER: answer}
        with pytest.raises(error, match=answer[4:]):
            _channel(mailbox.port).send(DEAL, idempotency_key="k")


def test_nobody_listening_is_temporary() -> None:
    with pytest.raises(TransientDeliveryError, match="no answer from the mail server"):
        _channel(closed_port()).send(DEAL, idempotency_key="k")


def test_a_silent_server_is_given_up() -> None:
    with dribbling_host() as port, pytest.raises(TransientDeliveryError):
        _channel(port, timeout_seconds=0.3).send(DEAL, idempotency_key="k")


def test_a_server_that_dribbles_is_cut_off_at_the_deadline() -> None:
    # Each byte renews the socket's own time-out of 5 s: only the deadline ends this.
    with dribbling_host(b"2") as port, pytest.raises(TransientDeliveryError, match=r"took longer than 0\.4 s"):
        _channel(port, timeout_seconds=5, deadline_seconds=0.4).send(DEAL, idempotency_key="k")


def test_credentials_are_never_sent_in_clear_text_to_another_machine() -> None:
    channel = _channel(25, host="192.0.2.1", username="me", password=SecretStr("hunter2"))
    with pytest.raises(PermanentDeliveryError, match="PRICESCOPE_SMTP_STARTTLS=true") as refusal:
        channel.send(DEAL, idempotency_key="k")
    assert "hunter2" not in str(refusal.value)


def test_a_server_without_tls_is_refused_where_tls_is_asked_for() -> None:
    with mail_server() as mailbox, pytest.raises(PermanentDeliveryError, match="STARTTLS"):
        _channel(mailbox.port, starttls=True).send(DEAL, idempotency_key="k")
    assert mailbox.received == []


def test_a_malformed_recipient_is_named_as_the_setting_to_change() -> None:
    with pytest.raises(PermanentDeliveryError, match="PRICESCOPE_EMAIL_TO"):
        _channel(25, recipients=("a@b\r\nBcc: x@y",)).send(DEAL, idempotency_key="k")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1, made for this run, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def _tls_server_options(certificate: Path, password: bytes = b"hunter2") -> dict[str, object]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def check(server: object, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
        return AuthResult(success=data.password == password, handled=False)

    return {"tls_context": context, "require_starttls": True, "auth_required": True, "authenticator": check}


def test_a_login_over_starttls_delivers(certificate: Path) -> None:
    with mail_server(**_tls_server_options(certificate)) as mailbox:
        _channel(
            mailbox.port,
            starttls=True,
            username="me",
            password=SecretStr("hunter2"),
            tls_context=ssl.create_default_context(cafile=certificate),
        ).send(DEAL, idempotency_key="k")
    assert len(mailbox.received) == 1


def test_a_wrong_password_is_told_without_repeating_it(certificate: Path) -> None:
    with mail_server(**_tls_server_options(certificate)) as mailbox:
        channel = _channel(
            mailbox.port,
            starttls=True,
            username="me",
            password=SecretStr("wrong-secret"),
            tls_context=ssl.create_default_context(cafile=certificate),
        )
        with pytest.raises(PermanentDeliveryError, match="PRICESCOPE_SMTP_PASSWORD") as refusal:
            channel.send(DEAL, idempotency_key="k")
    assert "wrong-secret" not in str(refusal.value)


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with mail_server(**_tls_server_options(certificate)) as mailbox:
        channel = _channel(mailbox.port, starttls=True, username="me", password=SecretStr("hunter2"))
        with pytest.raises(PermanentDeliveryError, match="certificate"):
            channel.send(DEAL, idempotency_key="k")
    assert mailbox.received == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nasty_text)
def test_no_title_adds_a_header_a_recipient_or_a_part(text: str) -> None:
    mail = _channel(25).compose(nasty_deal(text), idempotency_key="k")
    parsed = email.message_from_bytes(mail.as_bytes(), policy=default)
    assert sorted(parsed.keys()) == sorted(
        ["Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )
    assert parsed["To"] == OWNER
    assert isinstance(parsed, EmailMessage)
    assert len(list(parsed.iter_parts())) == 2


def test_no_line_of_a_mail_is_longer_than_smtp_allows() -> None:
    long = msgspec.structs.replace(DEAL, title="ü" * 5000, why=("w" * 5000,))
    lines = _channel(25).compose(long, idempotency_key="k" * 300).as_bytes().split(b"\r\n")
    assert max(map(len, lines)) <= 998


def test_the_mail_channel_is_a_channel() -> None:
    assert isinstance(_channel(25), Channel)
