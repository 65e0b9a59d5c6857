"""Bodies that are packed or in another charset are read as any other; what unpacks to too much is not."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import json
import time
import zlib
from encodings.aliases import aliases
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.content_coding import MAX_BODY, BadBody, BodyTooLarge, readable_part, unpacked
from ingest.json_body import read_body

FIELDS: dict[str, Any] = {"phone_number": "+13035550142", "text": "déjà vu – “¿qué?”"}
LATIN: dict[str, Any] = {"phone_number": "+13035550142", "text": "déjà vu, ¿qué? £"}


def raw_deflate(body: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packing.compress(body) + packing.flush()


PACKED = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("GZIP ", gzip.compress),
    ("gzip", lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:])),  # two members
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),  # as some senders have it
    ("identity", bytes),
    ("deflate, gzip", lambda body: gzip.compress(zlib.compress(body))),
    ("gzip, identity", gzip.compress),
    ("gzip", bytes),  # the header says what is not so
    ("br", bytes),
]


@pytest.mark.parametrize(("coding", "pack"), PACKED)
def test_a_packed_body_is_read(coding: str, pack: Any) -> None:
    assert read_body({"Content-Encoding": coding}, pack(json.dumps(FIELDS).encode())).fields == FIELDS


CHARSETS = [
    ("application/json; charset=iso-8859-1", "latin-1"),
    ("application/json;charset=latin1", "latin-1"),
    ('application/json; charset="ISO-8859-15"', "iso8859-15"),
    ("application/json; charset=windows-1252", "cp1252"),
    ("application/json; charset=utf-16", "utf-16"),
    ("application/json; charset=utf-16le", "utf-16-le"),
    ("application/json; charset=UTF-16BE", "utf-16-be"),
    ("application/json; charset=utf-16", "utf-16-be"),  # without a mark
    ("application/json; charset=utf-16", "utf-16-le"),
    ("application/json; charset=utf-32", "utf-32"),
    ("", "utf-16"),  # a byte order mark is enough
    ("", "utf-32"),
    ("", "utf-8-sig"),
    ("text/plain", "utf-16"),
    ("application/json; charset=utf-16", "utf-8"),  # states what is not so
    ("application/json; charset=latin-1", "utf-8"),
    ("application/json; charset=us-ascii", "utf-8"),
    ("application/json; charset=idna", "utf-8"),
    ("application/json; charset=\x00", "utf-8"),
    ("application/json; charset=no-such", "utf-8"),
]


@pytest.mark.parametrize(("content_type", "encoding"), CHARSETS)
def test_a_stated_charset_or_a_byte_order_mark_is_decoded(content_type: str, encoding: str) -> None:
    body = json.dumps(LATIN, ensure_ascii=False).encode(encoding)
    assert read_body({"Content-Type": content_type}, body).fields == LATIN
    packed = {"Content-Type": content_type, "Content-Encoding": "gzip"}
    assert read_body(packed, gzip.compress(body)).fields == LATIN


#: Every codec of Python by its own name, but for those that are no charset.
NO_CHARSET = {"base64", "bz2", "hex", "quopri", "rot-13", "uu", "zlib", "utf-7", "hz"}
PYTHONS = {codecs.lookup(name).name for name in set(aliases.values()) - {"mbcs", "oem"}} - NO_CHARSET


@pytest.mark.parametrize("charset", sorted(PYTHONS))
def test_whatever_charset_is_stated_is_decoded(charset: str) -> None:
    def encoded(text: str) -> bytes:
        try:
            return json.dumps({"text": text}, ensure_ascii=False).encode(charset)
        except UnicodeEncodeError:
            return b""

    texts = ("déjà vu", "Жизнь", "λόγος", "中文信息", "한국어", "ไทย", "İşğ", "עברית", "فارسي", "plain")
    letters = next(text for text in texts if encoded(text))
    body = encoded(letters)
    assert read_body({"Content-Type": f"application/json; charset={charset}"}, body).fields == {"text": letters}


@pytest.mark.parametrize(
    "charset", ["idna", "punycode", "unicode_escape", "rot13", "hex", "utf-7", "hz", "undefined", "x" * 500]
)
def test_other_codecs_of_python_are_none_of_ours(charset: str) -> None:
    with pytest.raises(BadBody, match="not_utf8"):
        read_body({"Content-Type": f"application/json; charset={charset}"}, b'{"a": "\xff"}')


@pytest.mark.parametrize(
    ("coding", "body", "reason"),
    [
        ("br", b"\x8bpacked", "content_encoding_unknown"),
        ("gzip, gzip, gzip", gzip.compress(b"{}", mtime=0), "content_encoding_unknown"),
        ("gzip", gzip.compress(b"{}", mtime=0)[:-5], "content_encoding_broken"),
        ("gzip", b"no gzip", "content_encoding_broken"),
        ("gzip", gzip.compress(b"", mtime=0) * 20, "content_encoding_broken"),  # so many members
        ("deflate", b"\x00\xff\xff", "content_encoding_broken"),
        ("gzip", b"[1]", "not_an_object"),  # it came plain: then what is wrong with that counts
    ],
)
def test_what_cannot_be_unpacked_says_why(coding: str, body: bytes, reason: str) -> None:
    with pytest.raises(BadBody, match=reason):
        read_body({"Content-Encoding": coding}, body).fields  # noqa: B018 - it raises


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, raw_deflate])
def test_the_size_is_bounded_after_unpacking_too(pack: Any) -> None:
    coding = "gzip" if pack is gzip.compress else "deflate"
    assert len(unpacked(coding, pack(b"x" * MAX_BODY))) == MAX_BODY
    with pytest.raises(BodyTooLarge):
        unpacked(coding, pack(b"x" * (MAX_BODY + 1)))


def test_a_bomb_is_not_unpacked() -> None:
    def seconds(body: bytes) -> float:
        begun = time.process_time()
        for _ in range(20):
            with contextlib.suppress(BodyTooLarge):
                unpacked("gzip", body)
        return time.process_time() - begun

    fair, bomb = gzip.compress(b"x" * MAX_BODY), gzip.compress(b"x" * 200 * MAX_BODY)
    assert seconds(bomb) < 20 * seconds(fair)


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "gzip, deflate", "br", "x"]))
def test_any_bytes_are_unpacked_or_refused(body: bytes, coding: str) -> None:
    with contextlib.suppress(BadBody):
        unpacked(coding, body)
    assert (readable_part(body) or b"x") != b""
