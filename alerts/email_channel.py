"""Alerts by mail, over SMTP.

Belongs here: the envelope, the conversation with the mail server, what its refusals mean. Does not: how a mail looks.
"""

from __future__ import annotations

import ipaddress
import logging
import smtplib
import socket
import ssl
from datetime import UTC, datetime
from email.errors import MessageError as MalformedAddressError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import quote

from pydantic import SecretStr

from alerts.contract import DeliveryError, PermanentDeliveryError, TransientDeliveryError
from alerts.deadline import cut_off_after
from alerts.message import Message
from alerts.render import render_email
from alerts.untrusted import one_line

logger = logging.getLogger(__name__)

IMPLICIT_TLS_PORT = 465
# What a Message-ID holds besides letters and digits (RFC 5322 atext, less what could read as an encoded word);
# Python's own reader stops at a colon. Anything else is percent-encoded, so that distinct keys stay distinct.
_MESSAGE_ID_CHARACTERS = "!#$&'*+-/^_`{|}~."


class EmailChannel:
    """Sends each alert as one mail to all recipients.

    Credentials are sent over TLS only; without TLS only to this machine itself. A mail that at least one recipient's
    server takes counts as delivered, and the refused recipients are logged: a repeat would reach the others twice.
    """

    name = "email"

    def __init__(
        self,
        *,
        host: str,
        port: int,
        sender: str,
        recipients: tuple[str, ...],
        username: str | None = None,
        password: SecretStr | None = None,
        starttls: bool = True,
        tls_context: ssl.SSLContext | None = None,
        timeout_seconds: float = 20.0,
        deadline_seconds: float = 60.0,
    ) -> None:
        self._host = host
        self._port = port
        self._sender = sender
        self._recipients = recipients
        self._username = username
        self._password = password
        self._starttls = starttls
        self._tls_context = tls_context
        self._timeout_seconds = timeout_seconds
        self._deadline_seconds = deadline_seconds

    def send(self, message: Message, *, idempotency_key: str) -> None:
        """Send the mail; its Message-ID is ``<{idempotency_key}@pricescope>``, the same on every repeat.

        Raises:
            TransientDeliveryError: the server is away, slow or answers 4xx.
            PermanentDeliveryError: it answers 5xx, or the configuration would send credentials in clear text.
        """
        self._refuse_clear_text_login()
        mail = self.compose(message, idempotency_key=idempotency_key)
        smtp = self._client()
        with cut_off_after(self._deadline_seconds, lambda: smtp.sock) as expired:
            try:
                refused = self._deliver(smtp, mail)
            except (smtplib.SMTPException, OSError, ValueError) as error:
                # ValueError: an address or an answer that smtplib or the codecs cannot take.
                if expired:
                    raise TransientDeliveryError(
                        f"the mail server {self._where} took longer than {self._deadline_seconds:g} s"
                    ) from None
                raise _explained(error, self._where) from None
            finally:
                smtp.close()
        if refused:
            logger.warning("the mail server refused %d of %d recipients", len(refused), len(self._recipients))

    def compose(self, message: Message, *, idempotency_key: str) -> EmailMessage:
        """Return the mail as it is sent.

        Raises:
            PermanentDeliveryError: the sender or a recipient is no mail address.
        """
        content = render_email(message)
        mail = EmailMessage(policy=SMTP)
        mail["Subject"] = one_line(content.subject)
        try:
            mail["From"] = self._sender
            mail["To"] = ", ".join(self._recipients)
        except (ValueError, MalformedAddressError):
            raise PermanentDeliveryError(
                "a mail address is malformed: check PRICESCOPE_EMAIL_FROM and PRICESCOPE_EMAIL_TO"
            ) from None
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = f"<{quote(idempotency_key, safe=_MESSAGE_ID_CHARACTERS)}@pricescope>"
        # Keeps out-of-office replies away (RFC 3834).
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(content.text, cte="quoted-printable")
        mail.add_alternative(content.html, subtype="html", cte="quoted-printable")
        return mail

    @property
    def _where(self) -> str:
        return f"{self._host}:{self._port}"

    @property
    def _uses_tls(self) -> bool:
        return self._starttls or self._port == IMPLICIT_TLS_PORT

    def _refuse_clear_text_login(self) -> None:
        if self._username and not self._uses_tls and not _is_this_machine(self._host):
            raise PermanentDeliveryError(
                f"refusing to send the mail password to {self._where} without TLS: "
                "set PRICESCOPE_SMTP_STARTTLS=true, or PRICESCOPE_SMTP_PORT=465 for a server with TLS from the start"
            )

    def _client(self) -> smtplib.SMTP:
        if self._port == IMPLICIT_TLS_PORT:
            return _TlsServer(self._host, self._timeout_seconds, self._context())
        return _Server(self._host, self._timeout_seconds)

    def _context(self) -> ssl.SSLContext:
        return self._tls_context or ssl.create_default_context()

    def _deliver(self, smtp: smtplib.SMTP, mail: EmailMessage) -> dict[str, tuple[int, bytes]]:
        code, reply = smtp.connect(self._host, self._port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, reply)
        if self._starttls and self._port != IMPLICIT_TLS_PORT:
            smtp.starttls(context=self._context())
        if self._username:
            smtp.login(self._username, self._password.get_secret_value() if self._password else "")
        refused = smtp.send_message(mail)
        try:
            smtp.quit()
        except (smtplib.SMTPException, OSError):
            # The mail is accepted already; a server that then slams the door must not cause a repeat.
            logger.debug("the mail server closed without saying goodbye")
        return refused


class _Server(smtplib.SMTP):
    """A mail server not yet connected to, so that its socket can be watched from the first byte."""

    def __init__(self, host: str, timeout: float) -> None:
        super().__init__(local_hostname=_own_name(), timeout=timeout)
        # smtplib checks the certificate against this name, which it sets only when its constructor connects.
        self._host = host


class _TlsServer(smtplib.SMTP_SSL):
    """The same with TLS from the first byte."""

    def __init__(self, host: str, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(local_hostname=_own_name(), timeout=timeout, context=context)
        self._host = host


def _own_name() -> str:
    """Return the name to greet with; smtplib's own default asks the name server, which may take many seconds."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


def _is_this_machine(host: str) -> bool:
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _explained(error: Exception, where: str) -> DeliveryError:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        reason = next((_words(reply) for _, reply in error.recipients.values()), "")
        return _by_code(min(codes, default=550), f"the mail server {where} refused every recipient: {reason}")
    if isinstance(error, smtplib.SMTPAuthenticationError):
        reason = f"the mail server {where} refused the login ({error.smtp_code} {_words(error.smtp_error)}): "
        return _by_code(error.smtp_code, reason + "check PRICESCOPE_SMTP_USERNAME and PRICESCOPE_SMTP_PASSWORD")
    if isinstance(error, smtplib.SMTPResponseException):
        return _by_code(
            error.smtp_code, f"the mail server {where} answered {error.smtp_code} {_words(error.smtp_error)}"
        )
    return _without_answer(error, where)


def _without_answer(error: Exception, where: str) -> DeliveryError:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return PermanentDeliveryError(
            f"the mail server {where} does not offer what is needed ({one_line(str(error), 200)}): "
            "check PRICESCOPE_SMTP_PORT and PRICESCOPE_SMTP_STARTTLS"
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return PermanentDeliveryError(
            f"the certificate of the mail server {where} is not valid ({error.verify_message}): "
            "check PRICESCOPE_SMTP_HOST"
        )
    if isinstance(error, socket.gaierror):
        return TransientDeliveryError(f"the mail server's name {where} is not known: check PRICESCOPE_SMTP_HOST")
    if isinstance(error, ValueError):
        # Its own words may quote the password.
        return PermanentDeliveryError("an address or credential has characters that SMTP cannot carry")
    return TransientDeliveryError(f"no answer from the mail server {where}: {one_line(str(error), 200)}")


def _by_code(code: int, reason: str) -> DeliveryError:
    return PermanentDeliveryError(reason) if 500 <= code < 600 else TransientDeliveryError(reason)


def _words(reply: bytes | str) -> str:
    return one_line(reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply, 200)
