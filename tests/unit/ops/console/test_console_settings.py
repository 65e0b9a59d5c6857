"""Settings with which the console does not start."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.__main__ import main


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "America"])
def test_a_time_zone_that_is_none_is_a_mistake_by_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, zone: str
) -> None:
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", "postgresql://127.0.0.1:1/hookline")
    monkeypatch.setenv("HOOKLINE_CONSOLE__USERS_FILE", str(tmp_path / "users.json"))
    monkeypatch.setenv("HOOKLINE_OPT_OUT__TIME_ZONE", zone)
    assert main(["console"]) == 78
    assert "HOOKLINE_OPT_OUT__TIME_ZONE is no time zone" in capsys.readouterr().err


def test_every_mistake_is_named_at_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", "postgresql://127.0.0.1:1/hookline")
    monkeypatch.delenv("HOOKLINE_CONSOLE__USERS_FILE", raising=False)
    monkeypatch.setenv("HOOKLINE_OPT_OUT__TIME_ZONE", "Mars")
    assert main(["console"]) == 78
    message = capsys.readouterr().err
    assert "HOOKLINE_CONSOLE__USERS_FILE is missing" in message
    assert "HOOKLINE_OPT_OUT__TIME_ZONE" in message
