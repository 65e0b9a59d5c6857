"""Which message a failure joins, as a plain function."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.persist.failures import MessageAt, choose
from tests.twins.events import at


def sent(minute: float, key: str) -> MessageAt:
    return MessageAt(at(minute), key)


@pytest.mark.parametrize(
    ("failures", "sents", "own", "joined"),
    [
        ([sent(5, "f")], [], [], {"f": "f"}),  # nobody sent it
        ([sent(5, "f")], [sent(0, "a"), sent(4, "b")], [], {"f": "b"}),  # the newest
        ([sent(5, "f")], [sent(5, "a")], [], {"f": "a"}),  # at the same time
        ([sent(10, "f")], [sent(0, "a")], [], {"f": "a"}),  # ten minutes to the dot
        ([sent(10.01, "f")], [sent(0, "a")], [], {"f": "f"}),
        ([sent(5, "f")], [sent(5.01, "a")], [], {"f": "f"}),  # sent after it failed
        ([sent(5, "f")], [sent(4, "a")], ["f"], {"f": "f"}),  # its own key beats any guess
        ([sent(5, "f"), sent(6, "g")], [sent(4, "a")], [], {"f": "a", "g": "g"}),  # one each, the first first
        ([sent(6, "g"), sent(5, "f")], [sent(1, "a"), sent(4, "b")], [], {"f": "b", "g": "a"}),
        ([sent(5, "f"), sent(5, "a")], [sent(5, "a")], ["a"], {"f": "f", "a": "a"}),  # what has its own is taken
    ],
)
def test_choice(failures: list[MessageAt], sents: list[MessageAt], own: list[str], joined: dict[str, str]) -> None:
    assert choose(failures, sents, own) == joined


minutes = st.integers(0, 30)


@given(
    st.dictionaries(st.sampled_from("abcdef"), minutes), st.dictionaries(st.sampled_from("uvwxyz"), minutes), minutes
)
def test_an_early_failure_does_not_care_for_later_ones(
    sents: dict[str, int], failures: dict[str, int], until: int
) -> None:
    every = choose(
        [sent(at_, key) for key, at_ in failures.items()], [sent(at_, key) for key, at_ in sents.items()], []
    )
    early = {key: at_ for key, at_ in failures.items() if at_ <= until}
    some = choose([sent(at_, key) for key, at_ in early.items()], [sent(at_, key) for key, at_ in sents.items()], [])
    assert some == {key: every[key] for key in early}
    taken = [key for failure, key in every.items() if key != failure]
    assert len(taken) == len(set(taken))
