"""Random JSON: the values that providers never send, and one day do."""

from __future__ import annotations

import random
from typing import Any

from tests.fuzz.providers import SECRET

#: What has broken parsers, databases and terminals before.
TEXTS = (
    "", " ", "\x00", "a\x00b", "\ud800", "\udfff\ud800", "ok\udc00ok", "\ufeff", "\u202eabc", "😀" * 20, "é", "STOP",
    "null", "true", "NaN", "0", "-1", "1e999", "'; DROP TABLE events; --", "${jndi:ldap://x}", "../../etc/passwd",
    "%00%s%n", "\\u0000", "\\", '"', "\r\nX-Injected: 1", "{{7*7}}", "<script>", "\x1b[31m", "\x7f\x80\x9f", SECRET,
    f"see {SECRET} there", "\U0010ffff", "\uffff", "\u2028", "A" * 1000,
)  # fmt: skip

PHONES = (
    "+13035550142", "303-555-0142", "(303) 555-0142", "+1 303 555 0142 ext. 5", "911", "+", "+0", "00381690156360",
    "+99999999999999999999", "٠١٢٣٤٥٦٧٨٩", "+1303555014a", "tel:+13035550142", "\x00+13035550142", "+381690156360", "",
)  # fmt: skip

TIMES = (
    "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05", "0000-00-00", "9999-12-31T23:59:59.999999Z", "now", "-1",
    "2026-13-45T99:99:99Z", 1748455363370, 0, -1, 10**15, 10**18, -(10**18), 1.5, 1e300, True, "1748455363370",
    "2026-01-02T03:04:05+99:99", "2026-02-30T00:00:00Z", "١٧٤٨", "10000-01-01T00:00:00Z", "1748455363370" * 3,
)  # fmt: skip

NUMBERS = (
    0, -0.0, 1, -1, 0.1, 1e308, -1e308, 5e-324, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64,
    10**30, 10**300,
)  # fmt: skip

KEYS = (
    "phone_number", "text", "timestamp", "tag", "name", "sim_card_id", "textlink_id", "custom_id", "portal", "action",
    "id", "message", "conversation", "contact", "optOut", "phoneCall", "phoneNumber", "account", "phones", "members",
    "data", "tags", "deliveryState", "body", "@type", "sent", "received", "__proto__", "event_id", "payload", "",
)  # fmt: skip


def value(chance: random.Random, depth: int = 0) -> Any:
    """Anything JSON can say, a few levels deep."""
    kind = chance.random()
    if depth < 4 and kind < 0.15:
        return {key(chance): value(chance, depth + 1) for _ in range(chance.randrange(5))}
    if depth < 4 and kind < 0.25:
        return [value(chance, depth + 1) for _ in range(chance.randrange(5))]
    (known,) = chance.choices((PHONES, TIMES, NUMBERS, (None, True, False), ()), (10, 10, 15, 10, 30))
    return chance.choice(known) if known else text(chance)


def text(chance: random.Random) -> str:
    """A known trouble-maker, or any code points at all."""
    if chance.random() < 0.5:
        return chance.choice(TEXTS)
    top = chance.choice((0x7F, 0x7FF, 0xFFFF, 0x10FFFF))
    return "".join(chr(chance.randrange(top + 1)) for _ in range(chance.randrange(30)))


def key(chance: random.Random) -> str:
    """One that means something, or any text; never the one that carries the secret."""
    chosen = chance.choice(KEYS) if chance.random() < 0.8 else text(chance)
    return "other" if chosen == "secret" else chosen


def mutated(chance: random.Random, node: Any) -> Any:
    """`node` with some of its parts replaced, removed, doubled or renamed."""
    if isinstance(node, dict):
        found = {}
        for name, inner in node.items():
            dice = chance.random()
            if dice < 0.08:
                continue
            found[key(chance) if dice < 0.12 else name] = mutated(chance, inner)
        if chance.random() < 0.2:
            found[key(chance)] = value(chance)
        return found
    if chance.random() < 0.25:
        return value(chance)
    if isinstance(node, list):
        return [mutated(chance, inner) for inner in node] * chance.choice((1, 1, 2))
    return node
