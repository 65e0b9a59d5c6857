"""The extra `hookline[analysis]`: what it brings is imported here alone, so that its absence is one sentence."""

from __future__ import annotations

from importlib.util import find_spec

from ops.exits import CONFIG

_PACKAGES = ("pyarrow", "duckdb", "duckdb_extensions", "duckdb_extension_icu", "duckdb_extension_postgres")


class ExtraMissing(Exception):
    """Install the extra: the command needs packages that are not there. Exit code 78."""

    exit_code = CONFIG


def require_analysis_extra() -> None:
    """Raises ExtraMissing, naming the extra."""
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise ExtraMissing(f"{', '.join(missing)} is not installed: pip install 'hookline[analysis]'")
