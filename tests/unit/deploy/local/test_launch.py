"""The launcher: sessions, signals, the parent's end, and who runs."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from deploy.local.launch import SystemUser, launched

pytestmark = pytest.mark.root

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's death signal is Linux's")
as_root = pytest.mark.skipif(
    os.geteuid() != 0 or not sys.platform.startswith("linux"), reason="only root can become another user"
)


def output(*command: str, account: SystemUser | None = None) -> str:
    return subprocess.run(launched(command, account=account), capture_output=True, text=True, check=True).stdout


def test_it_becomes_the_program_and_leads_a_session() -> None:
    code = "import os; print(os.getpid() == os.getsid(0) == os.getpgrp())"
    assert output(sys.executable, "-c", code) == "True\n"


@linux
def test_signals_that_python_ignores_are_not_ignored_by_the_program() -> None:
    status = dict(line.split(":\t", 1) for line in output("cat", "/proc/self/status").splitlines() if ":\t" in line)
    ignored = int(status["SigIgn"], 16)
    assert not ignored >> (signal.SIGPIPE - 1) & 1
    assert not ignored >> (signal.SIGXFSZ - 1) & 1


@linux
def test_it_ends_with_whoever_started_it() -> None:
    # Given: a parent that started a program which would run for ever
    code = (
        "import subprocess, time; from deploy.local.launch import launched;"
        "child = subprocess.Popen(launched(['sleep', '600'])); print(child.pid, flush=True); time.sleep(600)"
    )
    root = Path(__file__).resolve().parents[4]
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=root) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        # When
        parent.kill()
    # Then
    assert psutil.wait_procs([child], timeout=30)[1] == []


@linux
def test_a_parent_that_is_gone_already_is_noticed() -> None:
    command = launched(["echo", "ran"])
    command[command.index(str(os.getpid()))] = "1"  # some other process is the parent that it should have
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "")


@as_root
def test_it_runs_as_the_account_with_none_of_roots_rights(tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    account = SystemUser(nobody.pw_uid, nobody.pw_gid)
    assert output("id", "-u", account=account) == f"{nobody.pw_uid}\n"
    assert output("id", "-G", account=account) == f"{nobody.pw_gid}\n"
    tmp_path.chmod(0o700)
    (tmp_path / "file").write_text("seen")
    with pytest.raises(subprocess.CalledProcessError):
        output("cat", str(tmp_path / "file"), account=account)


@as_root
def test_an_account_may_be_let_through_closed_folders(tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    account = SystemUser(nobody.pw_uid, nobody.pw_gid, passes_folders=True)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "file").write_text("seen")
    assert output("cat", str(closed / "file"), account=account) == "seen"
    # one right and no other: the kernel's list of what it may do has a single bit
    status = dict(
        line.split(":\t", 1)
        for line in output("cat", "/proc/self/status", account=account).splitlines()
        if ":\t" in line
    )
    assert int(status["CapEff"], 16).bit_count() == 1
