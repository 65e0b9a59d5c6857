"""Every status has one meaning, whichever service answers it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.http.status import error_of
from processors.outbox.errors import (
    CredentialsRefused,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Redirected,
    Rejected,
    RetryLater,
)


@pytest.mark.parametrize(
    ("status", "wait", "kind", "retry_after"),
    [
        (302, None, Redirected, None),
        (400, None, Rejected, None),
        (401, None, CredentialsRefused, 15.0),
        (403, 60.0, CredentialsRefused, 60.0),
        (404, None, NotFound, None),
        (408, None, RetryLater, None),
        (409, 3.0, RetryLater, 3.0),
        (410, None, NotFound, None),
        (422, None, Rejected, None),
        (423, None, RetryLater, 2.0),
        (425, None, RetryLater, None),
        (429, None, RateLimited, 7.0),
        (429, 3.0, RateLimited, 3.0),
        (500, None, OutcomeUnknown, None),
        (503, None, OutcomeUnknown, None),
        (503, 3.0, RateLimited, 3.0),
        (599, None, OutcomeUnknown, None),
        (999, None, OutcomeUnknown, None),
    ],
)
def test_what_a_status_means(status: int, wait: float | None, kind: type[Exception], retry_after: float | None) -> None:
    error = error_of("it", status, wait, changes=True, busy=7.0)
    assert type(error) is kind
    assert getattr(error, "retry_after", None) == retry_after
    assert f"it answers {status}" in str(error)


@given(st.integers(100, 999), st.none() | st.floats(0, 3600))
def test_what_only_asks_is_never_unknown(status: int, wait: float | None) -> None:
    changing, asking = (error_of("it", status, wait, changes=changes, busy=1.0) for changes in (True, False))
    assert (changing is None) == (200 <= status < 300) == (asking is None)
    assert not isinstance(asking, OutcomeUnknown)
    assert isinstance(changing, OutcomeUnknown) or type(changing) is type(asking)
