"""Which Hookline this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def hookline_version() -> str:
    """The installed version, or "unknown" where the sources run without being installed."""
    try:
        return version("hookline")
    except PackageNotFoundError:
        return "unknown"
