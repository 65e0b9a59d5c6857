"""Texts that a webhook of TextUs lacks, as a queue of the outbox: fetched once each, kept in `crm_notes`.

A delivery whose message is being asked about waits for its text, for HOOKLINE_CRM__FETCH_PATIENCE seconds at most, and
with it its contact alone. After that the note goes without; when the text comes at last, the delivery is done again,
which changes the note. So a TextUs that fails stops nothing. Requests are taken from TextUs's one budget, after
opt-outs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from processors.crm_sync.settings import CrmSettings
from processors.engine.sql import sql
from processors.outbox.admission import PrepaidBudget
from processors.outbox.budget import Budget
from processors.outbox.queue import OutboxQueue, OutboxTask, TaskOutcome
from processors.outbox.rate_limiter import PrepaidLimiter
from processors.outbox.statements import statements
from processors.outbox.worker import TIME_LIMIT, OutboxWorker
from processors.textus_api.client import TextUsClient
from processors.textus_api.settings import TextUsApiSettings
from runtime import logs, metrics
from runtime.postgres import Connection

log = logs.logger("processors.crm_sync.text_queue")

PROVIDER = "textus"
#: Requests at the same time; seconds of a pause while every one fails.
AT_ONCE, LONGEST_PAUSE = 8, 15.0

_SQL = statements(__package__, "text_queue")


def ask_for_texts(connection: Connection, crm: CrmSettings) -> None:
    """Have the texts fetched that the staged events lack, or all, as the settings say; in their transaction."""
    values = {"provider": PROVIDER, "patience": crm.fetch_patience, "always": crm.fetch_text == "always"}
    connection.execute(sql(__package__, "texts"), values)


@dataclass(slots=True, kw_only=True)
class TextRequest(OutboxTask):
    """One message whose text is asked for; its key is the note's."""

    phone: str
    message_id: str


class TextQueue(OutboxQueue[TextRequest]):
    """All of it: any number of processes may work it off."""

    name = "crm-texts"

    def __init__(self, client: TextUsClient, targets: Collection[str], *, give_up_hours: float) -> None:
        """`targets`: the places whose deliveries may have gone without a text."""
        self._client = client
        self._targets = list(targets)
        self._give_up = give_up_hours

    def due(self, connection: Connection, limit: int) -> int:
        [(count,)] = connection.execute(_SQL["due"], (limit,)).fetchall()
        return int(count)

    def claim(self, connection: Connection, limit: int, until: float) -> Sequence[TextRequest]:
        rows = connection.execute(_SQL["claim"], {"limit": limit, "lease": self.lease})
        return [
            TextRequest(key=key, attempt=tries, leased_until=until, phone=phone, message_id=message_id)
            for key, tries, phone, message_id in rows
        ]

    def fetch(self, request: TextRequest) -> str | None:
        """Its text; None: the provider has none either."""
        body = self._client.get("messages", request.message_id.rpartition("/")[2]).get("body")
        return _storable(body) if isinstance(body, str) else None

    def record(self, connection: Connection, outcomes: Sequence[TaskOutcome[TextRequest]]) -> None:
        values = {
            "keys": [outcome.task.key for outcome in outcomes],
            "tries": [outcome.task.attempt for outcome in outcomes],
        }
        locked = {key for (key,) in connection.execute(_SQL["lock"], values)}
        by_result: dict[str, list[TaskOutcome[TextRequest]]] = {"fetched": [], "absent": [], "later": [], "locked": []}
        for outcome in outcomes:
            if outcome.task.key in locked:
                by_result[_result(outcome)].append(outcome)
        if again := by_result["later"] + by_result["locked"]:
            keys, waits = [outcome.task.key for outcome in again], [outcome.wait for outcome in again]
            connection.execute(_SQL["later"], {"keys": keys, "waits": waits, "give_up": self._give_up})
        if absent := by_result["absent"]:
            connection.execute(_SQL["absent"], {"keys": [outcome.task.key for outcome in absent]})
        if fetched := by_result["fetched"]:
            values = {
                "keys": [outcome.task.key for outcome in fetched],
                "phones": [outcome.task.phone for outcome in fetched],
                "texts": [outcome.value for outcome in fetched],
                "targets": self._targets,
            }
            for name in ("lock_lanes", "keep", "deliver_again"):
                connection.execute(_SQL[name], values)

    def recorded(self, outcomes: Sequence[TaskOutcome[TextRequest]]) -> None:
        for outcome in outcomes:
            result = _result(outcome)
            metrics.CRM_TEXTS.labels(result).inc()
            if result == "locked":
                log.error("text_not_fetched", reason=outcome.detail, fix="HOOKLINE_TEXTUS__API_TOKEN")
            elif outcome.kind != "done":
                log.warning("text_absent" if result == "absent" else "text_not_fetched", reason=outcome.detail)

    def close(self) -> None:
        self._client.close()


def text_fetcher(
    settings: TextUsApiSettings, budget: Budget, targets: Collection[str], *, give_up_hours: float
) -> OutboxWorker[TextRequest]:
    """Who fetches texts for the notes at `targets`, paying from `budget` after opt-outs."""
    limiter = PrepaidLimiter()
    queue = TextQueue(TextUsClient(settings, limiter), targets, give_up_hours=give_up_hours)
    admission = PrepaidBudget(budget, limiter, urgent=False, longest_pause=LONGEST_PAUSE)
    return OutboxWorker(queue, queue.fetch, admission, at_once=AT_ONCE, gathering=TIME_LIMIT)


def are_fetched(crm: CrmSettings, settings: TextUsApiSettings) -> bool:
    """Whether texts are fetched at all: not without a token."""
    return crm.fetch_text != "never" and settings.has_token


def _result(outcome: TaskOutcome[TextRequest]) -> str:
    """For the metric: fetched, absent (the note goes without), later or locked."""
    if outcome.kind == "done":
        return "absent" if outcome.value is None else "fetched"
    if outcome.kind in ("rejected", "not_found"):
        return "absent"
    return "locked" if outcome.kind == "locked" else "later"


def _storable(text: str) -> str:
    """As PostgreSQL takes it: no NUL, no half of a character."""
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
