"""The SQL migrations of `schemas/sql`, applied by yoyo as the role that owns the tables.

Three things are done here that yoyo 9.0.0 leaves open (read in its source, 2026-11):
- its lock is a row that stays when the migrating process is killed, so an advisory lock, which PostgreSQL
  takes back with the connection, decides who migrates, and a row found under it is a leftover;
- it marks a migration as applied in another transaction than the migration's own, so a kill between the two
  would apply it twice: here both are one transaction;
- `apply_migrations` passes over a migration that it cannot read, so ours are applied one by one.
"""

from __future__ import annotations

import getpass
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import psycopg
import yoyo
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from tenacity import Retrying, retry_if_exception, stop_before_delay, wait_fixed
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import DatabaseURI
from yoyo.migrations import Migration

from ingest.provider import provider_types
from ops.exits import TRY_LATER, UNAVAILABLE, failure
from ops.privileges import TablePrivilege, changes, create_roles, password_of, roles_there
from ops.privileges import apply as apply_privileges
from runtime.postgres import Connection, connect
from schemas.privileges import ROLES

#: Where yoyo looks for the migrations, in its own notation: package, folder.
SOURCE = "package:schemas:sql"
#: yoyo's table of what is applied.
APPLIED_TABLE = "_yoyo_migration"
#: Any number will do, as long as nobody else takes it: "hookline" as the bytes of a bigint.
ADVISORY_LOCK = int.from_bytes(b"hookline", "big")


_DECLARE = """
INSERT INTO provider_facts (provider, one_clock, reports_opt_ins, numbers_deliveries)
VALUES (%(provider)s, %(one_clock)s, %(reports_opt_ins)s, %(numbers_deliveries)s)
ON CONFLICT (provider) DO UPDATE SET one_clock = EXCLUDED.one_clock, reports_opt_ins = EXCLUDED.reports_opt_ins,
    numbers_deliveries = EXCLUDED.numbers_deliveries
"""
#: Seconds between two tries of a migrator that waits for another one.
_TURN_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a database stands."""

    applied: tuple[str, ...]  #: migrations that it has, oldest first
    pending: tuple[str, ...]  #: migrations that it lacks, in the order in which they will run
    unknown: tuple[str, ...]  #: migrations that it has and this release does not: it is newer than we are
    missing_roles: tuple[str, ...]  #: roles of processes that the server lacks
    granting: tuple[TablePrivilege, ...] = ()  #: privileges that roles lack, on tables that are there
    revoking: tuple[TablePrivilege, ...] = ()  #: privileges that roles have and are not to have


def wait_for_database(dsn: str, *, seconds: float, waiting: Callable[[str], None] = lambda _why: None) -> Connection:
    """A connection to `dsn`, tried again for `seconds` while there is no server or it is starting.

    Raises what psycopg raised last; at once where waiting would not help (a wrong password, say).
    """

    def not_yet(error: BaseException) -> bool:
        return isinstance(error, psycopg.OperationalError) and failure(error).code in (UNAVAILABLE, TRY_LATER)

    def say(state: Any) -> None:
        if state.attempt_number == 1:
            waiting(failure(state.outcome.exception()).message)

    attempts = Retrying(
        retry=retry_if_exception(not_yet),
        stop=stop_before_delay(seconds),
        wait=wait_fixed(0.25),
        before_sleep=say,
        reraise=True,
    )
    return attempts(connect, dsn, process="migrate")


def plan(connection: Connection) -> Plan:
    """Where the database of `connection` stands. Changes nothing."""
    ours = [migration.id for migration in yoyo.read_migrations(SOURCE)]
    there = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [f'"{APPLIED_TABLE}"']).fetchone()
    rows: list[tuple[Any, ...]] = []
    if there and there[0]:
        query = sql.SQL("SELECT migration_id FROM {} ORDER BY applied_at_utc, migration_id")
        rows = connection.execute(query.format(sql.Identifier(APPLIED_TABLE))).fetchall()
    applied = [str(row[0]) for row in rows]
    there_already = roles_there(connection)
    granting, revoking = changes(connection)
    return Plan(
        applied=tuple(name for name in applied if name in ours),
        pending=tuple(name for name in ours if name not in applied),
        unknown=tuple(name for name in applied if name not in ours),
        missing_roles=tuple(role for role in ROLES if role not in there_already),
        granting=tuple(sorted(granting)),
        revoking=tuple(sorted(revoking)),
    )


def migrate(
    owner_dsn: str,
    connection: Connection,
    *,
    process_dsn: str | None = None,
    started: Callable[[str], None] = lambda _migration: None,
) -> Plan:
    """Bring the database of `owner_dsn` up to date, roles' privileges included, and return what stood before.

    `connection` is one to the same database; it holds the lock meanwhile, so a second migrator waits here and
    then finds nothing left to do. `process_dsn` gives the password of its role, if that has to be created.
    Raises psycopg.Error, with the migration at fault rolled back as a whole, and ConfigurationError where roles are
    missing and may not be created.
    """
    _wait_for_turn(connection)
    try:
        before = plan(connection)
        create_roles(connection, password_of(process_dsn))
        if before.pending:
            _apply(owner_dsn, started)
        if not before.unknown:  # what a newer release declares is for that release to bring about
            apply_privileges(connection)
            declare_providers(connection)
        return before
    finally:
        if not connection.broken:
            connection.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])


def declare_providers(connection: Connection) -> None:
    """Write what each provider's file declares of it into `provider_facts`; a provider that is gone keeps its row."""
    there = connection.execute("SELECT to_regclass('public.provider_facts') IS NOT NULL").fetchone()
    if there is None or not there[0]:  # the migrations that were applied do not reach so far
        return
    facts = {name: kind.facts for name, kind in provider_types().items()}
    with connection.cursor() as cursor:
        cursor.executemany(_DECLARE, [{"provider": name, **asdict(declared)} for name, declared in facts.items()])


def _wait_for_turn(connection: Connection, sleep: Callable[[float], None] = time.sleep) -> None:
    """Take the lock, asking again and again: a statement that waits for it holds a snapshot, and CREATE INDEX
    CONCURRENTLY of the migrator that has it would wait for that statement to end.
    """
    while not connection.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK]).fetchall()[0][0]:
        sleep(_TURN_EVERY)


def _apply(owner_dsn: str, started: Callable[[str], None]) -> None:
    _name_the_user()
    with PostgresqlPsycopgBackend(_uri(owner_dsn), APPLIED_TABLE) as backend:
        backend.init_database()
        backend.break_lock()
        backend.ensure_internal_schema_updated()
        with backend.lock():
            for migration in backend.to_apply(yoyo.read_migrations(SOURCE)):
                started(migration.id)
                _apply_one(backend, migration)


def _apply_one(backend: PostgresqlPsycopgBackend, migration: Migration) -> None:
    migration.load()
    if not migration.use_transactions:  # CREATE INDEX CONCURRENTLY and the like: `-- transactional: false`
        backend.apply_one(migration)
        return
    with backend.transaction():
        migration.process_steps(backend, "apply")
        backend.mark_one(migration)


def _uri(dsn: str) -> DatabaseURI:
    """`dsn`, a URL or in keyword form, as yoyo wants it."""
    parts = conninfo_to_dict(dsn)
    return DatabaseURI(
        scheme="postgresql+psycopg",
        username=parts.pop("user", None),
        password=parts.pop("password", None),
        hostname=parts.pop("host", None),
        port=parts.pop("port", None),
        database=parts.pop("dbname", None),
        args=parts,
    )


def _name_the_user() -> None:
    """yoyo writes the system user's name to its log; in a container the user id may have none."""
    try:
        getpass.getuser()
    except (KeyError, OSError):
        os.environ["LOGNAME"] = "hookline"
