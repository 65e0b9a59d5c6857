"""What came from elsewhere stays within its segment of a path, or the request is not sent."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.crm_sync.templates import Template
from processors.http.paths import OddPath, path_of
from processors.outbox.errors import Rejected


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=4))
def test_a_path_has_the_segments_that_it_was_made_of(segments: list[str]) -> None:
    if any(segment in (".", "..") for segment in segments):
        with pytest.raises(OddPath):
            path_of(segments)
    else:
        assert [unquote(part) for part in path_of(segments).split("/")[1:]] == segments


@pytest.mark.parametrize("phone", [".", ".."])
def test_a_phone_that_is_dots_is_put_to_no_target(phone: str) -> None:
    with pytest.raises(Rejected):
        path_of(("acme", "opt_outs", phone))


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("GET /contacts/{phone}", ".."),
        ("GET /contacts/{phone}/notes", "."),
        ("GET /contacts/{phone}{phone}", "."),
        ("GET /contacts/%2e{phone}", "."),
        ("GET /contacts/.{phone}?x=1", "."),
    ],
)
def test_a_template_leads_nowhere_else(template: str, value: str) -> None:
    with pytest.raises(Rejected):
        Template.parsed(template, {"phone"}).filled({"phone": value})


@pytest.mark.parametrize("value", ["+13035550142", "../x", "...", ".", ".."])
def test_what_is_no_dot_segment_is_sent(value: str) -> None:
    _, path, _ = Template.parsed("GET /contacts?phone={phone}", {"phone"}).filled({"phone": value})
    assert unquote(path) == f"/contacts?phone={value}"
