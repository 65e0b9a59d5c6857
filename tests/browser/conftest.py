"""A real Chromium before the console of a local stack that has something to show."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.e2e.conftest import Stack
from tests.e2e.console_stack import VIEWER, VIEWER_PASSWORD, console_stack

#: Without these Chromium asks its maker's hosts at each start. It sees our own pages alone, so it needs no sandbox,
#: which an ordinary user of a container may not have.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack with something on every page."""
    with console_stack(tmp_path_factory.mktemp("home")) as stack:
        yield stack


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; skipped where it is not installed, failed in CI.

    Closed after the file: Playwright keeps an event loop running in this thread, beside which `asyncio.run` of other
    tests is refused.
    """
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        reason = "no Chromium is installed (on Debian: apt install chromium; or CHROMIUM=/path/to/it)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@dataclass(slots=True)
class Visitor:
    """A person before the console: a page, and whatever the browser complained of on it."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.url + path)

    def log_in(self, name: str, password: str) -> None:
        self.open("/login")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.keyboard.press("Enter")


@pytest.fixture
def visitor(stack: Stack, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """Makes a visitor who has logged in (as="operator", "viewer" or nobody); options are those of a browser context."""
    contexts: list[BrowserContext] = []
    visitors: list[Visitor] = []

    def made(role: str | None = "operator", **options: Any) -> Visitor:
        context = chromium.new_context(**options)
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        found = Visitor(page, stack.env["CONSOLE_URL"])
        visitors.append(found)
        page.on("pageerror", lambda error: found.complaints.append(f"error: {error}"))
        page.on(
            "console",
            lambda said: found.complaints.append(said.text) if said.type in {"error", "warning"} else None,
        )
        page.on("requestfailed", lambda request: _complain(found, request.url, str(request.failure)))
        if role == "operator":
            found.log_in(stack.env["CONSOLE_USER"], stack.env["CONSOLE_PASSWORD"])
        elif role == "viewer":
            found.log_in(VIEWER, VIEWER_PASSWORD)
        if role:
            page.get_by_role("button", name="Log out").wait_for()
        return found

    yield made
    for context in contexts:
        context.close()
    assert [found.complaints for found in visitors] == [[] for _ in visitors]


def _complain(visitor: Visitor, url: str, failure: str) -> None:
    # A refresh that a click on another page has ended is no failure.
    if "ERR_ABORTED" not in failure:
        visitor.complaints.append(f"{url}: {failure}")


@pytest.fixture
def screenshots() -> Path | None:
    """Where pictures go (HOOKLINE_SCREENSHOTS); None: nobody wants any."""
    folder = os.environ.get("HOOKLINE_SCREENSHOTS")
    if not folder:
        return None
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder)
