"""TextUs's webhooks (apidocs.next.textus.com): an envelope with an action, signed in a header."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import ClassVar

from ingest.providers.textus import SIGNATURE_HEADER, TextUsSettings
from ingest.settings import ProviderSettings
from ops.send.player import Chance, Signed, Webhook

ACCOUNT = "my_account"
ACCOUNT_PHONE = "+13035550100"
INTEGRATION = "/integrations/h13Jc5"


class TextUsPlayer:
    """Plays TextUs."""

    name: ClassVar[str] = "textus"
    kinds: ClassVar[tuple[str, ...]] = (
        "message.received",
        "message.delivered",
        "message.failed",
        "message.unknown",
        "phone_call.completed",
        "contact.opted_out",
        "contact.opted_in",
        "contact.created",
    )

    def webhook(self, kind: str, chance: Chance) -> Webhook:
        subject, event = kind.split(".")
        part = {
            "message": _message,
            "phone_call": _phone_call,
            "contact": _contact if event == "created" else _opt_out,
        }[subject](event, chance)
        envelope: dict[str, object] = {
            "@type": "WebhookDelivery",
            "@context": "/contexts/WebhookDelivery.jsonld",
            "id": f"{INTEGRATION}/deliveries/{chance.token}-{kind}",
            "timestamp": chance.timestamp,
            "action": kind,
            "webHook": INTEGRATION,
        }
        return Webhook("/webhooks/textus", envelope | part)

    def signed(self, webhook: Webhook, secret: str | None) -> Signed:
        body = json.dumps(webhook.body).encode()
        headers = {"Content-Type": "application/json"}
        if secret is not None:
            headers[SIGNATURE_HEADER] = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return Signed(webhook.path, headers, body)

    def secret(self, settings: ProviderSettings) -> str | None:
        secrets = settings.signing_secrets if isinstance(settings, TextUsSettings) else ()
        return secrets[0].get_secret_value() if secrets else None


def _conversation(chance: Chance) -> dict[str, object]:
    return {
        "@type": "Conversation",
        "id": f"/conversations/{chance.phone[-4:]}",
        "currentState": "open",
        "account": f"/accounts/{ACCOUNT}",
        "phoneNumber": chance.phone,
        "accountPhoneNumber": ACCOUNT_PHONE,
    }


def _message(state: str, chance: Chance) -> dict[str, object]:
    message = {
        "@type": "Message",
        "id": f"/messages/{chance.token[:6]}{chance.token[-4:]}",
        "direction": "in" if state == "received" else "out",
        "body": chance.text,
        "deliveryState": state,
        "status": state,
    }
    return {"conversation": _conversation(chance), "message": message}


def _phone_call(_event: str, chance: Chance) -> dict[str, object]:
    call = {"@type": "PhoneCall", "id": f"/phone_calls/{chance.token[:6]}", "direction": "in"}
    return {"conversation": _conversation(chance), "phoneCall": call}


def _opt_out(event: str, chance: Chance) -> dict[str, object]:
    opt_out = {
        "@type": "OptOut",
        "id": f"/{ACCOUNT}/opt_outs/{int(chance.token[:5], 16)}",
        "type": "opt-out" if event == "opted_out" else "opt-in",
        "phoneNumber": chance.phone,
        "account": f"/accounts/{ACCOUNT}",
    }
    return {"@type": "OptOutWebhookDelivery", "optOut": opt_out}


def _contact(_event: str, chance: Chance) -> dict[str, object]:
    first, _, last = chance.name.partition(" ")
    contact = {
        "@type": "Contact",
        "id": f"/contacts/{chance.token[:4]}",
        "firstName": first,
        "lastName": last,
        "name": chance.name,
        "phones": {"members": [{"@type": "ContactPhone", "phoneNumber": chance.phone, "type": "Mobile"}]},
        "data": {"businessName": "Acme Staffing", "tags": [chance.tag.lower()]},
        "createdAt": chance.timestamp,
    }
    return {"@type": "ContactWebhookDelivery", "contact": contact}


PLAYER = TextUsPlayer()
