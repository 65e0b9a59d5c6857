"""A local stack whose console has something on every page, and a viewer's login."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.conftest import Stack, eventually, serving_stack

PHONE_OUT, PHONE_ON_HOLD = "+13035550142", "+13035550199"
TEXT_ON_HOLD = "how do I stop this wonderful thing"
VIEWER, VIEWER_PASSWORD = "viv", "viewer of this stack"


@contextmanager
def console_stack(home: Path) -> Iterator[Stack]:
    """A stack that serves: a stop, a hold with its review, ordinary texts, refused webhooks, and a viewer's login."""
    with serving_stack(home) as stack:
        stack.hookline("send", "textlink", "received", "--text", "STOP", "--phone", PHONE_OUT)
        stack.hookline("send", "textlink", "received", "--text", TEXT_ON_HOLD, "--phone", PHONE_ON_HOLD)
        for provider, kind in (("textlink", "sent"), ("textlink", "failed"), ("textus", "message.received")):
            stack.hookline("send", provider, kind, "--count", "20", "--seed", "1")
        stack.hookline("send", "textlink", "received", "--count", "3", "--bad-signature")
        stack.hookline(
            *("console", "add-user", VIEWER, "--role", "viewer", "--password", VIEWER_PASSWORD),
            *("--file", str(stack.home / "console-users.json")),
        )
        reviews = ("opt-outs", "review", "--json")
        eventually(lambda: PHONE_ON_HOLD in stack.hookline(*reviews), "the text on hold has its review")
        yield stack
