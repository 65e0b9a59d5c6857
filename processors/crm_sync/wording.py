"""What a note says about a message or a call."""

from __future__ import annotations

import hashlib

from processors.crm_sync.port import Note
from processors.crm_sync.work import Draft

#: What a note begins with, by the message's state.
_WHAT = {
    "received": "SMS received",
    "sent": "SMS sent",
    "delivered": "SMS sent and delivered",
    "unknown": "SMS sent, delivery unknown",
    "failed": "SMS not delivered",
}


def worded(draft: Draft, phone: str, template: str) -> Note:
    """The note that `draft` asks for."""
    call = f"Call completed ({draft.direction})" if draft.direction else "Call completed"
    text = template.format(
        text=draft.text or "",
        what=call if draft.kind == "call" else _WHAT.get(draft.state, draft.state),
        direction=draft.direction or "",
        state=draft.state,
        provider=draft.provider,
        account=draft.account,
        phone=phone,
        time=draft.first_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        event_id=draft.external_id,
    )
    return Note(text, draft.external_id, draft.first_at)


def digest(note: Note) -> str:
    """What tells whether a note says something else."""
    return hashlib.sha256(note.text.encode()).hexdigest()[:32]
