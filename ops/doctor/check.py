"""One thing that was looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ops.exits import failure
from runtime.logs import Redactor

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, slots=True)
class Check:
    """What was found, as `hookline doctor --json` answers it."""

    name: str  #: what was looked at: stable, so that programs can go by it
    ok: bool
    severity: str  #: "error": it does not work, or loses something; "warning": it should be mended
    found: str  #: what is so, without secrets and personal data
    fix: str  #: a command or a setting, ready to paste; "" where all is well


def fine(name: str, found: str) -> Check:
    """Nothing to mend."""
    return Check(name, True, ERROR, found, "")


def broken(name: str, found: str, fix: str) -> Check:
    """It does not work, or loses something."""
    return Check(name, False, ERROR, Redactor().text(found), fix)


def doubtful(name: str, found: str, fix: str) -> Check:
    """It works, and should be mended."""
    return Check(name, False, WARNING, Redactor().text(found), fix)


def checked(name: str, fix: str, look: Callable[[], Iterable[Check]]) -> list[Check]:
    """What `look` finds; where it fails, that is what was found, and `fix` what to do."""
    found: list[Check] = []
    try:
        found.extend(look())
    except Exception as error:  # noqa: BLE001 - whatever fails is a finding, and the other checks go on
        found.append(broken(name, failure(error).message, fix))
    return found
