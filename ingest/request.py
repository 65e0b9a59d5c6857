"""A webhook's request as a provider's file sees it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from ingest.content_coding import Headers, unpacked
from ingest.form import Form, read_form
from ingest.json_body import BadBody, Body, Json, read_body, turn_of
from ingest.times import OccurredAt, occurred

#: Characters of a header that providers' files are shown, and that are stored. Signatures and credentials have less
#: than 300.
MAX_HEADER = 1_024


class WebhookRequest:
    """What came, and what its body says: read once, whoever asks first."""

    __slots__ = (
        *("_body", "_form", "body", "headers", "kind", "method", "path", "public_url", "query"),
        *("received_at", "storable"),
    )

    def __init__(
        self,
        kind: str | None,
        headers: Headers,
        body: bytes,
        received_at: datetime,
        method: str = "POST",
        path: str = "",
        query: str = "",
        public_url: str = "",
    ) -> None:
        self.kind = kind  #: the URL's segment after the provider's name
        self.headers = headers
        self.body = body  #: as it came, not unpacked
        self.received_at = received_at
        self.method = method
        self.path = path
        self.query = query  #: without "?", as it came
        self.public_url = public_url  #: the address that providers call, from the settings; "": not set
        self.storable = False  #: False: what was read may hold what cannot be stored (`sanitise.py` looks)
        self._body: Body | None = None
        self._form: Form | None = None

    @property
    def url(self) -> str:
        """The URL as the provider called it, as far as the settings tell: no header says where we are."""
        return f"{self.public_url}{self.path}" + (f"?{self.query}" if self.query else "")

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def json_content(self) -> Any:
        """The JSON in the body, whatever it is. Raises BadBody, BodyTooLarge."""
        return self._json().content

    def json_object(self) -> Json:
        """The JSON object in the body. Raises BadBody, BodyTooLarge."""
        return self._json().fields

    def json_objects(self) -> list[Json]:
        """The objects of the JSON list in the body, or the one object. Raises BadBody, BodyTooLarge."""
        return self._json().objects

    def form(self) -> Form:
        """The form in the body by its fields' names; a name that comes twice has a list. Raises BadBody, BodyTooLarge.

        Bytes that are not UTF-8 become lone surrogates, so that nothing is refused and a signature still fits.
        """
        if self._form is None:
            coding = self.header("Content-Encoding")
            with turn_of(coding, self.body):
                self._form = read_form(_unpacked_form(coding, self.body))
        self.storable = False
        return self._form

    def header(self, name: str) -> str:
        """The header `name`; empty: there is none, or one so long that no provider sends it."""
        value = self.headers.get(name, "")
        return value if len(value) <= MAX_HEADER else ""

    def moment(self, value: Any) -> OccurredAt:
        """When something happened, by the provider's time field `value`, checked against the receipt."""
        return occurred(value, self.received_at)

    def _json(self) -> Body:
        if self._body is None:
            self._body = read_body(self.headers, self.body)
            self.storable = self._body.storable
        return self._body


def _unpacked_form(coding: str, body: bytes) -> bytes:
    if coding:
        with suppress(BadBody):  # the header says so, but a plain form came all the same
            return unpacked(coding, body)
    return body
