"""Rows in which every processor is at work."""

from __future__ import annotations

from typing import Any

#: More STOPs than usual, texts that fail, and tests; a machine of two cores has to carry it all.
WITH_ALL: dict[str, Any] = {
    "rate": 120.0,
    "opt_out": {},
    "crms": ("rest",),
    # The CRM is well in them: it is never given up while this machine stands still for a moment.
    "crm": {"HOOKLINE_CRM_REST__TIMEOUT": "10"},
    "load": {"stops": 0.1, "failures": 0.5, "tests": 0.02},
}
