"""The checker sees each thing that may go wrong, planted one at a time in a run in which all went well."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.faults.checker import Evidence, Promise, check, p99_spooling
from tests.faults.client.journal import Attempt, read
from tests.faults.notes import Crm
from tests.faults.process import wait_until
from tests.faults.progress import Progress
from tests.faults.stops import OptOuts, Saying, stands
from tests.servers.disk import EVERY, disk_watched, p99

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
                    note=id_of(client, number),
                    sent_at=at,
                    status=200,
                    durability="kafka",
                    event_id=f"event-{client}-{number}",
                    seconds=0.05,
                    at=at + 0.05,
                )
            )
    return found


def evidence(**changes: Any) -> Evidence:
    """All of it there, once, in order; client n on partition n."""
    ids = [attempt.id for attempt in attempts()]
    whole = Evidence(
        effects=dict.fromkeys(ids, 1),
        aside=[],
        log=[(MESSAGES, attempt.client, 10 + attempt.number, attempt.id) for attempt in attempts()],
        received={attempt.id: int(attempt.sent_at * 1e6) for attempt in attempts()},
        opt_outs=opt_outs(),
    )
    return replace(whole, **changes)


def crm(contacts: list[dict[str, Any]] | None = None, **changes: Any) -> Crm:
    """It holds both, with a note of each message, in order."""
    held = contacts if contacts is not None else people()
    made = [("contact", contact["phone"]) for contact in held] + [
        ("note", id) for contact in held for id, _ in contact["notes"]
    ]
    whole = Crm(held, made, sorted({contact["phone"] for contact in held}), {})
    return replace(whole, **changes)


def people() -> list[dict[str, Any]]:
    return [
        {
            "phone": f"+1303555010{client}",
            "tags": ["vip"],
            "opted_out": True,
            "notes": [(f"event-{client}-{number}", "SMS received: hello") for number in range(5)],
        }
        for client in range(2)
    ]


def planted(client: int, **changes: Any) -> list[dict[str, Any]]:
    """The people, one of them with something wrong."""
    found = people()
    found[client] |= changes
    return found


def opt_outs(**changes: Any) -> OptOuts:
    """Both have said STOP, and both accounts know it."""
    phones = sorted({attempt.contact for attempt in attempts()})
    whole = OptOuts(
        ledger=[id_of(0, 1), id_of(1, 1)],
        states=dict.fromkeys(phones, "out"),
        accounts=["acme", "acme_north"],
        told={phone: ["acme", "acme_north"] for phone in phones},
        reports="acme",
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
    log = [*(entry for entry in evidence().log if entry[3] != sent[2].id), (MESSAGES, 0, 99, sent[2].id)]
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
    verdict = check(attempts(), evidence(opt_outs=opt_outs(ledger=[id_of(0, 1)])))
    assert (verdict.stops, verdict.missed_stops) == (2, 1)
    assert verdict.problems == [f"STOP that is not in the ledger: 1 ({id_of(1, 1)})"]


def test_a_missed_start_is_seen() -> None:
    sent = attempts()
    sent[4] = replace(sent[4], start=True, said=int(sent[4].sent_at * 1e6))
    states = {sent[0].contact: "in", sent[1].contact: "out"}
    verdict = check(sent, evidence(opt_outs=opt_outs(states=states)))
    assert verdict.problems == [f"START that is not in the ledger: 1 ({id_of(0, 2)})"]


def test_a_stop_that_was_not_accepted_may_be_missing() -> None:
    sent = attempts()
    sent[2] = replace(sent[2], status=503, durability=None)
    left = {key: value for key, value in evidence().received.items() if key != id_of(0, 1)}
    reported = {sent[1].contact: ["acme", "acme_north"]}
    found = opt_outs(ledger=[id_of(1, 1)], states={sent[1].contact: "out"}, told=reported)
    effects = without(id_of(0, 1), dict(evidence().effects))
    assert check(sent, evidence(effects=effects, received=left, opt_outs=found), Promise(refused=1)).green


PLANTED = {
    # a doubled entry
    "twice in the ledger": {"ledger": [id_of(0, 1), id_of(0, 1), id_of(1, 1)]},
    # an opt-out of nobody's
    "in the ledger, and nobody said it": {"ledger": [id_of(0, 1), id_of(1, 1), id_of(1, 2)]},
    # an altered row
    "the ledger's chain is broken": {"chain": "row 3: it is not what was written"},
    # a state that somebody has written by hand
    "state that is not the fold of the ledger": {"unfolded": ["+13035550100"]},
    # somebody who said STOP and may be texted
    "wrong state": {"states": {"+13035550100": "out", "+13035550101": "in"}},
    # an account that was left out
    "opt-out that acme_north was not told": {
        "told": {"+13035550100": ["acme", "acme_north"], "+13035550101": ["acme"]}
    },
    # a call about a person who never said STOP
    "opt-out told that nobody asked for": {
        "told": {f"+13035550{number}": ["acme", "acme_north"] for number in (100, 101, 177)}
    },
}


@pytest.mark.parametrize("problem", PLANTED)
def test_what_is_wrong_with_opt_outs_is_seen(problem: str) -> None:
    verdict = check(attempts(), evidence(opt_outs=opt_outs(**PLANTED[problem])))
    assert [reported.partition(":")[0] for reported in verdict.problems] == [problem]


def test_an_account_that_reports_an_opt_out_need_not_be_told() -> None:
    sent = attempts()
    sent[2] = replace(sent[2], topic="sms.opt-outs.v1", textus=True)
    reported = {sent[0].contact: ["acme_north"], sent[1].contact: ["acme", "acme_north"]}
    assert check(sent, evidence(opt_outs=opt_outs(told=reported)), Promise(partitions_move=True)).green


def test_a_run_without_a_stop_proves_nothing_about_opt_outs() -> None:
    sent = [replace(attempt, stop=False) for attempt in attempts()]
    verdict = check(sent, evidence(opt_outs=opt_outs(ledger=[], states={}, told={})))
    assert verdict.problems == ["nobody said STOP: the run proves nothing about opt-outs"]


NOTES = people()[0]["notes"]
#: What is wrong -> the CRM, and the figure that shows it.
PLANTED_IN_CRM: dict[str, tuple[Crm, str]] = {
    # a note that is there twice
    "note twice": (crm(planted(0, notes=[*NOTES, NOTES[3]]), made=[]), "dup_effect"),
    # a note that was made twice, one of which somebody has tidied away
    "note made twice": (crm(made=[*crm().made, ("note", "event-0-3")]), "dup_effect"),
    # a note that is lost
    "note that is not there": (crm(planted(0, notes=[*NOTES[:3], NOTES[4]])), "missed_notes"),
    # a contact that is there twice
    "contact twice": (crm([*people(), people()[1] | {"notes": []}], made=[]), "dup_effect"),
    # a contact that was made twice
    "contact made twice": (crm(made=[*crm().made, ("contact", "+13035550100")]), "dup_effect"),
    # two notes that have changed places
    "notes out of order": (crm(planted(0, notes=[NOTES[0], NOTES[2], NOTES[1], *NOTES[3:]])), "disorder"),
    # a note of nobody's
    "note that nobody asked for": (crm(planted(0, notes=[*NOTES, ("event-9-9", "?")])), ""),
    # somebody's note at another one
    "note at somebody else's contact": (
        crm([people()[0] | {"notes": NOTES[:4]}, people()[1] | {"notes": [*people()[1]["notes"], NOTES[4]]}]),
        "",
    ),
    # a contact of nobody's
    "contact that nobody asked for": (
        crm([*people(), {"phone": "+13035550199", "tags": [], "opted_out": False, "notes": []}], asked=[]),
        "",
    ),
    # a look for the phone of a test
    "asked about a phone that it must not know of": (crm(asked=["+11234567890"]), ""),
    # somebody who said STOP and may be texted
    "wrong opt-out": (crm(planted(1, opted_out=False)), ""),
}


@pytest.mark.parametrize("problem", PLANTED_IN_CRM)
def test_what_is_wrong_in_a_crm_is_seen(problem: str) -> None:
    found, figure = PLANTED_IN_CRM[problem]
    verdict = check(attempts(), evidence(crms=[found]))
    assert [reported.partition(":")[0] for reported in verdict.problems] == [f"rest: {problem}".partition(":")[0]]
    assert [reported.split(": ")[1] for reported in verdict.problems] == [problem]
    assert verdict.crm_notes == 10
    if figure:
        assert getattr(verdict, figure) == 1


def test_a_contact_that_is_lost_is_seen() -> None:
    verdict = check(attempts(), evidence(crms=[crm(people()[:1])]))
    assert [reported.split(": ")[1] for reported in verdict.problems] == [
        "contact that is not there",
        "note that is not there",
    ]
    assert verdict.missed_notes == 5


def test_a_tag_that_is_lost_is_seen() -> None:
    sent = attempts()
    sent[6] = replace(sent[6], topic=CONTACTS, note="")
    there = planted(0, notes=[note for note in NOTES if note[0] != sent[6].event_id])
    verdict = check(sent, evidence(crms=[crm(there)]))
    assert [reported.split(": ")[1] for reported in verdict.problems] == ["tag that is not there"]
    there[0]["tags"] = ["vip", "Warm"]
    assert check(sent, evidence(crms=[crm(there)])).green


def test_a_message_that_failed_has_one_note_that_says_so() -> None:
    # Given one of client 0 that says that the one before it failed
    sent = attempts()
    sent[6] = replace(sent[6], note=sent[4].note)
    kept = [note for note in NOTES if note[0] != sent[6].event_id]
    # Then a note that still says that it was sent is wrong
    verdict = check(sent, evidence(crms=[crm(planted(0, notes=kept))]))
    assert [reported.split(": ")[1] for reported in verdict.problems] == ["note that does not say how it ended"]
    # And so is another note of its own
    kept[2] = (kept[2][0], "SMS not delivered: hello")
    assert check(sent, evidence(crms=[crm(planted(0, notes=kept))])).green
    verdict = check(sent, evidence(crms=[crm(planted(0, notes=[*kept, (sent[6].event_id, "SMS not delivered")]))]))
    assert [reported.split(": ")[1] for reported in verdict.problems] == ["note twice"]


def test_what_a_person_had_tried_again_has_lost_its_place() -> None:
    there = planted(0, notes=[NOTES[0], *NOTES[2:], NOTES[1]])
    assert check(attempts(), evidence(crms=[crm(there)])).disorder == 3
    assert check(attempts(), evidence(crms=[crm(there, redriven=["event-0-1"])])).green


def test_a_note_of_what_was_never_answered_is_none_of_nobody() -> None:
    sent = attempts()
    sent[6] = replace(sent[6], status=None, durability=None, event_id=None, failure="closed")
    found = crm(events={"event-0-3": sent[6].id})
    assert check(sent, evidence(crms=[found]), Promise(refused=1)).green


def test_every_crm_is_looked_at() -> None:
    verdict = check(attempts(), evidence(crms=[crm(), crm(people()[:1], name="other")]))
    assert {reported.partition(":")[0] for reported in verdict.problems} == {"other"}
    assert verdict.crm_notes == 20


def saying(*, start: bool, said: int, received: int, textus: bool = False) -> Saying:
    return Saying(start=start, textus=textus, said=said, received=received)


@pytest.mark.parametrize(
    ("state", "sayings"),
    [
        # later by both clocks
        ("in", [saying(start=False, said=1, received=10), saying(start=True, said=2, received=11)]),
        # a phone's clock that is behind proves nothing
        ("out", [saying(start=False, said=5, received=10), saying(start=True, said=2, received=11)]),
        # nor does one that is ahead of its receipt
        ("out", [saying(start=False, said=9, received=11), saying(start=True, said=99, received=10)]),
        # equal is doubtful
        ("out", [saying(start=False, said=2, received=10), saying(start=True, said=2, received=11)]),
        # two of TextUs by its own clock, however they arrive
        (
            "in",
            [
                saying(start=True, said=2, received=9, textus=True),
                saying(start=False, said=1, received=10, textus=True),
            ],
        ),
        # later than every STOP, not only the last
        (
            "out",
            [
                saying(start=False, said=7, received=8),
                saying(start=False, said=1, received=10),
                saying(start=True, said=2, received=11),
            ],
        ),
        # one message told twice counts as it came first
        (
            "out",
            [
                saying(start=True, said=99, received=9),
                saying(start=False, said=1, received=10),
                saying(start=True, said=99, received=11),
            ],
        ),
        # nobody ever said STOP
        ("in", [saying(start=True, said=1, received=1)]),
    ],
)  # fmt: skip
def test_who_may_be_texted_is_worked_out_anew(state: str, sayings: list[Saying]) -> None:
    assert stands(sayings) == stands(sayings[::-1]) == state


@pytest.mark.parametrize(
    ("ends", "judged", "ahead"),
    [
        ({MESSAGES: [15, 14]}, 1, []),
        ({MESSAGES: [14, 14]}, 1, [id_of(0, 2)]),
        ({MESSAGES: [15]}, 1, [id_of(1, 0), id_of(1, 1)]),
        ({MESSAGES: [99, 99]}, 0, []),  # as if it was written long afterwards
        ({}, 0, []),  # of a topic that was made anew since
    ],
)
def test_progress_that_is_ahead_of_a_late_event_is_seen(
    ends: dict[str, list[int]], judged: int, ahead: list[str]
) -> None:
    # What was answered until 0.5 stands at 10, 12, 14 of the first partition and 11, 13 of the second
    verdict = check(attempts(), evidence(progress=[Progress(0.5, ends)]))
    assert (verdict.progress, verdict.ahead) == (judged, len(ahead))
    expected = [f"sms.progress.v1 was ahead of: {len(ahead)} ({', '.join(ahead)})"] if ahead else []
    assert verdict.problems == expected


def test_an_event_that_stands_twice_is_there_by_its_first_place() -> None:
    log = [*evidence().log, (MESSAGES, 0, 40, id_of(0, 1))]
    assert check(attempts(), evidence(log=log, progress=[Progress(0.5, {MESSAGES: [15, 14]})])).ahead == 0


def test_a_run_with_too_little_progress_proves_nothing() -> None:
    said = [Progress(0.5, {MESSAGES: [15, 14]})]
    verdict = check(attempts(), evidence(progress=said), Promise(progress=2))
    assert verdict.problems == ["1 records of progress could be judged, of 2"]


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
    nothing = evidence(effects={}, log=[], opt_outs=None)
    sent = [replace(attempt, status=503) for attempt in attempts()]
    assert "nothing was accepted" in check(sent, nothing, Promise(refused=None)).problems[0]


def test_the_program_reads_files_and_exits_with_its_verdict(tmp_path: Path) -> None:
    journal, found = tmp_path / "journal.jsonl", tmp_path / "evidence.json"
    lines = []
    for attempt in attempts():
        sent = {name: value for name, value in asdict(attempt).items() if name != "number"}
        got = {name: sent.pop(name) for name in ("status", "durability", "event_id", "seconds", "at", "failure")}
        lines += [json.dumps({"send": attempt.number, **sent}), json.dumps({"got": attempt.number, **got})]
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


def test_spooling_answers_stand_beside_the_disk_itself() -> None:
    # Given an outage of 20 s in which two answers and one sync of the disk are slow, and a slow sync after it
    spooled = attempts()[0]
    sent = [
        replace(
            spooled,
            number=n,
            sent_at=n / 10,
            at=n / 10 + 0.01,
            durability="spool",
            seconds=0.3 if n in (50, 51) else 0.01,
        )
        for n in range(200)
    ]
    syncs = [(n / 50, 0.25 if n < 20 else 0.002) for n in range(1, 900)] + [(30.0, 2.0)] * 100
    # Then each has its own 99th percentile, of the outage only
    assert p99_spooling(sent, syncs) == (0.3, 0.25)
    # Nor do those count who found out that Kafka had gone again
    found_out = [replace(attempt, sent_at=40.0, at=40.01, durability="kafka") for attempt in sent[:1]] + [
        replace(attempt, sent_at=40.0, at=42.0, seconds=2.0) for attempt in sent[:10]
    ]
    assert p99_spooling(sent + found_out, syncs) == (0.3, 0.25)
    assert p99_spooling(sent, []) == (0.3, None)
    assert p99_spooling(attempts(), syncs) == (None, None)


def test_a_sync_counts_from_when_it_was_due(tmp_path: Path) -> None:
    with disk_watched(tmp_path) as syncs:
        wait_until(lambda: len(syncs) >= 5, 30, "five syncs")
    assert all(seconds > 0 for _, seconds in syncs)
    steps = [later[0] - earlier[0] for earlier, later in pairwise(syncs)]
    assert steps == pytest.approx([EVERY] * len(steps))
    assert p99([3.0, 1.0]) == 3.0
    assert p99([]) is None
