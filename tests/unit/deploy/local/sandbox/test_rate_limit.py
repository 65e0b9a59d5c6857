"""1,000 requests per 5 minutes and token, told by the documented headers, on a clock that can be scaled."""

from __future__ import annotations

import pytest

from deploy.local.sandbox.rate_limit import Limit


def limits(answer):
    return [int(answer.headers[f"X-RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset")]


def test_the_documented_limit_is_the_default(textus, clock):
    # Given a window that has just begun
    answers = [textus("GET", "/messages/x") for _ in range(1000)]
    # Then 1,000 requests go through, each told what is left
    assert {answer.status_code for answer in answers} == {404}
    assert limits(answers[0]) == [1000, 999, 1_774_476_900]
    assert limits(answers[-1]) == [1000, 0, 1_774_476_900]
    # And the next one is refused, until the window is over
    clock.now += 10.5
    refused = textus("GET", "/messages/x")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "290")
    assert limits(refused) == [1000, 0, 1_774_476_900]
    clock.now += int(refused.headers["Retry-After"])
    assert textus("GET", "/messages/x").status_code == 404


def test_a_refused_request_has_no_effect_and_does_not_count(make_caller, clock, read):
    textus = make_caller(textus_limit=Limit(requests=1))
    textus("GET", "/accounts")
    assert [textus("PUT", "/my_account/opt_outs/%2B13035551234").status_code for _ in range(3)] == [429] * 3
    clock.now += 300
    assert read(textus("GET", "/my_account/opt_outs"))["totalItems"] == 0


def test_requests_without_a_valid_token_count_by_address_and_not_against_the_token(make_caller):
    textus = make_caller(textus_limit=Limit(requests=2))
    statuses = [textus("GET", "/accounts", Authorization="Bearer wrong").status_code for _ in range(3)]
    assert statuses == [401, 401, 429]
    assert textus("GET", "/accounts").status_code == 200


def test_every_answer_counts_and_says_so(make_caller):
    textus = make_caller(textus_limit=Limit(requests=10))
    requested = [
        textus("GET", "/nowhere"),
        textus("GET", "/accounts", Accept="text/html"),
        textus("POST", "/my_account/contacts", "{"),
        textus("GET", "/accounts"),
    ]
    assert [limits(answer)[1] for answer in requested] == [9, 8, 7, 6]


def test_a_faulty_answer_counts_too(make_caller):
    textus = make_caller(textus_limit=Limit(requests=10))
    textus("POST", "/_sandbox/faults", {"path": "/", "status": 503})
    answer = textus("GET", "/accounts")
    assert (answer.status_code, limits(answer)[1]) == (503, 9)


def test_five_minutes_pass_in_five_seconds_on_a_scaled_clock(make_caller, clock):
    textus = make_caller(textus_limit=Limit(requests=1, window_s=300, clock_scale=60))
    assert limits(textus("GET", "/accounts")) == [1, 0, 1_774_476_605]
    clock.now += 1.2
    assert textus("GET", "/accounts").headers["Retry-After"] == "4"
    clock.now += 4
    assert textus("GET", "/accounts").status_code == 200


@pytest.mark.parametrize("waited", ["X-RateLimit-Reset", "Retry-After"])
def test_waiting_as_told_is_always_enough(make_caller, clock, waited):
    textus = make_caller(textus_limit=Limit(requests=1, window_s=0.7))
    clock.now += 0.123
    for _ in range(20):
        answer = textus("GET", "/accounts")
        if answer.status_code == 429:
            reported = int(answer.headers[waited])
            clock.now = reported if waited == "X-RateLimit-Reset" else clock.now + reported
            answer = textus("GET", "/accounts")
        assert answer.status_code == 200


def test_the_limit_is_changed_while_it_runs(textus, read, clock):
    changed = read(textus("PUT", "/_sandbox/rate_limit", {"limit": 2, "window_s": 60, "clock_scale": 30}))
    assert changed["textus"] == {"limit": 2, "window_s": 60.0, "clock_scale": 30.0, "used": {}}
    assert [textus("GET", "/accounts").status_code for _ in range(3)] == [200, 200, 429]
    # Another clock scale leaves the rest as it is, and the count begins anew.
    textus("PUT", "/_sandbox/rate_limit", {"clock_scale": 1})
    assert limits(textus("GET", "/accounts"))[:2] == [2, 1]
    # Forgetting brings the settings back.
    textus("DELETE", "/_sandbox")
    assert limits(textus("GET", "/accounts"))[0] == 1000


@pytest.mark.parametrize("wrong", [{"limit": -1}, {"window_s": 0}, {"clock_scale": 0}, {"service": "x"}, {"rate": 1}])
def test_a_limit_that_makes_no_sense_is_refused(textus, fields, wrong):
    answer = textus("PUT", "/_sandbox/rate_limit", wrong)
    assert (answer.status_code, fields(answer)) == (422, list(wrong))


def test_zero_is_no_limit(make_caller):
    textus = make_caller(textus_limit=Limit(requests=0))
    answer = textus("GET", "/accounts")
    assert "X-RateLimit-Limit" not in answer.headers
