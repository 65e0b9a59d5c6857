"""How fast deliveries go: a slow target, a hanging one, one with a limit."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from deploy.local.sandbox.app import Options
from deploy.local.sandbox.rate_limit import Limit
from processors.crm_sync.port import target_types
from processors.crm_sync.targets.rest import RestSettings, RestTarget
from processors.outbox.rate_limiter import BudgetLimiter, Unlimited
from tests.twins.crm import CrmDesk, Sandbox, played_crm
from tests.twins.events import at, message
from tests.twins.rig import until

#: HOOKLINE_TEST_PACE=full: the figures that the documentation names.
FULL = os.environ.get("HOOKLINE_TEST_PACE") == "full"


class Slow(ThreadingHTTPServer):
    """A CRM that takes 50 ms for everything, and knows everybody: no more work than that."""

    daemon_threads = True
    request_queue_size = 128
    noted = 0


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(0.05)
        body = b'{"id": "n1"}'
        self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def slow() -> Iterator[str]:
    with Slow(("127.0.0.1", 0), _Answer) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def notes(count: int, contacts: int, prefix: str = "") -> list[Any]:
    return [
        message(
            key=f"{prefix}{n}", text=f"text {n}", contact_phone=f"+1303555{n % contacts:04d}", occurred_at=at(n / 60)
        )
        for n in range(count)
    ]


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_known_contacts_at_a_target_that_takes_50_ms(desk: CrmDesk, slow: str) -> None:
    count, contacts = (4000, 400) if FULL else (1000, 100)
    desk.owner.execute(
        "INSERT INTO crm_links (target, kind, key, remote_id) SELECT 'rest', 'contact',"
        " '+1303555' || lpad(n::text, 4, '0'), 'c' || n FROM generate_series(0, %s) AS n",
        (contacts,),
    )
    desk.take(*notes(count, contacts))
    started = time.monotonic()
    with desk.working(desk.rest(url=slow)):
        desk.until_done()
    rate = count / (time.monotonic() - started)
    print(f"{rate:.0f} notes/s; the limit is {32 / 0.05:.0f}")
    assert desk.statuses() == {"done": count}
    if FULL:
        assert rate >= 0.8 * 32 / 0.05


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_hanging_target_delays_nobody_else(postgres: Any, sandbox: Sandbox) -> None:
    # Given two targets, one of which never answers
    class Other(RestTarget):
        name = "other"

    desk = CrmDesk(postgres, sandbox, targets=("rest", "other"))
    with played_crm() as hanging:
        hanging.fault(delay_s=3.0, times=None)
        settings = RestSettings(url=f"{hanging.url}/crm", timeout=1.0)
        desk.take(*notes(300, 30))
        with desk.working(Other.configured(settings, Unlimited())), desk.working(desk.rest()):
            # Then the other one is done while it hangs
            desk.until_done("rest")
            assert desk.statuses("other")["pending"] == 300
            paused = "SELECT target FROM crm_targets WHERE paused_until IS NOT NULL"
            until(lambda: desk.all(paused) == [("other",)], "its pause is written down")
        hanging.no_faults()
    assert desk.statuses("rest") == {"done": 300}
    desk.close()


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_limit_is_used_up_and_never_passed(desk: CrmDesk) -> None:
    limit, window = (1000, 20.0) if FULL else (100, 2.0)
    with played_crm(Options(crm_limit=Limit(limit, window, 1.0))) as sandbox:
        settings = RestSettings(url=f"{sandbox.url}/crm", rate_limit=limit, rate_window=window)
        budget = RestTarget.budget(settings)
        assert budget is not None
        limiter = BudgetLimiter(budget, desk.connect, lambda seconds: bool(time.sleep(seconds)))
        target = target_types()["rest"].configured(settings, limiter)
        desk.take(*notes(3 * limit, 40))
        with desk.working(target):
            desk.until_done()
        limiter.close()
        requests = sandbox.get("/_sandbox/requests")
    statuses = Counter(request["status"] for request in requests)
    windows = Counter(int(datetime.fromisoformat(request["at"]).timestamp() // window) for request in requests)
    whole = sorted(windows)[1:-1]
    print(statuses, windows)
    assert 429 not in statuses
    assert whole
    if FULL:
        assert min(windows[start] for start in whole) > 0.95 * limit
