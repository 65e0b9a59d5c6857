"""Every number of seconds, hours or days that can be set has bounds: beyond them a clock or a date overflows."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from annotated_types import Ge, Gt, Le, Lt

from ingest.settings import IngestSettings
from ops.__main__ import main
from ops.configuration import all_sections
from ops.gate.certainty import Certainty
from ops.gate.settings import GateSettings
from runtime.settings import Configuration, ConfigurationError, Section

FLOATS = [
    pytest.param(section, field, id=f"{section.__name__}.{field}")
    for section in all_sections()
    for field, info in section.model_fields.items()
    if "float" in str(info.annotation)
]


def bound(section: type[Section], field: str, *kinds: type[Ge | Gt | Le | Lt]) -> float:
    """The bound of a field that is of one of `kinds`; infinite where it has none."""
    found = [limit for limit in section.model_fields[field].metadata if isinstance(limit, kinds)]
    values = [getattr(limit, name) for limit in found for name in ("ge", "gt", "le", "lt") if hasattr(limit, name)]
    return float(values[0]) if values else math.inf


def refusal(section: type[Section], field: str, value: str) -> str:
    """What is said of the setting when it is `value`; empty: it is accepted."""
    variable = section.variable(field)
    try:
        Configuration.load(section, environ={variable: value})
    except ConfigurationError as error:
        return "\n".join(mistake for mistake in error.mistakes if mistake.startswith(f"{variable}:"))
    return ""


def test_there_are_such_settings() -> None:
    assert len(FLOATS) > 40


@pytest.mark.parametrize(("section", "field"), FLOATS)
def test_a_number_has_a_least_and_a_greatest_value(section: type[Section], field: str) -> None:
    variable = section.variable(field)
    assert math.isfinite(bound(section, field, Ge, Gt)), f"{variable} needs ge= or gt="
    assert math.isfinite(bound(section, field, Le, Lt)), f"{variable} needs le= or lt="


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "Infinity", "1e400", "1e12", "-1"])
@pytest.mark.parametrize(("section", "field"), FLOATS)
def test_what_is_no_number_of_that_kind_is_refused_by_name(section: type[Section], field: str, value: str) -> None:
    assert refusal(section, field, value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HOOKLINE_INGEST__QUARANTINE_DAYS", "1e9"),
        ("HOOKLINE_INGEST__RECEIPT_AHEAD_SECONDS", "inf"),
        ("HOOKLINE_GATE__FRESH_SECONDS", "nan"),
    ],
)
def test_a_command_names_the_variable_and_exits_78(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, value)
    assert main(["config"]) == 78
    assert variable in capsys.readouterr().err


def test_the_greatest_values_can_be_reckoned_with() -> None:
    now = datetime.now(UTC)
    greatest = bound(GateSettings, "fresh_seconds", Le)
    certainty = Certainty(now, now, ["topic"], None, 0, None, None, None, None, None)

    assert certainty.doubt(["topic"], greatest, 0.1) is None
    assert now - timedelta(days=bound(IngestSettings, "quarantine_days", Le)) < now
