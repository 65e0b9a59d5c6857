"""A web server of ours around a small application, as a user without privileges: the program behind a test.

    python -m tests.servers.unprivileged_web PORT WORKERS THREADS

Started as root it becomes nobody, once everything is imported that it needs.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401 # for any host
import multiprocessing.popen_fork  # noqa: F401 # as multiprocessing does later
import os
import sys
from typing import TYPE_CHECKING, Any

import granian._loops
import granian._signals  # noqa: F401 # Granian imports both in its workers, when nobody's own files may be out of reach
from werkzeug.exceptions import HTTPException

from runtime import logs, self_check
from runtime.process import die_with_parent
from runtime.web_server import WebServer, start_workers_by_fork

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NOBODY = 65534


def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Reads the body as ingest does, and answers 200 with it."""
    try:
        body = environ["wsgi.input"].read(262_145)
    except HTTPException as error:
        return list(error.get_response(environ)(environ, start_response))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def main(port: int, workers: int, threads: int) -> None:
    """Serve until SIGTERM."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    logs.configure("unprivileged-web")
    start_workers_by_fork()
    parent = os.getpid()

    def build() -> WSGIApplication:
        die_with_parent(parent)
        return application

    if stop_timeout := os.environ.get("SELF_CHECK_PATIENCE"):
        self_check.TIME_LIMIT, self_check.INTERVAL = float(stop_timeout), float(stop_timeout) / 4
    WebServer("unprivileged web", "127.0.0.1", port, variable="HOST", workers=workers, threads=threads).run(build)


if __name__ == "__main__":
    arguments: Any = [int(argument) for argument in sys.argv[1:]]
    main(*arguments)
