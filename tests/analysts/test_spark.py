"""The page's blocks for Spark, over Kafka: every event once, whichever version of the schema it was written with."""

from __future__ import annotations

import json
import re
import shutil
import signal
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.analysts.conftest import PROGRAMS, AddRow, Tools
from tests.e2e.analysts_page import BLOCKS, SentHistory, rows
from tests.e2e.conftest import ROOT, Stack, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

#: Spark's packages for Kafka and Avro, which `make analysts` copies there where it has Maven.
JARS = Path(PROGRAMS).resolve().parent / "jars"
TOPIC = "sms.messages.v1"
EVENTS = """
    SELECT event_id::text AS event_id, event_type, message_key, account, is_test,
        (extract(epoch FROM occurred_at) * 1000000)::bigint AS occurred_micros
    FROM {} ORDER BY event_id"""


@pytest.fixture(scope="module")
def spark(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What Spark is started with: on this machine and its loopback address alone."""
    jars = ",".join(sorted(map(str, JARS.glob("*.jar"))))
    if not jars:
        pytest.skip(f"Spark's packages are not in {JARS}: `make analysts` needs Maven (mvn) to bring them")
    folder = tmp_path_factory.mktemp("spark")
    (folder / "spark-defaults.conf").write_text(
        f"""
        spark.master local[2]
        spark.driver.bindAddress 127.0.0.1
        spark.driver.host 127.0.0.1
        spark.ui.enabled false
        spark.ui.showConsoleProgress false
        spark.sql.shuffle.partitions 2
        spark.jars {jars}
        """
    )
    return {
        "SPARK_CONF_DIR": str(folder),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_JARS": jars,
        "TABLES": str(folder / "tables"),
    }


@pytest.fixture(scope="module")
def newest(stack: Stack) -> dict[str, Any]:
    """A text that may be inbound though it came as sent: a field of version 2 of the schema. In this folder's last
    file: it is a message more than the history has."""
    return {
        "secret": stack.env["TEXTLINK_SECRET"],
        "phone_number": "+13035550199",
        "text": "Is this still open?",
        "timestamp": int(time.time() * 1000),
        "received": True,
    }


def send(stack: Stack, fields: dict[str, Any]) -> None:
    request = urllib.request.Request(  # noqa: S310 - ours
        f"{stack.env['INGEST_URL']}/webhooks/textlink/sent", json.dumps(fields).encode(), method="POST"
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - ours
        assert answer.headers["X-Durability"] == "kafka"


def in_table(spark: dict[str, str], query: str) -> list[dict[str, Any]]:
    """What DuckDB says of the table that Spark keeps; `events` in `query`."""
    files = f"{spark['TABLES']}/{TOPIC}/day=*/*.parquet"
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.execute(
            f"CREATE VIEW events AS FROM read_parquet('{files}', union_by_name = true, hive_partitioning = true)"
        )
        found = database.execute(query)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def in_postgresql(analyst: dict[str, str]) -> list[dict[str, Any]]:
    return rows(analyst, EVENTS.format(f"analytics.events WHERE topic = '{TOPIC}'"))


def batches(output: str) -> list[tuple[int, int]]:
    """Records and new events of each batch, as the program prints them."""
    return [(int(read), int(new)) for read, new in re.findall(r": (\d+) records, (\d+) new events", output)]


@pytest.fixture(scope="module")
def killed(tools: Tools, spark: dict[str, str], history: SentHistory) -> Path:
    """The table after a first run that was killed within its second batch: some of its files are there, others were
    about to be moved there, and the checkpoint does not know of any."""
    command = BLOCKS["spark-tables"][1].replace("deploy/analytics/topic_tables.py", "tests/analysts/killed_tables.py")
    command = command.rstrip() + " --records-per-batch 500"
    done = tools.ended("bash", "-euc", f"exec {command}", **spark, PYTHONPATH=str(ROOT / "deploy" / "analytics"))
    assert done.returncode == -signal.SIGKILL, done.stdout[-4000:] + done.stderr[-4000:]
    assert [0 < read <= 500 for read, _ in batches(done.stdout)] == [True, True]

    tables = Path(spark["TABLES"])
    noted = {
        name: {file.name for file in (tables / "_checkpoints" / TOPIC / name).iterdir() if file.name.isdigit()}
        for name in ("offsets", "commits")
    }
    assert noted == {"offsets": {"0", "1"}, "commits": {"0"}}
    files = sorted((tables / TOPIC).glob("day=*/*.parquet"), key=lambda file: file.stat().st_mtime_ns)
    second = [file for file in files if file.name.split(".")[0] == files[-1].name.split(".")[0]]
    assert 1 < len(second) < len(files)
    not_moved = tables / TOPIC / "_temporary" / "0" / "task_202611290000000000000000000_0001_m_000000"
    for file in second[::2]:
        (not_moved / file.parent.name).mkdir(parents=True)
        file.rename(not_moved / file.parent.name / file.name)
    return tables / TOPIC


def test_a_killed_run_is_gone_on_with_and_every_event_is_in_the_table_once(
    tools: Tools, spark: dict[str, str], killed: Path, analyst: dict[str, str], history: SentHistory
) -> None:
    tools.block("spark-tables", **spark)
    assert not (killed / "_temporary").exists()
    assert in_table(spark, EVENTS.format("events")) == in_postgresql(analyst)
    assert in_table(spark, "SELECT count(*) AS events FROM events WHERE day <> occurred_at::date") == [{"events": 0}]
    # and its figures are true
    types = {row["event_type"]: row["events"] for row in in_table(spark, _TYPES)}
    assert types == {name: n for name, n in history.truth["events"].items() if name.startswith("message.")}
    daily = [row for row in history.truth["per_day"] if row["messages_in"]]
    received = in_table(spark, _RECEIVED)
    assert received == [{name: row[name] for name in received[0]} for row in daily]
    # and nothing that it leaves has the password
    password = tools.environment["HOOKLINE_KAFKA__SASL_PASSWORD"].encode()
    left = [file for file in Path(spark["TABLES"]).rglob("*") if file.is_file()]
    assert [file for file in left if password in file.read_bytes()] == []


_TYPES = "SELECT event_type, count(*) AS events FROM events WHERE NOT is_test GROUP BY event_type"
_RECEIVED = """
    SELECT day::text AS day, provider, account, count(DISTINCT message_key) AS messages_in FROM events
    WHERE direction = 'in' AND NOT is_test GROUP BY ALL ORDER BY day, provider, account"""


@pytest.mark.usefixtures("killed")
def test_the_next_run_adds_what_is_new_and_no_repeat_however_late(
    tools: Tools, spark: dict[str, str], analyst: dict[str, str], stack: Stack, newest: dict[str, Any], add_row: AddRow
) -> None:
    send(stack, newest)
    assert batches(tools.block("spark-tables", **spark).stdout) == [(1, 1)]
    assert in_table(spark, "SELECT count(*) AS events FROM events WHERE maybe_inbound") == [{"events": 1}]

    send(stack, newest)
    assert batches(tools.block("spark-tables", **spark).stdout) == [(1, 0)]

    # Without its checkpoint it reads all of the topic once more, and has all of it
    shutil.rmtree(Path(spark["TABLES"]) / "_checkpoints")
    [(read, new)] = batches(tools.block("spark-tables", **spark).stdout)
    [count] = in_table(spark, "SELECT count(*) AS events FROM events")
    assert (read > count["events"], new) == (True, 0)
    eventually(
        lambda: in_table(spark, EVENTS.format("events")) == in_postgresql(analyst),
        "PostgreSQL has the same events",
    )
    add_row(
        "Spark, a table",
        tools.versions("pyspark"),
        read,
        f"{count['events']:,} events, each once, after a kill and without its checkpoint",
    )


def test_a_topic_that_is_not_there_ends_it_with_an_error(tools: Tools, spark: dict[str, str]) -> None:
    command = BLOCKS["spark-tables"][1].replace(TOPIC, "sms.nothing.v1")
    done = tools.ended("bash", "-euc", command, **spark)
    assert done.returncode == 1
    assert "sms.nothing.v1" in done.stderr


def test_spark_reads_every_event_by_the_schema_of_its_writer(
    stack: Stack, tools: Tools, spark: dict[str, str], add_row: AddRow, history: SentHistory, newest: dict[str, Any]
) -> None:
    send(stack, newest)
    script = (Path(__file__).parent / "spark_reader.py").read_text("utf-8")
    done = tools.run(
        *("python", "-c", f"{BLOCKS['spark'][1]}\n{script.replace('from __future__ import annotations', '')}"),
        **spark,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    sent = Counter({name: count for name, count in history.truth["events"].items() if name.startswith("message.")})
    assert found["events"] == sent + Counter({"message.sent": 1})
    assert found["without_id"] == 0
    assert found["schemas"] == 2
    add_row(
        "Spark, a batch",
        tools.versions("pyspark"),
        found["records"],
        f"{sum(found['events'].values()):,} events, by 2 versions of the schema",
    )
