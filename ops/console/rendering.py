"""How values are written into pages: escaped, control characters made visible, times for the reader's own zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, g
from markupsafe import Markup

from ops.trace.masking import redacted
from runtime.printable import printable, printable_json
from runtime.version import hookline_version
from schemas.topics import processor_of

#: Where each page is, in the order of the navigation: endpoint and title.
NAVIGATION = (
    ("overview.page", "Overview"),
    ("events.listing", "Events"),
    ("opt_outs.desk", "Opt-outs"),
    ("crm.page", "CRM"),
    ("dead_letters.page", "Dead letters"),
    ("records.page", "Records"),
    ("settings.page", "Settings"),
    ("charts.page", "Charts"),
    ("quarantine.page", "Quarantine"),
)
#: Words for a state, by what is to be seen at once: well, to be looked at, or wrong. The word itself is always shown.
_TONES = {
    "good": {"ready", "ok", "done", "in", "delivered", "received", "sent", "persisted"},
    "wait": {
        "pending",
        "hold",
        "parked",
        "paused",
        "not ready",
        "warning",
        "waiting",
        "running",
        "stopped",
        "unknown",
        "cancelled",
        "ticket",
        "repaired",
    },
    "bad": {
        "out",
        "dead",
        "failed",
        "canary failed",
        "missing",
        "gone",
        "halted",
        "error",
        "unreachable",
        "lost its place",
        "overdue",
        "page",
    },
}


def prepare_templates(app: Flask, deadline_zone: str) -> None:
    """Add what templates use; every text that is written passes `written`."""
    zone = ZoneInfo(deadline_zone)
    environment = app.jinja_env
    environment.finalize = written
    environment.trim_blocks = environment.lstrip_blocks = True
    filters: dict[str, Callable[..., Any]] = {
        "time": time_element,
        "ago": ago_element,
        "deadline": lambda at: deadline_element(at, zone, deadline_zone),
        "tone": tone,
        "number": lambda value: "" if value is None else f"{value:,}",
        "span": span,
        "redacted": redacted,
        "processor": processor_of,
        "json": lambda value: printable_json(value, indent=2, default=str),
    }
    environment.filters |= filters

    @app.context_processor
    def everywhere() -> dict[str, Any]:
        return {
            "navigation": NAVIGATION,
            "console_session": g.get("console_session"),
            "version": hookline_version(),
        }


def written(value: Any) -> Any:
    """What an expression in a template becomes; Jinja escapes it afterwards."""
    if isinstance(value, Markup):
        return value
    if value is None:
        return ""
    return printable(str(value), lines=True)


def time_element(at: datetime | None) -> Markup:
    """A time as UTC, which the page's script shows in the reader's own zone."""
    if at is None:
        return Markup("")
    at = at.astimezone(UTC)
    stamp, shown = at.isoformat(timespec="milliseconds"), f"{at:%Y-%m-%d %H:%M:%S} UTC"
    return Markup('<time datetime="{}" data-local>{}</time>').format(stamp, shown)


def deadline_element(at: datetime | None, zone: ZoneInfo, name: str) -> Markup:
    """A deadline in the zone that it is counted in, and how far off it is."""
    if at is None:
        return Markup('<span class="quiet">none</span>')
    local, left = at.astimezone(zone), at - datetime.now(UTC)
    how_far = f"in {span(left)}" if left > timedelta() else f"{span(-left)} ago"
    shown = f"{local:%Y-%m-%d %H:%M %Z}"
    return Markup('<time datetime="{}" title="{}">{}</time> <span class="quiet">({})</span>').format(
        at.isoformat(), name, shown, how_far
    )


def ago_element(at: datetime | None) -> Markup:
    """How long ago something was, with the time itself beneath."""
    if at is None:
        return Markup("")
    stamp = at.astimezone(UTC).isoformat(timespec="seconds")
    return Markup('<time datetime="{}" title="{}">{} ago</time>').format(
        stamp, stamp, span(max(timedelta(), datetime.now(UTC) - at))
    )


def span(duration: timedelta | float | None) -> str:
    """A duration (seconds) in its largest unit: 3 h."""
    if duration is None:
        return ""
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def tone(state: object) -> str:
    """good, wait, bad or plain: how a state's word is set off."""
    return next((name for name, words in _TONES.items() if str(state) in words), "plain")
