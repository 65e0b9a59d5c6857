"""The request budget at TextUs's limit, as the sandbox plays it: nearly all of it used, and not one 429."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import httpx
import pytest

from deploy.local.sandbox.app import Options, create_app
from deploy.local.sandbox.rate_limit import Limit
from deploy.local.sandbox.server import SandboxServer
from processors.engine.database import Database
from processors.opt_out.accounts import AccountsReader
from processors.opt_out.enforcement_queue import enforcer_of
from processors.opt_out.targets.textus import TextUsOptOuts
from processors.outbox.budget import Budget
from processors.outbox.rate_limiter import BudgetLimiter, PrepaidLimiter
from processors.textus_api.settings import TextUsApiSettings
from runtime.postgres import Connection, connect
from tests.twins.events import message
from tests.twins.opted_out import Desk

#: HOOKLINE_TEST_BUDGET=full: 50 accounts, 100 opt-outs, 1,000 requests in 5 minutes that last 10 seconds.
FULL = os.environ.get("HOOKLINE_TEST_BUDGET") == "full"
ACCOUNTS, PHONES, LIMIT, WINDOW_S = (50, 100, 1000, 10.0) if FULL else (10, 40, 100, 2.0)


@pytest.fixture
def sandbox() -> Iterator[str]:
    scale = 300 / WINDOW_S
    app = create_app(Options(textus_token="t", textus_limit=Limit(LIMIT, 300, scale)))
    with SandboxServer(app) as server:
        httpx.put(f"{server.url}/_sandbox/accounts", json=[f"account{n}" for n in range(ACCOUNTS)], trust_env=False)
        yield server.url


@pytest.fixture
def desk(postgres: Any) -> Iterator[Desk]:
    made = Desk(postgres)
    yield made
    made.close()


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    """What a test opens is closed however it ends."""
    with ExitStack() as stack:
        yield stack


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_opt_outs_use_nearly_all_of_the_budget_and_come_first(sandbox: str, desk: Desk, closing: ExitStack) -> None:
    # Given accounts read from the API, and opt-outs for all of them
    settings = TextUsApiSettings(api_url=sandbox, api_token="t", rate_limit=LIMIT, rate_reserve=10)
    budget, prepaid = TextUsOptOuts.budget(settings), PrepaidLimiter()

    def connected() -> Connection:
        return connect(desk.postgres.dsn("opt-out"), process="budget")

    def sleep(seconds: float) -> bool:
        time.sleep(seconds)
        return False

    database = Database(connected)
    closing.callback(database.close)
    desk.ledger.now = lambda: datetime.fromtimestamp(time.time(), desk.now.tzinfo)
    limiter = BudgetLimiter(budget, connected, sleep, urgent=True)
    closing.callback(limiter.close)
    reader = TextUsOptOuts.configured(settings, limiter)
    closing.callback(reader.close)
    AccountsReader(reader, every=desk.now - desk.now.min.replace(tzinfo=desk.now.tzinfo))(database)
    desk.take(*(message(text="STOP", contact_phone=f"+130355520{n:02d}") for n in range(PHONES)))
    assert desk.all("SELECT count(*) FROM enforcements WHERE status = 'pending'") == [(ACCOUNTS * PHONES,)]
    # When they are worked off while somebody else asks for requests too
    target = TextUsOptOuts.configured(settings, prepaid)
    enforcer = enforcer_of(target, budget, prepaid, calls_at_once=16)
    closing.callback(enforcer.close, database, 10)
    others, used_up = 0, set()
    deadline = time.monotonic() + 150
    while desk.all("SELECT EXISTS (SELECT FROM enforcements WHERE status = 'pending')") == [(True,)]:
        assert time.monotonic() < deadline
        window = int(time.time() // WINDOW_S)
        pause = enforcer(database)
        # The budget says that the window is used up; on a slow machine not every one is, and a round may cross its end.
        if pause > 0.1 and window == int(time.time() // WINDOW_S):
            used_up.add(window)
        others += _asked_by_others(database, budget)
        time.sleep(min(pause, 0.05))
    # Then a window that the budget took for used up nearly was, and nothing was refused
    requests = httpx.get(f"{sandbox}/_sandbox/requests", trust_env=False).json()
    statuses = Counter(request["status"] for request in requests)
    windows = Counter(int(datetime.fromisoformat(request["at"]).timestamp() // WINDOW_S) for request in requests)
    shares = {window: windows[window] / LIMIT for window in sorted(used_up)}
    print(f"statuses {dict(statuses)}, windows used up {len(used_up)} of {len(windows)}, of the budget {shares}")
    assert 429 not in statuses
    assert used_up
    assert max(windows.values()) <= LIMIT
    assert min(shares.values()) > 0.95, windows
    assert others == 0


def _asked_by_others(database: Database, budget: Budget) -> int:
    """How many requests anybody else is granted while opt-outs wait."""
    with database.transaction() as connection:
        grant = budget.take(connection, 1, urgent=False)
        if grant.count:
            budget.give_back(connection, grant.count)
    return grant.count
