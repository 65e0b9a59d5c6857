"""Cases whose HTTP is well-formed: bodies and secrets of every sort, each with the status that it must get."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Callable
from functools import partial

from tests.fuzz.case import BAD, OK, TOO_LARGE, UNAUTHORIZED, Case, request
from tests.fuzz.providers import OBJECTS_ONLY, PATHS, SAMPLES, SECRET, Signed, authentic, dumped, signature
from tests.fuzz.values import TEXTS, key, mutated, text, value

LIMIT = 256 * 1024  #: bytes of a body (the HTTP contract)
DEPTH = 64  #: levels of nesting

#: Content-Encoding -> how a sender does it.
PACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": partial(gzip.compress, mtime=0),
    "deflate": zlib.compress,
}


def _case(name: str, signed: Signed, *expected: int, **how: list[bytes]) -> Case:
    return Case(name, request(signed.path, signed.body, signed.headers, **how), frozenset(expected))  # type: ignore[arg-type]


def _raw(chance: random.Random, body: bytes) -> Signed:
    """`body` as it stands; TextUs's is signed, TextLink's carries a secret or is no JSON anyway."""
    provider = chance.choice(OBJECTS_ONLY)
    headers = {"X-TextUs-Signature": signature(body)} if provider == "textus" else {}
    return Signed(chance.choice(PATHS[provider]), headers, body)


def sample(chance: random.Random) -> Case:
    """A provider's own sample."""
    path, fields = chance.choice(SAMPLES[chance.choice(list(SAMPLES))])
    return _case("sample", authentic(chance, fields, path), OK)


def mutated_sample(chance: random.Random) -> Case:
    """A sample with odd parts: kept, whatever they are."""
    path, fields = chance.choice(SAMPLES[chance.choice(list(SAMPLES))])
    return _case("mutated_sample", authentic(chance, mutated(chance, fields), path), OK)


def random_object(chance: random.Random) -> Case:
    """Any object at all, signed."""
    fields = {key(chance): value(chance) for _ in range(chance.randrange(12))}
    return _case("random_object", authentic(chance, fields), OK)


def secret_elsewhere(chance: random.Random) -> Case:
    """The secret in a text, in a key, in an address: nowhere may it come out again."""
    fields = {
        "phone_number": chance.choice(("+13035550142", SECRET)),
        "text": f"{text(chance)}{SECRET}{text(chance)}",
        chance.choice(("tag", SECRET, f"x{SECRET}")): chance.choice((SECRET, [SECRET, {SECRET: SECRET}], 1)),
        "action": chance.choice(("message.received", SECRET)),
        "id": SECRET,
        "conversation": {"account": f"/accounts/{SECRET}", "phoneNumber": chance.choice(("+13035550142", SECRET))},
    }
    return _case("secret_elsewhere", authentic(chance, fields), OK)


def not_an_object(chance: random.Random) -> Case:
    """JSON, but a list, a text, a number."""
    found = value(chance)
    while isinstance(found, dict):
        found = value(chance)
    return _case("not_an_object", _raw(chance, dumped(chance, found)), BAD)


def no_json(chance: random.Random) -> Case:
    """What no parser should take."""
    whole = dumped(chance, {"phone_number": "+13035550142", "text": "hello", "secret": SECRET})
    body = chance.choice(
        (
            b"", b" \n", b"{", b"}", b"nul", b"'a'", b"{'a': 1}", b'{"a": 1,}', b'{"a" 1}', b'{"a": 01}', b'{"a": .5}',
            b'{"a": +1}', b'{"a": 1e}', b'{"a": "\x00"}', b'{"a": "\n"}', b'{"a": "\\x"}', b'{"a": "\\u12"}',
            b'{"a": 0x10}', b"a=1&b=2", b"<xml/>", b'{"a": "\xff"}', b'{"a": "\xed\xa0\x80"}', b'{"a": "\xc0\x80"}',
            b'{"a": NaN}', b'{"a": Infinity}', b'{"a": [-Infinity]}', b'{"a": 1e999}', b'{"a": -1e99999}',
            whole[: chance.randrange(len(whole))], whole + b"x", whole + whole, whole.decode().encode("utf-32-le"),
            whole.decode().encode("utf-16-be"), chance.randbytes(chance.randrange(1, 300)) + b"\xff",
        )
    )  # fmt: skip
    return _case("no_json", _raw(chance, body), BAD)


def encoded(chance: random.Random) -> Case:
    """JSON that is packed, in another charset, or both; the signature is over what is sent."""
    fields = {
        "phone_number": "+13035550142",
        "text": chance.choice(("hello", "déjà vu", text(chance))),
        "secret": SECRET,
    }
    plain = json.dumps(fields, ensure_ascii=chance.random() < 0.3)
    charset = chance.choice(("utf-8", "utf-16", "utf-32", "iso-8859-1", "windows-1252", "utf-16le"))
    try:
        body = plain.encode(charset)
    except UnicodeEncodeError:
        body = json.dumps(fields).encode(charset)
    coding = chance.choice(list(PACK))
    path, headers, body = _raw(chance, PACK[coding](body))
    headers = headers | {"Content-Type": f"application/json; charset={charset}"}
    if coding:
        headers["Content-Encoding"] = coding
    return _case("encoded", Signed(path, headers, body), OK)


def bomb(chance: random.Random) -> Case:
    """What would be large once it is decoded or unpacked: refused before."""
    unit = chance.choice(("[],", "{},", "1,", '"",', '{"a":[]},', "[[[]]],", "null,"))
    many = unit * (chance.choice((25_000, 60_000, 250_000)) // len(unit))
    if chance.random() < 0.5:
        return _case("bomb", _raw(chance, f'{{"secret": "{SECRET}", "text": "[{{,", "a": [{many}1]}}'.encode()), BAD)
    path, headers, body = _raw(chance, PACK["gzip"](b" " * chance.choice((LIMIT + 1, 20 * LIMIT, 200 * LIMIT))))
    return _case("bomb", Signed(path, headers | {"Content-Encoding": "gzip"}, body), TOO_LARGE)


def odd_json(chance: random.Random) -> Case:
    """JSON that `json.dumps` would not write: huge numbers, doubled keys, a byte order mark."""
    digits = "".join(chance.choices("123456789", k=chance.choice((18, 19, 20, 21, 400, 4_301, 20_000))))
    part = chance.choice(
        (
            f'"timestamp": {digits}', f'"textlink_id": -{digits}', f'"phone_number": {digits}', f'"x": 0.{digits}',
            f'"x": {digits}e-400', '"x": 1E-9999', '"x": -0', '"x": -0.0e-0', '"phone_number": "a", "phone_number": 1',
            '"text": "\\ud83d\\ude00"', '"text": "\\ud83d"', '"text": "\\u0000"', '"\\u0000": "\\udead"',
            f'"text": "{digits}"', '"a": {"a": {"a": 1, "a": 2}, "a": 3}', '"text": "\\/\\b\\f\\n\\r\\t"',
        )
    )  # fmt: skip
    mark = chance.choice((b"", b"\xef\xbb\xbf", b" \r\n\t"))
    body = mark + b'{"secret": "%b", %b}' % (SECRET.encode(), part.encode())
    # A long number with a small exponent can still be one beyond all floats: that is refused as infinity is.
    expected = (OK, BAD) if "e-400" in part else (OK,)
    return _case("odd_json", _raw(chance, body), *expected)


def nested(chance: random.Random) -> Case:
    """As deep as is taken, one deeper, and so deep that parsers overflow."""
    levels = chance.choice((2, DEPTH - 1, DEPTH, DEPTH + 1, DEPTH + 2, 500, 990, 5_000, 40_000))
    opening, closing = chance.choice((("[", "]"), ('{"a":', "}")))
    inner = opening * (levels - 1) + "1" + closing * (levels - 1)
    body = f'{{"secret": "{SECRET}", "phone_number": {inner}}}'.encode()
    return _case("nested", _raw(chance, body), OK if levels <= DEPTH else BAD)


def sized(chance: random.Random) -> Case:
    """Bodies around the limit, whole and in chunks."""
    size = chance.choice((LIMIT - 1, LIMIT, LIMIT + 1, LIMIT + 4_096, 2 * LIMIT))
    head = json.dumps({"secret": SECRET, "phone_number": "+13035550142", "timestamp": chance.randrange(10**12)})[:-1]
    head += ', "text": "'
    unit = chance.choice(("x", "é", "\\u0001", "\\ud800", "\\u00e9", "😀"))
    room = size - len(head) - 2
    filler = unit * (room // len(unit.encode()))
    body = f'{head}{filler}{"x" * (room - len(filler.encode()))}"}}'.encode()
    signed = _raw(chance, body)
    expected = OK if size <= LIMIT else TOO_LARGE
    if chance.random() < 0.5:
        return _case("sized", signed, expected)
    pieces = [body[at : at + 50_000] for at in range(0, len(body), 50_000)]
    return Case("sized", request(signed.path, b"", signed.headers, chunks=pieces), frozenset([expected]))


def refused_textlink(chance: random.Random) -> Case:
    """No secret, a wrong one, one of another type."""
    path, fields = chance.choice(SAMPLES["textlink"])
    wrong = [
        None, "", SECRET[:-1], SECRET + " ", SECRET.upper(), 0, False, True, [], [SECRET], {"secret": SECRET},
        *TEXTS[:14], 10**30,
    ]  # fmt: skip
    tried = {**fields, "secret": chance.choice(wrong)}
    if chance.random() < 0.2:
        del tried["secret"]
    return _case("refused_textlink", Signed(path, {}, dumped(chance, tried)), UNAUTHORIZED)


def refused_textus(chance: random.Random) -> Case:
    """No signature, that of another body or secret, or something else in its place; the body is not even read."""
    body = chance.choice((dumped(chance, SAMPLES["textus"][0][1]), b"", b"no json", b"\xff" * 20))
    right = signature(body)
    wrong = chance.choice(
        (
            None, "", "0" * 64, right[:-1], right + "0", f"sha256={right}", signature(body + b" "), SECRET,
            signature(body, "another-secret"), "é" * 64, "\x80", right[:32] + " " + right[32:], "x" * 5_000,
        )
    )  # fmt: skip
    headers = {} if wrong is None else {"X-TextUs-Signature": wrong}
    return _case("refused_textus", Signed("/webhooks/textus", headers, body), UNAUTHORIZED)


def doubled_secret(chance: random.Random) -> Case:
    """Two secrets in one body, one of them wrong: refused or taken, but nothing worse."""
    secrets = [f'"secret": "{SECRET}"', f'"secret": {json.dumps(chance.choice(TEXTS))}']
    chance.shuffle(secrets)
    body = f'{{{secrets[0]}, "text": "hi", {secrets[1]}}}'.encode()
    return _case("doubled_secret", Signed("/webhooks/textlink/received", {}, body), OK, UNAUTHORIZED)


#: Generator -> its share.
WEBHOOKS: dict[Callable[[random.Random], Case], int] = {
    sample: 10,
    mutated_sample: 30,
    random_object: 12,
    secret_elsewhere: 3,
    not_an_object: 4,
    no_json: 7,
    odd_json: 7,
    encoded: 5,
    bomb: 1,
    nested: 4,
    sized: 1,
    refused_textlink: 4,
    refused_textus: 4,
    doubled_secret: 2,
}
