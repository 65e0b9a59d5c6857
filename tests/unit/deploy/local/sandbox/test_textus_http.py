"""TextUs's API as the sandbox plays it: each documented shape, and each refusal."""

from __future__ import annotations

import json

import pytest

OPT_OUT = "/my_account/opt_outs/%2B13035551234"
CONTACT = {
    "name": "Cordell Walker",
    "phones": [
        {"number": "1-720-333-1234", "type": "Mobile"},
        {"number": "1-303-123-4567 x2921", "type": "Work"},
    ],
    "data": {"businessName": "McDonalds", "tags": ["cashier"]},
}
INTEGRATION = {
    "active": True,
    "provider": "webhook",
    "config": {"baseUrl": "https://www.example.com/callback"},
    "settings": {"actions": {"contact.opted_out": True, "message.received": True}},
}


def test_every_answer_is_in_textus_media_type(textus):
    for answer in (textus("GET", "/accounts"), textus("GET", "/nowhere/at/all"), textus("PUT", OPT_OUT)):
        assert answer.content_type == "application/vnd.textus+jsonld"


@pytest.mark.parametrize(
    "authorization",
    [
        None,  # nothing at all
        "Basic dGVzdA==",  # the old API's scheme
        "Bearer wrong",  # another token
        "Bearer",  # no token
        "test-token",  # the token alone
    ],
)
def test_without_the_right_token_it_is_401_on_known_and_unknown_paths(textus, authorization):
    for path in ("/accounts", "/nowhere"):
        answer = textus("GET", path, Authorization=authorization)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_with_no_token_configured_any_token_will_do_but_one_is_needed(make_caller):
    textus = make_caller(textus_token=None)
    assert textus("GET", "/accounts", Authorization="Bearer anything").status_code == 200
    assert textus("GET", "/accounts", Authorization=None).status_code == 401


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "application/vnd.textus+jsonld;q=0"])
def test_without_the_accept_header_it_is_406(textus, accept):
    assert textus("GET", "/accounts", Accept=accept).status_code == 406


def test_accept_may_name_more(textus):
    accept = "application/json, application/vnd.textus+jsonld;q=0.9"
    assert textus("GET", "/accounts", Accept=accept).status_code == 200


@pytest.mark.parametrize("content_type", [None, "application/json", "application/x-www-form-urlencoded"])
def test_a_body_without_the_content_type_header_is_415(textus, content_type):
    answer = textus("POST", "/my_account/contacts", CONTACT, Content_Type=content_type)
    assert answer.status_code == 415
    assert textus("GET", "/my_account/contacts").status_code == 200


def test_content_type_may_have_a_charset(textus):
    kind = "application/vnd.textus+jsonld; charset=utf-8"
    assert textus("POST", "/my_account/contacts", CONTACT, Content_Type=kind).status_code == 200


@pytest.mark.parametrize("body", ["{", "", '{"a": NaN}', b"\xff"])
def test_a_body_that_is_not_json_is_400(textus, body):
    assert textus("POST", "/my_account/contacts", body).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", OPT_OUT, 405),  # never delete an opt-out
        ("POST", OPT_OUT, 405),
        ("OPTIONS", OPT_OUT, 405),
        ("PATCH", "/messages/x", 405),
        ("GET", "/my_account/opt_outs/", 404),  # no trailing slash, and no redirect
        ("GET", "//accounts", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/nowhere/opt_outs", 404),  # an unknown account
        ("PUT", "/nowhere/opt_outs/%2B13035551234", 404),
        ("GET", "/accounts/nowhere/accounts", 404),
    ],
)
def test_what_is_not_documented_is_refused(textus, method, path, status):
    answer = textus(method, path)
    assert answer.status_code == status
    assert ("Allow" in answer.headers) == (status == 405)


# Accounts


def test_an_account_and_all_its_descendants_come_flat(textus, read):
    # Given a tree of three levels
    tree = {"slug": "org", "accounts": [{"slug": "north", "accounts": [{"slug": "oslo"}]}, {"slug": "south"}]}
    textus("PUT", "/_sandbox/accounts", tree)
    # When the top and a branch are asked for
    top, branch = (read(textus("GET", f"/accounts/{slug}/accounts")) for slug in ("org", "north"))
    # Then each answers with itself and everything below it
    assert [member["slug"] for member in top["members"]] == ["org", "north", "oslo", "south"]
    assert [member["slug"] for member in branch["members"]] == ["north", "oslo"]
    assert top["@type"] == "AccountCollection"
    assert top["totalItems"] == 4
    assert top["members"][0]["id"] == "/accounts/org"
    assert top["members"][0]["children"]["totalItems"] == 2


def test_view_next_leads_through_all_pages(make_caller, read):
    textus = make_caller(page_size=2)
    textus("PUT", "/_sandbox/accounts", ["org", "a", "b", "c", "d"])
    path, pages = "/accounts/org/accounts", []
    while path:
        page = read(textus("GET", path))
        pages.append([member["slug"] for member in page["members"]])
        path = page["view"]["next"]
    assert pages == [["org", "a"], ["b", "c"], ["d"]]


def test_paging_keeps_the_filter_and_skips_nothing_that_is_added_meanwhile(make_caller, read):
    textus = make_caller(page_size=2)
    phones = [f"%2B1303555100{n}" for n in range(5)]
    for phone in phones[:3]:
        textus("PUT", f"/my_account/opt_outs/{phone}")
    first = read(textus("GET", "/my_account/opt_outs?" + "&".join(f"exact[]={phone}" for phone in phones[:4])))
    textus("PUT", f"/my_account/opt_outs/{phones[3]}")
    textus("PUT", f"/my_account/opt_outs/{phones[4]}")  # not asked for
    second = read(textus("GET", first["view"]["next"]))
    assert [member["id"][-1] for member in first["members"] + second["members"]] == ["0", "1", "2", "3"]
    assert second["view"]["next"] is None


def test_a_cursor_that_was_not_given_out_is_refused(textus, fields):
    answer = textus("GET", "/my_account/opt_outs?cursor=two")
    assert (answer.status_code, fields(answer)) == (422, ["cursor"])


# Opt-outs


def test_an_opt_out_is_201_and_the_same_when_repeated(textus, read, clock):
    first = textus("PUT", OPT_OUT)
    clock.now += 60
    second = textus("PUT", OPT_OUT)
    assert (first.status_code, second.status_code) == (201, 201)
    assert read(first) == read(second)
    assert read(first) == {
        "@type": "OptOut",
        "@context": "/contexts/OptOut.jsonld",
        "id": "/my_account/opt_outs/+13035551234",
        "createdAt": "2026-03-25T22:10:00.000000Z",
        "formattedPhoneNumber": "3035551234",
        "user": None,
        "createdVia": "User",
        "originatingAccount": {
            "@type": "Account",
            "@context": "/contexts/Account.jsonld",
            "id": "/accounts/my_account",
            "name": "Example Account",
        },
    }
    assert read(textus("GET", "/my_account/opt_outs"))["totalItems"] == 1


@pytest.mark.parametrize("written", ["%2B13035551234", "+13035551234", "13035551234", "3035551234"])
def test_a_number_may_lack_its_country_code(textus, read, written):
    assert read(textus("PUT", f"/my_account/opt_outs/{written}"))["id"].endswith("/+13035551234")
    assert textus("GET", OPT_OUT).status_code == 200


def test_an_opt_out_holds_in_its_own_account_only(textus):
    textus("PUT", OPT_OUT)
    assert textus("GET", OPT_OUT).status_code == 200
    assert textus("GET", OPT_OUT.replace("my_account", "textus")).status_code == 404


def test_many_numbers_are_checked_in_one_call(textus, read):
    textus("PUT", OPT_OUT)
    textus("PUT", "/my_account/opt_outs/%2B13035550000")
    found = read(textus("GET", "/my_account/opt_outs?exact[]=%2B13035551234&exact[]=%2B13035559999"))
    assert found["@type"] == "hydra:Collection"
    assert [member["id"] for member in found["members"]] == ["/my_account/opt_outs/+13035551234"]
    assert read(textus("GET", "/my_account/opt_outs?q=0000"))["totalItems"] == 1


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/my_account/opt_outs/STOP", "phone_number"),
        ("/my_account/opt_outs/%2B1303", "phone_number"),  # too short to be possible
        ("/my_account/opt_outs?exact[]=+13035551234", "exact[]"),  # a bare + is a space in a query
        ("/my_account/opt_outs?exact=%2B13035551234", "exact"),  # the documented name has brackets
        ("/my_account/opt_outs?q=30", "q"),  # at least three characters
    ],
)
def test_a_bad_number_is_422_and_named(textus, fields, path, field):
    answer = textus("GET", path)
    assert (answer.status_code, fields(answer)) == (422, [field])


def test_an_opt_out_takes_no_body(textus):
    assert textus("PUT", OPT_OUT, {"phone": "+13035551234"}).status_code == 422
    assert textus("GET", OPT_OUT).status_code == 404


def test_a_url_longer_than_a_real_server_takes_is_414(textus):
    many = "&".join(["exact%5B%5D=%2B13035551234"] * 400)
    assert textus("GET", f"/my_account/opt_outs?{many}").status_code == 414


# Contacts


def test_a_contact_is_200_and_kept(textus, read):
    answer = textus("POST", "/my_account/contacts", CONTACT)
    contact = read(answer)
    assert answer.status_code == 200
    assert (contact["@type"], contact["firstName"], contact["lastName"]) == ("Contact", "Cordell", "Walker")
    assert contact["data"] == CONTACT["data"]
    phones = contact["phones"]["members"]
    assert [(phone["phoneNumber"], phone["extension"], phone["type"]) for phone in phones] == [
        ("+17203331234", None, "Mobile"),
        ("+13031234567", "2921", "Work"),
    ]
    assert read(textus("GET", "/my_account/contacts"))["members"] == [contact]


def test_two_equal_contacts_are_two(textus, read):
    made = [read(textus("POST", "/my_account/contacts", CONTACT))["id"] for _ in range(2)]
    assert len(set(made)) == 2
    assert read(textus("GET", "/my_account/contacts"))["totalItems"] == 2


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"name": None}, ["name"]),
        ({"name": ""}, ["name"]),
        ({"phones": []}, ["phones"]),
        ({"phones": "+13035551234"}, ["phones"]),
        ({"phones": [{"number": "+13035551234"}]}, ["phones[0].type"]),
        ({"phones": [{"number": "+13035551234", "type": "mobile"}]}, ["phones[0].type"]),
        ({"phones": [{"number": "none", "type": "Mobile"}]}, ["phones[0].number"]),
        ({"data": {"tags": "warm"}}, ["data.tags"]),
        ({"data": {"tags": [1]}}, ["data.tags[0]"]),
        ({"tags": ["warm"]}, ["tags"]),  # belongs into data
        ({"name": 1, "phone": "x"}, ["name", "phone"]),  # all mistakes at once
    ],
)
def test_a_wrong_field_of_a_contact_is_422_and_named(textus, read, fields, change, named):
    answer = textus("POST", "/my_account/contacts", CONTACT | change)
    assert (answer.status_code, fields(answer)) == (422, named)
    assert read(textus("GET", "/my_account/contacts"))["totalItems"] == 0


def test_a_contact_is_read_and_changed_as_a_whole(textus, read, fields):
    made = read(textus("POST", "/my_account/contacts", CONTACT))
    changed = {"name": "Ann Walker", "phones": [{"number": "+13035551234", "type": "Work"}], "data": {"tags": ["a"]}}
    answer = textus("PUT", made["id"], changed)
    assert (answer.status_code, read(answer)["id"], read(answer)["createdAt"]) == (200, made["id"], made["createdAt"])
    assert read(textus("GET", made["id"])) == read(answer)
    assert [read(answer)["name"], read(answer)["data"]] == ["Ann Walker", {"tags": ["a"]}]
    assert fields(textus("PUT", made["id"], {"data": {}})) == ["name", "phones"]
    assert textus("GET", "/contacts/nobody").status_code == 404
    assert textus("PUT", "/contacts/nobody", changed).status_code == 404


@pytest.mark.parametrize(
    ("query", "count"),
    [("q=7203331234", 1), ("q=%2B17203331234", 1), ("q=walker", 1), ("q=7203331235", 0), ("q=Ann", 0), ("", 1)],
)
def test_contacts_are_searched_by_number_and_name(textus, read, query, count):
    textus("POST", "/my_account/contacts", CONTACT)
    found = read(textus("GET", f"/my_account/contact_filters/all/contacts?{query}"))
    assert (found["totalItems"], len(found["members"])) == (count, count)
    assert textus("GET", "/my_account/contact_filters/some/contacts").status_code == 404
    assert textus("GET", "/nobody/contact_filters/all/contacts").status_code == 404


@pytest.mark.parametrize("body", ["[]", "null", '"x"'])
def test_a_body_that_is_no_object_is_422(textus, fields, body):
    answer = textus("POST", "/my_account/contacts", body)
    assert (answer.status_code, fields(answer)) == (422, ["body"])


# Messages


def test_a_message_is_sent_with_201_and_found_again(textus, read):
    answer = textus("POST", "/my_account/messages", {"to": "+13035551234", "body": "New phone who dis?"})
    message = read(answer)
    assert answer.status_code == 201
    assert (message["@type"], message["direction"], message["body"]) == ("Message", "out", "New phone who dis?")
    assert read(textus("GET", message["id"])) == message


def test_several_recipients_are_202_without_a_body(textus, read):
    answer = textus("POST", "/my_account/messages", {"to": ["+13035551234", "+13035555678"], "body": "Hi"})
    assert (answer.status_code, answer.data) == (202, b"")
    assert read(textus("GET", "/_sandbox"))["textus"]["messages"] == 2


def test_a_message_to_an_opted_out_number_fails(textus, read):
    textus("PUT", OPT_OUT)
    message = read(textus("POST", "/my_account/messages", {"to": "+13035551234", "body": "Hi"}))
    assert message["deliveryState"] == "failed"


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"body": "Hi"}, ["to"]),
        ({"to": [], "body": "Hi"}, ["to"]),
        ({"to": 13035551234, "body": "Hi"}, ["to"]),
        ({"to": "+13035551234"}, ["body"]),
        ({"to": "+13035551234", "body": ""}, ["body"]),
        ({"to": "none", "body": "Hi"}, ["to"]),
        ({"to": ["+13035551234", "none"], "body": "Hi"}, ["to[1]"]),
    ],
)
def test_a_wrong_field_of_a_message_is_422_and_nothing_is_sent(textus, read, fields, body, named):
    answer = textus("POST", "/my_account/messages", body)
    assert (answer.status_code, fields(answer)) == (422, named)
    assert read(textus("GET", "/_sandbox"))["textus"]["messages"] == 0


def test_an_unknown_message_is_404_until_it_is_planted(textus, read):
    assert textus("GET", "/messages/QNDkpL").status_code == 404
    planted = textus("PUT", "/_sandbox/messages/QNDkpL", {"body": "Hi", "direction": "in"})
    assert planted.status_code == 201
    message = read(textus("GET", "/messages/QNDkpL"))
    assert (message["id"], message["body"], message["deliveryState"]) == ("/messages/QNDkpL", "Hi", "received")


# Integrations


def test_an_integration_is_201_with_its_secret_and_health(textus, read):
    answer = textus("POST", "/my_account/integrations", INTEGRATION)
    made = read(answer)
    assert answer.status_code == 201
    assert made["config"]["baseUrl"] == INTEGRATION["config"]["baseUrl"]
    assert made["config"]["webhookSecret"].startswith("textus-")
    assert (made["isHealthy"], made["settings"]) == (True, INTEGRATION["settings"])
    assert read(textus("GET", "/my_account/integrations"))["members"] == [made]


def test_a_documented_body_with_type_and_context_is_taken(textus):
    body = {"@type": "Integration", "@context": "/contexts/Integration.jsonld", **INTEGRATION}
    assert textus("POST", "/my_account/integrations", body).status_code == 201


def test_an_integration_is_changed_and_keeps_its_secret(textus, read):
    made = read(textus("POST", "/my_account/integrations", INTEGRATION))
    change = {"active": False, "config": {"baseUrl": "https://foo.bar.com/zest", "clientSecret": "mine"}}
    changed = read(textus("PUT", made["id"], change))
    secret = made["config"]["webhookSecret"]
    assert changed["config"] == {
        "baseUrl": "https://foo.bar.com/zest",
        "webhookSecret": secret,
        "clientSecret": "[FILTERED]",
    }
    assert (changed["active"], changed["settings"]) == (False, INTEGRATION["settings"])
    assert textus("PUT", "/integrations/none", change).status_code == 404


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"active": "yes"}, ["active"]),
        ({"provider": "zapier"}, ["provider"]),
        ({"config": {}}, ["config.baseUrl"]),
        ({"config": {"baseUrl": "http://www.example.com"}}, ["config.baseUrl"]),  # TextUs needs HTTPS
        ({"settings": {"actions": {"contact.opted-out": True}}}, ["settings.actions.contact.opted-out"]),
        ({"settings": {"actions": {"message.received": "yes"}}}, ["settings.actions.message.received"]),
    ],
)
def test_a_wrong_field_of_an_integration_is_422_and_named(textus, fields, change, named):
    answer = textus("POST", "/my_account/integrations", INTEGRATION | change)
    assert (answer.status_code, fields(answer)) == (422, named)


def test_a_refusal_says_what_is_wrong(textus):
    body = json.loads(textus("GET", "/accounts", Accept="text/html").data)
    assert (body["@type"], body["status"], body["title"]) == ("Error", 406, "Not Acceptable")
    assert "application/vnd.textus+jsonld" in body["detail"]
