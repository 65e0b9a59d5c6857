"""Sends one message by apprise, in a process of its own: a library that hangs ends with it, and its memory too.

Reads {"url", "title", "body", "type"} as JSON from standard input, so that no command line holds the URL, and writes
nothing: what a library says of a failure may hold the URL. Exit code 0: delivered; 1: not; 2: the URL says nothing.
"""

from __future__ import annotations

import json
import logging
import sys


def main() -> int:
    """Send it."""
    from apprise import Apprise

    logging.disable(logging.CRITICAL)
    message = json.load(sys.stdin)
    sender = Apprise()
    if not sender.add(message["url"]):
        return 2
    return 0 if sender.notify(title=message["title"], body=message["body"], notify_type=message["type"]) else 1


if __name__ == "__main__":
    sys.exit(main())
