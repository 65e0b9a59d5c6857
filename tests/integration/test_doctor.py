"""`hookline doctor` and `hookline textus register` on a real Kafka, a real PostgreSQL and the sandbox's TextUs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from ingest.providers.textus import ACTIONS
from ops.__main__ import main
from processors.opt_out.phone_digests import pepper_name
from processors.textus_api.client import MEDIA_TYPE
from tests.twins.crm import Sandbox

URL = "https://sms.example.com"
LONG = "a-secret-of-more-than-twenty-characters"


@pytest.fixture
def environment(
    kafka: str, postgres: Any, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """A healthy installation, but for the subscriptions."""
    settings = {
        "HOME": str(tmp_path),
        "KAFKA__BOOTSTRAP_SERVERS": kafka,
        "POSTGRES__DSN": postgres.dsn("operator"),
        "INGEST__PUBLIC_URL": URL,
        "INGEST__SPOOL_MAX_MB": "1",
        "INGEST__SPOOL_RESERVE_MB": "1",
        "TEXTLINK__SECRETS": LONG,
        "TEXTUS__SIGNING_SECRETS": LONG,
        "TEXTUS__API_URL": sandbox.url,
        "TEXTUS__API_TOKEN": "token",
        "CRM__TARGETS": "rest",
        "CRM_REST__URL": f"{sandbox.url}/crm",
        "CRM_REST__ALLOW_PRIVATE": "true",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"HOOKLINE_{name}", value)
    return monkeypatch


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def errors(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in answer["checks"] if not check["ok"] and check["severity"] == "error"}


def test_register_subscribes_every_account_to_every_event_and_then_all_is_well(
    environment: pytest.MonkeyPatch, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    # Given an account with TextUs's default: received and delivered only
    def call(method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": "Bearer token", "Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE}
        content = None if body is None else json.dumps(body)
        answer = httpx.request(method, sandbox.url + path, headers=headers, content=content, trust_env=False)
        return answer.json()

    accounts = [account["slug"] for account in call("GET", "/accounts")["members"]]
    default = {"message.received": True, "message.delivered": True}
    body = {"active": True, "provider": "webhook", "config": {"baseUrl": f"{URL}/webhooks/textus"}}
    call("POST", f"/{accounts[0]}/integrations", body | {"settings": {"actions": default}})

    code, answer = run(capsys, "doctor")
    assert (code, set(errors(answer))) == (1, {"textus subscription"})
    found = [check["found"] for check in answer["checks"] if check["name"] == "textus subscription"]
    assert any(f"{accounts[0]} does not send" in text and "contact.opted_out" in text for text in found)
    assert errors(answer)["textus subscription"]["fix"] == "hookline textus register"

    # A dry run changes nothing
    code, answer = run(capsys, "textus", "register", "--dry-run")
    assert (code, {row["verdict"] for row in answer["accounts"]}) == (0, {"would be registered"})
    assert len(call("GET", f"/{accounts[-1]}/integrations")["members"]) == 0

    code, answer = run(capsys, "textus", "register")
    assert (code, [row["verdict"] for row in answer["accounts"]]) == (0, ["registered"] * len(accounts))
    secrets = [row["new_secret"] for row in answer["accounts"]]
    for account in accounts:
        [integration] = call("GET", f"/{account}/integrations")["members"]
        assert {action for action, on in integration["settings"]["actions"].items() if on} == set(ACTIONS)

    # The secrets that sign are not known to ingest yet, and that is found
    assert set(errors(run(capsys, "doctor")[1])) == {"textus secret"}
    environment.setenv("HOOKLINE_TEXTUS__SIGNING_SECRETS", ",".join([LONG, *secrets]))
    code, answer = run(capsys, "doctor")
    assert (code, answer["ok"], errors(answer)) == (0, True, {})
    assert {"kafka", "topics", "postgres", "migrations", "postgres roles", "clock", "kafka clock", "disk", "crm"} <= {
        check["name"] for check in answer["checks"] if check["ok"]
    }
    # And again nothing is to do
    assert {row["verdict"] for row in run(capsys, "textus", "register")[1]["accounts"]} == {"complete"}


#: What is broken, by settings, and the check that finds it.
BROKEN = {
    "Kafka is elsewhere": ({"KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"}, "kafka"),
    "PostgreSQL is elsewhere": ({"POSTGRES__DSN": "postgresql://hookline_operator@127.0.0.1:1/x"}, "postgres"),
    "PostgreSQL is not named": ({"POSTGRES__DSN": None}, "postgres"),
    "no TextLink secret": ({"TEXTLINK__SECRETS": None}, "secrets"),
    "no signing secret": ({"TEXTUS__SIGNING_SECRETS": None}, "secrets"),
    "no token": ({"TEXTUS__API_TOKEN": None}, "textus api"),
    "TextUs is elsewhere": ({"TEXTUS__API_URL": "http://127.0.0.1:1"}, "textus api"),
    "the address is too long": ({"INGEST__PUBLIC_URL": f"https://sms.example.com/{'x' * 280}"}, "textlink url"),
    "the address is not https": ({"INGEST__PUBLIC_URL": "http://sms.example.com"}, "public url"),
    "no room": ({"INGEST__SPOOL_MAX_MB": "99999999999"}, "disk"),
    "a setting that cannot be read": ({"INGEST__PORT": "eighty"}, "settings"),
    "a CRM that is none": ({"CRM__TARGETS": "rest,hubble"}, "crm"),
    "a CRM that is elsewhere": ({"CRM_REST__URL": "http://127.0.0.1:1"}, "crm"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_found_with_its_fix(
    environment: pytest.MonkeyPatch, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, name = BROKEN[case]
    for variable, value in settings.items():
        if value is None:
            environment.delenv(f"HOOKLINE_{variable}")
        else:
            environment.setenv(f"HOOKLINE_{variable}", value)

    code, answer = run(capsys, "doctor")

    assert (code, answer["ok"]) == (1, False)
    found = errors(answer)
    assert name in found, found
    assert found[name]["fix"]
    assert LONG not in json.dumps(answer)
    assert set(found[name]) == {"name", "ok", "severity", "found", "fix"}


def test_a_database_that_lacks_a_table_or_a_privilege_needs_a_migration(
    environment: pytest.MonkeyPatch, postgres: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with psycopg.connect(postgres.owner_dsn, autocommit=True) as owner:
        owner.execute("REVOKE SELECT ON ingest_counts FROM hookline_operator")
        assert errors(run(capsys, "doctor")[1])["migrations"]["fix"] == "hookline db migrate"
        owner.execute("DROP TABLE process_pauses")
        found = errors(run(capsys, "doctor")[1])["migrations"]
        assert "process_pauses" in found["found"]
        # With the owner's DSN by what the migrations themselves wrote down
        environment.setenv("HOOKLINE_POSTGRES__OWNER_DSN", postgres.owner_dsn)
        owner.execute("DELETE FROM _yoyo_migration WHERE migration_id LIKE '0024_%%'")
        assert "0024_trace_and_audit" in errors(run(capsys, "doctor")[1])["migrations"]["found"]


def test_a_gate_without_the_key_of_an_erased_number_is_found(
    environment: pytest.MonkeyPatch, postgres: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def found() -> list[dict[str, Any]]:
        return [check for check in run(capsys, "doctor")[1]["checks"] if check["name"] == "erased numbers"]

    # Given no erased number, then nothing is asked for
    [check] = found()
    assert (check["ok"], check["found"]) == (True, "there are none")
    # Given a number that was erased under a key that the gate lacks, opt-out has, and the command is not set with
    old, new = "an-old-pepper-of-24-letters", "a-new-pepper-of-24-letters"
    with psycopg.connect(postgres.owner_dsn, autocommit=True) as owner:
        owner.execute("INSERT INTO erased_peppers (pepper) VALUES (%s)", (pepper_name(old),))
    environment.setenv("HOOKLINE_GATE__PHONE_PEPPERS", new)
    environment.setenv("HOOKLINE_OPT_OUT__PHONE_PEPPERS", f"{new},{old}")
    gate, erase = found()
    assert gate["severity"] == "error"
    assert gate["found"] == "HOOKLINE_GATE__PHONE_PEPPERS lacks 1 of 1 keys that numbers were erased under"
    assert (erase["severity"], erase["found"].startswith("HOOKLINE_ERASE__PHONE_PEPPERS lacks")) == ("warning", True)
    # When all have it, all is well
    for name in ("GATE", "ERASE"):
        environment.setenv(f"HOOKLINE_{name}__PHONE_PEPPERS", f"{new},{old}")
    assert [check["ok"] for check in found()] == [True]


def test_where_the_address_is_not_known_a_subscription_is_in_doubt(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.delenv("HOOKLINE_INGEST__PUBLIC_URL")
    code, answer = run(capsys, "doctor")
    assert (code, answer["ok"]) == (0, True)
    doubts = {check["name"]: check["fix"] for check in answer["checks"] if not check["ok"]}
    assert "hookline textus register" in doubts["textus subscription"]
    assert doubts["public url"].startswith("export HOOKLINE_INGEST__PUBLIC_URL=")
    # Pasted as it stands it does nothing: with a name that is made up TextUs would call a stranger.
    for shell in ("bash", "sh"):
        command = [shell, "-c", f"{doubts['textus subscription']}; echo done"]
        done = subprocess.run(command, check=False, capture_output=True)
        assert done.returncode != 0
        assert done.stdout == b""


def test_register_names_what_is_missing(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    environment.delenv("HOOKLINE_INGEST__PUBLIC_URL")
    assert main(["textus", "register"]) == 78
    assert "HOOKLINE_INGEST__PUBLIC_URL" in capsys.readouterr().err
