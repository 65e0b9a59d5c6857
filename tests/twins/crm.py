"""The CRM sync for tests: a real PostgreSQL, the sandbox's CRM, and delivery workers driven by hand or by threads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg

from deploy.local.sandbox.app import Options, create_app
from deploy.local.sandbox.server import SandboxServer
from processors.crm_sync import delivery_worker_of
from processors.crm_sync.enqueue import take_in
from processors.crm_sync.port import CrmTarget, target_types
from processors.crm_sync.settings import CrmSettings
from processors.crm_sync.targets.rest import RestSettings
from processors.crm_sync.text_queue import ask_for_texts, text_fetcher
from processors.crm_sync.work import Job
from processors.engine.database import Database
from processors.outbox.rate_limiter import RateLimiter, Unlimited
from processors.outbox.worker import OutboxWorker
from processors.textus_api.client import MEDIA_TYPE
from processors.textus_api.settings import TextUsApiSettings, textus_budget
from runtime.postgres import connect
from schemas.events import Event
from tests.twins.rig import beside, until

#: Quick enough for tests; what is not said is as in production.
QUICK = {"look_after": 0.05, "breaker_longest": 0.3, "retry_longest": 0.1, "fetch_text": "never"}

#: What a CRM may do to a call that passes later, as the sandbox plays it.
PASSING_TROUBLES: tuple[dict[str, Any], ...] = (
    {"status": 500, "times": 3},
    {"status": 503, "retry_after": 1},
    {"status": 429, "retry_after": 1},
    {"status": 401},
    {"status": 423},
    {"status": 200, "body": "<html>not JSON</html>"},
    {"status": 200, "body": "{}", "drip_s": 2.0},
    {"delay_s": 4.0},
    {"drop_answer": True},
)


class Sandbox:
    """The sandbox's CRM, as a person would look at it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=30)

    def get(self, path: str, /, **query: str) -> Any:
        return self._http.get(path, params=query).json()

    def post(self, path: str, /, **body: Any) -> Any:
        return self._http.post(path, json=body).json()

    def put(self, path: str, body: Any) -> None:
        assert self._http.put(path, json=body).is_success

    def hold_message(self, message_id: str, text: str) -> None:
        """Have TextUs know a message."""
        self.put(f"/_sandbox/messages/{message_id}", {"body": text})

    def fault(self, path: str = "/crm", **fault: Any) -> None:
        assert self._http.post("/_sandbox/faults", json={"path": path, **fault}).status_code == 201

    def no_faults(self) -> None:
        self._http.delete("/_sandbox/faults")

    def contacts(self, phone: str | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/crm/contacts", **({} if phone is None else {"phone": phone}))
        return found

    def textus_contacts(self, account: str) -> list[dict[str, Any]]:
        """The contacts of a TextUs account; a token of its own, so that nobody's limit is used."""
        url, headers = f"/{account}/contacts", {"Authorization": "Bearer a-look", "Accept": MEDIA_TYPE}
        found: list[dict[str, Any]] = []
        while url:
            page = self._http.get(url, headers=headers).json()
            found += page["members"]
            url = page["view"]["next"]
        return found

    def notes(self, contact: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"/crm/contacts/{contact}/notes")
        return found

    def crm_requests(self, method: str | None = None) -> list[tuple[str, str]]:
        """Method and path of everything that the CRM was asked."""
        return self.requests("/crm", method)

    def requests(self, path: str, method: str | None = None) -> list[tuple[str, str]]:
        """Method and path of everything that was asked below `path`, whoever asked."""
        found = self.get("/_sandbox/requests", path=path, **({} if method is None else {"method": method}))
        return [(request["method"], request["path"]) for request in found]

    def statuses(self) -> Counter[int | None]:
        return Counter(request["status"] for request in self.get("/_sandbox/requests", path="/crm"))

    def forget(self) -> None:
        """Everything: what it holds, its faults, what it was asked."""
        self._http.delete("/_sandbox")

    def forget_requests(self) -> None:
        self._http.delete("/_sandbox/requests")

    def limit(self, service: str = "crm", **limit: Any) -> None:
        self._http.put("/_sandbox/rate_limit", json={"service": service, **limit})

    def close(self) -> None:
        self._http.close()


@contextmanager
def played_crm(options: Options | None = None) -> Iterator[Sandbox]:
    """A sandbox of its own, as `options` has it."""
    with SandboxServer(create_app(options or Options())) as server:
        sandbox = Sandbox(server.url)
        try:
            yield sandbox
        finally:
            sandbox.close()


class CrmDesk:
    """Everything around the deliveries, on one database."""

    def __init__(self, postgres: Any, sandbox: Sandbox, *, targets: tuple[str, ...] = ("rest",), **crm: Any) -> None:
        self.sandbox = sandbox
        self.targets = targets
        self.crm = CrmSettings(**{"targets": targets} | QUICK | crm)
        self.dsn = postgres.dsn("crm-sync")
        self.operator_dsn = postgres.dsn("operator")
        self.database = self.new_database()
        self.persist = Database(lambda: connect(postgres.dsn("persist"), process="persist"))
        self.owner = psycopg.connect(postgres.owner_dsn, autocommit=True)

    def new_database(self) -> Database:
        return Database(self.connect)

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        return connect(self.dsn, process="crm-sync")

    def rest(self, limiter: RateLimiter | None = None, **settings: Any) -> CrmTarget[Any]:
        """The target rest, pointed at the sandbox."""
        given = {"url": f"{self.sandbox.url}/crm", "timeout": 2.0} | settings
        return target_types()["rest"].configured(RestSettings(**given), limiter or Unlimited())

    def textus(self, account: str, limiter: RateLimiter | None = None, **settings: Any) -> CrmTarget[Any]:
        """The target textus at `account`, which has to be among `targets` as "textus:<account>"."""
        given = {"api_url": self.sandbox.url, "api_token": "t", "accounts": (account,), "timeout": 2.0} | settings
        kind = target_types()["textus"]
        return kind.at(f"textus:{account}", kind.settings_type(**given), limiter or Unlimited())

    def take(self, *events: Event) -> None:
        with self.database.transaction() as connection:
            take_in(connection, events, self.targets)
            if self.crm.fetch_text != "never":
                ask_for_texts(connection, self.crm)

    @contextmanager
    def fetching(self, **settings: Any) -> Iterator[None]:
        """Texts are fetched from the sandbox's TextUs, on a thread of its own."""
        textus = TextUsApiSettings(**{"api_url": self.sandbox.url, "api_token": "t", "timeout": 2.0} | settings)
        fetcher, stop = text_fetcher(textus, textus_budget(textus), self.targets, give_up_hours=1.0), threading.Event()
        database = self.new_database()

        def run() -> None:
            while not stop.is_set():
                stop.wait(fetcher(database))
            fetcher.close(database, time_limit=10)

        try:
            with beside(run, stop.set):
                yield
        finally:
            database.close()

    @contextmanager
    def working(
        self, target: CrmTarget[Any], delivery_worker: OutboxWorker[Job] | None = None
    ) -> Iterator[OutboxWorker[Job]]:
        """A delivery worker for `target` on a thread of its own."""
        delivery_worker, stop = delivery_worker or delivery_worker_of(target, self.crm), threading.Event()
        database = self.new_database()

        def run() -> None:
            while not stop.is_set():
                stop.wait(delivery_worker(database))
            delivery_worker.close(database, time_limit=10)

        try:
            with beside(run, stop.set):
                yield delivery_worker
        finally:
            database.close()
            target.close()

    def work_off(self, target: CrmTarget[Any] | None = None) -> None:
        """Until nothing waits any more."""
        with self.working(target or self.rest()):
            until(lambda: self.statuses().get("pending", 0) == 0, "an end of what waits")

    def statuses(self, target: str | None = None) -> Counter[str]:
        query = "SELECT status, count(*) FROM crm_deliveries WHERE target = COALESCE(%s, target) GROUP BY status"
        return Counter(dict(self.all(query, target)))

    def until_done(self, target: str | None = None) -> None:
        until(lambda: not self.statuses(target)["pending"], "an end of what waits")

    def all(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.owner.execute(statement, values).fetchall()

    def expire_leases(self) -> None:
        """As if a minute had gone by."""
        self.owner.execute("UPDATE crm_lanes SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL")

    def close(self) -> None:
        self.database.close()
        self.persist.close()
        self.owner.close()
