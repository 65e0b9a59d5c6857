"""A target of the notifier: an HTTP server that keeps the messages that apprise's json:// brings it."""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_ON = re.compile(r"^(PAGE|TICKET) (\w+): (.*)$")
_OVER = "OVER: "


@dataclass(frozen=True, slots=True)
class ReceivedAlarm:
    """One alarm as a message tells it."""

    at: float  #: when the message came, by the monotonic clock
    text: str  #: its whole section of the message
    rule: str = ""  #: empty where it says that an alarm is over
    severity: str = ""
    summary: str = ""
    cause: str = ""
    command: str = ""  #: what it says to run
    is_over: bool = False


class AlarmReceiver:
    """Answers 200 to everything; `messages` are what came, with the time by the monotonic clock."""

    def __init__(self) -> None:
        self.messages: list[tuple[float, str]] = []
        received = self.messages

        class KeepingHandler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                received.append((time.monotonic(), body["title"] + "\n" + body["message"]))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), KeepingHandler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def until(self, words: str, seconds: float) -> str:
        """The first message with `words` in it. Fails where none comes within `seconds`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for _, text in self.messages:
                if words in text:
                    return text
            time.sleep(0.2)
        raise AssertionError(f"{words!r} did not come within {seconds} s: {[text for _, text in self.messages]}")

    def count(self, words: str) -> int:
        return sum(text.count(words) for _, text in self.messages)

    def alarms(self) -> list[ReceivedAlarm]:
        """Every alarm of every message, in the order of their arrival."""
        return [alarm for at, text in list(self.messages) for alarm in alarms_in(at, text)]


def alarms_in(at: float, text: str) -> list[ReceivedAlarm]:
    """The alarms of one message: behind its title, a section each."""
    found = []
    for section in text.partition("\n")[2].split("\n\n"):
        first, *rest = section.splitlines() or [""]
        if first.startswith(_OVER):
            found.append(ReceivedAlarm(at, section, summary=first.removeprefix(_OVER), is_over=True))
        elif match := _ON.match(first):
            fields = dict(line.partition(": ")[::2] for line in rest)
            cause, command = fields.get("likely cause", ""), fields.get("run", "")
            found.append(ReceivedAlarm(at, section, match[2], match[1].lower(), match[3], cause, command))
    return found
