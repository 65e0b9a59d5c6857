"""Who may log in: a JSON file of names, roles and password hashes (scrypt)."""

from __future__ import annotations

import json
import stat
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from werkzeug.security import check_password_hash, generate_password_hash

from runtime.disk import replace_file
from runtime.settings import ConfigurationError

Role = Literal["viewer", "operator"]
ROLES: tuple[Role, ...] = get_args(Role)

#: OWASP's second choice of parameters for scrypt, as strong as its first: 16 MB of memory for each check, where
#: Werkzeug's default takes 32 MB.
HASH_METHOD = "scrypt:16384:8:5"
SHORTEST_PASSWORD = 12


@dataclass(frozen=True, slots=True)
class User:
    """One line of the file."""

    name: str
    role: Role
    password_hash: str


class UsersFileUnusable(ConfigurationError):
    """Write it again: `hookline console add-user`."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__([f"HOOKLINE_CONSOLE__USERS_FILE: {path} {why}; write it with hookline console add-user NAME"])


def read_users(path: Path) -> dict[str, User]:
    """Users by name. Raises UsersFileUnusable; its text quotes no content."""
    try:
        rows = json.loads(path.read_text("utf-8"))
        users = [User(str(row["name"]), row["role"], str(row["password_hash"])) for row in rows]
    except OSError as error:
        raise UsersFileUnusable(path, f"cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError):
        raise UsersFileUnusable(path, "is not a list of users as JSON") from None
    if any(user.role not in ROLES for user in users):
        raise UsersFileUnusable(path, f"has a role that is none of {', '.join(ROLES)}")
    return {user.name: user for user in users}


def write_user(path: Path, user: User) -> bool:
    """Add `user` to the file, or replace the one of that name; whether there was one. Readable by its owner alone."""
    users = read_users(path) if path.exists() else {}
    was_there = user.name in users
    _write(path, users | {user.name: user})
    return was_there


def remove_user(path: Path, name: str) -> bool:
    """Take `name` out of the file; whether it was there."""
    users = read_users(path)
    if name not in users:
        return False
    _write(path, {other: user for other, user in users.items() if other != name})
    return True


def _write(path: Path, users: dict[str, User]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # A new one is for its owner alone; compose mounts a file as it is, for a user of its own.
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o600
    replace_file(path, json.dumps([asdict(user) for user in users.values()], indent=1).encode(), mode=mode)


class UserDirectory:
    """The users of the file as it is now: it is read again when it has changed."""

    def __init__(self, path: Path, hash_method: str = HASH_METHOD) -> None:
        """`hash_method`: of the password that an unknown name is checked against."""
        self._path = path
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, int, int], dict[str, User]] | None = None
        #: One password at a time: each check takes memory and a core.
        self._checking = threading.Lock()
        #: What the password of an unknown name is compared with, so that the time does not tell that it is unknown.
        self._hash_of_unknown = generate_password_hash("nobody", hash_method)

    def find(self, name: str) -> User | None:
        """Raises UsersFileUnusable."""
        try:
            found = self._path.stat()
        except OSError as error:
            raise UsersFileUnusable(self._path, f"cannot be read: {error.strerror}") from None
        version = (found.st_mtime_ns, found.st_ino, found.st_size)
        with self._lock:
            if self._read is None or self._read[0] != version:
                self._read = (version, read_users(self._path))
            return self._read[1].get(name)

    def check(self, name: str, password: str) -> User | None:
        """The user of that name and password. Raises UsersFileUnusable."""
        user = self.find(name)
        with self._checking:
            is_right = check_password_hash(self._hash_of_unknown if user is None else user.password_hash, password)
        return user if is_right else None
