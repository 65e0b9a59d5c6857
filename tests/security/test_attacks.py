"""The attacks of `tests/security/attackers.py` on running services, in a short form; `make attack` is the full one.

Each fails without the mend that `tests.security.trial.MENDS` names. Latency is compared with the quiet one of the same
run, and with a wide bound: other tests run beside. `HOOKLINE_ATTACK_SEED` repeats a run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.connections import KafkaSettings
from tests.security.attackers import AT_THE_GATE, ATTACKS
from tests.security.trial import MENDS, Trial, trial
from tests.security.victims import Victim, gate, ingest

SEED = int(os.environ.get("HOOKLINE_ATTACK_SEED") or random.SystemRandom().randrange(2**16))
BOOTSTRAP = KafkaSettings.variable("bootstrap_servers")
ATTACKERS, SECONDS = 48, 3.0
#: Times its quiet value that the genuine 99th percentile may have here, where both are at least so many milliseconds.
WIDE_RATIO, FLOOR_MS = 30.0, 20.0
#: What no run of such a length may lack.
ON_INGEST = sorted(set(ATTACKS) - AT_THE_GATE)
#: What strangers may be answered by the gate.
ANSWERED = {"gate-spellings": {"401", "400"}, "readyz": {"200", "503"}}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def attacked_ingest(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    with ingest(tmp_path_factory.mktemp("attacked"), {BOOTSTRAP: kafka}) as victim:
        yield victim


def check(victim: Victim, found: Trial) -> None:
    print(f"HOOKLINE_ATTACK_SEED={SEED}", found)
    assert not found.faults(), f"HOOKLINE_ATTACK_SEED={SEED}: {found.attack}: {found.faults()}"
    assert found.meanwhile.seen or found.attack in ("slow-bodies", "slow-headers", "idle-connections")
    assert found.meanwhile.genuine.p99_ms <= WIDE_RATIO * max(found.quiet_p99_ms, FLOOR_MS)
    log = victim.log.read_text("utf-8", "replace")
    assert "Traceback" not in log
    assert "panicked" not in log


@pytest.mark.parametrize("attack", ON_INGEST)
def test_ingest_goes_on(attacked_ingest: Victim, kafka_settings: KafkaSettings, attack: str) -> None:
    run = SEED + ON_INGEST.index(attack)
    found = trial(attacked_ingest, attack, attackers=ATTACKERS, seconds=SECONDS, run=run, kafka=kafka_settings)
    check(attacked_ingest, found)


@pytest.mark.parametrize("attack", sorted(AT_THE_GATE))
def test_the_gate_goes_on(kafka: str, postgres: Any, tmp_path: Path, attack: str) -> None:
    with gate(tmp_path, {BOOTSTRAP: kafka}, postgres.dsn("gate")) as victim:
        found = trial(victim, attack, attackers=ATTACKERS, seconds=SECONDS, run=SEED, kafka=None)
        check(victim, found)
        assert set(found.meanwhile.seen) <= ANSWERED[attack]


def test_each_attack_says_what_stops_it() -> None:
    assert set(MENDS) == set(ATTACKS)
