"""What a person has to do about a file or folder of a home that they may not use."""

from __future__ import annotations

import errno
import os
import pwd
import shlex
from pathlib import Path

_ELSEWHERE = "set HOOKLINE_HOME to a folder that you can write to"


def first_unusable(home: Path) -> Path | None:
    """Something in `home` that this user may not read and write; None: there is nothing."""
    for folder, folders, files in os.walk(home):
        for name in (".", *folders, *files):
            path = Path(folder, name)
            needed = os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)
            if not path.is_symlink() and path.exists() and not _may(path, needed):
                return path
    return None


def sentence(home: Path, path: Path, number: int) -> str:
    """Why `path` cannot be used (`number` is the system's error), and what to do."""
    reason = os.strerror(number)
    blocking = _nearest_existing(path)
    if number not in (errno.EACCES, errno.EPERM) or blocking is None or not blocking.is_relative_to(home):
        return f"{path} cannot be written ({reason}): {_ELSEWHERE}, or start as the user whose it is"
    owner, me = blocking.stat().st_uid, os.geteuid()
    folder = shlex.quote(str(home))
    if owner == me:
        return f"{blocking} is closed to its owner ({reason}): `chmod -R u+rwX {folder}` opens it, or {_ELSEWHERE}"
    return (
        f"{blocking} belongs to {_name(owner)}, and you are {_name(me)} ({reason}):"
        f" `sudo chown -R {me}:{os.getegid()} {folder}` makes the whole folder yours, or {_ELSEWHERE}"
    )


def _may(path: Path, needed: int) -> bool:
    return os.access(path, needed, effective_ids=os.access in os.supports_effective_ids)


def _nearest_existing(path: Path) -> Path | None:
    """`path`, or the folder above it that this user can still see."""
    return next((part for part in (path, *path.parents) if os.path.exists(part)), None)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
