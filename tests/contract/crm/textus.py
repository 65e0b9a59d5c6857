"""textus: TextUs's API, as the sandbox plays it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Self

from processors.crm_sync.port import Capabilities
from tests.contract.crm.service import Held, Service
from tests.twins.crm import Sandbox, played_crm


class PlayedTextUs(Service):
    """Contacts, names and tags; no notes, and no opt-outs, which the processor opt-out tells."""

    capabilities: ClassVar = Capabilities(notes=False, find_note=False, update_note=False, opt_out=False)

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    @classmethod
    @contextmanager
    def started(cls) -> Iterator[Self]:
        with played_crm() as sandbox:
            yield cls(sandbox)

    def begin(self) -> None:
        self._sandbox.forget()

    def environ(self, url: str | None, timeout: float) -> Mapping[str, str]:
        return {
            "HOOKLINE_TEXTUS__API_URL": url or self._sandbox.url,
            "HOOKLINE_TEXTUS__API_TOKEN": self.secret,
            "HOOKLINE_TEXTUS__TIMEOUT": str(timeout),
            "HOOKLINE_CRM_TEXTUS__ACCOUNTS": "textus, my_account_north",
        }

    def contacts(self, phone: str) -> Sequence[Held]:
        return [
            Held(
                textus_contact["id"],
                None if textus_contact["name"] == phone else textus_contact["name"],
                textus_contact["data"].get("tags", []),
                None,
            )
            for textus_contact in self._sandbox.textus_contacts("textus")
            if phone in [number["phoneNumber"] for number in textus_contact["phones"]["members"]]
        ]

    def notes(self, contact: str) -> Sequence[str]:
        return []

    def fault(self, operation: str, **fault: Any) -> None:
        method = {"method": "PUT"} if operation in ("rename", "set_tags") else {}  # the contact is read first
        self._sandbox.fault("/", **method, **fault)
