"""Data Docs: what the suites found, as a static site that needs no network.

Belongs here: Great Expectations' own pages of a suite and of its result, an index over them, and the folder they lie
in. Does not: judging (``quality.run``), serving.

The pages that Great Expectations renders load styles and scripts from five content networks and an image from a sixth.
All of that is taken out, and a content security policy keeps a browser from loading anything that was overlooked.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2

from quality.run import Evaluation, context, gx_suite

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, trim_blocks=True
)
_POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    'img-src data:">'
)
_OUT = (
    re.compile(r"<script\b.*?</script>", re.DOTALL | re.IGNORECASE),
    re.compile(r"<link\b[^>]*>", re.IGNORECASE),
    re.compile(r"<img\b[^>]*>", re.IGNORECASE),
    re.compile(r"<footer\b.*?</footer>", re.DOTALL | re.IGNORECASE),
    # The library's own style expects the ones taken out.
    re.compile(r"<style\b.*?</style>", re.DOTALL | re.IGNORECASE),
)
_UP = re.compile(r'href="(?:\.\./)+(index\.html|expectations/)')


def build_site(evaluations: Sequence[Evaluation], folder: Path, *, made_at: datetime) -> Path:
    """Write the site and return its first page; what was in ``folder`` before is replaced as a whole.

    Args:
        made_at: shown on the first page, UTC.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        _write(evaluations, new, made_at)
        new.chmod(0o755)
        # Whoever reads the old pages at this moment may find one missing; nobody finds half a page.
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return folder / "index.html"


def _write(evaluations: Sequence[Evaluation], folder: Path, made_at: datetime) -> None:
    for name in ("validations", "expectations"):
        (folder / name).mkdir()
    for evaluation in evaluations:
        if evaluation.document is not None:
            page = f"{evaluation.suite.name}.html"
            (folder / "validations" / page).write_text(_result_page(evaluation), encoding="utf-8")
            (folder / "expectations" / page).write_text(_suite_page(evaluation), encoding="utf-8")
    index = _TEMPLATES.get_template("index.html").render(
        evaluations=evaluations, made_at=made_at.strftime("%Y-%m-%d %H:%M")
    )
    (folder / "index.html").write_text(index, encoding="utf-8")


def _result_page(evaluation: Evaluation) -> str:
    return _page("ValidationResultsPageRenderer", evaluation.document)


def _suite_page(evaluation: Evaluation) -> str:
    return _page("ExpectationSuitePageRenderer", gx_suite(evaluation.suite))


def _page(renderer: str, content: Any) -> str:
    import great_expectations.render.renderer as renderers  # noqa: PLC0415  # takes seconds
    import great_expectations.render.view as views  # noqa: PLC0415  # as above

    context()
    library: Any = renderers
    view: Any = getattr(views, "DefaultJinjaPageView")()  # noqa: B009  # not among what the package declares
    html: str = view.render(getattr(library, renderer)().render(content))
    for pattern in _OUT:
        html = pattern.sub("", html)
    html = _UP.sub(r'href="../\1', html)
    style = _TEMPLATES.get_template("style.html").render()
    return html.replace("</head>", f"{_POLICY}\n{style}\n</head>", 1)
