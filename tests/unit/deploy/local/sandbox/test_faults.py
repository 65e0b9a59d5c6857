"""Faults on demand: which requests they hit, what they do, and what is left behind."""

from __future__ import annotations

import pytest

from deploy.local.sandbox.gateway import AnswerDropped

OPT_OUT = "/my_account/opt_outs/%2B13035551234"


@pytest.fixture
def plant(textus, read):
    def plant(**fault):
        answer = textus("POST", "/_sandbox/faults", fault)
        assert answer.status_code == 201, answer.data
        return read(answer)

    return plant


def test_a_status_is_answered_instead_of_acting(textus, plant):
    plant(path="/my_account/opt_outs", status=503, retry_after=7)
    answer = textus("PUT", OPT_OUT)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
    assert textus("GET", OPT_OUT).status_code == 404
    assert textus("PUT", OPT_OUT).status_code == 201


def test_a_fault_lasts_as_often_as_it_was_told(textus, plant, read):
    plant(path="/", status=500, times=2)
    assert [textus("GET", "/accounts").status_code for _ in range(3)] == [500, 500, 200]
    assert read(textus("GET", "/_sandbox/faults")) == []


def test_times_null_lasts_until_faults_are_cleared(textus, plant):
    plant(path="/", status=500, times=None)
    assert {textus("GET", "/accounts").status_code for _ in range(5)} == {500}
    textus("DELETE", "/_sandbox/faults")
    assert textus("GET", "/accounts").status_code == 200


@pytest.mark.parametrize("path", ["/my_account/opt_outs/+1303", "/my_account/opt_outs/%2B1303"])
def test_path_is_a_prefix_of_the_decoded_path(textus, plant, path):
    plant(path=path, status=500, times=None)
    assert textus("GET", OPT_OUT).status_code == 500
    assert textus("GET", "/my_account/opt_outs/%2B17205551234").status_code == 404
    assert textus("GET", "/textus/opt_outs/%2B13035551234").status_code == 404


def test_method_narrows_it(textus, plant):
    plant(path="/", method="put", status=500)
    assert textus("GET", OPT_OUT).status_code == 404
    assert textus("PUT", OPT_OUT).status_code == 500


def test_the_fault_planted_first_comes_first(textus, plant, read):
    plant(path="/", status=500)
    plant(path="/accounts", status=502)
    assert [fault["left"] for fault in read(textus("GET", "/_sandbox/faults"))] == [1, 1]
    assert [textus("GET", "/accounts").status_code for _ in range(3)] == [500, 502, 200]


def test_a_fault_needs_no_token_to_hit(textus, plant):
    plant(path="/", status=500)
    assert textus("GET", "/accounts", Authorization=None).status_code == 500


def test_a_delay_comes_between_the_effect_and_the_answer(textus, plant, clock, read):
    plant(path="/my_account", delay_s=2.5)
    begun = clock.now
    answer = textus("PUT", OPT_OUT)
    assert (answer.status_code, clock.slept) == (201, [2.5])
    assert read(answer)["createdAt"] == "2026-03-25T22:10:00.000000Z"
    assert clock.now == begun + 2.5


def test_an_effect_can_be_late(textus, plant, clock, read):
    plant(path="/my_account", effect_after_s=4, delay_s=1)
    answer = textus("PUT", OPT_OUT)
    assert (answer.status_code, clock.slept) == (201, [4, 1])
    assert read(answer)["createdAt"] == "2026-03-25T22:10:04.000000Z"


def test_a_status_can_be_late(textus, plant, clock):
    plant(path="/", status=504, delay_s=1)
    assert (textus("GET", "/accounts").status_code, clock.slept) == (504, [1])


def test_a_dropped_answer_has_had_its_effect_and_is_recorded_with_no_status(textus, plant, read):
    plant(path="/crm", drop_answer=True)
    with pytest.raises(AnswerDropped):
        textus.call("/crm/contacts", method="POST", json={"phone": "+1"})
    assert len(textus.call("/crm/contacts").json) == 1
    assert [request["status"] for request in read(textus("GET", "/_sandbox/requests"))] == [None, 200]


def test_a_refusal_can_be_dropped_too(textus, plant):
    plant(path="/", drop_answer=True)
    with pytest.raises(AnswerDropped):
        textus("GET", "/accounts", Authorization=None)


def test_an_answer_can_have_any_body_and_headers(textus, plant, read):
    # HubSpot's 429 names its policy in the body.
    plant(path="/", status=429, body={"policyName": "DAILY"})
    plant(path="/", status=302, headers={"Location": "http://169.254.169.254/"})
    plant(path="/", status=200, body="not { json")
    daily, redirect, wrong = (textus("GET", "/accounts") for _ in range(3))
    assert read(daily) == {"policyName": "DAILY"}
    assert (redirect.status_code, redirect.headers["Location"]) == (302, "http://169.254.169.254/")
    assert (wrong.status_code, wrong.data) == (200, b"not { json")


def test_an_answer_can_drip(textus, plant, clock):
    plant(path="/", status=200, body="drip", drip_s=3)
    answer = textus("GET", "/accounts")
    assert (answer.data, clock.slept) == (b"drip", [3, 3, 3])


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({"status": 500}, ["path"]),
        ({"path": "accounts", "status": 500}, ["path"]),  # does not begin with /
        ({"path": "/"}, ["body"]),  # no fault at all
        ({"path": "/", "status": 500, "drop_answer": True}, ["body"]),  # contradiction
        ({"path": "/", "status": 500, "effect_after_s": 1}, ["body"]),  # contradiction
        ({"path": "/", "effect_after_s": -1}, ["effect_after_s"]),
        ({"path": "/", "status": 99}, ["status"]),
        ({"path": "/", "delay_s": -1}, ["delay_s"]),
        ({"path": "/", "status": 500, "times": 0}, ["times"]),
        ({"path": "/", "delay_s": 1, "retry_after": 3}, ["body"]),  # nothing to put it on
        ({"path": "/", "state": 500}, ["state"]),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(textus, fields, read, fault, named):
    answer = textus("POST", "/_sandbox/faults", fault)
    assert (answer.status_code, fields(answer)) == (422, named)
    assert read(textus("GET", "/_sandbox/faults")) == []


def test_control_and_health_suffer_no_faults(textus, plant):
    plant(path="/", status=500, times=None)
    assert textus("GET", "/_sandbox").status_code == 200
    assert textus.call("/healthz").status_code == 200
