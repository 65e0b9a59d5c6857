"""wapiti finds nothing on any page of the console, as nobody, as a viewer and as an operator."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from http.cookiejar import Cookie
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Stack
from tests.e2e.console_stack import VIEWER, VIEWER_PASSWORD, console_stack
from tests.scan.conftest import WAPITI

#: Those that need no endpoint on the internet to call back to.
MODULES = (
    "backup", "cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess", "http_headers", "ldap", "methods",
    "permanentxss", "redirect", "sql", "timesql", "upload", "xss",
)  # fmt: skip
#: Seconds of each module. Of pages that differ in an id alone, a few are attacked.
ATTACK = 300
#: What the local stack lacks on purpose: it has no TLS, so its cookies are not for TLS alone (see `_set_cookie`).
WITHOUT_TLS = {"Secure Flag cookie"}


pytestmark = pytest.mark.timeout(2 * 3600)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack with something on every page."""
    with console_stack(tmp_path_factory.mktemp("home")) as stack:
        yield stack


def test_nobody(stack: Stack, tmp_path: Path) -> None:
    pages, found = scanned(stack.env["CONSOLE_URL"], tmp_path, [])
    assert found == []
    assert {page for page in pages if not page.startswith("/static/")} == {"/", "/login"}


def test_a_viewer(stack: Stack, tmp_path: Path) -> None:
    pages, found = scanned(stack.env["CONSOLE_URL"], tmp_path, logged_in(stack, VIEWER, VIEWER_PASSWORD))
    assert found == []
    assert len(pages) > 10


def test_an_operator(stack: Stack, tmp_path: Path) -> None:
    user, password = stack.env["CONSOLE_USER"], stack.env["CONSOLE_PASSWORD"]
    pages, found = scanned(stack.env["CONSOLE_URL"], tmp_path, logged_in(stack, user, password))
    assert found == []
    assert len(pages) > 10


def logged_in(stack: Stack, user: str, password: str) -> list[Cookie]:
    """The cookies of a session."""
    with httpx.Client(base_url=stack.env["CONSOLE_URL"], trust_env=False) as client:
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
        assert token is not None
        form = {"csrf_token": token[1], "username": user, "password": password}
        answer = client.post("/login", data=form)
        assert answer.status_code == 303, answer.text
        return list(client.cookies.jar)


def scanned(url: str, folder: Path, cookies: list[Cookie]) -> tuple[set[str], list[dict[str, Any]]]:
    """The paths that wapiti found, and what it found on them."""
    report = folder / "report.json"
    command = [
        *WAPITI, "--url", f"{url}/", "--scope", "domain", "--module", ",".join(MODULES), "--level", "1",
        "--exclude", f"{url}/logout", "--skip", "csrf_token", "--no-bugreport", "--flush-session",
        "--max-files-per-dir", "6", "--max-attack-time", str(ATTACK),
        "--store-session", str(folder / "session"), "--store-config", str(folder / "config"),
        "--format", "json", "--output", str(report), "--verbose", "2",
    ]  # fmt: skip
    if cookies:
        command += ["--cookie-value", "; ".join(f"{cookie.name}={cookie.value}" for cookie in cookies)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=7200, check=False)
    assert report.exists(), done.stdout + done.stderr
    read = json.loads(report.read_text())
    found = [
        {"category": category} | finding
        for kind in ("vulnerabilities", "anomalies")
        for category, findings in read[kind].items()
        if category not in WITHOUT_TLS
        for finding in findings
    ]
    crawled = done.stdout.partition("[*] Launching module")[0]
    return set(re.findall(rf"(?:GET|POST) {re.escape(url)}(/[^\s?]*)", crawled)), found
