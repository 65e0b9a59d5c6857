"""What helps where refused webhooks are lost, by the reason that the metric hookline_quarantine_lost_total has."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: For a reason that is not among them, as of a newer ingest.
USUAL_ADVICE = "hookline quarantine ls; see ingest's log"

ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "evicted": "raise HOOKLINE_INGEST__QUARANTINE_MAX_MB, or make room on its disk; hookline quarantine ls",
        "expired": "hookline quarantine ls; hookline quarantine replay; raise HOOKLINE_INGEST__QUARANTINE_DAYS",
        "queue_full": "hookline quarantine ls; stop who sends so much: the disk does not keep up",
        "not_written": "see quarantine_failed in ingest's log; mend the disk of HOOKLINE_INGEST__SPOOL_DIR",
        "damaged": "see quarantine_damaged in ingest's log; its file was set aside; check the disk",
        "masking_failed": "a bug: report the line quarantine_masking_failed of ingest's log",
        "packed_unreadably": "have the sender send in an encoding that Hookline reads, such as gzip or none",
        "no_quarantine": "set HOOKLINE_INGEST__QUARANTINE_MAX_MB above 0; see quarantine_unavailable in ingest's log",
    }
)
