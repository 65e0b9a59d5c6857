"""TextUs's webhooks (apidocs.next.textus.com): an envelope with an action, signed in a header."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from ops.send.player import Particulars, Player, Signed, Webhook
from schemas.events import EventType

SIGNATURE_HEADER = "X-TextUs-Signature"

ACCOUNT_PHONE = "+13035550100"
INTEGRATION = "/integrations/h13Jc5"


class TextUsPlayer(Player):
    """Plays TextUs."""

    name = "textus"
    kinds: ClassVar[Mapping[str, EventType]] = MappingProxyType(
        {
            "message.received": EventType.MESSAGE_RECEIVED,
            "message.delivered": EventType.MESSAGE_DELIVERED,
            "message.failed": EventType.MESSAGE_FAILED,
            "message.unknown": EventType.MESSAGE_UNKNOWN,
            "phone_call.completed": EventType.CALL_COMPLETED,
            "contact.opted_out": EventType.CONTACT_OPTED_OUT,
            "contact.opted_in": EventType.CONTACT_OPTED_IN,
            "contact.created": EventType.CONTACT_CREATED,
        }
    )
    received = "message.received"
    time_field = "timestamp"

    def fields(self, kind: str, about: Particulars) -> dict[str, Any]:
        subject, event = kind.split(".")
        part = {
            "message": _message,
            "phone_call": _phone_call,
            "contact": _contact if event == "created" else _opt_out,
        }[subject](event, about)
        envelope: dict[str, object] = {
            "@type": "WebhookDelivery",
            "@context": "/contexts/WebhookDelivery.jsonld",
            "id": f"{INTEGRATION}/deliveries/{about.token}-{kind}",
            "timestamp": about.timestamp,
            "action": kind,
            "webHook": INTEGRATION,
        }
        return envelope | part

    def signed(self, webhook: Webhook, secret: str | None, address: str) -> Signed:
        del address
        headers = {"Content-Type": webhook.content_type}
        if secret is not None:
            headers[SIGNATURE_HEADER] = hmac.new(secret.encode(), webhook.body, hashlib.sha256).hexdigest()
        return Signed(webhook.path, headers, webhook.body)


def _conversation(about: Particulars) -> dict[str, object]:
    return {
        "@type": "Conversation",
        "id": f"/conversations/{str(about.phone)[-4:]}",
        "currentState": "open",
        "account": f"/accounts/{about.account}",
        "phoneNumber": about.phone,
        "accountPhoneNumber": ACCOUNT_PHONE,
    }


def _message(state: str, about: Particulars) -> dict[str, object]:
    message = {
        "@type": "Message",
        "id": f"/messages/{about.token[:6]}{about.token[-4:]}",
        "direction": "in" if state == "received" else "out",
        "body": about.text,
        "deliveryState": state,
        "status": state,
    }
    return {"conversation": _conversation(about), "message": message}


def _phone_call(_event: str, about: Particulars) -> dict[str, object]:
    call = {"@type": "PhoneCall", "id": f"/phone_calls/{about.token[:6]}", "direction": "in"}
    return {"conversation": _conversation(about), "phoneCall": call}


def _opt_out(event: str, about: Particulars) -> dict[str, object]:
    opt_out = {
        "@type": "OptOut",
        "id": f"/{about.account}/opt_outs/{int(about.token[:5], 16)}",
        "type": "opt-out" if event == "opted_out" else "opt-in",
        "phoneNumber": about.phone,
        "account": f"/accounts/{about.account}",
    }
    return {"@type": "OptOutWebhookDelivery", "optOut": opt_out}


def _contact(_event: str, about: Particulars) -> dict[str, object]:
    first, _, last = about.name.partition(" ")
    contact = {
        "@type": "Contact",
        "id": f"/contacts/{about.token[:4]}",
        "firstName": first,
        "lastName": last,
        "name": about.name,
        "phones": {"members": [{"@type": "ContactPhone", "phoneNumber": about.phone, "type": "Mobile"}]},
        "data": {"businessName": "Acme Staffing", "tags": [about.tag.lower()]},
        "createdAt": about.timestamp,
    }
    return {"@type": "ContactWebhookDelivery", "contact": contact}
