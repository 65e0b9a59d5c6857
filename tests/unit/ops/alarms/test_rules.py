"""Each rule that the notifier judges has a case here in which it is on, and one beside it in which it is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ops.alarms.catalogue import RULES, rules_for_prometheus
from ops.alarms.metric_history import OF_WEBHOOKS, SHARE_REFUSED, MetricHistory, metrics_of
from ops.alarms.rule import AlarmRule, CounterCondition, GaugeCondition, ObservedFact, matcher
from ops.notifier.watch import findings_of
from ops.quarantine_advice import ADVICE, USUAL_ADVICE
from ops.status.findings import samples_of

ROOT = Path(__file__).resolve().parents[4]
BY_NAME = {rule.name: rule for rule in RULES}

#: Rule: a page of metrics that is fine, and one some seconds later with which the rule is on.
CASES: dict[str, tuple[str, str, float]] = {
    "HooklineEventsRefused": ("", 'hookline_webhooks_total{provider="textlink",status="503"} 1', 10),
    "HooklineSpooling": ("hookline_spooling 0", "hookline_spooling 1", 10),
    "HooklineBreakerOpen": ("hookline_breaker_state 0", "hookline_breaker_state 1", 10),
    "HooklineSpoolOld": ("hookline_spool_oldest_age_seconds 899", "hookline_spool_oldest_age_seconds 901", 10),
    "HooklineSpoolFilling": (
        "hookline_spool_bytes 400\nhookline_spool_limit_bytes 1000\nhookline_spool_disk_free_bytes 5000",
        "hookline_spool_bytes 600\nhookline_spool_limit_bytes 1000\nhookline_spool_disk_free_bytes 5000",
        10,
    ),
    "HooklineSpoolNearlyFull": (
        "hookline_spool_bytes 100\nhookline_spool_limit_bytes 9000\n"
        "hookline_spool_disk_free_bytes 9900\nhookline_spooling 1",
        "hookline_spool_bytes 400\nhookline_spool_limit_bytes 9000\n"
        "hookline_spool_disk_free_bytes 9600\nhookline_spooling 1",
        100,  # 3 bytes a second: full within the hour
    ),
    "HooklineSpoolFailing": ("hookline_spool_failing 0", "hookline_spool_failing 1", 10),
    "HooklineSpoolUnseen": ("hookline_spool_unseen 0", "hookline_spool_unseen 1", 10),
    "HooklineSpoolRefused": ("hookline_spool_refused_records 0", "hookline_spool_refused_records 2", 10),
    "HooklineReceiptsAhead": ("hookline_receipts_far_ahead_total 3", "hookline_receipts_far_ahead_total 4", 10),
    "HooklineUnauthenticWebhooks": (
        'hookline_webhooks_refused_total{provider="textus",reason="signature"} 5',
        'hookline_webhooks_refused_total{provider="textus",reason="signature"} 26',
        10,
    ),
    "HooklineWrongSecret": (
        'hookline_webhooks_total{provider="textus",status="200"} 100',
        'hookline_webhooks_total{provider="textus",status="200"} 115\n'
        'hookline_webhooks_total{provider="textus",status="401"} 15',
        10,
    ),
    "HooklineManyUnreadable": (
        'hookline_webhooks_total{provider="textus",status="200"} 100',
        'hookline_webhooks_total{provider="textus",status="200"} 115\n'
        'hookline_webhooks_total{provider="textus",status="400"} 15',
        10,
    ),
    "HooklineQuarantineLoses": (
        'hookline_quarantine_lost_total{provider="textlink",reason="expired"} 9',
        'hookline_quarantine_lost_total{provider="textlink",reason="evicted"} 1',
        10,
    ),
    "HooklineQuarantineStalled": ("hookline_quarantine_stalled_total 3", "hookline_quarantine_stalled_total 4", 10),
    "HooklineQuarantineExpired": (
        'hookline_quarantine_lost_total{provider="textlink",reason="expired"} 9',
        'hookline_quarantine_lost_total{provider="textlink",reason="expired"} 10',
        10,
    ),
    "HooklineUnreadableWebhooks": ("", 'hookline_webhooks_total{provider="textlink",status="400"} 1', 10),
    "HooklineUnrecognizedWebhooks": ("", 'hookline_events_total{provider="textus",event_type="unrecognized"} 1', 10),
    "HooklineNotificationsFail": (
        'hookline_notification_target_failing{target="json-1"} 0',
        'hookline_notification_target_failing{target="json-1"} 1',
        10,
    ),
    "HooklineGateUnsure": ("hookline_gate_unsure 0", "hookline_gate_unsure 1", 10),
    "HooklineGateFailsClosed": ("hookline_gate_failures_total 0", "hookline_gate_failures_total 1", 10),
    "HooklineHalted": ('hookline_halted{processor="persist"} 0', 'hookline_halted{processor="persist"} 1', 10),
    "HooklinePaused": (
        'hookline_paused_until_seconds{processor="persist"} 0',
        'hookline_paused_until_seconds{processor="persist"} 1700000000',
        10,
    ),
    "HooklineNotCommitting": (
        'hookline_lag_seconds{processor="persist",topic="a",partition="0"} 19',
        'hookline_lag_seconds{processor="persist",topic="a",partition="1"} 21',
        10,
    ),
    "HooklinePositionsMovedBack": (
        'hookline_positions_moved_total{processor="persist",direction="forward"} 1',
        'hookline_positions_moved_total{processor="persist",direction="back"} 1',
        10,
    ),
    "HooklineClusterChanged": ("", 'hookline_cluster_changed_total{processor="persist"} 1', 10),
    "HooklinePublishedTopicChanged": ("", 'hookline_published_topic_changed_total{topic="sms.opt-out-state.v1"} 1', 10),
    "HooklineOptOutRowsLost": ("hookline_opt_out_ledger_rows_lost 0", "hookline_opt_out_ledger_rows_lost 3", 10),
    "HooklineOptOutHeadConflict": ("hookline_opt_out_head_conflict 0", "hookline_opt_out_head_conflict 1", 10),
    "HooklineLagging": (
        'hookline_lag_records{processor="persist",topic="a",partition="0"} 9000',
        'hookline_lag_records{processor="persist",topic="a",partition="0"} 6000\n'
        'hookline_lag_records{processor="persist",topic="a",partition="1"} 6000',
        10,
    ),
    "HooklineDeadLetters": (
        'hookline_dead_letters_total{processor="persist",disposition="poison"} 1',
        'hookline_dead_letters_total{processor="persist",disposition="rejected"} 1',
        10,
    ),
    "HooklineForeignRecords": ("", 'hookline_foreign_records_total{processor="persist",topic="a"} 1', 10),
    "HooklinePoison": ("", 'hookline_dead_letters_total{processor="persist",disposition="poison"} 1', 10),
    "HooklineCrmDead": (
        'hookline_crm_deliveries{target="rest",status="pending"} 9',
        'hookline_crm_deliveries{target="rest",status="dead"} 1',
        10,
    ),
    "HooklineCrmBehind": (
        'hookline_crm_oldest_seconds{target="rest"} 3599',
        'hookline_crm_oldest_seconds{target="rest"} 3601',
        10,
    ),
    "HooklineCrmPaused": (
        'hookline_crm_paused_until_seconds{target="rest"} 0',
        'hookline_crm_paused_until_seconds{target="rest"} 1700000000',
        10,
    ),
    "HooklineOptOutsOverdue": ("hookline_enforcements_overdue 0", "hookline_enforcements_overdue 1", 10),
    "HooklineOptOutsNearDeadline": (
        "hookline_enforcements_near_deadline 0",
        "hookline_enforcements_near_deadline 1",
        10,
    ),
    "HooklineTargetLocked": (
        'hookline_target_locked{target="textus"} 0',
        'hookline_target_locked{target="textus"} 1',
        10,
    ),
    "HooklineOptOutViolations": ("hookline_opt_out_violations 0", "hookline_opt_out_violations 1", 10),
    "HooklineOptOutParked": ("", 'hookline_opt_out_parked_total{disposition="undecodable"} 1', 10),
    "HooklineOptOutStatesUnpublished": ("hookline_opt_out_unpublished 0", "hookline_opt_out_unpublished 1", 10),
    "HooklineOptOutRateHigh": (
        'hookline_opt_out_rate{provider="textus",account="a"} 0.01',
        'hookline_opt_out_rate{provider="textus",account="a"} 0.011',
        10,
    ),
    "HooklineOptOutRateRestricted": (
        'hookline_opt_out_rate{provider="textus",account="a"} 0.014',
        'hookline_opt_out_rate{provider="textus",account="a"} 0.015',
        10,
    ),
    "HooklineOptOutLate": ("hookline_enforcement_oldest_seconds 600", "hookline_enforcement_oldest_seconds 601", 10),
    "HooklineOptOutFailed": (
        'hookline_enforcements{target="textus",status="pending"} 1',
        'hookline_enforcements{target="textus",status="parked"} 1',
        10,
    ),
    "HooklineOptOutReviewsOpen": (
        'hookline_opt_out_reviews_open{kind="text"} 0',
        'hookline_opt_out_reviews_open{kind="text"} 1',
        10,
    ),
    "HooklineLagGrows": (
        'hookline_lag_seconds{processor="persist",topic="a",partition="0"} 1',
        'hookline_lag_seconds{processor="persist",topic="a",partition="0"} 8',
        540,
    ),
}
#: Facts that come from elsewhere than metrics: the test that shows each.
ELSEWHERE = {
    "process_down": "unit/ops/notifier/test_process_observer.py",
    "process_not_ready": "unit/ops/notifier/test_process_observer.py",
    "process_missing": "integration/test_notifier.py",
    "process_gone": "integration/test_notifier.py",
    "process_restarted": "integration/test_notifier.py",
    "crash_loop": "integration/test_notifier.py",
    "postgres_restarted": "integration/test_notifier.py",
    "halted": "integration/test_notifier.py",
    "paused_by_operator": "integration/test_notifier.py",
    "lock_wait": "integration/test_notifier.py",
    "clock_off": "integration/test_notifier.py",
    "postgres_unreachable": "unit/ops/notifier/test_watch.py",
    "certificate_expires": "unit/ops/notifier/test_endings.py",
    "token_expires": "unit/ops/notifier/test_endings.py",
    "silence": "integration/test_notifier.py",
}


def on(history: MetricHistory) -> set[str]:
    return {finding.rule for finding in [*history.findings(), *findings_of(history.facts())]}


@pytest.mark.parametrize("name", CASES)
def test_the_rule_is_on_when_its_condition_holds_and_not_before(name: str) -> None:
    before, after, seconds = CASES[name]
    history = MetricHistory(RULES)
    history.record("persist", samples_of(before + "\n"), 0.0)
    assert name not in on(history)
    history.record("persist", samples_of(before + "\n"), 1.0)
    assert name not in on(history)

    history.record("persist", samples_of(after + "\n"), 1.0 + seconds)
    assert name in on(history)


def test_no_rule_that_the_notifier_judges_is_without_a_test() -> None:
    folder = ROOT / "tests"
    for rule in RULES:
        if isinstance(rule.condition, ObservedFact) and rule.condition.kind in ELSEWHERE:
            assert f'"{rule.condition.kind}"' in (folder / ELSEWHERE[rule.condition.kind]).read_text("utf-8")
        elif rule.for_notifier:
            assert rule.name in CASES


def test_a_counter_that_began_before_the_notifier_is_no_increase_and_its_restart_is() -> None:
    history = MetricHistory(RULES)
    page = "hookline_gate_failures_total {}\n"
    history.record("gate", samples_of(page.format(7)), 0.0)
    assert on(history) == set()
    history.record("gate", samples_of(page.format(2)), 10.0)  # the gate was started again, and failed twice
    assert on(history) == {"HooklineGateFailsClosed"}
    history.record("gate", samples_of(page.format(2)), 10.0 + 301.0)
    assert on(history) == set()


def refusing(an_hour: int, strays: int = 0) -> MetricHistory:
    """An hour of a provider, a webhook after the other: all refused where there are no `strays`, else the first."""
    history = MetricHistory(RULES)
    page = 'hookline_webhooks_total{{provider="textus",status="200"}} {}\n' + (
        'hookline_webhooks_total{{provider="textus",status="401"}} {}\n'
    )
    for second in range(0, 3600, 10):
        came = second * an_hour // 3600
        refused = min(came, strays) if strays else came
        history.record("ingest-1", samples_of(page.format(7 + came - refused, refused)), float(second))
    return history


def test_few_webhooks_that_are_all_refused_page_and_a_stray_one_does_not() -> None:
    assert "HooklineWrongSecret" in on(refusing(10))
    assert "HooklineWrongSecret" not in on(refusing(1))
    for an_hour in (1, 2, 5, 6, 10, 60):
        assert "HooklineWrongSecret" not in on(refusing(an_hour, strays=1))
    # One wrong secret of several, a webhook a minute
    assert "HooklineWrongSecret" in on(refusing(60))


def test_prometheus_and_the_notifier_have_one_minimum() -> None:
    query = BY_NAME["HooklineWrongSecret"].condition.promql
    assert set(re.findall(r"\[(\w+)\]\)\) >= (\d+)", query)) == {("5m", str(OF_WEBHOOKS)), ("1h", str(OF_WEBHOOKS))}
    assert query.endswith(f") > {SHARE_REFUSED}")


def test_the_command_is_by_the_reason_where_the_rule_has_one() -> None:
    rule = BY_NAME["HooklineQuarantineLoses"]
    for reason, advice in ADVICE.items():
        if reason != "expired":
            assert rule.command_for({"provider": "textus", "reason": reason}) == advice
            assert f'if eq $labels.reason "{reason}" }}}}{advice}{{{{ else' in rule.prometheus_command()
    assert rule.command_for({"provider": "textus", "reason": "a_new_one"}) == USUAL_ADVICE
    assert BY_NAME["HooklineQuarantineExpired"].command == ADVICE["expired"]


def test_lag_that_is_large_but_shrinks_does_not_grow() -> None:
    history = MetricHistory(RULES)
    page = 'hookline_lag_seconds{{processor="persist",topic="a",partition="0"}} {}\n'
    for step in range(60):
        history.record("persist", samples_of(page.format(900 - step)), step * 10.0)
    assert "HooklineLagGrows" not in on(history)


def test_what_a_silent_process_last_said_is_forgotten() -> None:
    history = MetricHistory(RULES)
    history.record("ingest-1", samples_of("hookline_spooling 1\n"), 0.0)
    assert "HooklineSpooling" in on(history)
    history.forget("ingest-1")
    assert on(history) == set()


def test_matchers_are_as_in_promql() -> None:
    fits = matcher('status=~"failed|parked",target!="rest"')
    assert fits({"status": "parked", "target": "textus"})
    assert not fits({"status": "parked", "target": "rest"})
    assert not fits({"status": "unparked", "target": "textus"})  # a pattern matches the whole
    assert matcher("")({})


def test_names_are_unique_and_every_metric_is_read() -> None:
    assert len(BY_NAME) == len(RULES)
    for rule in RULES:
        if isinstance(rule.condition, GaugeCondition | CounterCondition):
            assert rule.condition.metric in metrics_of(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_runbook_has_a_section_for_the_rule(rule: AlarmRule) -> None:
    page = (ROOT / "docs" / "runbook.md").read_text("utf-8")
    path, _, anchor = rule.runbook.partition("#")
    assert path == "docs/runbook.md"
    (section,) = [text for text in page.split("\n### ")[1:] if text.partition("\n")[0].lower() == anchor]
    assert rule.cause in section
    assert all(command in section for command in (rule.command, *rule.command_by_reason.values()))


def test_prometheus_judges_the_same_rules() -> None:
    text = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text("utf-8")
    assert text == rules_for_prometheus(), "run `make docs`"
    assert re.findall(r"- alert: (\w+)", text) == [rule.name for rule in RULES if rule.for_prometheus]
