"""Run by the Python of `make analysts` after the page's block: what Spark says of `sms.messages.v1`, as JSON."""

from __future__ import annotations

import json

counted = events.groupBy("event_type", "is_test").count().collect()  # type: ignore[name-defined] # noqa: F821
print(
    json.dumps(
        {
            "records": records.count(),  # type: ignore[name-defined] # noqa: F821
            "schemas": records.selectExpr("hex(substring(value, 2, 4)) AS id").distinct().count(),  # type: ignore[name-defined] # noqa: F821
            "without_id": events.where("event_id IS NULL OR contact_phone IS NULL").count(),  # type: ignore[name-defined] # noqa: F821
            "events": {row["event_type"]: row["count"] for row in counted if not row["is_test"]},
        }
    )
)
spark.stop()  # type: ignore[name-defined] # noqa: F821
