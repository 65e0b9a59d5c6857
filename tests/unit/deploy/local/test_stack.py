"""What a stack consists of, for these settings and those. Nothing is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.home import Home
from deploy.local.ports import free_ports
from deploy.local.stack import Stack, plan
from runtime.settings import ConfigurationError

#: So that a developer's own stack on 8080 and 8081 is in nobody's way.
FREE = {"HOOKLINE_INGEST__PORT": "0", "HOOKLINE_CONSOLE__PORT": "0"}
_PASSWORD = "HOOKLINE_KAFKA__SASL_PASSWORD"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def planned(home: Home, environ: dict[str, str], said: list[str] | None = None) -> Stack:
    return plan(home, FREE | environ, ["persist", "opt-out", "crm-sync"], (said if said is not None else []).append)


def names(stack: Stack) -> list[str]:
    return [service.name for service in stack.services]


def test_everything_is_embedded_unless_a_setting_says_otherwise(home: Home) -> None:
    stack = planned(home, {})
    jobs, processors = ["migrate", "kafka-access", "topics"], ["persist", "opt-out", "crm-sync"]
    ours = [*jobs, "sandbox", "registry", "ingest", *processors, "gate", "console-user", "console"]
    assert names(stack) == ["postgres", "kafka", *ours]
    after = {service.name: set(service.after) for service in stack.services}
    assert after["migrate"] == {"postgres"}
    assert after["kafka-access"] == {"kafka"}
    assert after["topics"] == {"kafka-access"}
    assert after["ingest"] == {"kafka-access"}
    assert after["persist"] == {"topics", "migrate"}
    assert [service.name for service in stack.services if service.once] == [
        "migrate",
        "kafka-access",
        "topics",
        "console-user",
    ]


def test_the_environment_names_what_scripts_go_by(home: Home) -> None:
    environment = planned(home, {}).environment()
    documented = {
        "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS",
        "HOOKLINE_POSTGRES__DSN",
        "INGEST_URL",
        "SANDBOX_URL",
        "GATE_URL",
        "GATE_TOKEN",
        "SCHEMA_REGISTRY_URL",
        "TEXTLINK_SECRET",
        "TEXTUS_SIGNING_SECRET",
        "HOOKLINE_HOME",
    }
    assert documented <= environment.keys()
    assert all(environment[name] for name in documented)
    assert environment["HOOKLINE_HOME"] == str(home.path)
    assert environment["HOOKLINE_TEXTLINK__SECRETS"] == environment["TEXTLINK_SECRET"]
    assert environment["HOOKLINE_TEXTUS__SIGNING_SECRETS"] == environment["TEXTUS_SIGNING_SECRET"]
    assert environment["INGEST_URL"] == f"http://127.0.0.1:{environment['HOOKLINE_INGEST__PORT']}"
    assert {"HOOKLINE_PERSIST__ADMIN_PORT", "HOOKLINE_OPT_OUT__ADMIN_PORT"} <= environment.keys()


def test_the_console_has_a_user_with_a_password_of_this_stack(home: Home, tmp_path: Path) -> None:
    stack = planned(home, {})
    environment = stack.environment()
    assert environment["CONSOLE_URL"] == f"http://127.0.0.1:{environment['HOOKLINE_CONSOLE__PORT']}"
    assert environment["CONSOLE_USER"] == "operator"
    assert len(environment["CONSOLE_PASSWORD"]) >= 20
    assert environment["HOOKLINE_CONSOLE__USERS_FILE"] == str(home.path / "console-users.json")
    # Only the job that writes the users file is told the password.
    assert stack.environment_of("console-user")["CONSOLE_PASSWORD"] == environment["CONSOLE_PASSWORD"]
    assert "CONSOLE_PASSWORD" not in stack.environment_of("console")
    requested = dict(item.split("=", 1) for item in environment["HOOKLINE_CONSOLE__ADMIN_URLS"].split(","))
    assert requested["opt-out"] == f"http://127.0.0.1:{environment['HOOKLINE_OPT_OUT__ADMIN_PORT']}"
    assert {"ingest", "persist", "crm-sync", "gate", "registry", "console"} <= requested.keys()


def test_a_users_file_of_ones_own_is_left_alone(home: Home, tmp_path: Path) -> None:
    stack = planned(home, {"HOOKLINE_CONSOLE__USERS_FILE": str(tmp_path / "own.json")})
    assert "console-user" not in names(stack)
    assert stack.environment()["CONSOLE_PASSWORD"] == ""
    assert stack.environment()["HOOKLINE_CONSOLE__USERS_FILE"] == str(tmp_path / "own.json")


def test_an_analyst_gets_the_readers_credentials_the_brokers_and_the_registry_and_nothing_else(home: Home) -> None:
    stack = planned(home, {})
    analyst = stack.analyst()
    kafka = {name for name in analyst if name.startswith("HOOKLINE_KAFKA__")}
    assert analyst.keys() - kafka == {"HOOKLINE_POSTGRES__DSN", "SCHEMA_REGISTRY_URL"}
    assert analyst["HOOKLINE_KAFKA__SASL_USERNAME"] == "hookline-analyst"
    assert {name.removeprefix("HOOKLINE_KAFKA__") for name in kafka} == {
        "BOOTSTRAP_SERVERS",
        "SECURITY_PROTOCOL",
        "SASL_MECHANISM",
        "SASL_USERNAME",
        "SASL_PASSWORD",
    }
    assert "hookline_reader:" in analyst["HOOKLINE_POSTGRES__DSN"]
    assert analyst["HOOKLINE_POSTGRES__DSN"] != stack.environment()["HOOKLINE_POSTGRES__DSN"]
    assert analyst["SCHEMA_REGISTRY_URL"] == stack.environment()["SCHEMA_REGISTRY_URL"]


def test_an_analyst_is_told_the_registry_that_the_services_have(home: Home) -> None:
    registry = {
        "HOOKLINE_SCHEMA_REGISTRY__URL": "http://registry.example.com",
        "HOOKLINE_SCHEMA_REGISTRY__PASSWORD": "pw",
    }
    analyst = planned(home, registry).analyst()
    assert analyst["HOOKLINE_SCHEMA_REGISTRY__URL"] == "http://registry.example.com"
    assert "pw" not in analyst.values()


def test_the_connection_string_of_a_persons_own_postgres_is_not_an_analysts(home: Home) -> None:
    own = {"HOOKLINE_POSTGRES__DSN": "postgresql://hookline_operator:secret@db.example.com/hookline"}
    assert "HOOKLINE_POSTGRES__DSN" not in planned(home, own).analyst()


def test_each_service_has_the_credentials_of_its_own_principal(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKLINE_KAFKA__SASL_PASSWORD_FILE", "/somebody's")
    stack = planned(home, {})
    printed = stack.environment()
    operator = {
        "SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "SASL_MECHANISM": "SCRAM-SHA-512",
        "SASL_USERNAME": "hookline-operator",
    }
    assert {f"HOOKLINE_KAFKA__{name}": value for name, value in operator.items()}.items() <= printed.items()
    users = {name: stack.environment_of(name).get("HOOKLINE_KAFKA__SASL_USERNAME") for name in names(stack)}
    assert users == {
        "kafka-access": "hookline-broker",
        "topics": "hookline-operator",
        **{name: f"hookline-{name}" for name in ("ingest", "persist", "opt-out", "crm-sync")},
        **dict.fromkeys(("postgres", "kafka", "migrate", "sandbox", "registry", "gate", "console-user", "console")),
    }
    given = [stack.environment_of(name) for name in names(stack)]
    passwords = [environ[_PASSWORD] for environ in given if _PASSWORD in environ]
    assert len(set(passwords)) == len(passwords) == 6
    assert sum("HOOKLINE_KAFKA__PRINCIPAL_PASSWORDS" in environ for environ in given) == 1
    assert not any("HOOKLINE_KAFKA__SASL_PASSWORD_FILE" in environ for environ in given)


def test_ports_and_secrets_are_the_same_at_the_next_start(home: Home) -> None:
    assert planned(home, {}).environment() == planned(home, {}).environment()


def test_what_env_printed_is_no_setting_at_the_next_start(home: Home) -> None:
    printed = planned(home, {"HOOKLINE_PERSIST__BATCH_RECORDS": "5"}).environment()
    again = plan(home, printed, ["persist", "opt-out", "crm-sync"], lambda _: None)
    assert again.environment() == printed
    assert names(again)[:2] == ["postgres", "kafka"]
    (moved,) = free_ports(1)
    changed = plan(
        home, printed | {"HOOKLINE_SANDBOX__PORT": str(moved)}, ["persist", "opt-out", "crm-sync"], lambda _: None
    )
    assert changed.facts["SANDBOX_URL"].endswith(f":{moved}")


def test_two_homes_share_no_port(tmp_path: Path) -> None:
    ports = [
        {value for name, value in planned(Home(tmp_path / name), {}).environment().items() if name.endswith("PORT")}
        for name in ("one", "two")
    ]
    assert not ports[0] & ports[1]


def test_a_kafka_and_a_postgresql_of_ones_own_are_used(home: Home) -> None:
    said: list[str] = []
    given = {
        "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS": "kafka.example:9092",
        "HOOKLINE_POSTGRES__DSN": "postgresql://app@db.example/hookline",
        "HOOKLINE_POSTGRES__OWNER_DSN": "postgresql://owner@db.example/hookline",
    }
    stack = planned(home, given, said)
    assert not {"kafka", "postgres"} & set(names(stack))
    assert given.items() <= stack.variables.items()
    assert {service.name: service.after for service in stack.services}["migrate"] == ()
    assert said == []


def test_without_an_owner_the_applications_role_migrates_and_one_is_told(home: Home, tmp_path: Path) -> None:
    said: list[str] = []
    dsn = tmp_path / "dsn"
    stack = planned(home, {"HOOKLINE_POSTGRES__DSN_FILE": str(dsn)}, said)
    assert stack.variables["HOOKLINE_POSTGRES__OWNER_DSN_FILE"] == str(dsn)
    assert said == ["HOOKLINE_POSTGRES__OWNER_DSN is not set: migrations run as the role in HOOKLINE_POSTGRES__DSN"]


def test_only_the_sandbox_s_crm_is_trusted_to_perform_a_call_soon(home: Home) -> None:
    look_after = "HOOKLINE_CRM__LOOK_AFTER"
    assert planned(home, {}).variables[look_after] == "5"
    for given in ({"HOOKLINE_CRM_REST__URL": "https://crm.example.com"}, {"HOOKLINE_CRM__TARGETS": "rest,tryton"}):
        assert look_after not in planned(home, given).variables
    assert planned(home, {look_after: "9"}).variables[look_after] == "9"


def test_secrets_that_are_given_are_used(home: Home, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from-a-file\n")
    environment = planned(
        home, {"HOOKLINE_TEXTLINK__SECRETS": "one, two", "HOOKLINE_TEXTUS__SIGNING_SECRETS_FILE": str(secret)}
    ).environment()
    assert environment["TEXTLINK_SECRET"] == "one"
    assert environment["HOOKLINE_TEXTLINK__SECRETS"] == "one, two"
    assert environment["TEXTUS_SIGNING_SECRET"] == "from-a-file"
    assert "HOOKLINE_TEXTUS__SIGNING_SECRETS" not in environment


def test_an_open_provider_needs_no_secret(home: Home) -> None:
    environment = planned(home, {"HOOKLINE_TEXTLINK__AUTH": "open"}).environment()
    assert environment["TEXTLINK_SECRET"] == ""
    assert "HOOKLINE_TEXTLINK__SECRETS" not in environment


def test_ports_that_are_set_are_used_and_nonsense_is_named_at_once(home: Home) -> None:
    (port,) = free_ports(1)
    environment = planned(home, {"HOOKLINE_INGEST__PORT": str(port)}).environment()
    assert environment["INGEST_URL"].endswith(f":{port}")
    with pytest.raises(ConfigurationError) as refused:
        planned(home, {"HOOKLINE_INGEST__PORT": "http", "HOOKLINE_SANDBOX__PORT": "70000"})
    assert [line.partition(":")[0] for line in refused.value.mistakes] == [
        "HOOKLINE_INGEST__PORT",
        "HOOKLINE_SANDBOX__PORT",
    ]


def test_every_command_names_what_it_is(home: Home) -> None:
    commands = {
        service.name: " ".join(service.command()) for service in planned(home, {}).services if service.name != "kafka"
    }
    assert commands["persist"].endswith("process persist")
    assert commands["ingest"].endswith(" ingest")
    assert commands["migrate"].endswith("db migrate")


def test_what_one_service_alone_may_know_is_given_to_no_other(home: Home) -> None:
    secrets = {"analytics": "HOOKLINE_ANALYTICS__SECRET", "opt-out": "HOOKLINE_OPT_OUT__HEAD_KEYS"}
    stack = plan(home, FREE, ["persist", "opt-out", "crm-sync", "analytics"], lambda _: None)

    having = {
        variable: [name for name in names(stack) if variable in stack.environment_of(name)]
        for variable in secrets.values()
    }

    assert having == {variable: [name] for name, variable in secrets.items()}
    assert len(stack.environment_of("analytics")["HOOKLINE_ANALYTICS__SECRET"]) >= 32
    assert not secrets.values() & stack.environment().keys()
    again = plan(home, FREE, ["analytics"], lambda _: None)
    assert again.own_secrets["analytics"] == stack.own_secrets["analytics"], "kept from start to start"


def test_a_secret_of_your_own_is_taken(home: Home) -> None:
    given = {"HOOKLINE_ANALYTICS__SECRET": "of-my-own-that-is-long-enough-for-it"}
    stack = plan(home, FREE | given, ["analytics"], lambda _: None)

    assert stack.environment_of("analytics").items() >= given.items()
    assert stack.own_secrets["analytics"] == {}


def test_the_notifier_runs_only_where_there_is_somebody_to_tell(home: Home) -> None:
    without, with_target = planned(home, {}), planned(home, {"HOOKLINE_NOTIFIER__TARGETS": "json://127.0.0.1:9"})
    assert "notifier" not in names(without)
    assert "notifier=" not in without.environment()["HOOKLINE_CONSOLE__ADMIN_URLS"]
    assert "notifier" in names(with_target)
    environment = with_target.environment_of("notifier")
    assert "hookline_notifier" in environment["HOOKLINE_POSTGRES__DSN"]
    watched = {item.partition("=")[0] for item in environment["HOOKLINE_NOTIFIER__ADMIN_URLS"].split(",")}
    assert {"ingest", "persist", "opt-out", "crm-sync", "gate", "console", "registry"} == watched
