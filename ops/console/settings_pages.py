"""The settings as each process sees them; secrets are starred by the process itself."""

from __future__ import annotations

from flask import Blueprint

from ops.console.admin_ports import ask_all
from ops.console.context import Answer, answer, services

pages = Blueprint("settings", __name__, url_prefix="/settings")


@pages.get("")
def page() -> Answer:
    """Each process that HOOKLINE_CONSOLE__ADMIN_URLS names, and what it says."""
    found = ask_all(services().settings.admin_ports, "/settings")
    return answer("settings.html", processes={name: _rows(said) for name, said in found.items()})


def _rows(said: object) -> list[dict[str, str]] | None:
    """None: the process does not answer, or is of a version that does not tell."""
    if not isinstance(said, dict) or not isinstance(said.get("settings"), list):
        return None
    return [row for row in said["settings"] if isinstance(row, dict)]
