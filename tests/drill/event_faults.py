"""What comes from outside: wrong secrets, records that nobody can read, silence; and what an operator forgets."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC

from confluent_kafka import Producer

from ops.notifier.silence import SilenceWatch
from runtime.postgres import connect
from schemas import cloudevents
from tests.drill.fault import DrillFault
from tests.drill.server_faults import Frozen
from tests.drill.stack import DrillStack
from tests.twins.events import message

#: A body of ours in its wire format, with numbers without end: nobody can decode it.
_POISON = b"\x00\x00\x00\x00\x01" + b"\xff" * 40
#: librdkafka's options, and where the stack says what they are.
_OPTIONS = {
    "bootstrap.servers": "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS",
    "sasl.mechanism": "HOOKLINE_KAFKA__SASL_MECHANISM",
    "sasl.username": "HOOKLINE_KAFKA__SASL_USERNAME",
    "sasl.password": "HOOKLINE_KAFKA__SASL_PASSWORD",
    "security.protocol": "HOOKLINE_KAFKA__SECURITY_PROTOCOL",
}
_EVENTS = """
INSERT INTO events (event_id, event_type, provider, account, contact_phone, phone_valid, time_valid,
    occurred_at, received_at, is_test, sanitised, payload)
SELECT gen_random_uuid(), 'call.completed', 'textus', 'drill', '+13035550001', true, true, at, at, false, false, '{}'
FROM generate_series(%s::timestamptz, %s::timestamptz, interval '1 minute') AS at
"""


def poison(topic: str, count: int) -> Callable[[DrillStack], None]:
    """Writes records that look like ours and cannot be decoded."""

    def make(stack: DrillStack) -> None:
        options = {option: stack.environment[name] for option, name in _OPTIONS.items() if name in stack.environment}
        if "security.protocol" in options:
            options["security.protocol"] = options["security.protocol"].lower()
        producer = Producer(options)
        for _ in range(count):
            producer.produce(topic, _POISON, b"+13035550199", headers=cloudevents.headers(message()))
        if producer.flush(20):
            raise TimeoutError("Kafka did not take the poison")

    return make


def set_secret(secret: str) -> Callable[[DrillStack], None]:
    """Gives ingest another secret of TextLink's, and starts it anew."""

    def make(stack: DrillStack) -> None:
        stack.secret_file.write_text(secret, "utf-8")
        stack.restart("ingest")

    return make


def rhythm_of_a_type(stack: DrillStack) -> None:
    """An event type that came every minute for three weeks, until twelve minutes ago, and its rhythm."""
    with stack.superuser() as connection:
        [(begin, end)] = connection.execute("SELECT now() - interval '22 days', now() - interval '12 minutes'")
        connection.execute(_EVENTS, (begin, end))
    with connect(stack.dsn("notifier"), process="notifier") as connection:
        watch = SilenceWatch(UTC, lambda _: False)
        for _ in range(4 * 28 + 1):  # it catches up a piece at a time
            list(watch.look(connection, is_complete=True))


def break_the_silence(stack: DrillStack) -> None:
    """It comes again."""
    with stack.superuser() as connection:
        [(now,)] = connection.execute("SELECT now()")
        connection.execute(_EVENTS, (now, now))


def say_stop(stack: DrillStack) -> None:
    """TextUs's API answers 503, and somebody says STOP."""
    stack.fail_calls("/my_account", 503)
    stack.send_stop()


class KafkaFrozenInARush(Frozen):
    """Kafka is frozen while long texts come, so that the spool nears its limit."""

    def make(self, stack: DrillStack) -> None:
        """Twelve a second, of 4,000 characters each."""
        assert stack.traffic is not None
        stack.traffic.rate, stack.traffic.padding = 12.0, " and so on" * 400
        super().make(stack)

    def repair(self, stack: DrillStack) -> None:
        """As before."""
        assert stack.traffic is not None
        stack.traffic.calm()
        super().repair(stack)


def pause(stack: DrillStack) -> None:
    """An operator pauses analytics."""
    done = stack.local.run("process", "pause", "analytics", "--reason", "a migration", "--by", "kim")
    if done.returncode:
        raise RuntimeError(done.stderr)


_rush = KafkaFrozenInARush("kafka")

EVENT_FAULTS = (
    DrillFault(
        "silence",
        "an event type that came every minute has been silent for 12 minutes (its rows are written by hand)",
        lambda stack: stack.restart("notifier"),
        status="no call.completed of textus for",
        alarm="HooklineSilent",
        alarm_text=r"no call\.completed of textus for 1\d min",
        prepare=rhythm_of_a_type,
        repair=break_the_silence,
        mended_by="it comes again",
        command="hookline doctor",
        status_within=60.0,
        alarm_within=60.0,
        over_within=450.0,
        lane="notifier",
    ),
    DrillFault(
        "dead-letters",
        "three records that nobody can decode",
        poison("sms.messages.v1", 3),
        status=r"^\d+ dead letters of persist wait",
        alarm="HooklineDeadLetters",
        alarm_text=r"^TICKET HooklineDeadLetters: persist ",
        command="hookline dlq discard persist",
        arguments=" --reason junk --yes",
        over_within=1000.0,
    ),
    DrillFault(
        "halted",
        "60 records that nobody can decode, for persist alone (redrive.persist)",
        poison("redrive.persist", 60),
        status="^persist is halted: ",
        alarm="HooklineHaltRecorded|HooklineHalted",
        alarm_text="persist",
        command="hookline dlq resume persist",
    ),
    DrillFault(
        "spool-fills",
        "Kafka is frozen while 12 long texts a second come: the spool nears its limit of 2 MiB",
        _rush.make,
        status=r"^ingest spools: .* [5-9]\d% of its limit",
        alarm="HooklineSpoolNearlyFull",
        repair=_rush.repair,
        mended_by="SIGCONT",
        command="hookline spool status",
        status_within=60.0,
        alarm_within=60.0,
    ),
    DrillFault(
        "wrong-secret",
        "TextLink's secret is another than ours",
        set_secret("not-the-secret-of-the-drill"),
        status=r"^\d+% of the webhooks of textlink were answered 401 on \S+ in the last",
        alarm="HooklineWrongSecret",
        alarm_text="textlink's webhooks are answered 401",
        repair=lambda stack: stack.mend_secret(),
        mended_by="the secret is put right, and ingest started again",
        command="hookline quarantine replay",
        status_within=300.0,
        alarm_within=300.0,
        well_within=420.0,
        over_within=420.0,
        concerns="were answered 401",
    ),
    DrillFault(
        "paused",
        "an operator pauses analytics and forgets it",
        pause,
        status="^analytics is not ready: paused by kim",
        alarm="HooklinePausedByOperator",
        alarm_text="analytics has been paused by kim",
        command="hookline process resume analytics",
        alarm_within=930.0,
        concerns="analytics",
        lane="pause",
    ),
    DrillFault(
        "lag-grows",
        "analytics falls behind, because it is paused",
        lambda _: time.sleep(1),
        status="^the oldest record that analytics has not committed is|^analytics on .* behind",
        alarm="HooklineLagGrows",
        alarm_text="analytics falls behind",
        mended_by="it is resumed",
        status_within=100.0,
        alarm_within=720.0,
        well_within=600.0,  # the pause lasts until its own alarm has come
        over_within=700.0,
        concerns="analytics",
        lane="notifier",
    ),
    DrillFault(
        "crm-500",
        "the CRM answers 500",
        lambda stack: stack.fail_calls("/crm", 500),
        status="^the CRM rest is paused until .*500",
        alarm="HooklineCrmPaused",
        alarm_text="rest",
        repair=lambda stack: stack.heal_calls("/crm"),
        mended_by="the CRM answers again",
        command="hookline crm check",
        alarm_within=330.0,
        well_within=330.0,
        concerns="CRM rest",
        lane="crm",
    ),
    DrillFault(
        "crm-401",
        "the CRM refuses our credentials (401)",
        lambda stack: stack.fail_calls("/crm", 401),
        status="^the CRM rest is paused until .*(401|credentials)",
        alarm="HooklineCrmPaused",
        alarm_text="credentials",
        repair=lambda stack: stack.heal_calls("/crm"),
        mended_by="the CRM takes them again",
        command="hookline crm check",
        alarm_within=330.0,
        well_within=330.0,
        concerns="CRM rest",
        lane="crm",
    ),
    DrillFault(
        "textus-down",
        "TextUs's API answers 503, and somebody says STOP",
        say_stop,
        status=r"^\d+ opt-outs wait for textus, whose calls have failed since",
        alarm="HooklineOptOutLate",
        repair=lambda stack: stack.heal_calls("/my_account"),
        mended_by="the API answers again, and the calls are repeated",
        command="hookline opt-outs report",
        status_within=60.0,
        alarm_within=660.0,
        well_within=400.0,
        over_within=500.0,
        concerns="opt-outs wait for textus|enforcements",
        lane="textus",
    ),
)
