"""The JSON that TextUs's API answers with, field by field as in its published samples.

apidocs.next.textus.com/docs, seen 2026-11. Samples show the same thing with more and fewer fields in
different places; these are the fields that a client may find useful, spelled and nested as there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers

from deploy.local.sandbox import phones
from deploy.local.sandbox.accounts import SandboxAccount
from deploy.local.sandbox.hydra import Json, collection
from deploy.local.sandbox.textus_bodies import IntegrationBody, IntegrationConfigBody, TextUsContactBody


@dataclass(frozen=True)
class AccountOptOut:
    """One number that one account may not text."""

    account: SandboxAccount
    phone: str  #: E.164
    national: str  #: digits without the country code
    created_at: str

    def shown(self) -> Json:
        """As the API shows it: the number with its country code stands only in the id."""
        return {
            "@type": "OptOut",
            "@context": "/contexts/OptOut.jsonld",
            "id": f"/{self.account.slug}/opt_outs/{self.phone}",
            "createdAt": self.created_at,
            "formattedPhoneNumber": self.national,
            "user": None,
            "createdVia": "User",
            "originatingAccount": {
                "@type": "Account",
                "@context": "/contexts/Account.jsonld",
                "id": self.account.path,
                "name": self.account.name,
            },
        }


def account_json(account: SandboxAccount, children: int) -> Json:
    """An Account with its number of `children`."""
    below = collection(f"{account.path}/children", [])
    below["totalItems"] = children
    return {
        "@type": "Account",
        "@context": "/contexts/Account.jsonld",
        "id": account.path,
        "name": account.name,
        "slug": account.slug,
        "logo": None,
        "phoneNumbers": ["(303) 555-1111"],
        "effectiveRole": "admin",
        "type": "standard",
        "analytics": f"{account.path}/analytics",
        "inbox": f"/{account.slug}/inbox",
        "contacts": f"/{account.slug}/contacts",
        "campaigns": f"/{account.slug}/campaigns",
        "children": below,
    }


def contact_json(
    contact_id: str, body: TextUsContactBody, numbers: Sequence[phonenumbers.PhoneNumber], created_at: str
) -> Json:
    """A Contact made of `body`; `numbers` are its phones, parsed."""
    path = f"/contacts/{contact_id}"
    first, _, last = body.name.partition(" ")
    members = [
        {
            "@type": "ContactPhone",
            "id": f"/contact_phones/{contact_id}-{position}",
            "@context": "/contexts/ContactPhone.jsonld",
            "phoneNumber": phones.e164(number),
            "formattedPhoneNumber": phones.national(number),
            "extension": number.extension or None,
            "type": phone.type,
            "deliverabilityStatus": "unknown",
            "contact": path,
        }
        for position, (phone, number) in enumerate(zip(body.phones, numbers, strict=True), 1)
    ]
    return {
        "@type": "Contact",
        "id": path,
        "@context": "/contexts/Contact.jsonld",
        "name": body.name,
        "firstName": first,
        "lastName": last,
        "phones": collection(f"{path}/phones", members),
        "notes": collection(f"{path}/notes", []),
        "data": body.data.model_dump(exclude_unset=True),
        "conversations": f"{path}/conversations",
        "createdAt": created_at,
    }


def message_json(message_id: str, now: str, fields: Json) -> Json:
    """A Message with `fields`, and the rest as in the published sample."""
    path = f"/messages/{message_id}"
    return {
        "@type": "Message",
        "id": path,
        "@context": "/contexts/Message.jsonld",
        "direction": "in",
        "body": "",
        "displayTimestamp": now,
        "timelinePosition": now,
        "deliveryState": "delivered" if fields.get("direction") == "out" else "received",
        "conversation": f"/conversations/{message_id}",
        "sender": None,
        "attachments": collection(f"{path}/attachments", []),
        "retryAllowed": False,
        "retry": None,
        "latestEventAt": now,
        "flags": [],
        "source": "textus",
    } | fields


def integration_json(integration_id: str, body: IntegrationBody, secret: str) -> Json:
    """An Integration, healthy, whose webhooks `secret` signs."""
    return {
        "@type": "Integration",
        "@context": "/contexts/Integration.jsonld",
        "id": f"/integrations/{integration_id}",
        "active": body.active,
        "provider": body.provider,
        "config": config_json(body.config, secret),
        "settings": body.settings.model_dump(exclude_unset=True),
        "isHealthy": True,
        "ipaas": False,
        "category": None,
    }


def config_json(config: IntegrationConfigBody, secret: str) -> Json:
    """The config of an Integration: a secret that the caller sent is filtered (docs/integrations/update)."""
    shown: Json = {"baseUrl": config.baseUrl, "webhookSecret": secret}
    return shown | ({"clientSecret": "[FILTERED]"} if config.clientSecret is not None else {})
