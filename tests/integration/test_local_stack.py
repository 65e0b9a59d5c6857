"""The local stack as a person runs it: `hookline up`, what it serves, what it survives, and `hookline down`.

Everything is outside this process: the command, its exit codes, HTTP and SQL.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.servers.local_stack import TIME_LIMIT, LocalStack, environment_of, post, texts, until

pytestmark = [pytest.mark.slow, pytest.mark.root, pytest.mark.timeout(600)]


def test_a_webhook_becomes_a_row(stack: LocalStack) -> None:
    environment = environment_of(stack)
    answer = post(environment, "hello")
    assert (answer.status_code, answer.headers["X-Durability"]) == (200, "kafka")
    until(lambda: "hello" in texts(environment), "the message did not reach PostgreSQL")


def test_env_prints_lines_that_a_shell_takes(stack: LocalStack) -> None:
    script = 'set -a; eval "$(cat)"; env'
    printed = stack.run("env").stdout
    taken = subprocess.run(["sh", "-c", script], input=printed, capture_output=True, text=True, check=True)
    assert environment_of(stack).items() <= dict(line.split("=", 1) for line in taken.stdout.splitlines()).items()


def test_a_second_stack_in_the_same_home_is_refused(stack: LocalStack) -> None:
    for options in ([], ["--detach"]):
        done = stack.run("up", *options)
        assert done.returncode == 75
        assert "already runs" in done.stderr


def test_everything_listens_on_the_loopback_interface_alone(stack: LocalStack) -> None:
    listening = [
        connection
        for process in stack.processes()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 7
    assert {connection.laddr.ip for connection in listening} <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_all_processes_together_stay_small(stack: LocalStack) -> None:
    if not hasattr(psutil.Process().memory_full_info(), "pss"):
        pytest.skip("this system does not tell a process's proportional share of memory")
    assert sum(process.memory_full_info().pss for process in stack.processes()) < 1.5e9


@pytest.mark.parametrize("name", ["kafka", "postgres", "ingest", "persist"])
def test_what_is_killed_comes_again(stack: LocalStack, name: str) -> None:
    killed = stack.service(name)
    os.kill(killed["pid"], signal.SIGKILL)
    until(
        lambda: stack.service(name)["restarts"] > killed["restarts"] and stack.service(name)["phase"] == "serving",
        f"{name} did not come again",
    )
    environment = environment_of(stack)
    text = f"after {name}"
    until(lambda: post(environment, text).status_code == 200, "ingest does not answer 200 again")
    until(lambda: text in texts(environment), "the message did not reach PostgreSQL")


def test_a_killed_supervisor_leaves_nothing_behind_and_the_next_one_goes_on(stack: LocalStack) -> None:
    before = environment_of(stack)
    until(lambda: post(before, "kept").status_code == 200, "ingest does not answer 200")
    until(lambda: "kept" in texts(before), "the message did not reach PostgreSQL")
    processes = stack.processes()

    os.kill(processes[0].pid, signal.SIGKILL)

    if os.uname().sysname == "Linux":  # elsewhere the next start ends what is left
        assert psutil.wait_procs(processes, timeout=30)[1] == []
    assert stack.run("env").returncode == 69
    assert stack.up() == before
    assert "kept" in texts(before)


def test_down_leaves_no_process_and_the_state(stack: LocalStack) -> None:
    """The last one that uses `stack`, which is down afterwards."""
    environment = environment_of(stack)
    post(environment, "kept by down")
    until(lambda: "kept by down" in texts(environment), "the message did not reach PostgreSQL")
    processes = stack.processes()

    done = stack.run("down", "--json")

    assert (done.returncode, json.loads(done.stdout)["stopped"]) == (0, True)
    assert psutil.wait_procs(processes, timeout=10)[1] == []  # orphans are gone once init has seen to them
    again = stack.run("down")
    assert (again.returncode, again.stdout) == (0, f"no local stack runs in {stack.home}\n")
    refused = stack.run("env")
    assert (refused.returncode, refused.stdout) == (69, "")

    # In the foreground this time: Ctrl-C stops it as tidily
    with stack.popen("up", stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        until(lambda: stack.run("env").returncode == 0, "it did not serve")
        assert environment_of(stack) == environment
        assert "kept by down" in texts(environment)
        processes = stack.processes()
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=TIME_LIMIT)
    assert process.returncode == 0
    assert "everything serves" in printed
    assert psutil.wait_procs(processes, timeout=10)[1] == []


def test_a_port_in_use_is_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = LocalStack(tmp_path / "home", HOOKLINE_INGEST__PORT=str(port)).run("up")
    assert done.returncode == 78
    assert f"port {port} is set by HOOKLINE_INGEST__PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_mistake_in_the_settings_ends_the_start_with_its_name(tmp_path: Path) -> None:
    done = LocalStack(tmp_path / "home", HOOKLINE_SANDBOX__RATE_LIMIT="many").run("up", "--detach")
    assert done.returncode == 78
    assert "HOOKLINE_SANDBOX__RATE_LIMIT" in done.stderr
