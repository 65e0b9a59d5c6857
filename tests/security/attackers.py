"""What attackers do: `python -m tests.security.attackers ATTACK PORT COUNT SECONDS SEED`.

Attackers hold no secret. Each of the COUNT repeats its attack until the time is over, whatever it is answered. They run
in a process of their own that gets a processor only while nobody else wants it (Linux's SCHED_IDLE): in truth they are
on other machines, and their processor's time is not the server's.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import random
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

#: The most that ingest reads of a body.
BODY_LIMIT = 256 * 1024
#: Seconds that an attacker waits for an answer.
PATIENCE = 15.0
#: HTTP/2 with prior knowledge (RFC 9113): preface, SETTINGS, HEADERS of a POST without END_STREAM, half of a body,
#: RST_STREAM.
HTTP2 = (
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    + b"\x00\x00\x03\x01\x04\x00\x00\x00\x01\x83\x86\x84"
    + b"\x00\x00\x05\x00\x00\x00\x00\x00\x01hello"
    + b"\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x08"
)
#: How a number that is out may be written, and what is no text at all.
SPELLINGS = (
    "+13035550142", "3035550142", "13035550142", "(303) 555-0142", "+1 303 555 0142", "001 303 555 0142",
    "303.555.0142", "tel:+1-303-555-0142", "+1303555014\u0662", "\uff0b13035550142", "+1\u200b3035550142", "5550142",
    "\ud83d", "+1303\udc005550142",
)  # fmt: skip


class Target:
    """One attacker's view: where to, until when, and what came of it."""

    def __init__(self, port: int, until: float, chance: random.Random, seen: Counter[str]) -> None:
        self.port, self.until, self.chance, self.seen = port, until, chance, seen

    def post(
        self, body: bytes, *, path: str = "/webhooks/textlink/received", headers: str = "", length: int = 0
    ) -> bytes:
        """A request on the wire; `length`: announced in place of the body's own."""
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length or len(body)}\r\n\r\n"
        return head.encode("latin-1") + body

    async def exchange(self, wire: bytes) -> None:
        """Send `wire` on a connection of its own, and count the status of the answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            with suppress(OSError):  # it may answer and close before it has read everything
                writer.write(wire)
                await writer.drain()
            status = await asyncio.wait_for(reader.readline(), PATIENCE)
            self.seen[status[9:12].decode("latin-1") or "closed"] += 1
        finally:
            writer.close()

    async def abort(self, wire: bytes) -> None:
        """Send `wire` and reset the connection."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(wire)
        await writer.drain()
        await asyncio.sleep(0.01)
        self._reset(writer)
        self.seen["reset"] += 1

    async def drip(self, wire: bytes, rest: bytes = b" ") -> None:
        """Send `wire`, then a byte a second until the server has enough of it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(wire)
            answer = asyncio.ensure_future(reader.readline())
            while not answer.done() and time.monotonic() < self.until:
                await asyncio.wait([answer], timeout=1.0)
                writer.write(rest)
            if answer.done():
                self.seen[answer.result()[9:12].decode("latin-1") or "closed"] += 1
            answer.cancel()
        finally:
            self._reset(writer)

    @staticmethod
    def _reset(writer: asyncio.StreamWriter) -> None:
        found = writer.get_extra_info("socket")
        with suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


def wrong_secret(chance: random.Random, text: str) -> bytes:
    """A webhook as TextLink sends it, but for its secret."""
    fields = {"phone_number": "+13035550166", "text": text, "timestamp": 1_760_000_000_000}
    return json.dumps(fields | {"secret": f"{chance.getrandbits(128):032x}"}).encode()


async def json_nodes(target: Target) -> None:
    """256 KiB of small lists beside each other."""
    await target.exchange(target.post(b'{"a":[' + b"[]," * ((BODY_LIMIT - 16) // 3) + b"0]}"))


_MANY_VALUES = (
    b'{"secret":"x","a":[' + b",".join([b"1e5"] * 3_900) + b"]}",
    b"{" + b",".join(b'"%d":0' % number for number in range(3_900)) + b"}",
)


async def json_values(target: Target) -> None:
    """As many values or names as are read, in a body of ordinary size: nothing but decoding them costs."""
    await target.exchange(target.post(target.chance.choice(_MANY_VALUES)))


async def json_nested(target: Target) -> None:
    """256 KiB of lists, each within the one before."""
    await target.exchange(target.post(b"[" * (BODY_LIMIT // 2) + b"]" * (BODY_LIMIT // 2)))


_BOMB = gzip.compress(b" " * (200 * 1024 * 1024), 9)  # 200 KB on the wire
_PACKED_NODES = gzip.compress(b'{"a":[' + b"[]," * (80 * 1024) + b"0]}", 9)


async def compressed(target: Target) -> None:
    """What unpacks to 200 MB, and what unpacks to a bomb of lists just within the limit."""
    body = target.chance.choice((_BOMB, _PACKED_NODES))
    await target.exchange(target.post(body, headers="Content-Encoding: gzip\r\n"))


async def slow_bodies(target: Target) -> None:
    """A body of which a byte comes each second."""
    await target.drip(target.post(b'{"phone_number"', length=1000))


async def slow_headers(target: Target) -> None:
    """A head of which a byte comes each second."""
    await target.drip(b"POST /webhooks/textlink HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", b"x")


async def aborted_http2(target: Target) -> None:
    """HTTP/2 with prior knowledge, reset in the middle of a body."""
    await target.abort(HTTP2)


async def aborted_bodies(target: Target) -> None:
    """Half of a body, then a reset."""
    await target.abort(target.post(b'{"phone_number":"+13035550166"', length=4000))


async def wrong_secrets(target: Target) -> None:
    """Webhooks with another wrong secret each, without a pause."""
    await target.exchange(target.post(wrong_secret(target.chance, "STOP")))


async def quarantine(target: Target) -> None:
    """The same as large as can be, to push out what the quarantine keeps."""
    await target.exchange(target.post(wrong_secret(target.chance, "x" * (32 * 1024))))


async def huge_headers(target: Target) -> None:
    """300 KB of headers, in one or in thousands."""
    large, many = f"X-Large: {'x' * 300_000}\r\n", "".join(f"X-{number}: {'x' * 80}\r\n" for number in range(3000))
    await target.exchange(target.post(b"{}", headers=target.chance.choice((large, many))))


#: Texts in which a pattern that goes back takes long: keys without an end, blanks, long values.
_BLANKS = "secret=" + " " * 80 + ","
_KEYS = ("secret", _BLANKS, "secret=x,", "\u00e9" + _BLANKS, 'secret=\\"' + "%%41" * 900)


async def quarantine_regex(target: Target) -> None:
    """What nobody can read and is looked through for secrets; small, or as large as can be."""
    unit, length = target.chance.choice(_KEYS), target.chance.choice((4_096, BODY_LIMIT))
    await target.exchange(target.post((unit * (length // len(unit) + 1)).encode()[:length]))


_FORMS = (
    b"&".join([b"a=1"] * 4_000), b"&".join(b"a%d=%%41" % number for number in range(999)),
    b"a=" + b"\xff%41" * (BODY_LIMIT // 4 - 1), b"a=" + b"%" * 32_000, b"&" * BODY_LIMIT,
)  # fmt: skip


async def form_fields(target: Target) -> None:
    """Forms of one field thousands of times, of many fields, and of escapes."""
    signed = "X-Twilio-Signature: eA==\r\n" + target.chance.choice(
        ("", f"X-Twilio-Webhooks-Signature-Settings: {',' * 9_000}\r\n")
    )
    path = "/webhooks/twilio" + target.chance.choice(("", "?bodySHA256=1&" + "a=1&" * 5_000))
    await target.exchange(target.post(target.chance.choice(_FORMS), path=path, headers=signed))


async def long_headers(target: Target) -> None:
    """A wrong secret, and another address or password each time, as long as a head may be or longer."""
    name = target.chance.choice(("X-Forwarded-For", "Authorization"))
    length = target.chance.choice((30_000, 300_000))
    headers = f"{name}: {target.chance.getrandbits(64):x}{'x' * length}\r\n"
    await target.exchange(target.post(wrong_secret(target.chance, "STOP"), headers=headers))


async def readyz(target: Target) -> None:
    """Whether a service is ready, asked without a token as often as can be."""
    path = target.chance.choice(("readyz", "readyz", "healthz"))
    await target.exchange(f"GET /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


async def gate_spellings(target: Target) -> None:
    """The gate asked without its token about numbers in every spelling, lone surrogates among them."""
    spelled = target.chance.choice(SPELLINGS)
    quoted = "".join(f"%{byte:02X}" for byte in spelled.encode("utf-8", "surrogatepass"))
    if target.chance.random() < 0.5:
        await target.exchange(f"GET /opt-outs/{quoted} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    else:
        body = json.dumps({"phones": [*SPELLINGS, spelled] * 100}).encode()
        await target.exchange(target.post(body, path="/opt-outs", headers="Authorization: Bearer wrong\r\n"))


async def idle_connections(target: Target) -> None:
    """Connections on which nothing is sent."""
    await target.drip(b"", b"")


ATTACKS: dict[str, Callable[[Target], Awaitable[None]]] = {
    attack.__name__.replace("_", "-"): attack
    for attack in (
        json_nodes, json_values, json_nested, compressed, slow_bodies, slow_headers, aborted_http2, aborted_bodies,
        wrong_secrets, quarantine, quarantine_regex, form_fields, huge_headers, long_headers, gate_spellings, readyz,
        idle_connections,
    )
}  # fmt: skip
#: Those at the gate; the others are at an ingest.
AT_THE_GATE = frozenset({"gate-spellings", "readyz"})


async def _attack(name: str, port: int, count: int, seconds: float, seed: int) -> Counter[str]:
    until = time.monotonic() + seconds
    seen: Counter[str] = Counter()

    async def attacker(number: int) -> None:
        target = Target(port, until, random.Random(seed * 1000 + number), seen)
        while time.monotonic() < until:
            try:
                await ATTACKS[name](target)
            except (OSError, TimeoutError) as error:
                seen[type(error).__name__] += 1

    everybody = [asyncio.ensure_future(attacker(number)) for number in range(count)]
    await asyncio.wait(everybody, timeout=seconds)
    for attacking in everybody:
        attacking.cancel()
    for ended in await asyncio.gather(*everybody, return_exceptions=True):
        if ended is not None and not isinstance(ended, asyncio.CancelledError):
            raise ended
    return seen


def main() -> None:
    """Attack, and print what the attackers saw as one line of JSON."""
    name, port, count, seconds, seed = sys.argv[1:]
    if sys.platform.startswith("linux"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.nice(19)
    print(json.dumps(asyncio.run(_attack(name, int(port), int(count), float(seconds), int(seed)))))


if __name__ == "__main__":
    main()
