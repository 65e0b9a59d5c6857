"""The console as a service: one process, its threads bounded, its own admin port."""

from __future__ import annotations

import os
from functools import partial

from ops.console.app import console_app, readiness
from ops.console.charts import EventCounts, HeartbeatHistory
from ops.console.context import ConsoleServices
from ops.console.database import ConsoleDatabase, connect_for_console
from ops.console.decisions import DecisionRunner
from ops.console.memory import return_large_pieces
from ops.console.sessions import Sessions
from ops.console.settings import ConsoleSettings
from ops.console.trial_runner import RuleTrialRunner
from ops.console.users import UserDirectory
from runtime import logs
from runtime.addresses import local_url
from runtime.admin import AdminServer, admin_app
from runtime.connections import PostgresSettings
from runtime.heartbeat import Heartbeat, beating
from runtime.postgres import Connection, connect
from runtime.process import StopSignal, log_settings
from runtime.settings import Configuration, ConfigurationError, checked_time_zone
from runtime.systemd import supervised

log = logs.logger("hookline.console")

#: Where the time zone of deadlines is set; the console does not load opt-out's code for it.
ZONE_VARIABLE, DEFAULT_ZONE = "HOOKLINE_OPT_OUT__TIME_ZONE", "America/New_York"


def load() -> Configuration:
    """The configuration. Raises ConfigurationError with every mistake."""
    configuration = Configuration.load(ConsoleSettings, PostgresSettings)
    mistakes = []
    if configuration[ConsoleSettings].users_file is None:
        users_file = ConsoleSettings.variable("users_file")
        mistakes.append(f"{users_file} is missing: make the file with hookline console add-user NAME")
    try:
        checked_time_zone(_deadline_zone())
    except ValueError as error:
        mistakes.append(f"{ZONE_VARIABLE} {error}")
    if mistakes:
        raise ConfigurationError(mistakes)
    return configuration


def _deadline_zone() -> str:
    return os.environ.get(ZONE_VARIABLE) or DEFAULT_ZONE


def wired(configuration: Configuration) -> tuple[ConsoleServices, UserDirectory]:
    """What the app needs. Raises ConfigurationError where the users file is not usable."""
    settings, dsn = configuration[ConsoleSettings], configuration[PostgresSettings].dsn.get_secret_value()
    assert settings.users_file is not None  # `load` has looked
    users = UserDirectory(settings.users_file)
    users.find("")
    sessions = Sessions(users, idle_seconds=settings.idle_minutes * 60, longest_seconds=settings.session_hours * 3600)
    database = ConsoleDatabase(partial(connect_for_console, dsn, settings.statement_seconds), settings.connections)
    decisions, trials = DecisionRunner(os.environ), RuleTrialRunner(os.environ)
    history = HeartbeatHistory(database)
    zone = _deadline_zone()
    return ConsoleServices(settings, database, sessions, decisions, trials, EventCounts(), history, zone), users


def serve() -> None:
    """Run the console until SIGTERM or Ctrl-C. Raises ConfigurationError."""
    return_large_pieces()
    configuration = load()
    settings = configuration[ConsoleSettings]
    logs.configure("console")
    log_settings(log, configuration)
    services, users = wired(configuration)
    stop = StopSignal().install()
    dsn = configuration[PostgresSettings].dsn.get_secret_value()

    def connected() -> Connection:
        return connect(dsn, process="console", connect_timeout=3, call_timeout=5.0)

    app = console_app(services, users)
    is_ready = partial(readiness, services, users)
    admin = admin_app("console", is_ready, settings=configuration.rows)
    with (
        beating(Heartbeat("console"), is_ready, connected),
        AdminServer(app, settings.host, settings.port, variable=ConsoleSettings.variable("host")) as served,
        AdminServer(admin, settings.admin_host, settings.admin_port) as watched,
        supervised(settings.admin_host, watched.port, stop),
    ):
        log.info("console_serving", url=local_url(settings.host, served.port), admin_port=watched.port)
        services.heartbeat_history.look_until(stop.wait)
    log.info("console_stopped")
