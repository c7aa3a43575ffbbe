"""A message as mail: subject, HTML and plain text, from the templates of this package.

Belongs here: choosing and filling templates. Does not: wording (``view``), the envelope (``email_channel``).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import jinja2

from alerts.message import DealMessage, Message, PricesMessage, ReportMessage
from alerts.view import DealView, ReportView, TestView, deal_view, prices_view, report_view, test_view

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class EmailContent:
    """A rendered mail; ``subject`` is one line without control characters."""

    subject: str
    html: str
    text: str


def render_email(message: Message) -> EmailContent:
    """Render a message for a mail client. The same message gives the same mail."""
    template, view = _template_and_view(message)
    environment = _environment()
    html = environment.get_template(f"{template}.html").render(view=view)
    text = environment.get_template(f"{template}.txt").render(view=view)
    return EmailContent(subject=view.subject, html=html, text=text)


def _template_and_view(message: Message) -> tuple[str, DealView | ReportView | TestView]:
    if isinstance(message, DealMessage):
        return "deal", deal_view(message)
    if isinstance(message, ReportMessage):
        return "report", report_view(message)
    if isinstance(message, PricesMessage):
        return "report", prices_view(message)
    return "test", test_view(message)


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        # Plain text is not escaped: "&amp;" in a text mail would be a fault, and nothing reads it as mark-up.
        autoescape=jinja2.select_autoescape(enabled_extensions=("html",), default_for_string=True),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
