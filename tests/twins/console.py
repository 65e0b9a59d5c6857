"""The console for tests: its app with two users and a clock of its own, on a database or on none."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from flask.testing import FlaskClient
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

from ops.console.app import console_app
from ops.console.charts import EventCounts, HeartbeatHistory
from ops.console.context import ConsoleServices
from ops.console.database import ConsoleDatabase, connect_for_console
from ops.console.decisions import DecisionRunner
from ops.console.login_limit import LoginLimit
from ops.console.sessions import Sessions
from ops.console.settings import ConsoleSettings
from ops.console.trial_runner import RuleTrialRunner
from ops.console.users import User, UserDirectory, write_user
from runtime.postgres import Connection

PASSWORD = "correct horse battery"
#: As cheap as scrypt gets: what it costs is not what these tests are about.
_CHEAP = "scrypt:512:8:1"


def no_database() -> Connection:
    """What opening a connection does while PostgreSQL is away."""
    raise psycopg.OperationalError("connection refused")


class PlayedConsole:
    """The app, with the users viv (viewer) and olga (operator)."""

    def __init__(self, folder: Path, dsn: str | None = None, **settings: Any) -> None:
        self.users_file = folder / "users.json"
        for name, role in (("viv", "viewer"), ("olga", "operator")):
            write_user(self.users_file, User(name, role, generate_password_hash(PASSWORD, _CHEAP)))  # type: ignore[arg-type]
        self.now = 1000.0
        self.settings = ConsoleSettings(users_file=self.users_file, **settings)
        users = UserDirectory(self.users_file, _CHEAP)
        clock: Callable[[], float] = lambda: self.now  # noqa: E731
        sessions = Sessions(users, idle_seconds=1800, longest_seconds=12 * 3600, clock=clock)
        opened = no_database if dsn is None else partial(connect_for_console, dsn, 5.0)
        self.database = ConsoleDatabase(opened, self.settings.connections)
        environ = {**os.environ, "HOOKLINE_POSTGRES__DSN": dsn or ""}
        decisions, trials = DecisionRunner(environ, 300), RuleTrialRunner(environ, 300)  # a machine may be busy
        self.history = HeartbeatHistory(self.database)
        charts = (EventCounts(), self.history)
        self.services = ConsoleServices(
            self.settings, self.database, sessions, decisions, trials, *charts, "America/New_York"
        )
        self.app = console_app(self.services, users, LoginLimit(clock))

    def client(self, name: str | None = None) -> FlaskClient:
        """A browser; `name`: who has logged in with it."""
        client = self.app.test_client()
        if name is not None:
            assert self.log_in(client, name).status_code == 303
        return client

    def log_in(self, client: FlaskClient, name: str, password: str = PASSWORD) -> TestResponse:
        token = csrf_token(client.get("/login"))
        return client.post("/login", data={"csrf_token": token, "username": name, "password": password})

    def close(self) -> None:
        self.database._close_idle()


def csrf_token(response: TestResponse) -> str:
    """That of the first form of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', response.text)
    assert found is not None, response.text
    return found[1]


def post(client: FlaskClient, path: str, **fields: Any) -> TestResponse:
    """Send a form to `path`, with the session's token."""
    return client.post(path, data={"csrf_token": csrf_token(client.get("/settings"))} | fields)
