"""`make audit-deps`: known vulnerabilities in the locks, by pip-audit.

Exit codes: 0 none is known; 1 at least one is; 69 at least one package could not be asked about. pip-audit itself
counts a package that its source of advisories does not have as a success.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import click

LOCKS = (
    "requirements.lock",
    "deploy/requirements.lock",
    "deploy/build.lock",
    "deploy/analytics/requirements.lock",
    "tests/servers/tryton.lock",
)
#: By its own lock it would be one more set of packages to trust in .venv: it runs apart, in a pinned version.
TOOL = ("uv", "tool", "run", "pip-audit==2.10.1", "--disable-pip", "--require-hashes", "--progress-spinner", "off")
VULNERABLE, UNAVAILABLE = 1, 69


def main(tool: Sequence[str] = TOOL, locks: Sequence[str] = LOCKS) -> int:
    """Ask about every lock; the exit code."""
    worst = 0
    for lock in locks:
        done = subprocess.run([*tool, "--format", "json", "-r", lock], capture_output=True, text=True, check=False)  # noqa: S603 - our own command
        worst = max((worst, _report(lock, done.stdout, done.stderr)), key=(0, UNAVAILABLE, VULNERABLE).index)
    return worst


def _report(lock: str, output: str, errors: str) -> int:
    try:
        packages: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = (errors.strip().splitlines() or ["it said nothing"])[-1]
        click.echo(f"{lock}: not checked: pip-audit could not be had, or did not reach the advisories ({last[:200]})")
        return UNAVAILABLE
    for package in packages:
        for found in package.get("vulns", []):
            fixed = ", ".join(found.get("fix_versions", [])) or "no version yet"
            click.echo(f"{lock}: {package['name']} {package['version']}: {found['id']}, mended in {fixed}")
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if unknown:
        click.echo(f"{lock}: {len(unknown)} of {len(packages)} packages not checked: the advisories do not have them")
    else:
        click.echo(f"{lock}: {len(packages)} packages checked")
    if any(package.get("vulns") for package in packages):
        return VULNERABLE
    return UNAVAILABLE if unknown or not packages else 0


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:]) or TOOL))
