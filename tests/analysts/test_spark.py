"""The page's block for Spark, over Kafka: every event once, whichever version of the schema it was written with."""

from __future__ import annotations

import json
import time
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from tests.analysts.conftest import PROGRAMS, AddRow, Tools
from tests.e2e.analysts_page import BLOCKS, SentHistory
from tests.e2e.conftest import Stack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

#: Spark's packages for Kafka and Avro, which `make analysts` copies there where it has Maven.
JARS = Path(PROGRAMS).resolve().parent / "jars"


def send_one_that_only_the_newest_schema_can_hold(stack: Stack) -> None:
    """A text that may be inbound though it came as sent: a field of version 2. In this folder's last test: it is a
    message more than the history has."""
    fields = {
        "secret": stack.env["TEXTLINK_SECRET"],
        "phone_number": "+13035550199",
        "text": "Is this still open?",
        "timestamp": int(time.time() * 1000),
        "received": True,
    }
    request = urllib.request.Request(  # noqa: S310 - ours
        f"{stack.env['INGEST_URL']}/webhooks/textlink/sent", json.dumps(fields).encode(), method="POST"
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - ours
        assert answer.headers["X-Durability"] == "kafka"


def test_spark_reads_every_event_by_the_schema_of_its_writer(
    stack: Stack, tools: Tools, add_row: AddRow, history: SentHistory
) -> None:
    jars = sorted(map(str, JARS.glob("*.jar")))
    if not jars:
        pytest.skip(f"Spark's packages are not in {JARS}: `make analysts` needs Maven (mvn) to bring them")
    send_one_that_only_the_newest_schema_can_hold(stack)
    script = (Path(__file__).parent / "spark_reader.py").read_text("utf-8")
    done = tools.run(
        *("python", "-c", f"{BLOCKS['spark'][1]}\n{script.replace('from __future__ import annotations', '')}"),
        SPARK_JARS=",".join(jars),
        SPARK_LOCAL_IP="127.0.0.1",
    )
    found = json.loads(done.stdout.splitlines()[-1])
    sent = Counter({name: count for name, count in history.truth["events"].items() if name.startswith("message.")})
    assert found["events"] == sent + Counter({"message.sent": 1})
    assert found["without_id"] == 0
    assert found["schemas"] == 2
    add_row(
        "Spark",
        tools.versions("pyspark"),
        found["records"],
        f"{sum(found['events'].values()):,} events, by 2 versions of the schema",
    )
