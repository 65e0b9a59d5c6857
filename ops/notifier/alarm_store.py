"""Keeps the alarms: in PostgreSQL, and in a file beside it that also serves while PostgreSQL does not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from psycopg.types.json import Jsonb

from ops.notifier.alarm_book import AlarmRecord, PendingAlarm
from runtime import logs
from runtime.disk import replace_file
from runtime.postgres import Connection, named_rows

log = logs.logger("hookline.notifier")

_KEEP = """
INSERT INTO alarms (key, since, rule, severity, summary, cause, command, runbook, seen_at, changed_at, over_at, sent)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (key, since) DO UPDATE SET summary = EXCLUDED.summary, seen_at = EXCLUDED.seen_at,
    changed_at = EXCLUDED.changed_at, over_at = EXCLUDED.over_at, sent = alarms.sent || EXCLUDED.sent
"""
#: What is still on, and what was over within `FORGET_AFTER`.
_LATEST = """
SELECT key, since, rule, severity, summary, cause, command, runbook, seen_at, changed_at, over_at, sent FROM alarms
WHERE over_at IS NULL OR changed_at > now() - make_interval(hours => %s) ORDER BY changed_at
"""
_PRUNE = "DELETE FROM alarms WHERE over_at < now() - interval '90 days'"


def keep_in_postgres(connection: Connection, records: Iterable[AlarmRecord]) -> None:
    """Write `records`. Raises psycopg.Error."""
    for item in records:
        texts = (item.key, item.since, item.rule, item.severity, item.summary, item.cause, item.command, item.runbook)
        times = (item.seen_at, item.changed_at, item.over_at)
        connection.execute(_KEEP, (*texts, *times, Jsonb(dict(item.sent))))


def prune_in_postgres(connection: Connection) -> None:
    """Alarms that were over 90 days ago go. Raises psycopg.Error."""
    connection.execute(_PRUNE)


def read_from_postgres(connection: Connection, hours: int = 24) -> list[AlarmRecord]:
    """Those that are on, and those that were over within `hours`. Raises psycopg.Error."""
    return [AlarmRecord(**row) for row in named_rows(connection, _LATEST, hours)]


class KeptAlarms(NamedTuple):
    """What a notifier that starts anew goes on with."""

    records: Sequence[AlarmRecord] = ()
    pending: Sequence[PendingAlarm] = ()


class AlarmFile:
    """Every alarm that is remembered, and what may become one, in one file that is replaced as a whole."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError where the folder cannot be made."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = folder / "alarms.json"

    def read(self) -> KeptAlarms:
        """What was kept; a damaged file is set aside, and what PostgreSQL has counts."""
        try:
            kept = json.loads(self._path.read_bytes())
            if isinstance(kept, list):  # an older version kept no waits
                kept = {"alarms": kept, "pending": []}
            return KeptAlarms(
                [AlarmRecord.from_json(item) for item in kept["alarms"]],
                [PendingAlarm.from_json(item) for item in kept["pending"]],
            )
        except FileNotFoundError:
            return KeptAlarms()
        except (ValueError, KeyError, TypeError) as error:
            self._path.replace(self._path.with_suffix(".damaged"))
            log.warning("alarm_file_damaged", error_class=type(error).__name__)
            return KeptAlarms()

    def write(self, records: Iterable[AlarmRecord], pending: Iterable[PendingAlarm] = ()) -> None:
        """Replace what is kept; on disk when this returns. Raises OSError."""
        kept = {"alarms": [item.as_json() for item in records], "pending": [item.as_json() for item in pending]}
        replace_file(self._path, json.dumps(kept).encode())
