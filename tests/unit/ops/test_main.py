"""The command itself: finds its commands, starts quickly, and ends with a code that tells why."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import click
import pytest

from ops import commands
from ops.__main__ import hookline, main
from ops.output import Output, command

#: What takes longer to import than `hookline --help` may take.
HEAVY = {
    "kafka",
    "psycopg",
    "flask",
    "rich",
    "pydantic",
    "httpx",
    "granian",
    "fastavro",
    "yoyo",
    "confluent_kafka",
    "structlog",
}
#: Services whose output is their log.
SERVICES = {"ingest", "process persist", "process opt-out", "process crm-sync", "process analytics", "gate", "notifier"}
#: Commands that only look.
LOOKING = {
    "opt-outs show",
    "config",
    "retention ls",
    "status",
    "env",
    "topics ls",
    "kafka acls",
    "dlq ls",
    "dlq show",
    "spool status",
    "quarantine ls",
    "quarantine show",
    "nodes ls",
    "notify ls",
    "complete",
    "completion",
    "console users",
    "trace",
    "audit",
    "doctor",
    "tail",
    "schemas check",
    "schemas diff",
}
LOOKING |= {
    "opt-outs classify",
    "opt-outs rules",
    "opt-outs verify",
    "opt-outs new-head-key",
    "opt-outs report",
    "crm status",
    "crm check",
    "sql",
}
#: Those that change what runs here and now: a dry run of them would tell nothing.
RUNNING = {"up", "down", "registry", "sandbox"}


def leaves(group: click.Group = hookline, path: str = "") -> dict[str, click.Command]:
    """Every command that does something, by what is typed."""
    context = click.Context(group)
    found: dict[str, click.Command] = {}
    for name in group.list_commands(context):
        member = group.get_command(context, name)
        assert member is not None
        if isinstance(member, click.Group):
            found |= leaves(member, f"{path}{name} ")
        else:
            found[f"{path}{name}"] = member
    return found


LEAVES = leaves()


def options(leaf: click.Command) -> set[str]:
    return {option for parameter in leaf.params for option in parameter.opts}


def test_the_commands_of_the_contract_are_there() -> None:
    expected = {"config", "db migrate", "topics apply", "status", "send", "dlq ls", "dlq show", "dlq redrive"}
    expected |= {"up", "down", "env", "ingest", "process persist", "registry", "sandbox"}

    assert expected <= LEAVES.keys()


def test_a_command_has_one_name() -> None:
    names = Counter(id(leaf) for leaf in LEAVES.values())
    assert not [path for path, leaf in LEAVES.items() if names[id(leaf)] > 1]


@pytest.mark.parametrize("name", sorted(LEAVES.keys() - SERVICES))
def test_every_command_answers_in_json(name: str) -> None:
    assert "--json" in options(LEAVES[name])


@pytest.mark.parametrize("name", sorted(LEAVES.keys() - SERVICES - LOOKING - RUNNING))
def test_whatever_changes_something_has_a_dry_run(name: str) -> None:
    """A command that only looks is named in LOOKING."""
    assert "--dry-run" in options(LEAVES[name])


@pytest.mark.parametrize("name", sorted((LOOKING | RUNNING) & LEAVES.keys()))
def test_what_changes_nothing_has_none(name: str) -> None:
    assert "--dry-run" not in options(LEAVES[name])


@pytest.mark.parametrize("name", sorted(LEAVES))
def test_every_command_says_what_it_does_and_what_its_options_mean(name: str) -> None:
    leaf = LEAVES[name]

    assert leaf.help
    assert leaf.help.splitlines()[0].endswith((".", ":")), leaf.help
    silent = [parameter.name for parameter in leaf.params if isinstance(parameter, click.Option) and not parameter.help]
    assert not silent


@pytest.mark.parametrize("file", sorted(Path(commands.__path__[0]).glob("*.py")), ids=lambda path: path.stem)
def test_no_command_imports_anything_heavy_at_its_top(file: Path) -> None:
    tree = ast.parse(file.read_text("utf-8"))
    imported = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)}

    assert not {name.split(".")[0] for name in imported} & HEAVY


def test_help_is_quick_because_it_loads_nothing_heavy() -> None:
    script = (
        "import sys; from ops.__main__ import main; code = main(['--help']);"
        f"print(sorted({HEAVY!r} & sys.modules.keys()), file=sys.stderr); sys.exit(code)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stderr == "[]\n"
    assert "topics" in ran.stdout


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> dict[str, click.Command]:
    """Commands in place of the real ones."""
    found: dict[str, click.Command] = {}
    monkeypatch.setattr(type(hookline), "_found", lambda _self: found)
    return found


def test_an_answer_and_exit_code_0(planted: dict[str, click.Command], capsys: pytest.CaptureFixture[str]) -> None:
    @command()
    def fine(out: Output) -> None:
        out.result({"rows": 3}, lambda: "three rows")

    planted["fine"] = fine

    assert main(["fine"]) == 0
    assert capsys.readouterr().out == "three rows\n"
    assert main(["fine", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"rows": 3}


def test_a_failure_is_a_sentence_and_with_json_an_object(
    planted: dict[str, click.Command], capsys: pytest.CaptureFixture[str]
) -> None:
    @command()
    def breaks(out: Output) -> None:
        raise ZeroDivisionError("by nothing")

    planted["breaks"] = breaks

    assert main(["breaks"]) == 70
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.splitlines() == [
        "hookline: this is a bug in hookline: ZeroDivisionError: by nothing (HOOKLINE_DEBUG=1 shows where)"
    ]
    assert main(["breaks", "--json"]) == 70
    assert json.loads(capsys.readouterr().out)["exit_code"] == 70


def test_a_failure_after_the_answer_leaves_the_answer_one_document(
    planted: dict[str, click.Command], capsys: pytest.CaptureFixture[str]
) -> None:
    from ops.exits import CheckFailed

    @command()
    def unwell(out: Output) -> None:
        out.result({"healthy": False}, lambda: "not well")
        raise CheckFailed("one is down")

    planted["unwell"] = unwell

    assert main(["unwell", "--json"]) == 1
    output = capsys.readouterr()
    assert json.loads(output.out) == {"healthy": False}
    assert output.err == "hookline: one is down\n"


def test_debug_shows_the_traceback(
    planted: dict[str, click.Command], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    @command()
    def breaks(out: Output) -> None:
        raise ZeroDivisionError("by nothing")

    planted["breaks"] = breaks

    main(["--debug", "breaks"])
    assert "Traceback" in capsys.readouterr().err
    monkeypatch.setenv("HOOKLINE_DEBUG", "1")
    main(["breaks"])
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["nonsense"], ["config", "--nonsense"], ["db"], []])
def test_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "Usage" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--version"], ["dlq", "--help"]])
def test_help_and_version_are_0(arguments: list[str]) -> None:
    assert main(arguments) == 0


def test_ctrl_c_is_130(planted: dict[str, click.Command], capsys: pytest.CaptureFixture[str]) -> None:
    @command()
    def waits(out: Output) -> None:
        raise KeyboardInterrupt

    planted["waits"] = waits

    assert main(["waits"]) == 130
    assert capsys.readouterr().err == "stopped\n"


def test_a_reader_that_has_seen_enough_is_no_failure_to_talk_about() -> None:
    # Given a reader that goes before we write
    read, write = os.pipe()
    os.close(read)

    process = subprocess.run(
        [sys.executable, "-m", "ops", "--help"], stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)

    assert (process.returncode, process.stderr) == (141, "")
