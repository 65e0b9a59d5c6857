"""rest: the sandbox's small CRM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Self

from processors.crm_sync.port import Capabilities
from tests.contract.crm.service import Held, Service
from tests.twins.crm import Sandbox, played_crm


class SandboxCrm(Service):
    """Everything that the port knows is there, by the default templates."""

    capabilities: ClassVar = Capabilities()

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
            "HOOKLINE_CRM_REST__URL": url or f"{self._sandbox.url}/crm",
            "HOOKLINE_CRM_REST__TOKEN": self.secret,
            "HOOKLINE_CRM_REST__TIMEOUT": str(timeout),
        }

    def contacts(self, phone: str) -> Sequence[Held]:
        return [
            Held(contact["id"], contact["name"], contact["tags"], contact["opted_out"])
            for contact in self._sandbox.contacts(phone)
        ]

    def notes(self, contact: str) -> Sequence[str]:
        return [note["text"] for note in self._sandbox.notes(contact)]

    def fault(self, operation: str, **fault: Any) -> None:
        method = {"method": "PATCH"} if operation == "set_tags" else {}  # the tags are read first
        self._sandbox.fault(**method, **fault)
