"""A delivery worker in a process of its own, to be killed: CONNECTION-STRING CRM-URL [TARGET], which is rest.

What the target needs beside its address stands in the environment.
"""

from __future__ import annotations

import os
import sys
import time

from processors.crm_sync import delivery_worker_of
from processors.crm_sync.port import target_types
from processors.crm_sync.settings import CrmSettings
from processors.engine.database import Database
from processors.outbox.rate_limiter import Unlimited
from runtime.postgres import connect
from runtime.settings import Configuration

if __name__ == "__main__":
    dsn, url, name = [*sys.argv[1:], "rest"][:3]
    kind = target_types()[name]
    environ = os.environ | {kind.settings_type.variable("url"): url}
    target = kind.configured(Configuration.load(kind.settings_type, environ=environ)[kind.settings_type], Unlimited())
    delivery_worker = delivery_worker_of(target, CrmSettings(targets=(name,), look_after=0.05))
    database = Database(lambda: connect(dsn, process="crm-sync"))
    while True:
        time.sleep(delivery_worker(database))
