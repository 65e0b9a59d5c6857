"""Every thread of ours has been thought through: what becomes of it when its body raises something unexpected.

A thread that ends in silence while its process says that it is well is a fault. A new one is entered here with its
answer, and tested where its code is.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("schemas", "runtime", "ingest", "processors", "ops")

#: File, and what the thread runs: why it does not end in silence.
THREADS = {
    "ingest/durable/replay_loop.py: self.run": "logs it and goes on",
    "ingest/node/report.py: self._run": "logs it and goes on; a node that is not heard of makes the gate unsure",
    "ingest/quarantine/keeping.py: self._run": "counts what is lost and goes on; one that stalls is an alarm",
    "ops/gate/server.py: watch.run": "says that nothing is sure, and goes on",
    "ops/notifier/server.py: run": "logs it and goes on; its main thread says whether it looks at everything",
    "processors/engine/service.py: run": "ends the process with what was raised",
    "processors/engine/worker.py: self._run": "ends the process with what was raised",
    "processors/http/ssrf_guard.py: resolve": "hands what was raised to whoever waits",
    "runtime/admin.py: self._server.serve_forever": "the port that it serves is asked by Prometheus and the notifier",
    "runtime/draining.py: self._drain": "runs for the last second of a server, which ends all the same",
    "runtime/heartbeat.py: _beat_until": "logs it and goes on; a process that is not heard of is missing",
    "runtime/kafka/internals/name_lookup.py: self._look": "one lookup; what a name cannot be is no address",
    "runtime/kafka/librdkafka/consumer.py: self._close": "one call at the end of a process, whose time is bounded",
    "runtime/request_bodies.py: self._watch": "logs it and goes on",
    "runtime/self_check.py: self.run": "takes it for no answer; without one for a minute the server is given up",
    "runtime/systemd.py: notify_of_life": "systemd ends a service that gives no sign of life",
    "runtime/tracing.py: recorder.provider.shutdown": "sends the last spans while the process ends",
    "runtime/web_server.py: self._stop": "stops the server whatever was raised",
}


def started_threads() -> set[str]:
    found = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Thread":
                    [target] = [keyword.value for keyword in node.keywords if keyword.arg == "target"]
                    found.add(f"{path.relative_to(ROOT)}: {ast.unparse(target)}")
    return found


def test_every_thread_is_listed_with_what_becomes_of_it() -> None:
    assert started_threads() == THREADS.keys()
