"""GitHub's published OpenAPI description, as something that answers and webhooks can be held to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft4Validator, FormatChecker, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time")
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value))


@_FORMATS.checks("uri")
def _is_address(value: object) -> bool:
    return not isinstance(value, str) or (bool(urlsplit(value).scheme) and not re.search(r"[\s{}<>]", value))


def _unless_null(check: Any) -> Any:
    """OpenAPI 3.0 says `nullable` where JSON Schema lists the type null."""

    def checked(validator: Validator, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if instance is None and schema.get("nullable"):
            return
        yield from check(validator, value, instance, schema) or ()

    return checked


_OpenApiValidator = extend(
    Draft4Validator,
    {word: _unless_null(check) for word, check in Draft4Validator.VALIDATORS.items() if word != "$ref"},
)


class Description:
    """The description; `problems` of an answer or a webhook are empty where it keeps to it."""

    def __init__(self, path: Path) -> None:
        self.document: dict[str, Any] = json.loads(path.read_bytes())
        resource = Resource(contents=self.document, specification=DRAFT4)
        self._registry: Registry[Any] = Registry().with_resource("urn:github", resource)

    @cached_property
    def _templates(self) -> list[tuple[re.Pattern[str], str]]:
        """Paths as patterns, those with the fewest blanks first."""
        ordered = sorted(self.document["paths"], key=lambda path: path.count("{"))
        return [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), path) for path in ordered]

    def template(self, method: str, path: str) -> str | None:
        """The documented path that a request fits."""
        for pattern, template in self._templates:
            if pattern.fullmatch(path) and method.lower() in self.document["paths"][template]:
                return template
        return None

    def answer_problems(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """What the description finds wrong with an answer; an error it does not list must be a basic one."""
        template = self.template(method, path)
        if template is None:
            return [f"{method} {path} is not described"]
        answers = self.document["paths"][template][method.lower()]["responses"]
        answer = answers.get(str(status))
        if answer is None:
            if status < 400:
                return [f"{method} {template} is not described to answer {status}"]
            return self._problems({"$ref": "urn:github#/components/schemas/basic-error"}, body)
        answer = self._resolved(answer)
        content = answer.get("content", {}).get("application/json")
        if content is None:
            return [] if body is None else [f"{method} {template} {status} is described to have no body"]
        return self._problems(content["schema"], body)

    def webhook_problems(self, event: str, body: Any) -> list[str]:
        """What the description finds wrong with a webhook's body."""
        name = "-".join([event, body["action"]] if "action" in body else [event]).replace("_", "-")
        described = self.document["x-webhooks"].get(name)
        if described is None:
            return [f"webhook {name} is not described"]
        return self._problems(described["post"]["requestBody"]["content"]["application/json"]["schema"], body)

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in node:
            return node
        found: Any = self.document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return dict(found)

    def _problems(self, schema: dict[str, Any], body: Any) -> list[str]:
        absolute = json.loads(json.dumps(schema).replace('"#/', '"urn:github#/'))
        validator = _OpenApiValidator(absolute, registry=self._registry, format_checker=_FORMATS)
        return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(body)]
