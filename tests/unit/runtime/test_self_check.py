from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runtime.admin import AdminServer, Readiness, admin_app
from runtime.self_check import INTERVAL, TIME_LIMIT, SelfCheck, answers


@given(st.lists(st.booleans(), max_size=40))
def test_it_gives_up_once_after_a_minute_without_an_answer(answered: list[bool]) -> None:
    # Given a server that answers as it likes, and then no more
    now, answered_at, gave_up = [0.0], [0.0], []
    script = iter(answered)

    def ask() -> bool:
        found = next(script, False)
        if found:
            answered_at[0] = now[0]
        return found

    def sleep(seconds: float) -> None:
        now[0] += seconds

    SelfCheck(ask, lambda: gave_up.append(now[0]), clock=lambda: now[0], sleep=sleep).run()
    # Then it is given up a minute after the last answer
    assert len(gave_up) == 1
    assert TIME_LIMIT <= gave_up[0] - answered_at[0] < TIME_LIMIT + INTERVAL


def test_any_answer_is_one() -> None:
    with AdminServer(admin_app("persist", lambda: Readiness(False)), "127.0.0.1", 0) as server:
        assert answers("127.0.0.1", server.port)
    assert not answers("127.0.0.1", server.port)


def test_a_question_that_fails_is_no_answer_and_no_end() -> None:
    now, gave_up = [0.0], []

    def ask() -> bool:
        raise ValueError("a bug of ours")

    def sleep(seconds: float) -> None:
        now[0] += seconds

    SelfCheck(ask, lambda: gave_up.append(now[0]), clock=lambda: now[0], sleep=sleep).run()
    assert len(gave_up) == 1
