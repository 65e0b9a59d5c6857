"""CRMs as the sandbox plays them, in threads of the rig, and what became of a run there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
import psycopg

from deploy.local.sandbox.app import Options, create_app
from deploy.local.sandbox.server import SandboxServer
from tests.faults.notes import Crm
from tests.faults.services import CRM_TOKEN

GROUP = "hookline-crm-sync"
#: What crm-sync reads.
STATES = "sms.opt-out-state.v1"
TOPICS = ("sms.messages.v1", "sms.contacts.v1", "sms.calls.v1", STATES)
#: Seconds that crm-sync waits for an answer.
TIMEOUT = 1.0
#: Seconds that it waits after a call whose outcome is not known: a CRM in threads of a busy machine's rig may be slow.
LOOK_AFTER = 3.0
_OF_EARLIER_RUNS = """
SELECT phone FROM opt_outs EXCEPT SELECT contact_phone FROM events WHERE payload::text LIKE %s
"""
TABLES = "crm_deliveries, crm_lanes, crm_links, crm_notes, crm_contacts, crm_targets"


class PlayedCrm:
    """One run's: empty, with nothing wrong."""

    def __init__(self, name: str = "rest") -> None:
        self.name = name
        self._server = SandboxServer(create_app(Options(crm_token=CRM_TOKEN)))
        self._server.__enter__()
        headers = {"Authorization": f"Bearer {CRM_TOKEN}"}
        self._http = httpx.Client(base_url=self._server.url, headers=headers, trust_env=False, timeout=30)

    def settings(self) -> dict[str, str]:
        """How crm-sync reaches it."""
        prefix = f"HOOKLINE_CRM_{self.name.upper()}"
        return {
            f"{prefix}__URL": f"{self._server.url}/crm",
            f"{prefix}__TOKEN": CRM_TOKEN,
            f"{prefix}__TIMEOUT": str(TIMEOUT),
        }

    def fails(self, path: str = "/crm", **fault: Any) -> None:
        """Answer as `fault` says (deploy/local/sandbox/faults.py), until `recovers` where it does not say how often."""
        self._http.post("/_sandbox/faults", json={"path": path, "times": None, **fault}).raise_for_status()

    def is_well(self) -> bool:
        """Whether every fault has hit as often as it was to."""
        return not self._http.get("/_sandbox/faults").json()

    def recovers(self) -> None:
        """Answer as ever."""
        self._http.delete("/_sandbox/faults").raise_for_status()

    def requests(self) -> list[dict[str, Any]]:
        """All that it was asked, oldest first."""
        found: list[dict[str, Any]] = self._http.get("/_sandbox/requests", params={"path": "/crm"}).json()
        return found

    def contacts(self) -> list[dict[str, Any]]:
        """All that it holds, each with its notes."""
        held: list[dict[str, Any]] = self._http.get("/crm/contacts").json()
        return [contact | {"notes": self._http.get(f"/crm/contacts/{contact['id']}/notes").json()} for contact in held]

    def close(self) -> None:
        """No more answers."""
        self._http.close()
        self._server.__exit__(None, None, None)


def collect(crm: PlayedCrm, dsn: str, run: str, redriven: Sequence[str]) -> Crm:
    """Everything about a run, once all is quiet."""
    made, requested = [], set()
    for request in crm.requests():
        body = request["body"] if isinstance(request["body"], dict) else {}
        performed = request["status"] is None or request["status"] == 201  # None: done, and not answered
        match request["method"], request["path"].split("/"):
            case "GET", ["", "crm", "contacts"] if "phone" in request["query"]:  # else it was the rig itself
                requested.add(request["query"]["phone"])
            case "POST", ["", "crm", "contacts"] if performed:
                made.append(("contact", body["phone"]))
            case "POST", ["", "crm", "contacts", _, "notes"] if performed:
                made.append(("note", body["external_id"]))
    with psycopg.connect(dsn) as connection:
        # A restore publishes the states of earlier runs' phones too, and this CRM, which is new, is told of them.
        earlier = {phone for (phone,) in connection.execute(_OF_EARLIER_RUNS, (f"%fx{run}-%",))}
        events = connection.execute(
            "SELECT event_id::text, substring(payload::text FROM %s) FROM events WHERE payload::text LIKE %s",
            (f"fx{run}-[0-9]{{4}}-[0-9]{{6}}", f"%fx{run}-%"),
        ).fetchall()
    contacts = [
        {name: contact[name] for name in ("phone", "tags", "opted_out")}
        | {"notes": [(note["external_id"], note["text"]) for note in contact["notes"]]}
        for contact in crm.contacts()
    ]
    mine = [contact for contact in contacts if contact["notes"] or contact["phone"] not in earlier]
    made = [(kind, key) for kind, key in made if key not in earlier]
    return Crm(mine, made, sorted(requested - earlier), dict(events), redriven, crm.name)


def waiting(dsn: str, target: str | None = None) -> int:
    """Deliveries that have not come to an end, of all targets or of one."""
    with psycopg.connect(dsn) as connection:
        [(count,)] = connection.execute(
            "SELECT count(*) FROM crm_deliveries"
            " WHERE status = 'pending' AND (%(one)s::text IS NULL OR target = %(one)s)",
            {"one": target},
        ).fetchall()
    return int(count)


def dead(dsn: str) -> list[dict[str, Any]]:
    """Deliveries that failed for good: event_id, phone, target, failures, detail."""
    with psycopg.connect(dsn, row_factory=psycopg.rows.dict_row) as connection:
        return connection.execute(
            "SELECT event_id::text, contact_phone AS phone, target, failures, detail"
            " FROM crm_deliveries WHERE status = 'dead'"
        ).fetchall()


def forget(dsn: str) -> None:
    """What other runs have left is for CRMs that are gone. crm-sync must not run. `dsn`: the superuser's."""
    with psycopg.connect(dsn) as connection:
        connection.execute(f"TRUNCATE {TABLES}")
