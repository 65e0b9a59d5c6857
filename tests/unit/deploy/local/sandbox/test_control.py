"""The control routes: the log of requests, the account tree, forgetting."""

from __future__ import annotations

import pytest


@pytest.fixture
def requests(textus, read):
    return lambda query="": read(textus("GET", f"/_sandbox/requests{query}"))


def test_a_request_is_listed_as_it_came(textus, requests):
    textus("POST", "/my_account/messages", {"to": "+13035551234", "body": "Hé"}, X_Trace="t1")
    textus("GET", "/my_account/opt_outs/%2B13035551234")
    sent, requests_made = requests()
    assert {name: sent[name] for name in ("method", "path", "query", "body", "status", "at")} == {
        "method": "POST",
        "path": "/my_account/messages",
        "query": {},
        "body": {"to": "+13035551234", "body": "Hé"},
        "status": 201,
        "at": "2026-03-25T22:10:00.000000Z",
    }
    assert set(sent) == {"method", "path", "query", "headers", "body", "status", "at"}
    assert sent["headers"]["Authorization"] == "Bearer ***"  # no credential is kept
    assert sent["headers"]["X-Trace"] == "t1"
    assert (requests_made["path"], requests_made["body"]) == ("/my_account/opt_outs/+13035551234", None)


def test_a_query_is_decoded_and_repeated_names_are_lists(textus, requests):
    textus("GET", "/my_account/opt_outs?q=303&exact[]=%2B13035551234&a=1&a=2")
    assert requests()[0]["query"] == {"q": "303", "exact[]": ["+13035551234"], "a": ["1", "2"]}


def test_a_body_that_is_not_json_is_listed_as_text(textus, requests):
    textus("POST", "/my_account/contacts", b"{\xff")
    assert requests()[0]["body"] == "{�"


def test_refused_requests_are_listed_and_control_calls_are_not(textus, requests):
    textus("GET", "/accounts", Authorization=None)
    textus("GET", "/nowhere")
    textus("GET", "/_sandbox")
    textus.call("/healthz")
    assert [request["status"] for request in requests()] == [401, 404]


def test_the_list_can_be_narrowed(textus, crm, requests):
    textus("GET", "/accounts")
    textus("PUT", "/my_account/opt_outs/%2B13035551234")
    crm("GET", "/crm/contacts")
    assert [request["path"] for request in requests("?path=/crm")] == ["/crm/contacts"]
    assert [request["path"] for request in requests("?method=put")] == ["/my_account/opt_outs/+13035551234"]
    assert [request["path"] for request in requests("?last=1")] == ["/crm/contacts"]
    assert requests("?last=0") == []
    assert textus("GET", "/_sandbox/requests?last=x").status_code == 422


def test_a_full_log_says_how_many_it_dropped(make_caller, read):
    textus = make_caller(log_limit=2)
    for number in range(5):
        textus("GET", f"/messages/{number}")
    listed = textus("GET", "/_sandbox/requests")
    assert [request["path"] for request in read(listed)] == ["/messages/3", "/messages/4"]
    assert (listed.headers["X-Requests-Total"], listed.headers["X-Requests-Dropped"]) == ("5", "3")
    assert read(textus("GET", "/_sandbox"))["requests"] == {"total": 5, "dropped": 3}


@pytest.mark.parametrize(
    "body",
    [
        {"accounts": [{"slug": "org"}, {"slug": "a", "parent": "org"}, {"slug": "b", "parent": "org"}]},
        {"accounts": [{"slug": "org"}, {"slug": "a"}, {"slug": "b"}]},  # no parents: the first is above
        {"accounts": ["org", "a", "b"]},
        [{"id": "/accounts/org"}, {"id": "/accounts/a", "parent": "/accounts/org"}, {"slug": "b", "parent": "org"}],
        ["org", "a", "b"],
        {"slug": "org", "accounts": [{"slug": "a"}, {"slug": "b"}]},
        {"slug": "org", "children": ["a", "b"]},
        {"accounts": [{"slug": "org", "accounts": ["a", "b"]}]},
    ],
)
def test_the_account_tree_may_be_written_in_any_of_these_ways(textus, read, body):
    answer = textus("PUT", "/_sandbox/accounts", body)
    assert answer.status_code == 200
    assert [(account["slug"], account["parent"]) for account in read(answer)["accounts"]] == [
        ("org", None),
        ("a", "org"),
        ("b", "org"),
    ]
    assert read(textus("GET", "/_sandbox/accounts")) == read(answer)
    assert textus("GET", "/my_account/opt_outs").status_code == 404


def test_two_organisations_stay_apart(textus, read):
    tree = {"accounts": [{"slug": "one"}, {"slug": "two"}, {"slug": "a", "parent": "two", "name": "A"}]}
    textus("PUT", "/_sandbox/accounts", tree)
    assert read(textus("GET", "/accounts/one/accounts"))["totalItems"] == 1
    assert [account["name"] for account in read(textus("GET", "/accounts/two/accounts"))["members"]] == ["two", "A"]
    assert read(textus("GET", "/accounts"))["totalItems"] == 3


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"accounts": []},
        {"accounts": [{"name": "no slug"}]},
        {"accounts": [{"slug": "a", "parent": "nobody"}]},
        {"accounts": [{"slug": "a", "parent": "b"}, {"slug": "b", "parent": "a"}]},  # a circle
        {"accounts": [{"slug": "top"}, {"slug": "a", "parent": "a"}]},
        ["a", "a"],
        ["crm"],  # its URLs mean the CRM
        ["a b"],
        [1],
        {"slug": "a", "accounts": "b"},
    ],
)
def test_a_tree_that_makes_no_sense_is_refused_and_the_old_one_stays(textus, read, body):
    assert textus("PUT", "/_sandbox/accounts", body).status_code == 422
    assert read(textus("GET", "/accounts"))["totalItems"] == 3


def test_forgetting_forgets_everything(textus, crm, read):
    # Given something of every kind
    made = crm("POST", "/crm/contacts", {"phone": "+1"}).json
    textus("PUT", "/my_account/opt_outs/%2B13035551234")
    textus("POST", "/my_account/messages", {"to": "+13035551234", "body": "Hi"})
    textus("POST", "/_sandbox/faults", {"path": "/nowhere", "status": 500})
    textus("PUT", "/_sandbox/accounts", ["org"])
    # When it is told to forget
    assert textus("DELETE", "/_sandbox").status_code == 204
    # Then it is as it was at the start
    assert read(textus("GET", "/_sandbox")) == {
        "requests": {"total": 0, "dropped": 0},
        "faults": 0,
        "textus": {"accounts": 3, "opt_outs": 0, "contacts": 0, "messages": 0, "integrations": 0},
        "crm": {"contacts": 0, "notes": 0},
    }
    # And an id of before means nothing, nor is it given to somebody else
    assert crm("GET", f"/crm/contacts/{made['id']}").status_code == 404
    assert crm("POST", "/crm/contacts", {"phone": "+1"}).json["id"] != made["id"]


def test_only_the_requests_can_be_forgotten(textus, crm, requests):
    crm("POST", "/crm/contacts", {"phone": "+1"})
    textus("DELETE", "/_sandbox/requests")
    assert requests() == []
    assert len(crm("GET", "/crm/contacts").json) == 1


def test_textus_can_take_an_opt_out_away_by_itself(textus):
    textus("PUT", "/my_account/opt_outs/%2B13035551234")
    assert textus("DELETE", "/_sandbox/opt_outs/my_account/%2B13035551234").status_code == 204
    assert textus("GET", "/my_account/opt_outs/%2B13035551234").status_code == 404
    assert textus("DELETE", "/_sandbox/opt_outs/my_account/%2B13035551234").status_code == 404


def test_an_integration_can_fall_ill(textus, read):
    body = {"active": True, "provider": "webhook", "config": {"baseUrl": "https://example.com/"}}
    made = read(textus("POST", "/my_account/integrations", body))
    textus("PUT", f"/_sandbox{made['id']}/health", {"isHealthy": False})
    assert read(textus("GET", "/my_account/integrations"))["members"][0]["isHealthy"] is False


@pytest.mark.parametrize("path", ["/_sandbox/nowhere", "/_sandbox/"])
def test_unknown_control_routes_are_404(textus, path):
    assert textus("GET", path).status_code == 404


def test_a_control_body_must_be_json(textus):
    assert textus.call("/_sandbox/faults", method="POST", data="{").status_code == 400


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_token(textus, path):
    assert textus.call(path).json == {"ok": True}
