"""A webhook's request as a provider's file sees it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from ingest.content_coding import Headers, unpacked
from ingest.json_body import MAX_NODES, BadBody, Body, Json, read_body
from ingest.times import OccurredAt, occurred


class WebhookRequest:
    """What came, and what its body says: read once, whoever asks first."""

    __slots__ = ("_body", "body", "headers", "kind", "method", "path", "public_url", "query", "received_at", "storable")

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

    @property
    def url(self) -> str:
        """The URL as the provider called it, as far as the settings tell: no header says where we are."""
        return f"{self.public_url}{self.path}" + (f"?{self.query}" if self.query else "")

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def json_object(self) -> Json:
        """The JSON object in the body. Raises BadBody, BodyTooLarge."""
        return self._json().fields

    def json_objects(self) -> list[Json]:
        """The objects of the JSON list in the body, or the one object. Raises BadBody, BodyTooLarge."""
        return self._json().objects

    def form(self) -> dict[str, str | list[str]]:
        """The form in the body by its fields' names; a name that comes twice has a list. Raises BadBody, BodyTooLarge.

        Bytes that are not UTF-8 become lone surrogates, so that nothing is refused and a signature still fits.
        """
        self.storable = False
        body = self.body
        if coding := self.headers.get("Content-Encoding", ""):
            with suppress(BadBody):  # the header says so, but a plain form came all the same
                body = unpacked(coding, body)
        text = body.decode("utf-8", "surrogateescape")
        try:
            pairs = parse_qsl(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=MAX_NODES)
        except ValueError:
            raise BadBody("too_many_nodes") from None
        found: dict[str, str | list[str]] = {}
        for name, value in pairs:
            before = found.get(name)
            if before is None:
                found[name] = value
            else:
                found[name] = [*before, value] if isinstance(before, list) else [before, value]
        return found

    def moment(self, value: Any) -> OccurredAt:
        """When something happened, by the provider's time field `value`, checked against the receipt."""
        return occurred(value, self.received_at)

    def _json(self) -> Body:
        if self._body is None:
            self._body = read_body(self.headers, self.body)
            self.storable = self._body.storable
        return self._body
