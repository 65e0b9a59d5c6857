"""The checker sees each thing that may go wrong, planted one at a time in a run in which all went well."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from tests.faults.checker import Evidence, Promise, check
from tests.faults.client.journal import Attempt, read

RUN = "fx00000000"
MESSAGES, CONTACTS = "sms.messages.v1", "sms.contacts.v1"


def id_of(client: int, number: int) -> str:
    return f"{RUN}-{client:04d}-{number:06d}"


def attempts() -> list[Attempt]:
    """Two clients, five messages each, one answer every 0.1 s; each client's second text is a STOP."""
    found: list[Attempt] = []
    for number in range(5):
        for client in range(2):
            at = number * 0.2 + client * 0.1
            found.append(
                Attempt(
                    len(found),
                    id_of(client, number),
                    client,
                    f"+1303555010{client}",
                    MESSAGES,
                    stop=number == 1,
                    sent_at=at,
                    status=200,
                    durability="kafka",
                    event_id="e",
                    seconds=0.05,
                    at=at + 0.05,
                )
            )
    return found


def evidence(**changes: Any) -> Evidence:
    """All of it there, once, in order; client n on partition n."""
    ids = [one.id for one in attempts()]
    whole = Evidence(
        effects=dict.fromkeys(ids, 1),
        aside=[],
        log=[(MESSAGES, one.client, 10 + one.number, one.id) for one in attempts()],
        received={one.id: int(one.sent_at * 1e6) for one in attempts()},
        ledger=[id_of(0, 1), id_of(1, 1)],
    )
    return replace(whole, **changes)


def without(id: str, mapping: dict[str, int]) -> dict[str, int]:
    return {key: value for key, value in mapping.items() if key != id}


def test_a_run_in_which_all_went_well_is_green() -> None:
    verdict = check(attempts(), evidence())
    assert verdict.green, verdict.problems
    assert (verdict.sent, verdict.accepted, verdict.refused, verdict.dup_log) == (10, 10, 0, 0)


def test_a_loss_is_seen() -> None:
    effects = without(id_of(1, 3), dict(evidence().effects))
    verdict = check(attempts(), evidence(effects=effects))
    assert verdict.lost == 1
    assert verdict.problems == [f"lost: 1 ({id_of(1, 3)})"]


def test_what_was_set_aside_is_not_lost() -> None:
    effects = without(id_of(1, 3), dict(evidence().effects))
    assert check(attempts(), evidence(effects=effects, aside=[id_of(1, 3)])).green


def test_what_was_never_answered_may_be_missing_or_there() -> None:
    sent = attempts()
    sent[6] = replace(sent[6], status=None, durability=None, failure="closed")
    missing = without(sent[6].id, dict(evidence().effects))
    for effects in (dict(evidence().effects), missing):
        verdict = check(sent, evidence(effects=effects), Promise(refused=1))
        assert verdict.green, verdict.problems
        assert (verdict.accepted, verdict.refused, verdict.unanswered) == (9, 1, 1)


def test_a_ghost_is_seen() -> None:
    effects = dict(evidence().effects) | {id_of(7, 7): 1}
    verdict = check(attempts(), evidence(effects=effects))
    assert verdict.ghost == 1
    assert not verdict.green


def test_a_doubled_effect_is_seen() -> None:
    effects = dict(evidence().effects) | {id_of(0, 2): 3}
    verdict = check(attempts(), evidence(effects=effects))
    assert verdict.dup_effect == 2
    assert verdict.problems == [f"doubled effect: 1 ({id_of(0, 2)})"]


def test_a_duplicate_in_the_log_is_counted_and_nothing_more() -> None:
    log = [*evidence().log, (MESSAGES, 0, 99, id_of(0, 0))]
    verdict = check(attempts(), evidence(log=log))
    assert verdict.green, verdict.problems
    assert verdict.dup_log == 1


def test_a_delivery_that_came_twice_may_be_there_twice() -> None:
    sent = [*attempts(), replace(attempts()[0], number=10)]
    log = [*evidence().log, (MESSAGES, 0, 99, id_of(0, 0))]
    assert check(sent, evidence(log=log)).dup_log == 0


def test_a_disorder_is_seen() -> None:
    log = list(evidence().log)
    log[2], log[4] = (*log[2][:3], log[4][3]), (*log[4][:3], log[2][3])  # two of client 0 have changed places
    verdict = check(attempts(), evidence(log=log))
    assert verdict.disorder == 1
    assert verdict.problems == [f"out of order: 1 ({log[2][3]})"]


def test_where_order_is_not_promised_a_disorder_is_counted() -> None:
    log = list(evidence().log)
    log[2], log[4] = (*log[2][:3], log[4][3]), (*log[4][:3], log[2][3])
    verdict = check(attempts(), evidence(log=log), Promise(in_order=False))
    assert verdict.green
    assert verdict.disorder == 1


def test_order_is_between_first_places_only() -> None:
    # the first of client 0 stands once more, behind everything: a duplicate, no disorder
    log = [*evidence().log, (MESSAGES, 0, 99, id_of(0, 0))]
    assert check(attempts(), evidence(log=log)).disorder == 0


def test_a_contact_that_changes_its_partition_is_seen() -> None:
    log = list(evidence().log)
    log[4] = (MESSAGES, 11, 0, log[4][3])
    assert check(attempts(), evidence(log=log)).disorder > 0
    assert check(attempts(), evidence(log=log), Promise(partitions_move=True)).green


def test_topics_have_no_order_between_them() -> None:
    sent = attempts()
    sent[4] = replace(sent[4], topic=CONTACTS)
    log = list(evidence().log)
    log[4] = (CONTACTS, 0, 1, log[4][3])
    assert check(sent, evidence(log=log)).green


def test_an_unanswered_one_has_no_place_to_keep() -> None:
    sent = attempts()
    sent[2] = replace(sent[2], status=None, durability=None, failure="closed")
    log = [*(one for one in evidence().log if one[3] != sent[2].id), (MESSAGES, 0, 99, sent[2].id)]
    assert check(sent, evidence(log=log), Promise(refused=1)).green


def test_a_receipt_that_goes_back_is_seen() -> None:
    received = dict(evidence().received) | {id_of(0, 3): 0}
    verdict = check(attempts(), evidence(received=received))
    assert verdict.disorder == 1


def test_a_refused_one_is_seen() -> None:
    sent = attempts()
    sent[6] = replace(sent[6], status=503, durability=None)
    effects = without(sent[6].id, dict(evidence().effects))
    verdict = check(sent, evidence(effects=effects))
    assert (verdict.refused, verdict.unanswered) == (1, 0)
    assert verdict.problems == ["refused: 1, promised at most 0 {'503': 1}"]
    assert check(sent, evidence(effects=effects), Promise(refused=None)).green


def test_a_missed_stop_is_seen() -> None:
    verdict = check(attempts(), evidence(ledger=[id_of(0, 1)]))
    assert verdict.missed_stops == 1
    assert verdict.problems == [f"STOP that is not in the ledger: 1 ({id_of(1, 1)})"]


def test_a_slow_answer_is_seen() -> None:
    sent = attempts()
    sent[6] = replace(sent[6], seconds=3.2)
    verdict = check(sent, evidence())
    assert verdict.slowest == 3.2
    assert verdict.problems == ["slowest answer: 3.20 s, promised 3"]


def test_silence_is_the_longest_time_without_a_200() -> None:
    sent = attempts()
    for number in (4, 5, 6):
        sent[number] = replace(sent[number], status=503)
    assert check(sent, evidence(), Promise(refused=None)).silence == pytest.approx(0.4)


def test_a_run_that_accepted_nothing_proves_nothing() -> None:
    sent = [replace(one, status=503) for one in attempts()]
    assert "nothing was accepted" in check(sent, evidence(effects={}, log=[]), Promise(refused=None)).problems[0]


def test_the_program_reads_files_and_exits_with_its_verdict(tmp_path: Path) -> None:
    journal, found = tmp_path / "journal.jsonl", tmp_path / "evidence.json"
    lines = []
    for one in attempts():
        sent = {name: value for name, value in asdict(one).items() if name != "number"}
        got = {name: sent.pop(name) for name in ("status", "durability", "event_id", "seconds", "at", "failure")}
        lines += [json.dumps({"send": one.number, **sent}), json.dumps({"got": one.number, **got})]
    journal.write_text("\n".join(lines) + '\n{"send": 11, "id": "fx', "utf-8")  # torn by a crash
    assert read(journal) == attempts()
    for effects, code in ((evidence().effects, 0), ({}, 1)):
        found.write_text(json.dumps(asdict(evidence(effects=effects))), "utf-8")
        command = [sys.executable, "-m", "tests.faults.checker", str(journal), str(found)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
        assert done.returncode == code, done.stderr
        assert json.loads(done.stdout)["lost"] == (0 if code == 0 else 10)


def test_neither_load_nor_checker_imports_anything_of_the_service() -> None:
    script = (
        "import sys, tests.faults.checker, tests.faults.client.load\n"
        "ours = {'schemas', 'runtime', 'ingest', 'processors', 'ops', 'deploy'}\n"
        "print(sorted(ours & {name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
