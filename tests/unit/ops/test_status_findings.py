"""What `hookline status` finds in metrics and in what the local stack tells."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.quarantine.store import Losses
from ops.quarantine_advice import ADVICE, USUAL_ADVICE
from ops.status.findings import StatusFinding, in_metrics, in_stack, lag_seconds, of_crm, of_processor, samples_of

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
WELL = """
hookline_lag_seconds{processor="persist",topic="sms.messages.v1",partition="3"} 4.0
hookline_lag_seconds{processor="persist",topic="sms.calls.v1",partition="0"} 0.0
hookline_target_locked{target="textus"} 0.0
hookline_spooling 0.0
hookline_spool_failing 0.0
hookline_webhooks_total{provider="textlink",status="200"} 90.0
hookline_webhooks_total{provider="textlink",status="401"} 10.0
hookline_quarantine_lost_total{provider="textlink",reason="evicted"} 0.0
"""

UNWELL = [
    ("hookline_target_locked 0", 'hookline_target_locked{target="textus"} 1', "error", "HOOKLINE_TEXTUS__API_TOKEN"),
    ("", 'hookline_lag_seconds{processor="opt-out",topic="t",partition="0"} 61', "error", "opt-out has not committed"),
    ("hookline_spooling 0", "hookline_spooling 1\nhookline_spool_records 12", "error", "12 events wait for Kafka"),
    (
        "hookline_spooling 0",
        "hookline_spooling 1\nhookline_spool_records 12\nhookline_spool_bytes 50\nhookline_spool_limit_bytes 200",
        "error",
        "12 events wait for Kafka and take 25% of its limit",
    ),
    ("hookline_spool_failing 0", "hookline_spool_failing 1", "error", "cannot be written"),
    ("", 'hookline_webhooks_total{provider="textus",status="401"} 20', "warning", "100% of the webhooks of textus"),
    ("", 'hookline_quarantine_lost_total{provider="textus",reason="evicted"} 3', "warning", "3 refused webhooks"),
    ("", "hookline_quarantine_stalled_total 2", "warning", "2 refused webhooks have waited in memory"),
]


def found(text: str) -> list[StatusFinding]:
    return list(in_metrics("ingest", samples_of(text)))


def test_what_is_well_is_not_told() -> None:
    assert found(WELL) == []
    assert lag_seconds(samples_of(WELL), "persist") == 4.0
    assert lag_seconds(samples_of(WELL), "crm-sync") is None


@pytest.mark.parametrize(("instead_of", "line", "severity", "what"), UNWELL)
def test_what_is_unwell_is_named_with_what_helps(instead_of: str, line: str, severity: str, what: str) -> None:
    kept = [old for old in WELL.splitlines() if not instead_of or not old.startswith(instead_of.split(maxsplit=1)[0])]
    [finding] = found("\n".join([*kept, line, ""]))
    assert finding.severity == severity
    assert what in str(finding)
    assert finding.fix


def test_a_few_refused_webhooks_of_strangers_are_not_told() -> None:
    assert found('hookline_webhooks_total{provider="textlink",status="401"} 19\n') == []


def test_what_is_lost_is_told_with_what_helps_against_its_reason() -> None:
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "ingest" / "quarantine").glob("*.py"))
    reasons = {*re.findall(r'_lost\([^\n]*, "(\w+)"', source), *Losses._fields}
    assert {"not_written", "no_quarantine", "evicted", "expired"} <= reasons
    assert reasons == ADVICE.keys()
    for reason in (*sorted(reasons), "a_new_one"):
        [finding] = found(f'hookline_quarantine_lost_total{{provider="textus",reason="{reason}"}} 1\n')
        assert finding.fix == ADVICE.get(reason, USUAL_ADVICE)
        assert ("raise HOOKLINE_INGEST__QUARANTINE_MAX_MB" in finding.fix) == (reason == "evicted")


def test_refusals_since_ingest_started_are_not_judged_where_its_heartbeat_tells_of_the_last_minutes() -> None:
    samples = samples_of(
        'hookline_webhooks_total{provider="textus",status="401"} 20\n'
        'hookline_quarantine_lost_total{provider="textus",reason="evicted"} 3\n'
    )
    [finding] = in_metrics("ingest", samples, refusals=False)
    assert "3 refused webhooks are lost" in finding.what


def test_restarts_within_the_hour_are_told() -> None:
    def restart(minutes: int) -> dict[str, str]:
        return {"at": (NOW - timedelta(minutes=minutes)).isoformat(), "reason": "ended with 70"}

    services = [
        {"name": "persist", "last_restarts": [restart(90), restart(50), restart(5)], "log": "persist.log"},
        {"name": "ingest", "last_restarts": [restart(61)]},
        {"name": "gate"},
    ]
    [finding] = in_stack(services, NOW)
    assert str(finding) == "persist was started again within an hour (2 x): ended with 70: see persist.log"


def test_the_command_that_is_told_ends_what_is_told() -> None:
    (lost,) = of_processor("persist", None, ["sms.messages.v1/3"])
    assert lost.fix.endswith("hookline dlq resume persist --accept-loss")
    (halted,) = of_processor("persist", "50 of the last 100 records were set aside", [])
    assert halted.fix.endswith("hookline dlq resume persist")
    (dead,) = of_crm("textus:acme", None, None, 3)
    assert dead.fix == "hookline dlq ls crm:textus:acme"
