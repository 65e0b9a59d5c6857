"""A courier in a process of its own, to be killed: CONNECTION-STRING CRM-URL."""

from __future__ import annotations

import sys
import time

from processors.api_budget.purse import NoLimit
from processors.crm_sync import courier_of
from processors.crm_sync.settings import CrmSettings
from processors.crm_sync.targets.rest import RestSettings, RestTarget
from processors.database import Database
from runtime.postgres import connect

if __name__ == "__main__":
    dsn, url = sys.argv[1:]
    target = RestTarget.configured(RestSettings(url=url), NoLimit())
    courier = courier_of(target, CrmSettings(targets=("rest",), look_after=0.05))
    database = Database(lambda: connect(dsn, process="crm-sync"))
    while True:
        time.sleep(courier(database))
