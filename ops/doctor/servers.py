"""Kafka and PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg

from ops.doctor.check import Check, broken, checked, doubtful, fine
from ops.migrations import plan
from ops.privileges import roles_there, tables_there
from ops.processors import topics_of_hookline
from runtime.connections import KafkaSettings
from runtime.kafka.errors import KafkaError
from runtime.kafka.topics import REPLICAS, TopicAdmin
from runtime.postgres import Connection, connect
from schemas.privileges import PRIVILEGES, ROLES, role_of

#: Seconds that Kafka has to answer, and PostgreSQL to let us in.
TIMEOUT = 5
#: Seconds that clocks may differ: opt-outs are ordered by times that several machines write down.
CLOCK_ERROR, CLOCK_WARNING = 60.0, 5.0

_START_STACK = "hookline up"
_APPLY_TOPICS = "hookline topics apply"
_MIGRATE = "hookline db migrate"


def kafka_checks(settings: KafkaSettings) -> list[Check]:
    """Whether Kafka answers and has its topics as they ought to be."""
    servers = ",".join(settings.bootstrap_servers)

    def look() -> Iterator[Check]:
        with TopicAdmin(settings, "hookline-doctor", timeout_s=TIMEOUT) as admin:
            brokers = admin.brokers()
            yield fine("kafka", f"{brokers} broker{'s' if brokers > 1 else ''} at {servers}")
            if brokers < REPLICAS:
                fix = (
                    f"run {REPLICAS} brokers, then HOOKLINE_KAFKA__REPLICATION_FACTOR={REPLICAS} hookline topics apply"
                )
                yield doubtful("kafka replication", f"{brokers} broker holds every event once", fix)
            yield _kafka_clock(admin)
            changes = [change for change in admin.plan(topics_of_hookline()) if not change.nothing]
            missing = [change.topic.name for change in changes if change.create]
            if missing:
                yield broken("topics", f"missing: {', '.join(missing)}", _APPLY_TOPICS)
            for change in changes:
                for setting, (now, ought) in change.alter.items():
                    found = f"{change.topic.name} has {setting}={now} instead of {ought}"
                    yield broken("topic settings", found, _APPLY_TOPICS)
                for difference in change.differs:
                    fix = f"kafka-topics.sh --describe --topic {change.topic.name}  # then change it by hand"
                    yield broken("topic settings", f"{change.topic.name}: {difference}", fix)
            if not changes:
                yield fine("topics", "all are there, with their settings")

    return checked("kafka", f"{_START_STACK}  # or set HOOKLINE_KAFKA__BOOTSTRAP_SERVERS", look)


def postgres_checks(dsn: str, owner_dsn: str | None) -> list[Check]:
    """Whether PostgreSQL answers, has the tables and the roles of this release, and whether its clock is ours."""

    def look() -> Iterator[Check]:
        with connect(dsn, process="doctor", connect_timeout=TIMEOUT, call_timeout=TIMEOUT) as connection:
            yield _role(connection)
            yield _clock(connection)
            yield from _roles(connection)
            yield from _migrations(connection, owner_dsn)

    return checked("postgres", f"{_START_STACK}  # or set HOOKLINE_POSTGRES__DSN", look)


def _role(connection: Connection) -> Check:
    [(role, superuser, version)] = connection.execute(
        "SELECT current_user, rolsuper, current_setting('server_version') FROM pg_roles WHERE rolname = current_user"
    ).fetchall()
    if superuser:
        fix = f"HOOKLINE_POSTGRES__DSN=postgresql://{role_of('operator')}@HOST/hookline"
        return doubtful("postgres", f"PostgreSQL {version} as {role}, which is a superuser", fix)
    return fine("postgres", f"PostgreSQL {version} as {role}")


def _kafka_clock(admin: TopicAdmin) -> Check:
    before = time.time()
    try:
        theirs = admin.controller_time()
    except (KafkaError, KeyError, ValueError) as error:
        fix = "timedatectl  # on each broker"
        return doubtful("kafka clock", f"Kafka does not tell its clock: {type(error).__name__}", fix)
    return _clock_check("kafka clock", "that of Kafka's active controller", before, theirs, time.time())


def _clock(connection: Connection) -> Check:
    before = time.time()
    [(theirs,)] = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchall()
    return _clock_check("clock", "PostgreSQL's", before, theirs, time.time())


def _clock_check(name: str, whose: str, before: float, theirs: float, after: float) -> Check:
    """`theirs` was read between `before` and `after`: only what lies outside of them is a difference."""
    difference = max(0.0, theirs - after) - max(0.0, before - theirs)
    found = f"this machine's clock is {abs(difference):.1f} s {'behind' if difference > 0 else 'ahead of'} {whose}"
    fix = "sudo timedatectl set-ntp true  # on both machines"
    if abs(difference) > CLOCK_ERROR:
        return broken(name, found, fix)
    if abs(difference) > CLOCK_WARNING:
        return doubtful(name, found, fix)
    return fine(name, found)


def _roles(connection: Connection) -> Iterator[Check]:
    missing = sorted(set(ROLES) - roles_there(connection, ROLES))
    if missing:
        yield broken("postgres roles", f"missing: {', '.join(missing)}", _MIGRATE)
    else:
        yield fine("postgres roles", "every process has its role")


def _migrations(connection: Connection, owner_dsn: str | None) -> Iterator[Check]:
    """By yoyo's own table, which the owner may read; else by the tables that this release grants privileges on."""
    if owner_dsn is not None:
        with connect(owner_dsn, process="doctor", connect_timeout=TIMEOUT, call_timeout=TIMEOUT) as owner:
            stands = plan(owner)
        if stands.pending:
            yield broken("migrations", f"pending: {', '.join(stands.pending)}", _MIGRATE)
        elif stands.granting or stands.revoking:
            count = len(stands.granting) + len(stands.revoking)
            yield broken("migrations", f"{count} privileges are not as this release needs them", _MIGRATE)
        else:
            yield fine("migrations", f"{len(stands.applied)} are applied")
        return
    expected = {table for tables in PRIVILEGES.values() for table in tables}
    if lacking := sorted(expected - tables_there(connection)):
        yield broken("migrations", f"the database lacks {', '.join(lacking)}", _MIGRATE)
        return
    try:
        for table in sorted(PRIVILEGES[role_of("operator")]):
            connection.execute(f"SELECT FROM {table} LIMIT 0")
    except psycopg.errors.InsufficientPrivilege as error:
        yield broken("migrations", f"privileges are missing: {error}", _MIGRATE)
    else:
        yield fine("migrations", "the tables of this release are there")
