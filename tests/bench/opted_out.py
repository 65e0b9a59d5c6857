"""The part of the stack that a STOP passes: ingest, persist, opt-out, and TextUs as the sandbox plays it."""

from __future__ import annotations

import psycopg
from psycopg.conninfo import conninfo_to_dict

from deploy.local.ports import HOST, free_ports
from tests.bench.ingest import start, wait_ready
from tests.bench.servers import Servers, wait_for

TOKEN = "the-token-of-the-benchmark"
#: Accounts of the organisation that the sandbox plays.
ACCOUNTS = 3


class OptedOut:
    """All of it running, with an empty database of its own."""

    def __init__(self, ours: Servers) -> None:
        persist, self.superuser = ours.new_database("persist")
        database = conninfo_to_dict(self.superuser)["dbname"]
        #: Of the gate's role.
        self.gate_dsn = ours.dsn_of("gate", str(database))
        (sandbox_port,) = free_ports(1)
        self.sandbox_url = f"http://{HOST}:{sandbox_port}"
        sandbox = ours.start(
            "sandbox",
            *("-m", "ops", "sandbox"),
            SANDBOX__PORT=str(sandbox_port),
            SANDBOX__RATE_LIMIT="0",
            TEXTUS__API_TOKEN=TOKEN,
        )
        wait_ready(sandbox_port, sandbox, "the sandbox")
        self.ingest_port = start(ours, "ingest", "-m", "ops", "ingest")
        self.persist = ours.start("persist", "-m", "ops", "process", "persist", POSTGRES__DSN=persist)
        self.opt_out = ours.start(
            "opt-out",
            *("-m", "ops", "process", "opt-out"),
            POSTGRES__DSN=ours.dsn_of("opt-out", str(database)),
            TEXTUS__API_URL=self.sandbox_url,
            TEXTUS__API_TOKEN=TOKEN,
            TEXTUS__RATE_LIMIT="1000000",
        )
        with psycopg.connect(self.superuser, autocommit=True) as connection:

            def accounts() -> bool:
                [(count,)] = connection.execute("SELECT count(*) FROM target_accounts").fetchall()
                return bool(count == ACCOUNTS)

            wait_for(accounts, "the accounts have been read", self.opt_out)
