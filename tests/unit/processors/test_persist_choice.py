"""Which message a failure joins, as a plain function."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.persist.failures import MessageAt, choose
from tests.twins.events import at


def told(minute: float, key: str) -> MessageAt:
    return MessageAt(at(minute), key)


@pytest.mark.parametrize(
    ("failures", "sents", "own", "joined"),
    [
        ([told(5, "f")], [], [], {"f": "f"}),  # nobody sent it
        ([told(5, "f")], [told(0, "a"), told(4, "b")], [], {"f": "b"}),  # the newest
        ([told(5, "f")], [told(5, "a")], [], {"f": "a"}),  # at the same time
        ([told(10, "f")], [told(0, "a")], [], {"f": "a"}),  # ten minutes to the dot
        ([told(10.01, "f")], [told(0, "a")], [], {"f": "f"}),
        ([told(5, "f")], [told(5.01, "a")], [], {"f": "f"}),  # sent after it failed
        ([told(5, "f")], [told(4, "a")], ["f"], {"f": "f"}),  # its own key beats any guess
        ([told(5, "f"), told(6, "g")], [told(4, "a")], [], {"f": "a", "g": "g"}),  # one each, the first first
        ([told(6, "g"), told(5, "f")], [told(1, "a"), told(4, "b")], [], {"f": "b", "g": "a"}),
        ([told(5, "f"), told(5, "a")], [told(5, "a")], ["a"], {"f": "f", "a": "a"}),  # what has its own is taken
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
        [told(at_, key) for key, at_ in failures.items()], [told(at_, key) for key, at_ in sents.items()], []
    )
    early = {key: at_ for key, at_ in failures.items() if at_ <= until}
    some = choose([told(at_, key) for key, at_ in early.items()], [told(at_, key) for key, at_ in sents.items()], [])
    assert some == {key: every[key] for key in early}
    taken = [key for failure, key in every.items() if key != failure]
    assert len(taken) == len(set(taken))
