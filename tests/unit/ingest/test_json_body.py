"""Reading a body costs no more than its size explains, whatever is in it."""

from __future__ import annotations

import contextlib
import gzip
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import json_body
from ingest.content_coding import MAX_BODY
from ingest.json_body import MAX_NODES, BadBody, read_body, read_json

GENUINE = (Path(__file__).parents[2] / "payloads" / "textus" / "message.received.json").read_bytes()
ROOM = MAX_BODY - 40


def filled(unit: str, start: str = '{"a": [', end: str = "1]}") -> bytes:
    """A body of the most bytes, full of `unit`."""
    return (start + unit * (ROOM // len(unit)) + end).encode()


BOMBS = {
    "empty lists": filled("[],"),
    "empty objects": filled("{},"),
    "nested lists": filled("[[[],[]],[]],"),
    "numbers": filled("1,"),
    "fractions": filled("1.5,"),
    "exponents": filled("1e9,"),
    "texts": filled('"",'),
    "words": filled("null,"),
    "keys": ("{" + ",".join(f'"{number}":1' for number in range(24_000)) + "}").encode(),
    "one key": ("{" + ",".join(['"a":1'] * 40_000) + "}").encode(),
    "at its end": filled("[],", start='{"a": "' + "x" * 200_000 + '", "b": [')[: MAX_BODY + 200_000],
    "behind escapes": ('{"a": "' + '\\"' * 100_000 + '", "b": [' + "[]," * 15_000 + "1]}").encode(),
    "behind backslashes": ('{"a": "' + "\\\\" * 100_000 + '", "b": [' + "[]," * 15_000 + "1]}").encode(),
    "deep lists": b'{"a": ' + b"[" * ROOM,
    "deep objects": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    "not even JSON": b"[],{}" * (ROOM // 5),
    "within one string that never ends": b'{"a": "' + b'",' * (ROOM // 2),
}


def seconds(body: bytes, times: int = 30) -> float:
    """The least that reading `body` took of the processor."""
    found = []
    for _ in range(times):
        begun = time.process_time()
        with contextlib.suppress(BadBody):
            read_json(body)
        found.append(time.process_time() - begun)
    return min(found)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_before_it_is_decoded(bomb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def decoded(_: str) -> None:
        raise AssertionError("it was decoded")

    monkeypatch.setattr(json_body, "_decode", decoded)
    with pytest.raises(BadBody, match="too_deep" if bomb.startswith("deep") else "too_many_nodes"):
        read_json(BOMBS[bomb])


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_costs_no_more_than_a_text_of_its_size(bomb: str) -> None:
    """Decoded, it takes a hundred times as long; the margin is wide because machines are busy."""
    assert seconds(BOMBS[bomb]) < 5 * seconds(filled("x", '{"a": "', '"}'))


TEXTS = {
    "brackets": filled("[{,:", '{"a": "', '"}'),
    "commas": filled(",", '{"a": "', '"}'),
    "escaped quotes": filled('\\",', '{"a": "', '"}'),
    "backslashes": filled("\\\\,", '{"a": "', '"}'),
    "an odd number of backslashes": filled('\\\\\\",[', '{"a": "', '"}'),
    "escapes": filled("\\u00e9,", '{"a": "', '"}'),
    "JSON in a text": json.dumps({"a": json.dumps([[1, {"b": "c\\"}]] * 5_000)}).encode(),
    "emoji": json.dumps({"a": "😀,[" * 15_000}).encode(),
    "as many texts as are taken": json.dumps({"a": ["x, [y]" * 5] * (MAX_NODES - 10)}).encode(),
    "digits": filled("1", '{"a": ', "}"),
    "a long fraction": filled("1", '{"a": 0.', "}"),
    "a long exponent": filled("1", '{"a": ', "e-262142}")[:MAX_BODY],
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_large_text_is_read_whatever_is_in_it(text: str) -> None:
    assert read_json(TEXTS[text]).fields.keys() == {"a"}


def test_a_huge_number_is_its_digits() -> None:
    digits = "9" * (sys.get_int_max_str_digits() + 10)
    assert read_json(f'{{"a": {digits}}}'.encode()).fields == {"a": digits}


def test_as_many_nodes_as_are_taken() -> None:
    assert read_json(json.dumps({"a": [1] * (MAX_NODES - 5)}).encode())
    with pytest.raises(BadBody, match="too_many_nodes"):
        read_json(json.dumps({"a": [1] * (MAX_NODES + 5)}).encode())


_VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=50) | st.dictionaries(st.text(max_size=5), inner, max_size=50),
    max_leaves=300,
)


@given(st.dictionaries(st.text(max_size=5), _VALUES, max_size=30), st.booleans(), st.text(max_size=100))
def test_what_has_few_nodes_is_never_refused(fields: dict[str, Any], ascii_only: bool, text: str) -> None:
    fields["padding"] = text + '",[{' * 2_000
    body = json.dumps(fields, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        assert read_json(body).fields == fields
    except BadBody as refusal:
        assert str(refusal) in ("not_utf8", "too_deep")  # noqa: PT017 - both are right for what may come


def test_small_bodies_never_wait_for_large_ones() -> None:
    # Given a large body that is being read
    with json_body._turn:
        large = threading.Thread(target=read_body, args=({}, filled("x", '{"a": "', '"}')))
        packed = threading.Thread(target=read_body, args=({"Content-Encoding": "gzip"}, gzip.compress(GENUINE)))
        large.start()
        packed.start()
        # Then a small one is read, and neither one more large one nor a compressed one
        assert read_body({}, GENUINE)
        large.join(0.05)
        assert large.is_alive()
        assert packed.is_alive()
    large.join(10)
    packed.join(10)
    assert not large.is_alive()
    assert not packed.is_alive()


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_judged_once(bomb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[bytes] = []

    def judge(body: bytes) -> str | None:
        judged.append(body)
        return refusal_of(body)

    refusal_of = json_body._refusal
    monkeypatch.setattr(json_body, "_refusal", judge)
    with pytest.raises(BadBody, match=r"too_deep|too_many_nodes"):
        read_body({"Content-Type": "application/json; charset=iso-8859-1"}, BOMBS[bomb])
    assert len(judged) == 1


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-16", "utf-32"])
def test_letters_whose_bytes_look_like_brackets_are_no_bomb(charset: str) -> None:
    """U+5B5B is a letter, and in UTF-16 both of its bytes are those of an opening bracket."""
    fields = {"a": "\u5b5b" * 10_000}
    body = json.dumps(fields, ensure_ascii=False).encode(charset)
    assert read_body({"Content-Type": f"application/json; charset={charset[:6]}"}, body).fields == fields
