from __future__ import annotations

import smtplib
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from sandbox.server import SandboxServer

pytestmark = pytest.mark.integration
HOOK = "/slack/services/T000/B000/XXXX"


def _mail(
    subject: str = "Levi's 501: 9,50 € (usually 32 €)", message_id: str = "<deal-1@pricescope.test>"
) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, "watch@example.org", "owner@example.org"
    mail["Message-ID"] = message_id
    mail.set_content("Levi's 501 für 9,50 €\nÇa vaut le coup\n")
    mail.add_alternative("<h1>Levi's 501</h1><script>document.title='x'</script><p>9,50 €</p>", subtype="html")
    return mail


def _send(sandbox: SandboxServer, *mails: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as smtp:
        for mail in mails:
            smtp.send_message(mail)


def test_a_mail_arrives_whole_and_is_kept_as_a_file(
    sandbox: SandboxServer, client: httpx2.Client, tmp_path: Path
) -> None:
    _send(sandbox, _mail())
    (message,) = client.get("/mailbox.json").json()
    assert message["channel"] == "email"
    assert message["subject"] == "Levi's 501: 9,50 € (usually 32 €)"
    assert message["message_id"] == message["idempotency_key"] == "<deal-1@pricescope.test>"
    assert "Ça vaut le coup" in message["text"]
    assert "<h1>Levi's 501</h1>" in message["html"]
    assert message["price"] == "9,50 €"
    assert message["to"] == ["owner@example.org"]
    assert message["received_at"].endswith("+00:00")
    folder = sandbox.mailbox._folder
    assert folder is not None
    assert any(b"deal-1@pricescope.test" in file.read_bytes() for file in folder.glob("*deal-1*.eml"))


def test_a_repeated_mail_is_shown_twice_under_its_one_message_id(sandbox: SandboxServer, client: httpx2.Client) -> None:
    _send(sandbox, _mail(), _mail())
    messages = client.get("/mailbox.json").json()
    assert [message["message_id"] for message in messages] == ["<deal-1@pricescope.test>"] * 2


def test_the_mail_server_refuses_when_told_to_and_then_accepts(sandbox: SandboxServer, client: httpx2.Client) -> None:
    client.post("/control/smtp", json={"code": 451, "count": 1}).raise_for_status()
    with pytest.raises(smtplib.SMTPDataError) as refusal:
        _send(sandbox, _mail())
    assert refusal.value.smtp_code == 451
    _send(sandbox, _mail())
    assert len(client.get("/mailbox.json").json()) == 1


def test_a_webhook_call_is_answered_ok_and_kept(client: httpx2.Client) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Barbour* for 41.00 EUR"}}]
    answer = client.post(HOOK, json={"text": "Barbour: 41.00 EUR", "blocks": blocks})
    assert (answer.status_code, answer.text) == (200, "ok")
    (message,) = client.get("/mailbox.json").json()
    assert (message["channel"], message["subject"]) == ("slack", "Barbour: 41.00 EUR")
    assert message["blocks"] == blocks
    assert message["price"] == "41.00 EUR"


def test_a_repeated_idempotency_key_is_kept_once_and_counted(client: httpx2.Client) -> None:
    for key in ("a", "b", "a"):
        assert client.post(HOOK, json={"text": f"deal {key}"}, headers={"Idempotency-Key": key}).text == "ok"
    messages = client.get("/mailbox.json").json()
    assert [(m["idempotency_key"], m["deliveries"]) for m in messages] == [("a", 2), ("b", 1)]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"not json", "invalid_payload"),
        (b"[1]", "invalid_payload"),
        (b"{}", "no_text"),
        (b'{"blocks": "x"}', "invalid_blocks"),
        (b'{"blocks": [{"type": "divider"}' + b', {"type": "divider"}' * 50 + b"]}", "invalid_blocks"),
    ],
)
def test_a_wrong_webhook_payload_is_refused_with_slacks_word(
    client: httpx2.Client, body: bytes, complaint: str
) -> None:
    answer = client.post(HOOK, content=body)
    assert (answer.status_code, answer.text) == (400, complaint)
    assert client.get("/mailbox.json").json() == []


def test_the_webhook_fails_when_told_to_and_then_accepts(client: httpx2.Client) -> None:
    client.post("/control/slack", json={"status": 429, "count": 1, "retry_after": 3})
    client.post("/control/slack", json={"status": 500, "count": 2})
    answers = [client.post(HOOK, json={"text": "deal"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [429, 500, 500, 200]
    assert answers[0].headers["Retry-After"] == "3"
    assert len(client.get("/mailbox.json").json()) == 1


def test_the_list_shows_every_message_newest_first(sandbox: SandboxServer, client: httpx2.Client) -> None:
    assert "Nothing has arrived yet" in client.get("/mailbox").text
    _send(sandbox, _mail(), _mail("A <b>second</b> one & more", "<deal-2@pricescope.test>"))
    client.post(HOOK, json={"text": "third"})
    tree = HTMLParser(client.get("/mailbox").text)
    subjects = [node.text() for node in tree.css("td.subject a")]
    assert subjects == ["third", "A <b>second</b> one & more", "Levi's 501: 9,50 € (usually 32 €)"]
    assert [node.text() for node in tree.css("td.price")] == ["", "9,50 €", "9,50 €"]


def test_a_mail_is_shown_in_a_frame_that_can_do_nothing(sandbox: SandboxServer, client: httpx2.Client) -> None:
    _send(sandbox, _mail())
    page = client.get("/mailbox/1").text
    frame = HTMLParser(page).css_first("iframe")
    assert "allow-scripts" not in str(frame.attributes["sandbox"])
    assert "Ça vaut le coup" in page
    assert "deal-1@pricescope.test" in page
    framed = client.get(str(frame.attributes["src"]))
    assert "<h1>Levi's 501</h1>" in framed.text
    assert "default-src 'none'" in framed.headers["Content-Security-Policy"]
    assert b"Message-ID: <deal-1@pricescope.test>" in client.get("/mailbox/1/raw").content
    assert client.get("/mailbox/99").status_code == 404


def test_a_slack_message_is_shown_with_its_links_and_without_foreign_markup(client: httpx2.Client) -> None:
    text = "*Deal* <https://www.vinted.fr/items/1|open it> <script>alert(1)</script> & done"
    client.post(HOOK, json={"text": "t", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]})
    tree = HTMLParser(client.get("/mailbox/1").text)
    assert tree.css_first(".slackmsg strong").text() == "Deal"
    assert tree.css_first(".slackmsg a").attributes["href"] == "https://www.vinted.fr/items/1"
    assert not tree.css("script")
    assert "<script>alert(1)</script>" in tree.css_first(".slackmsg p").text()
