"""The sandbox's refusals, and the checks of request bodies that lead to them.

TextUs does not publish the shape of its error bodies (seen 2026-11), so a client must decide by status alone.
These are ours, for people: {"status", "title", "detail", "errors": [{"field", "message"}]}.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Request
from pydantic import BaseModel, ConfigDict, ValidationError

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class FieldError:
    """One field of a body or query that is not as documented."""

    field: str  #: path of the field, as "phones[0].number"
    message: str  #: what is wrong with it


class Refusal(Exception):
    """Answer with this status and body; nothing has been changed."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    @property
    def body(self) -> dict[str, Any]:
        """The answer as JSON."""
        return {
            "status": self.status,
            "title": HTTPStatus(self.status).phrase,
            "detail": self.detail,
            "errors": [{"field": error.field, "message": error.message} for error in self.errors],
        }


def unprocessable(field: str, message: str) -> Refusal:
    """422 that names one field."""
    return Refusal(422, f"{field}: {message}", errors=[FieldError(field, message)])


class RequestBody(BaseModel):
    """A request body: exactly the documented fields, with their documented JSON types."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


def json_of(request: Request, content_type: str) -> Any:
    """The request's JSON. Refused: 415 another Content-Type than `content_type`, 400 not JSON (RFC 8259)."""
    if request.mimetype != content_type:
        raise Refusal(
            415,
            f"Content-Type is {request.mimetype or 'missing'}: send {content_type}",
            headers={"Accept-Post": content_type},
        )
    try:
        return json.loads(request.get_data(), parse_constant=_no_constant)
    except ValueError as error:  # not UTF-8 and not JSON are both ValueErrors
        raise Refusal(400, f"the body is not JSON: {error}") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def checked(model: type[M], data: Any) -> M:
    """`data` as a `model`; 422 naming every field that is not as documented."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        errors = [
            FieldError(_path(detail["loc"]), detail["msg"].removeprefix("Value error, ")) for detail in error.errors()
        ]
        raise Refusal(422, "; ".join(f"{error.field}: {error.message}" for error in errors), errors=errors) from None


def _path(location: Iterable[int | str]) -> str:
    path = ""
    for part in location:
        if part == "[key]":  # pydantic's mark for a dictionary key that is wrong
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or "body"
