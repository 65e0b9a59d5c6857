"""A stop on its way: from either provider's webhook to every account of the organisation, and to the gate."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
import uuid
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from tests.e2e.conftest import Stack, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

open_url = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
ACCOUNTS = {"my_account", "my_account_north", "textus"}  # the sandbox's own


def call(url: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    """The JSON of the answer; POST where there is a body."""
    raw = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=raw, headers=headers or {})  # noqa: S310 - our own
    with open_url(request, timeout=30) as answer:
        return json.loads(answer.read())


def textlink(stack: Stack, phone: str, text: str) -> None:
    fields = {"phone_number": phone, "text": text, "timestamp": int(time.time() * 1000)}
    url = f"{stack.env['INGEST_URL']}/webhooks/textlink/received"
    assert call(url, {"secret": stack.env["TEXTLINK_SECRET"], **fields}) == {"ok": True}


def textus(stack: Stack, phone: str, action: str, **nested: Any) -> None:
    conversation = {"account": "/accounts/my_account", "phoneNumber": phone, "accountPhoneNumber": "+13035550100"}
    delivery = {
        "@type": "WebhookDelivery",
        "id": f"/integrations/e2e/deliveries/{uuid.uuid4()}",
        "timestamp": datetime.now(UTC).isoformat(),
        "action": action,
        "conversation": conversation,
        **nested,
    }
    raw = json.dumps(delivery).encode()
    signature = hmac.new(stack.env["TEXTUS_SIGNING_SECRET"].encode(), raw, hashlib.sha256).hexdigest()
    assert call(f"{stack.env['INGEST_URL']}/webhooks/textus", raw, {"X-TextUs-Signature": signature}) == {"ok": True}


def told_to(stack: Stack, phone: str) -> set[str]:
    """The accounts that have been told of `phone`."""
    requests = call(f"{stack.env['SANDBOX_URL']}/_sandbox/requests?method=PUT")
    return {
        request["path"].split("/")[1]
        for request in requests
        if request["path"].endswith(phone) and request["status"] == 201
    }


def gate(stack: Stack, phone: str) -> dict[str, Any]:
    url = f"{stack.env['GATE_URL']}/opt-outs/{phone.replace('+', '%2B')}"
    found: dict[str, Any] = call(url, headers={"Authorization": f"Bearer {stack.env['GATE_TOKEN']}"})
    return found


def test_a_stop_of_either_provider_is_true_everywhere(stack: Stack) -> None:
    by_textlink, by_textus = "+13035550181", "+13035550182"
    assert gate(stack, by_textlink)["state"] == "in"
    textlink(stack, by_textlink, "Stop texting me please!")
    message = {"@type": "Message", "id": "/messages/e2e", "direction": "in", "body": "STOP"}
    textus(stack, by_textus, "message.received", message=message)
    for phone in (by_textlink, by_textus):
        eventually(lambda phone=phone: told_to(stack, phone) == ACCOUNTS, f"{phone} is out at every account")
        assert gate(stack, phone)["state"] == "out"
        eventually(
            lambda phone=phone: all(
                load["status"] == "done"
                for load in json.loads(stack.hookline("opt-outs", "show", phone, "--json"))["enforcements"]
            ),
            "every call is written down",
        )
    proof = json.loads(stack.hookline("opt-outs", "show", by_textlink, "--json"))
    assert [row["tier"] for row in proof["ledger"]] == ["B"]
    assert proof["ledger"][0]["evidence"]["text"] == "Stop texting me please!"
    assert [review["kind"] for review in proof["reviews"]] == ["out"]
    # An opt-in of their own opens it again
    textus(stack, by_textus, "contact.opted_in", optOut={"phoneNumber": by_textus, "type": "opt-in"})
    eventually(lambda: gate(stack, by_textus)["state"] == "in", "in again")
    assert json.loads(stack.hookline("opt-outs", "verify", "--json"))["ok"] is True


def test_the_processes_role_cannot_touch_the_ledger(stack: Stack) -> None:
    for statement in (
        "UPDATE opt_out_ledger SET phone = phone",
        "DELETE FROM opt_out_ledger",
        "TRUNCATE opt_out_ledger",
    ):
        with psycopg.connect(stack.env["HOOKLINE_POSTGRES__DSN"]) as connection, pytest.raises(psycopg.Error):
            connection.execute(statement)


def test_the_gate_lets_nobody_in_without_a_token(stack: Stack) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        call(f"{stack.env['GATE_URL']}/opt-outs/1")
    assert refused.value.code == 401
    refused.value.close()
