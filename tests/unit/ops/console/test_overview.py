"""What the overview shows of processors."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template

import ops.console
from ops.alarms.catalogue import GROUPS, RULES
from ops.console.overview import DeskCounts, EnforcementCounts, OpenAlarm, Overview, Traffic
from ops.console.rendering import prepare_templates
from ops.status.heartbeats import Heartbeats, HeartbeatState
from processors.crm_sync.report import CrmState

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def beat(name: str, **facts: Any) -> HeartbeatState:
    return HeartbeatState(name, "n1", "1.0", "ready", "ok", facts, AT, AT, 0.0)


def overview(*beats: HeartbeatState, **changed: Any) -> Overview:
    given: dict[str, Any] = {"read_at": AT, "heartbeats": Heartbeats(beats, known=True), "nodes": [], "crms": []}
    given |= {"halted": {}, "lost": {}, "findings": [], "traffic": Traffic()}
    given |= {"enforcements": EnforcementCounts(0, 0, 0, 0, None), "desk": DeskCounts(0, 0, 0, None)}
    return Overview(**(given | changed))


def shown(seen: Overview) -> str:
    """The page, as text with single spaces."""
    app = Flask("console", template_folder=str(Path(ops.console.__file__).parent / "templates"))
    prepare_templates(app, "UTC")
    for endpoint in ("overview.live", "overview.runbook", "opt_outs.desk", "crm.page"):
        app.add_url_rule(f"/{endpoint}", endpoint, lambda: "")
    with app.test_request_context():
        return " ".join(render_template("overview_live.html", overview=seen).split())


@pytest.mark.parametrize(
    ("beats", "records", "seconds"),
    [
        ([beat("persist", lag_records=7, lag_seconds=1.5), beat("persist", lag_records=2, lag_seconds=3.0)], 9, 3.0),
        ([beat("persist")], None, None),
        ([beat("persist"), beat("persist", lag_records=2, lag_seconds=3.0)], 2, 3.0),
    ],
)
def test_how_far_behind_a_processor_is(beats: list[HeartbeatState], records: int | None, seconds: float | None) -> None:
    [persist] = overview(*beats).processors
    assert (persist.lag_records, persist.lag_seconds) == (records, seconds)


def test_a_lag_that_no_process_knows_is_shown_as_unknown() -> None:
    assert '<td class="num quiet" colspan="2">unknown</td>' in shown(overview(beat("persist")))
    known = shown(overview(beat("persist", lag_records=0, lag_seconds=0.0)))
    assert 'colspan="2">unknown' not in known
    assert '<td class="num">0</td><td class="num">0 s</td>' in known


def test_answers_that_a_node_does_not_count_are_shown_as_unknown() -> None:
    page = shown(overview(beat("ingest", quarantined=0, refused_lately=7)))
    assert "<dt>Answered, 5 min</dt><dd>unknown</dd> <dt>Refused, 5 min</dt><dd>7</dd>" in page
    assert "<dt>Quarantine</dt><dd>0</dd>" in page


ALL = [beat(name) for name in ("ingest", "persist", "notifier")]


def test_everything_is_well_only_where_everything_is_known() -> None:
    assert "Everything is well" in shown(overview(*ALL))
    page = shown(overview())
    assert "Everything is well" not in page
    assert "Not everything is known" in page
    assert "ingest is not heard of" in page
    assert "persist is not heard of" in page
    assert "No notifier is heard of" in page


def test_a_processor_that_has_worked_here_is_missed_and_another_is_not() -> None:
    assert overview(*ALL).unknown == []
    assert overview(*ALL, worked={"persist", "crm-sync"}).unknown == [
        "crm-sync is not heard of: whether it runs is not known"
    ]


@pytest.mark.parametrize(("severity", "verdict"), [("page", "error"), ("ticket", "warning")])
def test_an_open_alarm_is_shown_with_since_when_its_cause_and_its_runbook(severity: str, verdict: str) -> None:
    alarm = OpenAlarm(severity, "HooklineSilent", "no message of textus for 3 h", AT, "DNS", "hookline doctor")
    page = shown(overview(*ALL, alarms=[alarm]))
    assert f'<span class="state {"bad" if severity == "page" else "wait"}">{verdict}</span>' in page
    assert '<a href="/overview.runbook#hooklinesilent">HooklineSilent</a>' in page
    for text in ("no message of textus for 3 h", "2026-03-01 12:00:00 UTC", "<td>DNS</td>", "hookline doctor"):
        assert text in page
    assert "None is on" not in page


def test_the_runbook_has_each_rule_where_the_link_leads() -> None:
    app = Flask("console", template_folder=str(Path(ops.console.__file__).parent / "templates"))
    prepare_templates(app, "UTC")
    with app.test_request_context():
        app.jinja_env.globals["url_for"] = lambda *_, **__: "#"
        page = render_template("runbook.html", groups=GROUPS, personal=None)
    for rule in RULES:
        assert f'id="{rule.runbook.partition("#")[2]}"' in page


def test_what_people_have_typed_is_shown_without_numbers() -> None:
    number = "+13035550142"
    paused = HeartbeatState("persist", "n1", "1.0", "not ready", f"paused by sam: call {number}", {}, AT, AT, 0.0)
    crm = CrmState("rest", 0, 0, AT, f"rest refuses {number}", 1, None)
    alarm = OpenAlarm("ticket", "HooklinePausedByOperator", f"persist is paused: {number}", AT, "", "")
    page = shown(overview(paused, crms=[crm], alarms=[alarm], halted={"opt-out": (AT, f"{number} was set aside")}))
    assert number not in page
    assert page.count("[redacted]") >= 5
