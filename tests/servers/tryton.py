"""A real Tryton with its parties, on SQLite: a program of its own (GPL), in an environment of its own.

What takes long is done once and kept in the cache: the environment, from tryton.lock, and a database with the module
`party`, users and their keys. Every server that is started has a copy of that database.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uv
from tenacity import Retrying, retry_if_exception_type, stop_before_delay, wait_fixed

from deploy.local.downloads import cache_folder
from deploy.local.launch import launched
from deploy.local.ports import HOST, free_ports
from tests.servers.starting import Stop

LOCK = Path(__file__).with_name("tryton.lock")
DATABASE = "hookline"
#: Seconds until it answers, and until it is set up, on a machine that does much else.
TIME_LIMIT, SETTING_UP = 60.0, 300.0

#: An administrator and a clerk of the group that may make categories, and somebody of no group.
_USERS = """
User, Group = pool.get("res.user"), pool.get("res.group")
groups = Group.search([("name", "=", "Party Administration")])
User.create([
    {"login": "hookline", "name": "Hookline", "administrator": True, "groups": [("add", groups)]},
    {"login": "clerk", "name": "Clerk", "groups": [("add", groups)]},
    {"login": "guest", "name": "Guest"},
])
transaction.commit()
"""
#: What a person does in Tryton's client: Administration, Users, User Applications, Validate.
_VALIDATE = """
Application = pool.get("res.user.application")
Application.validate_(Application.search([("state", "=", "requested")]))
transaction.commit()
"""
#: The tables with what a target writes.
_HELD = (
    "ir_note",
    "party_party-party_category",
    "party_category",
    "party_contact_mechanism",
    "party_address",
    "party_party",
)


#: Under a Turkish locale Python's sqlite3 does not know "INSERT" for a change, as it compares it with "insert" by the
#: locale's rules, and begins no transaction: Tryton then takes the same name twice.
_LOCALE = {"LC_ALL": "C.UTF-8"}


class TrytonFailed(Exception):
    """Read what it says: Tryton could not be set up or started."""


@dataclass(frozen=True, slots=True)
class Tryton:
    """One that serves."""

    url: str
    path: Path  #: of its database, an SQLite file
    key: str  #: of an administrator
    clerk_key: str  #: of somebody who is none, of the group Party Administration
    guest_key: str  #: of somebody of no group

    def rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """What its database says, asked without it."""
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(statement, values).fetchall()

    def forget_parties(self) -> None:
        """As if there had never been one, nor a category."""
        with closing(sqlite3.connect(self.path, timeout=30)) as connection, connection:
            for table in _HELD:  # Tryton keeps no foreign keys in SQLite
                connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 - the names above


def start_tryton(home: Path) -> tuple[Tryton, Stop]:
    """A server with a database of its own in `home`, and what ends it. Raises TrytonFailed."""
    kept = _kept()
    home.mkdir(parents=True, exist_ok=True)
    path = home / f"{DATABASE}.sqlite"
    shutil.copyfile(kept / path.name, path)
    url, stop = _serve(kept, home)
    keys = json.loads((kept / "keys.json").read_text("utf-8"))
    return Tryton(url, path, keys["hookline"], keys["clerk"], keys["guest"]), stop


def _serve(kept: Path, home: Path) -> tuple[str, Stop]:
    [port] = free_ports(1)
    configuration = _configured(home, port)
    log = home / "tryton.log"
    command = [*_program(kept, "trytond.cli"), "-c", str(configuration), "-d", DATABASE]
    with log.open("ab") as output:
        process = subprocess.Popen(
            launched(command), env=os.environ | _LOCALE, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )

    def stop() -> None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def look() -> None:
        if process.poll() is not None:
            raise TrytonFailed(f"Tryton ended: {_tail(log)}")
        httpx.options(f"http://{HOST}:{port}/", trust_env=False, timeout=5).raise_for_status()

    waiting = Retrying(
        retry=retry_if_exception_type(httpx.HTTPError),
        stop=stop_before_delay(TIME_LIMIT),
        wait=wait_fixed(0.1),
        reraise=True,
    )
    try:
        waiting(look)
    except BaseException:
        stop()
        raise
    return f"http://{HOST}:{port}", stop


def _kept() -> Path:
    """The folder in the cache with the environment, the database and its users' keys; made where it is missing."""
    made_from = LOCK.read_bytes() + Path(__file__).read_bytes() + sys.version.encode()
    folder = cache_folder() / "tryton" / hashlib.sha256(made_from).hexdigest()[:16]
    with _alone(folder):
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            _make(partial)
            partial.rename(folder)
    return folder


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two test runs that start at once take turns: the second finds everything there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(folder: Path) -> None:
    environment, installer = folder / "venv", uv.find_uv_bin()
    _run([installer, "venv", "--quiet", "--python", sys.executable, str(environment)])
    install = [installer, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(environment)]
    _run([*install, "--require-hashes", "-r", str(LOCK)])
    making = folder / "making"
    making.mkdir()
    database = making / f"{DATABASE}.sqlite"
    database.touch()
    password = making / "password"
    password.write_text(secrets.token_hex(16), "utf-8")  # of `admin`, whom nobody needs any more
    configuration = str(_configured(making, 0))
    admin = [
        "-c",
        configuration,
        "-d",
        DATABASE,
        "-u",
        "party",
        "--activate-dependencies",
        "--email",
        "admin@localhost",
    ]
    _run([*_program(folder, "trytond.cli.admin"), *admin], {"TRYTONPASSFILE": str(password)})
    console = [*_program(folder, "trytond.cli.console"), "-c", configuration, "-d", DATABASE]
    _run(console, says=_USERS)
    keys = _keys(folder, making)
    _run(console, says=_VALIDATE)
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(folder / database.name)) as target:
        source.backup(target)  # with what is in its write-ahead log yet
    (folder / "keys.json").write_text(json.dumps(keys), "utf-8")
    shutil.rmtree(making)


def _keys(folder: Path, home: Path) -> dict[str, str]:
    """A key for each user, asked for over HTTP; it is of no use until it is validated."""
    url, stop = _serve(folder, home)
    try:
        keys = {}
        for user in ("hookline", "clerk", "guest"):
            requested = {"user": user, "application": "rest"}
            # It takes up to a second of its own, by chance, so that nobody learns from it who there is.
            answer = httpx.post(f"{url}/{DATABASE}/r/user/application/", json=requested, trust_env=False, timeout=30)
            keys[user] = str(answer.raise_for_status().json())
        return keys
    finally:
        stop()


def _configured(home: Path, port: int) -> Path:
    path = home / "trytond.conf"
    path.write_text(f"[database]\nuri = sqlite://\npath = {home}\n[web]\nlisten = {HOST}:{port}\n", "utf-8")
    return path


def _program(folder: Path, module: str) -> list[str]:
    """By its module: the scripts name the folder that the environment was made in, which is renamed since."""
    return [str(folder / "venv" / "bin" / "python"), "-m", module]


def _run(command: list[str], environment: Mapping[str, str] | None = None, says: str | None = None) -> None:
    done = subprocess.run(
        command,
        env=os.environ | _LOCALE | dict(environment or {}),
        input=says,
        capture_output=True,
        text=True,
        timeout=SETTING_UP,
        check=False,
    )
    # The console ends with 0 whatever happened in it.
    if done.returncode != 0 or "Traceback" in done.stderr:
        raise TrytonFailed(f"{' '.join(command[:4])} ...: {(done.stderr or done.stdout).strip()[-2000:]}")


def _tail(log: Path) -> str:
    return log.read_text("utf-8", "replace")[-2000:]
