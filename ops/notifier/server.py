"""The notifier as a service: one process, a thread for each thing that may hang, its own admin port."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from ops.alarms.catalogue import RULES
from ops.alarms.findings import ObservedItem
from ops.alarms.metric_history import metrics_of
from ops.console.memory import return_large_pieces
from ops.notifier.alarm_book import AlarmBook
from ops.notifier.alarm_store import AlarmFile
from ops.notifier.delivery import NotificationTarget, TargetWorker
from ops.notifier.endings import EVERY as ENDINGS_EVERY
from ops.notifier.endings import ending_certificates, ending_tokens
from ops.notifier.postgres_observer import PostgresObserver
from ops.notifier.process_observer import ProcessObserver
from ops.notifier.quiet_days import QuietDays, UnknownCountry
from ops.notifier.settings import NotifierSettings
from ops.notifier.silence import SilenceWatch
from ops.notifier.watch import AlarmWatch
from runtime import logs
from runtime.admin import AdminServer, Readiness, admin_app
from runtime.connections import PostgresSettings
from runtime.counted_log import CountedLog
from runtime.heartbeat import Heartbeat
from runtime.postgres import connect
from runtime.process import StopSignal, log_settings
from runtime.settings import Configuration, ConfigurationError, home
from runtime.systemd import supervised

log = logs.logger("hookline.notifier")

#: Seconds between two calls of the heartbeat's URL, and for one of them.
HEARTBEAT_EVERY, HEARTBEAT_TIMEOUT = 60.0, 10.0
#: Seconds without a look at everything after which the notifier itself is not well.
BLIND_AFTER = 30.0


def load() -> Configuration:
    """The configuration. Raises ConfigurationError with every mistake."""
    configuration = Configuration.load(NotifierSettings, PostgresSettings)
    if not configuration[NotifierSettings].targets:
        raise ConfigurationError([f"{NotifierSettings.variable('targets')} is missing: where alarms go"])
    return configuration


def targets_of(settings: NotifierSettings) -> list[NotificationTarget]:
    """The targets that the settings name."""
    return [NotificationTarget.of(target.get_secret_value().strip()) for target in settings.targets]


def call_heartbeat(url: str) -> None:
    """Say that the notifier works. What fails is logged without the URL: it is a secret."""
    try:
        with urllib.request.urlopen(url, timeout=HEARTBEAT_TIMEOUT) as answer:  # noqa: S310 - the settings take http(s)
            answer.read(1024)
    except (OSError, ValueError) as error:
        log.warning("heartbeat_failed", error_class=type(error).__name__)


def serve() -> None:
    """Run the notifier until SIGTERM or Ctrl-C. Raises ConfigurationError."""
    return_large_pieces()
    configuration = load()
    settings, dsn = configuration[NotifierSettings], configuration[PostgresSettings].dsn.get_secret_value()
    targets = targets_of(settings)
    heartbeat = settings.heartbeat_url.get_secret_value() if settings.heartbeat_url else ""
    logs.configure("notifier", secrets=[*(target.url for target in targets), *([heartbeat] if heartbeat else [])])
    log_settings(log, configuration)
    stop = StopSignal().install()
    file = _alarm_file(settings.state_dir or Path(home()) / "notifier")
    book = AlarmBook(RULES)
    book.restore(*file.read())
    silence = SilenceWatch(ZoneInfo(settings.time_zone), _quiet_days(settings.holidays))
    connected = partial(connect, dsn, process="notifier", connect_timeout=3, call_timeout=5.0)
    postgres = PostgresObserver(connected, book, silence, heartbeat=Heartbeat("notifier"))
    processes = ProcessObserver(settings.admin_ports, metrics_of(RULES))
    endings: list[ObservedItem] = []
    watch = AlarmWatch(book, processes.ask, postgres, file, slow_facts=lambda: tuple(endings))

    def look_at_endings() -> None:
        now = datetime.now(UTC)
        endings[:] = [*ending_certificates(settings.certificates, now), *ending_tokens(settings.token_ends, now)]

    def is_well() -> bool:
        return watch.looked_at is not None and time.monotonic() - watch.looked_at < BLIND_AFTER

    threads = [
        repeated("postgres", postgres.step, settings.every_seconds, stop),
        repeated("endings", look_at_endings, ENDINGS_EVERY, stop),
        *_sending(settings, targets, book, watch, stop),
    ]
    if heartbeat:
        threads.append(
            repeated("heartbeat", lambda: call_heartbeat(heartbeat) if is_well() else None, HEARTBEAT_EVERY, stop)
        )
    app = admin_app(
        "notifier",
        lambda: Readiness(True) if is_well() else Readiness(False, "it has not looked at everything lately"),
        settings=configuration.rows,
    )
    with (
        AdminServer(app, settings.admin_host, settings.admin_port) as admin,
        supervised(settings.admin_host, admin.port, stop),
    ):
        log.info("notifier_serving", admin_port=admin.port, targets=[target.name for target in targets])
        while not stop.is_set():
            watch.look()
            stop.wait(settings.every_seconds)
    _end(threads, watch, postgres, processes)


def _end(
    threads: Sequence[threading.Thread], watch: AlarmWatch, postgres: PostgresObserver, processes: ProcessObserver
) -> None:
    for thread in threads:
        thread.join(1.0)
    watch.keep()
    postgres.close()
    processes.close()
    log.info("notifier_stopped")


def _sending(
    settings: NotifierSettings,
    targets: Sequence[NotificationTarget],
    book: AlarmBook,
    watch: AlarmWatch,
    stop: StopSignal,
) -> Iterator[threading.Thread]:
    """A thread for each target."""
    limit = timedelta(hours=settings.give_up_hours)
    for target in targets:
        worker = TargetWorker(target, book, seconds=settings.send_seconds, give_up_after=limit)
        yield repeated(target.name, partial(_send, worker, watch), 1.0, stop)


def _send(worker: TargetWorker, watch: AlarmWatch) -> None:
    if watch.may_send and worker.step():
        watch.keep()


def _alarm_file(folder: Path) -> AlarmFile:
    try:
        return AlarmFile(folder)
    except OSError as error:
        variable = NotifierSettings.variable("state_dir")
        raise ConfigurationError([f"{variable}: {folder} cannot be written ({error.strerror})"]) from None


def _quiet_days(country: str) -> QuietDays:
    days = QuietDays(country)
    try:
        days(datetime.now(UTC).date())
    except UnknownCountry:
        variable = NotifierSettings.variable("holidays")
        raise ConfigurationError([f"{variable}: no holidays are known of {country!r}; give another, or none"]) from None
    return days


def repeated(name: str, step: Callable[[], object], seconds: float, stop: StopSignal) -> threading.Thread:
    """`step` again and again in a thread of its own; a bug in one of them is logged and leaves the others alone."""

    failures = CountedLog(log)

    def run() -> None:
        while not stop.is_set():
            try:
                step()
            except Exception:  # noqa: BLE001 - logged with its traceback
                failures.exception("notifier_step_failed", step=name)
            stop.wait(seconds)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread
