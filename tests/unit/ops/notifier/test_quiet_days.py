"""Holidays are those of the library, and the library stays out of the notifier's memory."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import holidays
import pytest

from ops.notifier.quiet_days import QuietDays, UnknownCountry


def test_a_years_holidays_are_the_librarys() -> None:
    is_quiet, own = QuietDays("DE"), holidays.country_holidays("DE", years=2026)
    days = [date.fromordinal(number) for number in range(date(2026, 1, 1).toordinal(), date(2027, 1, 1).toordinal())]
    assert [day for day in days if is_quiet(day)] == sorted(own)
    assert is_quiet(date(2027, 1, 1))  # another year is read as well


def test_without_a_country_no_day_is_quiet_and_no_process_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere")
    assert not QuietDays("")(date(2026, 1, 1))


def test_an_unknown_country_is_said() -> None:
    with pytest.raises(UnknownCountry, match="XX"):
        QuietDays("XX")(date(2026, 1, 1))


def test_what_takes_memory_stays_out_of_the_notifier() -> None:
    """The calendars of every country are 12 MB, the other commands' modules 3.5, the clients of Kafka and APIs 6."""
    code = "import sys, ops.__main__ as m; m.hookline.get_command(None, 'notifier'); import ops.notifier.server;"
    code += "print(*sorted(set(sys.modules) & {'holidays', 'apprise', 'kafka', 'httpx', 'ops.commands.dlq'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == ""
