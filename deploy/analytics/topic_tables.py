"""Topics with Spark. As a program it keeps a Parquet table of each topic of events, which has every event once:

    spark-submit deploy/analytics/topic_tables.py --out FOLDER TOPIC ...

It reads with what `hookline env --analyst` prints. docs/analysts.md says what is promised, and what is not.
"""

from __future__ import annotations

import argparse
import json
import os
import urllib.request
from functools import reduce

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation calls it
from pyspark.sql.avro.functions import from_avro

#: Records of a batch, which is done again after a kill. So many fit into the 1 GB that Spark has without a setting.
RECORDS_PER_BATCH = 200_000

#: Seconds that the registry may take for a schema.
REGISTRY_TIMEOUT = 30.0


def kafka_options(topic: str) -> dict[str, str]:
    """What Spark's reader for Kafka needs to read `topic` from its begin, as the analyst."""
    user, password = (os.environ[f"HOOKLINE_KAFKA__SASL_{name}"] for name in ("USERNAME", "PASSWORD"))
    login = "org.apache.kafka.common.security.scram.ScramLoginModule"
    return {
        "kafka.bootstrap.servers": os.environ["HOOKLINE_KAFKA__BOOTSTRAP_SERVERS"],
        "kafka.security.protocol": os.environ["HOOKLINE_KAFKA__SECURITY_PROTOCOL"],
        "kafka.sasl.mechanism": os.environ["HOOKLINE_KAFKA__SASL_MECHANISM"],
        "kafka.sasl.jaas.config": f'{login} required username="{user}" password="{password}";',
        "groupIdPrefix": "analysis-spark",
        "subscribe": topic,
        "startingOffsets": "earliest",
    }


def by_writer(records: DataFrame, registry: str) -> DataFrame:
    """The events of Kafka `records` (a batch), each once, with the place of its first record.

    Each record is decoded by the schema whose id it carries, from the registry at the URL `registry`.
    """
    records = records.withColumn("schema_id", F.conv(F.hex(F.substring("value", 2, 4)), 16, 10).cast("int"))
    versions = []
    for (schema_id,) in records.select("schema_id").distinct().collect():
        url = f"{registry}/schemas/ids/{schema_id}/schema"
        with urllib.request.urlopen(url, timeout=REGISTRY_TIMEOUT) as answer:  # noqa: S310 - from a setting
            schema = json.dumps(json.load(answer))
        event = from_avro(F.expr("substring(value, 6)"), schema, {"mode": "FAILFAST"}).alias("event")
        of_version = records.where(F.col("schema_id") == schema_id)
        versions.append(of_version.select(event, "partition", "offset").select("event.*", "partition", "offset"))
    events = reduce(lambda left, right: left.unionByName(right, allowMissingColumns=True), versions)
    order = Window.partitionBy("event_id").orderBy("partition", "offset")
    return events.withColumn("repeat", F.row_number().over(order)).where("repeat = 1").drop("repeat")


def add_new_events(records: DataFrame, table: str, registry: str) -> None:
    """Add the events of Kafka `records` (a batch) that `table` does not have yet.

    What was added is known by the table alone. So this may be stopped anywhere and done again, with the same records
    or others: no file is visible before it is whole, and an event that is in one is not added a second time.
    """
    records = records.persist(StorageLevel.DISK_ONLY)  # asked for more than once, and read from Kafka once
    if records.isEmpty():
        return
    events = by_writer(records, registry).withColumn("day", F.to_date("occurred_at"))
    ids = records.sparkSession.read.schema("event_id STRING").parquet(table)
    # The batch goes to the table's ids, which are many and stay where they are.
    repeats = ids.join(F.broadcast(events.select("event_id")), "event_id", "left_semi").select("event_id")
    added = events.join(repeats, "event_id", "left_anti").persist(StorageLevel.DISK_ONLY)
    print(f"{table}: {records.count()} records, {added.count()} new events", flush=True)  # noqa: T201 - a program
    # Version 1 moves files when all tasks have ended, and then also what a killed run had left: events twice.
    by_task = {"mapreduce.fileoutputcommitter.algorithm.version": "2"}
    added.repartition("day").write.mode("append").options(**by_task).partitionBy("day").parquet(table)
    added.unpersist()
    records.unpersist()


def keep_table(spark: SparkSession, topic: str, folder: str, registry: str, records_per_batch: int) -> None:
    """Bring the table of `topic` in `folder` up to the topic's end of now."""
    table = f"{folder}/{topic}"
    # Makes the folder: Spark reads an empty one, and none that is not there.
    nothing = spark.sql("SELECT '' AS event_id, current_date() AS day WHERE false")
    nothing.write.mode("append").partitionBy("day").parquet(table)
    records = spark.readStream.format("kafka").options(**kafka_options(topic))
    query = (
        records.option("maxOffsetsPerTrigger", records_per_batch)
        .load()
        .writeStream.foreachBatch(lambda batch, _: add_new_events(batch, table, registry))
        .option("checkpointLocation", f"{folder}/_checkpoints/{topic}")
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()


def main() -> None:
    parser = argparse.ArgumentParser(description="Keep a Parquet table of each topic.")
    parser.add_argument("topics", nargs="+", metavar="TOPIC", help="topics of events, such as sms.messages.v1")
    parser.add_argument("--out", required=True, help="folder of the tables and checkpoints, a path or URL of Spark's")
    parser.add_argument("--records-per-batch", type=int, default=RECORDS_PER_BATCH)
    arguments = parser.parse_args()
    spark = SparkSession.builder.appName("hookline topic tables").getOrCreate()
    spark.conf.set("spark.sql.session.timeZone", "UTC")  # whose days are meant
    spark.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")  # as `hookline export` has them
    for topic in arguments.topics:
        keep_table(spark, topic, arguments.out, os.environ["SCHEMA_REGISTRY_URL"], arguments.records_per_batch)
    spark.stop()


if __name__ == "__main__":
    main()
