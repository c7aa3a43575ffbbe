"""A marketplace's official OpenAPI document, kept outside the repository: what it says of requests and of answers."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from openapi_schema_validator import OAS30Validator

from tests.fixtures import fixture_path


@cache
def contract(*parts: str) -> dict[str, Any]:
    """Return a document of the fixtures; the test skips where it is absent."""
    document: dict[str, Any] = json.loads(fixture_path(*parts).read_text())
    return document


def faults_of_answer(document: dict[str, Any], schema: str, answer: object) -> list[str]:
    """Return where an answer is not as the named schema has it."""
    whole = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    return [f"{'/'.join(map(str, error.path))}: {error.message}" for error in OAS30Validator(whole).iter_errors(answer)]


def faults_of_request(document: dict[str, Any], path: str, url: str) -> list[str]:
    """Return what of a request's query the operation at ``path`` does not allow, and what it lacks."""
    operation = document["paths"][path]["get"]
    own = [one for one in operation.get("parameters", []) if "$ref" not in one and one["in"] == "query"]
    known = {one["name"]: one["schema"] for one in own}
    sent = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    found = [f"{name}: unknown" for name in sent if name not in known]
    found += [f"{one['name']}: missing" for one in own if one.get("required") and one["name"] not in sent]
    for name, text in sent.items():
        if name in known:
            errors = OAS30Validator(known[name]).iter_errors(_typed(text, known[name]))
            found += [f"{name}: {error.message}" for error in errors]
    return found


def _typed(text: str, schema: dict[str, Any]) -> object:
    match schema.get("type"):
        case "integer":
            return int(text) if re.fullmatch(r"-?[0-9]+", text) else text
        case "number":
            return float(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else text
        case "array":
            return [_typed(one, schema["items"]) for one in text.split(",")]
        case _:
            return text
