"""What doctor says of the address that providers call, and of their secrets."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from ingest.settings import IngestSettings
from ops.doctor.check import Check
from ops.doctor.settings import public_url_checks, setting_checks


@pytest.mark.parametrize(
    ("url", "ok", "severity"),
    [
        ("https://sms.example.com", True, None),
        ("http://sms.example.com", False, "error"),
        ("http://127.0.0.1:8080", False, "warning"),
        ("http://localhost:8080", False, "warning"),
        ("http://[::1]:8080", False, "warning"),
    ],
)
def test_an_address_of_this_machine_alone_is_in_doubt_and_no_error(url: str, ok: bool, severity: str | None) -> None:
    found = next(iter(public_url_checks(IngestSettings(public_url=url))))
    assert found.ok is ok
    if severity is not None:
        assert found.severity == severity


PUBLIC = {"HOOKLINE_INGEST__PUBLIC_URL": "https://sms.example.com"}
LONG = "a-secret-of-more-than-twenty-characters"


def secret_checks(environ: dict[str, str]) -> list[Check]:
    return [check for check in setting_checks(environ) if check.name == "secrets" and not check.ok]


def after(fix: str, variable: str, before: str) -> str:
    """What `variable` is when a shell has run `fix`."""
    script = f'{fix}\nprintf %s "${variable}"'
    done = subprocess.run(
        ["bash", "-c", script], check=False, env={variable: before, "PATH": "/usr/bin:/bin"}, capture_output=True
    )
    return done.stdout.decode()


@pytest.mark.parametrize(
    ("provider", "variable", "form"),
    [
        ("textlink", "HOOKLINE_TEXTLINK__SECRETS", r"[\w-]{40,}"),
        ("bandwidth", "HOOKLINE_BANDWIDTH__USERS", r"hookline:[\w-]{40,}"),
    ],
)
def test_a_secret_of_ours_is_added_and_those_that_are_valid_stay(provider: str, variable: str, form: str) -> None:
    short = "hookline:short" if provider == "bandwidth" else "short-secret"
    environ = {"HOOKLINE_INGEST__PROVIDERS": provider, variable: f"{LONG}:x,{short}"} | PUBLIC
    [check] = secret_checks(environ)
    assert re.fullmatch(rf"{re.escape(environ[variable])},{form}", after(check.fix, variable, environ[variable]))
    # And where there is none yet, it is the first
    [check] = secret_checks({name: value for name, value in environ.items() if name != variable})
    assert re.fullmatch(form, after(check.fix, variable, ""))


@pytest.mark.parametrize(
    ("provider", "variable", "shown_at"),
    [
        ("textus", "HOOKLINE_TEXTUS__SIGNING_SECRETS", "hookline textus register"),
        ("twilio", "HOOKLINE_TWILIO__AUTH_TOKENS", "Twilio's console"),
    ],
)
def test_a_secret_of_the_provider_s_is_not_made_up(provider: str, variable: str, shown_at: str) -> None:
    [check] = secret_checks({"HOOKLINE_INGEST__PROVIDERS": provider} | PUBLIC)
    assert shown_at in check.fix
    assert "secrets.token" not in check.fix
    assert after(check.fix, variable, LONG) == "", "a shell refuses it until it is filled in"
    # When it is, those that are valid stay
    assert after(check.fix.replace("<the secret>", "new"), variable, LONG) == f"{LONG},new"


def test_an_address_that_is_missing_is_no_secret() -> None:
    environ = {"HOOKLINE_INGEST__PROVIDERS": "twilio", "HOOKLINE_TWILIO__AUTH_TOKENS": LONG}
    [check] = secret_checks(environ)
    assert "HOOKLINE_INGEST__PUBLIC_URL is missing" in check.found
    assert check.fix.startswith("export HOOKLINE_INGEST__PUBLIC_URL=https://<")


def test_a_secret_in_a_file_is_added_there(tmp_path: Path) -> None:
    file = tmp_path / "secrets of textlink"
    file.write_text("short-secret")
    environ = {"HOOKLINE_INGEST__PROVIDERS": "textlink", "HOOKLINE_TEXTLINK__SECRETS_FILE": str(file)} | PUBLIC
    [check] = secret_checks(environ)
    after(check.fix, "NOTHING", "")
    assert re.fullmatch(r"short-secret,[\w-]{40,}", file.read_text())
