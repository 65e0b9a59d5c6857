"""What a note says: about a message or a call, or about all of a day."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from processors.crm_sync.port import Note
from processors.crm_sync.work import NoteDraft

#: What a note begins with, by the message's state.
_WHAT = {
    "received": "SMS received",
    "sent": "SMS sent",
    "delivered": "SMS sent and delivered",
    "unknown": "SMS sent, delivery unknown",
    "failed": "SMS not delivered",
}


def worded(draft: NoteDraft, phone: str, template: str) -> Note:
    """The note that `draft` asks for."""
    text = _filled(template, draft, phone, draft.first_at.strftime("%Y-%m-%d %H:%M:%S UTC"))
    return Note(text, draft.external_id, draft.first_at)


def worded_day(day: date, drafts: Sequence[NoteDraft], phone: str, line: str, zone: ZoneInfo, external_id: str) -> str:
    """What a note says about `drafts`, which are those of `day`: a line each."""
    lines = [_filled(line, draft, phone, draft.first_at.astimezone(zone).strftime("%H:%M")) for draft in drafts]
    return "\n".join([f"Messages and calls of {day.isoformat()} ({zone.key})", *lines, f"[{external_id}]"])


def _filled(template: str, draft: NoteDraft, phone: str, time: str) -> str:
    call = f"Call completed ({draft.direction})" if draft.direction else "Call completed"
    return template.format(
        text=draft.text or "",
        what=call if draft.kind == "call" else _WHAT.get(draft.state, draft.state),
        direction=draft.direction or "",
        state=draft.state,
        provider=draft.provider,
        account=draft.account,
        phone=phone,
        time=time,
        event_id=draft.external_id,
    )


def digest(note: Note) -> str:
    """What tells whether a note says something else."""
    return hashlib.sha256(note.text.encode()).hexdigest()[:32]
