"""Texts that a webhook of TextUs lacks: fetched from its API once each, kept in `crm_notes`, told to every CRM.

A delivery whose message is being asked about waits for its text, for HOOKLINE_CRM__FETCH_PATIENCE seconds at most, and
with it its contact alone. After that the note goes without; when the text comes at last, the delivery is done again,
which changes the note. So a TextUs that fails stops nothing. Requests are taken from TextUs's one budget, after
opt-outs.
"""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from processors.crm_sync.settings import CrmSettings
from processors.engine.database import Database
from processors.engine.sql import sql
from processors.outbox.backoff import backoff
from processors.outbox.budget import Budget
from processors.outbox.errors import CredentialsRefused, Redirected, Rejected, RetryLater
from processors.outbox.rate_limiter import PrepaidLimiter
from processors.textus_api.client import TextUsClient
from processors.textus_api.settings import TextUsApiSettings
from runtime import logs, metrics
from runtime.postgres import Connection

log = logs.logger("processors.crm_sync.texts")

PROVIDER = "textus"
#: Seconds between two looks while nothing is to be fetched.
INTERVAL = 0.2
#: Requests at the same time; seconds between two tries of one at most, and while our token is refused.
AT_ONCE, LONGEST, LOCKED_OUT = 8, 60.0, 15.0

_DUE = """
SELECT count(*) FROM (SELECT FROM crm_notes WHERE text_due_at <= clock_timestamp() LIMIT %s) AS due
"""
# Longer than a request can take; then another process may make it again, which changes nothing.
_CLAIM = """
WITH due AS (
    SELECT note_key FROM crm_notes WHERE text_due_at <= clock_timestamp()
    ORDER BY text_due_at LIMIT %s FOR UPDATE SKIP LOCKED
)
UPDATE crm_notes AS n SET text_tries = n.text_tries + 1, text_due_at = clock_timestamp() + interval '60 seconds'
FROM due WHERE n.note_key = due.note_key
RETURNING n.note_key, n.contact_phone, n.provider_message_id, n.text_tries
"""
_LATER = """
UPDATE crm_notes SET text_due_at = CASE WHEN text_asked_at > clock_timestamp() - %(give_up)s * interval '1 hour'
    THEN clock_timestamp() + %(wait)s * interval '1 second' END
WHERE note_key = %(key)s AND text_due_at IS NOT NULL
"""
_SETTLE = "UPDATE crm_notes SET text_due_at = NULL, text = COALESCE(%(text)s, text) WHERE note_key = %(key)s"
# A delivery that was taken up before this moment has not seen the text: its outcome says so (`lanes.py`). The lanes are
# locked first, so that none is taken up between the moment and the end of the transaction.
_LANES = """
SELECT FROM crm_lanes WHERE target = ANY (%(targets)s) AND contact_phone = %(phone)s ORDER BY target FOR UPDATE
"""
_STAMP = "UPDATE crm_notes SET text_at = clock_timestamp() WHERE note_key = %(key)s"
_AGAIN = """
WITH again AS (
    UPDATE crm_deliveries AS d SET status = 'pending', done_at = NULL, detail = 'its text has come'
    FROM crm_links AS l
    WHERE l.target = ANY (%(targets)s) AND l.kind = 'note' AND l.key = %(key)s
        AND d.event_id = l.external_id::uuid AND d.target = l.target AND d.status = 'done'
    RETURNING d.target
)
UPDATE crm_lanes AS c SET next_attempt_at = COALESCE(c.next_attempt_at, clock_timestamp())
FROM again WHERE c.target = again.target AND c.contact_phone = %(phone)s
"""


def ask_for_texts(connection: Connection, crm: CrmSettings) -> None:
    """Have the texts fetched that the staged events lack, or all, as the settings say; in their transaction."""
    values = {"provider": PROVIDER, "patience": crm.fetch_patience, "always": crm.fetch_text == "always"}
    connection.execute(sql(__package__, "texts"), values)


class _Message(NamedTuple):
    note_key: str
    phone: str
    id: str
    tries: int  #: this one included


class _Outcome(NamedTuple):
    message: _Message
    kind: str  #: for the metric: fetched, absent, later, locked
    text: str | None = None
    wait: float | None = None  #: seconds until the next try


class TextFetcher:
    """A round of it is a chore. Any number of processes may run one."""

    def __init__(
        self, settings: TextUsApiSettings, budget: Budget, targets: Collection[str], *, give_up_hours: float
    ) -> None:
        """`targets`: the places whose deliveries may have gone without a text."""
        self._budget = budget
        self._limiter = PrepaidLimiter()
        self._client = TextUsClient(settings, self._limiter)
        self._targets = list(targets)
        self._give_up = give_up_hours
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fetch-text")

    def __call__(self, database: Database) -> float:
        """Fetch what is due and what the budget allows; seconds until the next round."""
        with database.transaction() as connection:
            [(due,)] = connection.execute(_DUE, (AT_ONCE,)).fetchall()
            if not due:
                return INTERVAL
            grant = self._budget.take(connection, due, urgent=False)
        if not grant.count:
            return min(grant.wait, 0.5)
        with database.transaction() as connection:
            messages = [_Message(*row) for row in connection.execute(_CLAIM, (grant.count,))]
            if len(messages) < grant.count:
                self._budget.give_back(connection, grant.count - len(messages))
        if not messages:
            return INTERVAL
        outcomes = list(self._pool.map(self._fetch, messages))
        self._report(database, len(messages))
        for outcome in outcomes:
            with database.transaction() as connection:
                self._keep(connection, outcome)
            metrics.CRM_TEXTS.labels(outcome.kind).inc()
        return LOCKED_OUT if any(outcome.kind == "locked" for outcome in outcomes) else 0.0

    def close(self, _database: Database) -> None:
        """Let go of threads and connections."""
        self._pool.shutdown()
        self._client.close()

    def _fetch(self, message: _Message) -> _Outcome:
        try:
            body = self._client.get("messages", message.id.rpartition("/")[2]).get("body")
        except CredentialsRefused as error:
            log.error("text_not_fetched", reason=str(error), fix="HOOKLINE_TEXTUS__API_TOKEN")
            return _Outcome(message, "locked", wait=LOCKED_OUT)
        except (RetryLater, Redirected) as error:
            log.warning("text_not_fetched", reason=str(error))
            return _Outcome(
                message, "later", wait=backoff(message.tries, getattr(error, "retry_after", None), longest=LONGEST)
            )
        except Rejected as error:  # the note goes without
            log.warning("text_absent", reason=str(error))
            return _Outcome(message, "absent")
        return _Outcome(message, "fetched", _storable(body)) if isinstance(body, str) else _Outcome(message, "absent")

    def _report(self, database: Database, count: int) -> None:
        results = self._limiter.taken()
        seen = [result.seen for result in results if result.seen is not None]
        blocked = max((result.blocked for result in results if result.blocked is not None), default=None)
        answered = any(result.answered for result in results)
        with database.transaction() as connection:
            self._budget.report(connection, count, seen, answered=answered, blocked=blocked)

    def _keep(self, connection: Connection, outcome: _Outcome) -> None:
        message = outcome.message
        values = {"key": message.note_key, "phone": message.phone, "targets": self._targets, "text": outcome.text}
        if outcome.wait is not None:
            connection.execute(_LATER, values | {"wait": outcome.wait, "give_up": self._give_up})
            return
        connection.execute(_SETTLE, values)
        if outcome.text is not None:
            connection.execute(_LANES, values)
            connection.execute(_STAMP, values)
            connection.execute(_AGAIN, values)


def _storable(text: str) -> str:
    """As PostgreSQL takes it: no NUL, no half of a character."""
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def are_fetched(crm: CrmSettings, settings: TextUsApiSettings) -> bool:
    """Whether texts are fetched at all: not without a token."""
    token = settings.api_token is not None and bool(settings.api_token.get_secret_value())
    return crm.fetch_text != "never" and token
