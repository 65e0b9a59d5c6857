"""Settings as the command sees them: all sections found, strangers named, a running local stack beneath."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from deploy.local.home import Home, identity
from ops.__main__ import main
from ops.configuration import all_sections, environment, load, optional, unknown_variables
from processors.engine.processor import processor_types
from runtime.connections import KafkaSettings, OwnerSettings, PostgresSettings
from runtime.settings import Configuration, ConfigurationError, Section

STACK = {
    "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:19092",
    "HOOKLINE_POSTGRES__DSN": "postgresql://hookline_app:pw@127.0.0.1:15432/hookline",
    "HOOKLINE_TEXTLINK__SECRETS": "told-by-the-stack",
    "INGEST_URL": "http://127.0.0.1:8080",
}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting from outside, and a home without a stack."""
    for name in list(os.environ):
        if name.startswith("HOOKLINE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A local stack that serves in HOOKLINE_HOME."""
    running = {"phase": "serving", "supervisor": identity(os.getpid()), "environment": STACK}
    Home(tmp_path).write("stack.json", running)
    monkeypatch.setattr(Home, "is_held", lambda _self: True)
    return STACK


def test_every_section_of_every_room_is_found() -> None:
    import runtime.schema_registry  # noqa: F401 - so that its section is known to Python

    def below(section: type[Section]) -> set[type[Section]]:
        return {section}.union(*(below(subclass) for subclass in section.__subclasses__()))

    found = set(all_sections())

    assert found >= {KafkaSettings, PostgresSettings, OwnerSettings}
    assert found >= {kind.settings_type for kind in processor_types().values()}
    # Given whatever was imported by now: what has a name and stands in a room of ours was found
    rooms = ("runtime.", "ingest.", "processors.", "deploy.", "ops.")
    named = {
        declared_section
        for declared_section in below(Section)
        if "section" in vars(declared_section)
        and declared_section.section
        and declared_section.__module__.startswith(rooms)
    }
    assert named == found


def test_a_secret_in_one_room_is_a_secret_in_all() -> None:
    """Two rooms may read the same variable; neither may show what the other hides."""
    secret: dict[str, bool] = {}
    for section in all_sections():
        for field, info in section.model_fields.items():
            hides = "SecretStr" in str(info.annotation) or "Dsn" in str(info.annotation)
            assert secret.setdefault(section.variable(field), hides) == hides, section.variable(field)


def test_a_variable_that_no_setting_knows_is_named_with_the_nearest() -> None:
    strangers = dict(
        unknown_variables(
            all_sections(),
            {
                "HOOKLINE_KAFKA__BOOTSTRAP_SERVER": "a typo",
                "HOOKLINE_INGEST__PROT": "another",
                "HOOKLINE_XQZWVJ": "like nothing",
                "HOOKLINE_POSTGRES__DSN_FILE": "/run/secrets/dsn",
                "HOOKLINE_HOME": "/var/lib/hookline",
                "PATH": "/bin",
            },
        )
    )

    assert strangers == {
        "HOOKLINE_KAFKA__BOOTSTRAP_SERVER": "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS",
        "HOOKLINE_INGEST__PROT": "HOOKLINE_INGEST__PORT",
        "HOOKLINE_XQZWVJ": None,
    }


def test_a_running_local_stack_is_found_without_any_settings(stack: dict[str, str]) -> None:
    assert load(KafkaSettings)[KafkaSettings].bootstrap_servers == ("127.0.0.1:19092",)
    assert environment()["INGEST_URL"] == stack["INGEST_URL"]


def test_the_environment_comes_before_the_stack(stack: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKLINE_TEXTLINK__SECRETS", "mine")

    assert environment()["HOOKLINE_TEXTLINK__SECRETS"] == "mine"
    assert environment()["INGEST_URL"] == stack["INGEST_URL"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOOKLINE_KAFKA__BOOTSTRAP_SERVERS", "production:9092"),
        ("HOOKLINE_POSTGRES__DSN", "postgresql://production/hookline"),
        ("HOOKLINE_POSTGRES__DSN_FILE", "/run/secrets/dsn"),
    ],
)
@pytest.mark.usefixtures("stack")
def test_the_stack_is_left_aside_as_a_whole_for_other_servers(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given settings that name a server of production
    monkeypatch.setenv(name, value)

    # Then nothing of the local stack is mixed with it
    assert not any(value in STACK.values() for value in environment().values())


@pytest.mark.usefixtures("stack")
def test_the_same_servers_as_the_stacks_are_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOKLINE_KAFKA__BOOTSTRAP_SERVERS", STACK["HOOKLINE_KAFKA__BOOTSTRAP_SERVERS"])

    assert environment()["HOOKLINE_POSTGRES__DSN"] == STACK["HOOKLINE_POSTGRES__DSN"]


def test_a_stack_that_has_gone_is_not_believed(tmp_path: Path) -> None:
    Home(tmp_path).write("stack.json", {"phase": "serving", "environment": STACK})  # left by one that was killed

    with pytest.raises(ConfigurationError, match="HOOKLINE_KAFKA__BOOTSTRAP_SERVERS is missing"):
        load(KafkaSettings)


def test_an_optional_section_is_none_until_it_is_set_and_then_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert optional(PostgresSettings) is None
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", "host=db dbname=hookline")
    found = optional(PostgresSettings)
    assert found is not None
    assert found.dsn.get_secret_value() == "host=db dbname=hookline"


def test_config_shows_value_origin_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    secret = tmp_path / "dsn"
    secret.write_text("postgresql://hookline_app:p4ssw0rd@db/hookline\n")
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN_FILE", str(secret))
    monkeypatch.setenv("HOOKLINE_POSTGRES__OWNER_DSN", "postgresql://hookline_owner:0wner@db/hookline")
    monkeypatch.setenv("HOOKLINE_KAFKA__BOOTSTRAP_SERVERS", "a:9092,b:9092")
    monkeypatch.setenv("HOOKLINE_TEXTLINK__SECRETS", "first-secret,second-secret")
    monkeypatch.setenv("HOOKLINE_TEXTUS__SIGNING_SECRETS", "third-secret")

    assert main(["config", "--json"]) == 0

    output = capsys.readouterr().out
    rows = {row["variable"]: row for row in json.loads(output)["settings"]}
    assert rows["HOOKLINE_KAFKA__BOOTSTRAP_SERVERS"]["value"] == "a:9092,b:9092"
    assert rows["HOOKLINE_KAFKA__BOOTSTRAP_SERVERS"]["origin"] == "environment"
    assert rows["HOOKLINE_KAFKA__RETENTION_DAYS"]["origin"] == "default"
    assert rows["HOOKLINE_POSTGRES__DSN"]["origin"] == f"file {secret}"
    for hidden in ("p4ssw0rd", "0wner", "first-secret", "second-secret", "third-secret"):
        assert hidden not in output


def test_config_names_every_mistake_at_once_and_exits_78(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOOKLINE_KAFKA__RETENTION_DAYS", "a month")
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", "postgresql://[")
    monkeypatch.setenv("HOOKLINE_INGEST__PORT", "70000")

    assert main(["config"]) == 78

    output = capsys.readouterr().err
    for name in (
        "KAFKA__BOOTSTRAP_SERVERS",
        "KAFKA__RETENTION_DAYS",
        "INGEST__PORT",
        "POSTGRES__OWNER_DSN",
        "POSTGRES__DSN: is no connection string",
    ):
        assert f"HOOKLINE_{name}" in output
    assert "TEXTLINK__SECRETS is missing" in output  # the provider is enabled and has none


def test_config_of_one_section(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("HOOKLINE_KAFKA__BOOTSTRAP_SERVERS", "a:9092")

    assert main(["config", "--section", "kafka", "--json"]) == 0
    variables = [row["variable"] for row in json.loads(capsys.readouterr().out)["settings"]]
    assert variables
    assert all(name.startswith("HOOKLINE_KAFKA__") for name in variables)
    assert main(["config", "--section", "kafak"]) == 2


def test_a_command_without_settings_says_which_and_that_no_stack_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topics", "ls"]) == 78

    output = capsys.readouterr().err
    assert "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS is missing" in output
    assert "hookline up" in output


def test_configuration_load_itself_never_looks_for_a_stack(stack: dict[str, str]) -> None:
    del stack
    with pytest.raises(ConfigurationError):  # a service goes by its own environment alone
        Configuration.load(KafkaSettings)
