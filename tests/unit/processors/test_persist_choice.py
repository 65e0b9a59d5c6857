"""Which message a failure joins, as a plain function."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.persist.failures import MessageAt, choose
from tests.twins.events import at


def output(minute: float, key: str) -> MessageAt:
    return MessageAt(at(minute), key)


@pytest.mark.parametrize(
    ("failures", "sents", "own", "joined"),
    [
        ([output(5, "f")], [], [], {"f": "f"}),  # nobody sent it
        ([output(5, "f")], [output(0, "a"), output(4, "b")], [], {"f": "b"}),  # the newest
        ([output(5, "f")], [output(5, "a")], [], {"f": "a"}),  # at the same time
        ([output(10, "f")], [output(0, "a")], [], {"f": "a"}),  # ten minutes to the dot
        ([output(10.01, "f")], [output(0, "a")], [], {"f": "f"}),
        ([output(5, "f")], [output(5.01, "a")], [], {"f": "f"}),  # sent after it failed
        ([output(5, "f")], [output(4, "a")], ["f"], {"f": "f"}),  # its own key beats any guess
        ([output(5, "f"), output(6, "g")], [output(4, "a")], [], {"f": "a", "g": "g"}),  # one each, the first first
        ([output(6, "g"), output(5, "f")], [output(1, "a"), output(4, "b")], [], {"f": "b", "g": "a"}),
        ([output(5, "f"), output(5, "a")], [output(5, "a")], ["a"], {"f": "f", "a": "a"}),  # what has its own is taken
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
        [output(at_, key) for key, at_ in failures.items()], [output(at_, key) for key, at_ in sents.items()], []
    )
    early = {key: at_ for key, at_ in failures.items() if at_ <= until}
    some = choose(
        [output(at_, key) for key, at_ in early.items()], [output(at_, key) for key, at_ in sents.items()], []
    )
    assert some == {key: every[key] for key in early}
    taken = [key for failure, key in every.items() if key != failure]
    assert len(taken) == len(set(taken))
