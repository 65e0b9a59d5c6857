"""What a page shows of personal data: nothing that identifies a person, until an operator reveals it."""

from __future__ import annotations

from typing import Any

from runtime.logs import Redactor
from runtime.printable import printable_json

#: Characters at a number's end that are shown: enough to compare two, too few to call.
_SHOWN = 2
#: What stands for what is not shown.
MASK = "\u2022" * 4
_redactor = Redactor()


class PersonalData:
    """Masks what a page shows, or leaves it where it is revealed."""

    def __init__(self, *, is_revealed: bool) -> None:
        self.is_revealed = is_revealed

    def phone(self, phone: str | None) -> str:
        """A phone number, or its last two characters."""
        if not phone or self.is_revealed:
            return phone or ""
        return MASK + (phone[-_SHOWN:] if len(phone) > 2 * _SHOWN else "")

    def text(self, text: str | None) -> str:
        """What a person wrote, or a name; masked, only that there is one."""
        return (text or "") if self.is_revealed else (MASK if text else "")

    def reason(self, text: str | None) -> str:
        """An error or a reason, which should hold nothing personal; masked, without what looks like it."""
        return (text or "") if self.is_revealed else _redactor.text(text or "")

    def payload(self, payload: Any) -> str:
        """A provider's whole JSON."""
        return printable_json(payload, indent=2) if self.is_revealed else MASK
