"""Twilio's webhooks (twilio.com/docs/messaging/guides/webhook-request): forms, signed together with the URL."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from ops.send.player import Particulars, Player, Signed, Webhook
from schemas.events import EventType

SIGNATURE_HEADER = "X-Twilio-Signature"
FORM = "application/x-www-form-urlencoded"
ACCOUNT = "AC" + "0" * 32
ACCOUNT_PHONE = "+13035550100"
OPT_OUT_TYPES = {"stop": "STOP", "start": "START", "help": "HELP"}


class TwilioPlayer(Player):
    """Plays Twilio."""

    name = "twilio"
    kinds: ClassVar[Mapping[str, EventType]] = MappingProxyType(
        {
            "received": EventType.MESSAGE_RECEIVED,
            "stop": EventType.MESSAGE_RECEIVED,  # and what Twilio did about it
            "start": EventType.MESSAGE_RECEIVED,
            "help": EventType.MESSAGE_RECEIVED,
            "queued": EventType.MESSAGE_SENT,
            "sent": EventType.MESSAGE_SENT,
            "delivered": EventType.MESSAGE_DELIVERED,
            "undelivered": EventType.MESSAGE_FAILED,
            "failed": EventType.MESSAGE_FAILED,
        }
    )
    received = "received"

    def fields(self, kind: str, about: Particulars) -> dict[str, Any]:
        is_inbound = self.kinds[kind] is EventType.MESSAGE_RECEIVED
        message_id = f"SM{about.token}" + (f"{kind:0>16}" if is_inbound else about.token)  # ours is one for all kinds
        common = {"MessageSid": message_id, "SmsSid": message_id, "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01"}
        if not is_inbound:
            status = {"To": about.phone, "From": ACCOUNT_PHONE, "SmsStatus": kind, "MessageStatus": kind}
            failed = self.kinds[kind] is EventType.MESSAGE_FAILED
            return common | status | ({"ErrorCode": "30003"} if failed else {})
        opt_out_type = OPT_OUT_TYPES.get(kind)
        incoming = {"From": about.phone, "To": ACCOUNT_PHONE, "SmsStatus": "received", "Body": about.text}
        if opt_out_type is not None:
            incoming |= {"Body": opt_out_type, "OptOutType": opt_out_type}
        return common | incoming | {"NumMedia": "0", "NumSegments": "1"}

    def written(self, path: str, fields: Mapping[str, Any]) -> Webhook:
        """A form; JSON where a form could not say it."""
        try:
            if all(isinstance(value, str) for value in fields.values()):
                return Webhook(path, urlencode(fields).encode(), FORM)
        except UnicodeEncodeError:  # half of a pair
            pass
        return super().written(path, fields)

    def signed(self, webhook: Webhook, secret: str | None, address: str) -> Signed:
        path, signed = webhook.path, ""
        if webhook.content_type == FORM:
            signed = "".join(name + value for name, value in sorted(_pairs(webhook.body)))
        else:
            path += f"?bodySHA256={hashlib.sha256(webhook.body).hexdigest()}"
        headers = {"Content-Type": webhook.content_type}
        if secret is None:
            return Signed(webhook.path, headers, webhook.body)
        mac = hmac.digest(secret.encode(), (address + path + signed).encode(), "sha1")
        return Signed(path, headers | {SIGNATURE_HEADER: base64.b64encode(mac).decode()}, webhook.body)


def _pairs(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode(), keep_blank_values=True)
