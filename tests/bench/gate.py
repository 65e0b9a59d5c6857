"""The gate at a steady rate, beside the processes that keep what it answers from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.ports import HOST, free_ports
from tests.bench.figures import Bound, Figure, Series, once
from tests.bench.ingest import wait_ready
from tests.bench.load import Load, lookups, paced
from tests.bench.opted_out import TOKEN, OptedOut
from tests.bench.options import Options
from tests.bench.servers import servers
from tests.bench.webhooks import CONTACTS, phone

RATE = 200.0  #: requests a second
ABOUT = f"gate at {RATE:g}/s"
WEBHOOKS = 100.0  #: a second, beside them
#: Numbers that the ledger knows; half of those that are asked about are among them.
KNOWN = 100_000

_KNOWN = """
INSERT INTO opt_outs (phone, state, since, reason, position, last_position)
SELECT phone, 'out', now(), 'out by contact', number, number
FROM unnest(%s::text[]) WITH ORDINALITY AS known (phone, number)
"""


def run(options: Options) -> list[Figure]:
    """The median and the 99th percentile, beside those of an answer for which nothing is read; and under load."""
    answers: list[Load] = []
    nothing: list[Load] = []
    under_load: list[Load] = []
    with servers(options.note) as ours:
        stack = OptedOut(ours)
        phones = [phone(2 * number) for number in range(CONTACTS // 2)]
        phones += [f"+1404{number:07d}" for number in range(KNOWN - len(phones))]
        with psycopg.connect(stack.superuser) as connection:
            # These states have no rows of the ledger behind them, which the triggers would refuse.
            connection.execute("SET session_replication_role = replica")
            connection.execute(_KNOWN, (phones,))
        port, admin_port = free_ports(2)
        gate = ours.start(
            "gate",
            *("-m", "ops", "gate"),
            POSTGRES__DSN=stack.gate_dsn,
            GATE__PORT=str(port),
            GATE__ADMIN_PORT=str(admin_port),
            GATE__TOKENS=TOKEN,
        )
        wait_ready(port, gate, "the gate")
        with ThreadPoolExecutor(1) as threads:
            for number in range(options.rounds + 1):
                options.note(f"gate: round {number} of {options.rounds}" if number else "gate: warming up")
                seconds = options.seconds if number else 2.0
                read = lookups(port, RATE, seconds, number, path="/opt-outs/PHONE", token=TOKEN)
                unread = lookups(port, RATE, seconds, number, path="/healthz", token=TOKEN)
                beside = threads.submit(paced, stack.ingest_port, WEBHOOKS, seconds, 100 + number)
                loaded = lookups(port, RATE, seconds, number, path="/opt-outs/PHONE", token=TOKEN)
                beside.result()
                if number:
                    answers.append(read)
                    nothing.append(unread)
                    under_load.append(loaded)
        unsure = _unsure(admin_port)
    loaded = f"{ABOUT}, {WEBHOOKS:g} webhooks/s beside it"
    health = "its /healthz"
    return [
        Figure(f"{ABOUT}, p50", "ms", _quantiles("p50", answers), _quantiles("p50", nothing), health),
        Figure(f"{ABOUT}, p99", "ms", _quantiles("p99", answers), _quantiles("p99", nothing), health, Bound(most=10)),
        Figure(f"{loaded}, p50", "ms", _quantiles("p50", under_load)),
        Figure(f"{loaded}, p99", "ms", _quantiles("p99", under_load)),
        Figure(
            "gate, errors and unsure answers", "", once(_errors(answers + under_load) + unsure), bound=Bound(most=0)
        ),
    ]


def _quantiles(name: str, loads: list[Load]) -> Series:
    return Series(tuple(float(getattr(load, f"{name}_ms")) for load in loads))


def _errors(loads: list[Load]) -> int:
    return sum(load.errors for load in loads)


def _unsure(admin_port: int) -> float:
    text = httpx.get(f"http://{HOST}:{admin_port}/metrics", trust_env=False, timeout=10).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return sum(sample.value for sample in samples if sample.name == "hookline_gate_failures_total")
