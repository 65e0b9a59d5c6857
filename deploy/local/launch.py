"""Becomes another program that cannot outlive whoever started it: run as a script, it ends in exec.

A preexec_fn would do the same inside the supervisor, after its fork, where threads make that unsafe. This one
starts bare (`python -I -S`, 20 ms), leads a session of its own, so that a Ctrl-C at the terminal reaches the
supervisor alone, and asks the kernel for a signal when its parent dies. That last part is Linux: elsewhere a
supervisor that is killed with -9 leaves its children to the next `hookline up`.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: capability(7), linux/capability.h
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2
_CAPABILITY_VERSION_3 = 0x20080522
#: linux/prctl.h
_PR_SET_KEEPCAPS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 8, 47, 2


@dataclass(frozen=True, slots=True)
class SystemUser:
    """Whom a program runs as, where root must not."""

    uid: int
    gid: int
    #: It may pass folders that are closed to it: the way to its files leads through some (Linux).
    passes_folders: bool = False


def launched(
    command: Sequence[str],
    *,
    account: SystemUser | None = None,
    death_signal: int = signal.SIGKILL,
    directory: Path | None = None,
) -> list[str]:
    """`command`, in a session of its own, tied to the life of the process that calls this.

    It starts in `directory`, if there is one. Start it from a thread that lives as long as the process: Linux sends
    `death_signal` when that thread ends.
    """
    who = f"{account.uid}:{account.gid}:{int(account.passes_folders)}" if account else ""
    where = str(directory) if directory else ""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(death_signal)), who, where, *command]


def hookline() -> list[str]:
    """How to start the command `hookline` of this very installation."""
    script = Path(sys.executable).with_name("hookline")
    return [sys.executable, str(script)] if script.exists() else [sys.executable, "-m", "ops"]


def main(arguments: Sequence[str]) -> None:
    """PARENT DEATH-SIGNAL UID:GID:PASSES DIRECTORY COMMAND...; does not return."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from runtime.process import die_with_parent

    parent, death_signal, who, directory, *command = arguments
    if os.getpid() != os.getpgrp():
        os.setsid()
    if who:
        uid, gid, passes = (int(part) for part in who.split(":"))
        _become(SystemUser(uid, gid, passes_folders=bool(passes)))
    if directory:
        os.chdir(directory)
    die_with_parent(int(parent), int(death_signal))  # after the change of user, which clears it
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and exec hands that on
        signal.signal(number, signal.SIG_DFL)
    os.execvp(command[0], command)  # noqa: S606 - to become it is the purpose


def _become(account: SystemUser) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    keeps = account.passes_folders and sys.platform.startswith("linux")
    capability = _DAC_READ_SEARCH if _has(_DAC_READ_SEARCH) else _DAC_OVERRIDE
    if keeps:
        _check(libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0), "PR_SET_KEEPCAPS")
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)
    if keeps:
        mask = 1 << capability
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)  # effective, permitted, inheritable
        _check(libc.capset(header, sets), "capset")
        _check(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0), "PR_CAP_AMBIENT_RAISE")
    os.chdir("/")  # where we stood may be closed to this user


def _has(capability: int) -> bool:
    """Whether this process may use `capability`; a container's root often lacks DAC_READ_SEARCH."""
    status = Path("/proc/self/status")
    if not status.exists():
        return False
    effective = next(line for line in status.read_text().splitlines() if line.startswith("CapEff:"))
    return bool(int(effective.split()[1], 16) >> capability & 1)


def _check(result: int, call: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), call)


if __name__ == "__main__":
    main(sys.argv[1:])
