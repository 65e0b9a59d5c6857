"""Run by the Python of `make analysts` after the page's block: what Spark says of `sms.messages.v1`, as JSON."""

from __future__ import annotations

import json
import os
from typing import Any

from pyspark.sql import SparkSession


def read(spark: SparkSession, topic: str) -> Any:
    """All records of a topic, with the credentials that `hookline env --analyst` prints."""
    user, password = (os.environ[f"HOOKLINE_KAFKA__SASL_{name}"] for name in ("USERNAME", "PASSWORD"))
    login = "org.apache.kafka.common.security.scram.ScramLoginModule"
    return (
        spark.read.format("kafka")
        .option("kafka.bootstrap.servers", os.environ["HOOKLINE_KAFKA__BOOTSTRAP_SERVERS"])
        .option("kafka.security.protocol", os.environ["HOOKLINE_KAFKA__SECURITY_PROTOCOL"])
        .option("kafka.sasl.mechanism", os.environ["HOOKLINE_KAFKA__SASL_MECHANISM"])
        .option("kafka.sasl.jaas.config", f'{login} required username="{user}" password="{password}";')
        .option("groupIdPrefix", "analysis-spark")
        .option("subscribe", topic)
        .load()
    )


spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.ui.enabled", "false")
    .config("spark.ui.showConsoleProgress", "false")
    .config("spark.sql.shuffle.partitions", "2")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.jars", os.environ["SPARK_JARS"])
    .getOrCreate()
)
records = read(spark, "sms.messages.v1").cache()
events = by_writer(records, os.environ["SCHEMA_REGISTRY_URL"]).cache()  # type: ignore[name-defined] # noqa: F821
counted = events.groupBy("event_type", "is_test").count().collect()
print(
    json.dumps(
        {
            "version": spark.version,
            "records": records.count(),
            "schemas": records.selectExpr("hex(substring(value, 2, 4)) AS id").distinct().count(),
            "without_id": events.where("event_id IS NULL OR contact_phone IS NULL").count(),
            "events": {row["event_type"]: row["count"] for row in counted if not row["is_test"]},
        }
    )
)
spark.stop()
