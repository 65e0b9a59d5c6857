"""Encoders that are built once write what json.dumps writes: ids and keys of events are made of it."""

from __future__ import annotations

import json
from json import encoder
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.json_body import HugeInteger
from ingest.json_text import json_text

FORMS: list[dict[str, Any]] = [
    {"ensure_ascii": ascii_only, "sort_keys": is_sorted, "separators": separators}
    for ascii_only in (True, False)
    for is_sorted in (True, False)
    for separators in ((",", ":"), (", ", ": "))
]
TEXTS = st.text(st.characters() | st.sampled_from('\x00\ud800\udfff"\\\u2028'))
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
    | st.integers(min_value=2**63).map(str).map(HugeInteger)
)  # fmt: skip
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=8)


@pytest.mark.parametrize("form", FORMS, ids=str)
@given(value=VALUES)
def test_writes_what_json_dumps_writes(form: dict[str, Any], value: Any) -> None:
    assert json_text(**form)(value) == json.dumps(value, **form)


@pytest.mark.parametrize("missing", [None, lambda: None], ids=["no class in C", "other arguments"])
def test_does_without_the_undocumented_class(missing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(encoder, "c_make_encoder", missing)
        text_of = json_text(**FORMS[1])
    assert text_of({"b": ["é", 1.5], "a": None}) == json.dumps({"b": ["é", 1.5], "a": None}, **FORMS[1])
