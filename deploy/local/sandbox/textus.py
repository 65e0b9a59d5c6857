"""TextUs as the sandbox plays it: what it holds, what its calls do, and the JSON that they answer.

Shapes: apidocs.next.textus.com/docs, seen 2026-11. What is not documented there is said to be inferred. No
state survives the process; every method may be called from any thread.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import phonenumbers

from deploy.local.sandbox import phones
from deploy.local.sandbox.accounts import DEFAULT_TREE, AccountTree, SandboxAccount
from deploy.local.sandbox.hydra import Json, page
from deploy.local.sandbox.ids import Ids
from deploy.local.sandbox.refusals import Refusal, unprocessable
from deploy.local.sandbox.textus_bodies import (
    IntegrationBody,
    IntegrationChangeBody,
    MessageBody,
    TextUsContactBody,
)
from deploy.local.sandbox.textus_shapes import (
    AccountOptOut,
    account_json,
    config_json,
    contact_json,
    integration_json,
    message_json,
)

Query = Sequence[tuple[str, str]]


@dataclass
class _TextUsState:
    """Everything that `DELETE /_sandbox` forgets. Inner dictionaries by account slug."""

    accounts: AccountTree = DEFAULT_TREE
    opt_outs: dict[str, dict[str, tuple[int, AccountOptOut]]] = field(default_factory=dict)
    contacts: dict[str, list[tuple[int, Json]]] = field(default_factory=dict)
    messages: dict[str, Json] = field(default_factory=dict)
    integrations: dict[str, list[tuple[int, Json]]] = field(default_factory=dict)


class TextUsSandbox:
    """The organisation's accounts and what they hold."""

    def __init__(self, *, page_size: int, clock: Callable[[], float], lock: threading.RLock) -> None:
        self._page_size = page_size
        self._clock = clock
        self._lock = lock
        self._ids = Ids()
        self._number = 0
        self._held = _TextUsState()

    def forget(self) -> None:
        """Begin anew with the default accounts."""
        with self._lock:
            self._held = _TextUsState()

    # Accounts

    @property
    def accounts(self) -> AccountTree:
        """The account tree in force."""
        return self._held.accounts

    def set_accounts(self, tree: AccountTree) -> None:
        """Put another tree in force; what an account held comes back with its slug."""
        with self._lock:
            self._held.accounts = tree

    def account(self, slug: str) -> SandboxAccount:
        """The account with this slug, or 404."""
        account = self._held.accounts.get(slug)
        if account is None:
            raise Refusal(404, f"there is no account {slug!r}")
        return account

    def list_accounts(self, query: Query) -> Json:
        """GET /accounts: every account, because the token's user is a member of all."""
        return self._accounts_page("/accounts", list(self.accounts), query)

    def list_family(self, slug: str, query: Query) -> Json:
        """GET /accounts/:account/accounts: the account and all its descendants, flat."""
        account = self.account(slug)
        return self._accounts_page(f"{account.path}/accounts", self.accounts.family(slug), query)

    def _accounts_page(self, path: str, accounts: Sequence[SandboxAccount], query: Query) -> Json:
        # The documentation calls this one AccountCollection, all others hydra:Collection (seen 2026-11).
        rows = enumerate(accounts, 1)
        return page(path, rows, self._account, query=query, size=self._page_size, kind="AccountCollection")

    def _account(self, account: SandboxAccount) -> Json:
        return account_json(account, children=len(self.accounts.children(account.slug)))

    # Opt-outs

    def opt_out(self, slug: str, text: str) -> Json:
        """PUT /:account/opt_outs/:phone_number: the number is out; repeated, the same OptOut again."""
        account = self.account(slug)
        number = phones.parsed(text, "phone_number")
        phone = phones.e164(number)
        with self._lock:
            held = self._held.opt_outs.setdefault(slug, {})
            if phone not in held:
                national = phonenumbers.national_significant_number(number)
                held[phone] = (self._next(), AccountOptOut(account, phone, national, self._now()))
            return held[phone][1].shown()

    def find_opt_out(self, slug: str, text: str) -> Json:
        """GET /:account/opt_outs/:phone_number; 404 (inferred) if the number is not out."""
        self.account(slug)
        phone = phones.e164(phones.parsed(text, "phone_number"))
        with self._lock:
            found = self._held.opt_outs.get(slug, {}).get(phone)
        if found is None:
            raise Refusal(404, "this number is not opted out")
        return found[1].shown()

    def list_opt_outs(self, slug: str, query: Query) -> Json:
        """GET /:account/opt_outs{?q,exact[]}: all, those containing `q`, or those of the given numbers."""
        self.account(slug)
        with self._lock:
            rows = list(self._held.opt_outs.get(slug, {}).values())
        looked_for = {phones.e164(phones.parsed(value, "exact[]")) for name, value in query if name == "exact[]"}
        if any(name == "exact" for name, _ in query):
            raise unprocessable("exact", "is written exact[]")
        if looked_for:
            rows = [row for row in rows if row[1].phone in looked_for]
        for part in (value for name, value in query if name == "q"):
            if len(part) < 3:  # "partial matching (minimum of 3 characters)"
                raise unprocessable("q", "needs at least 3 characters")
            rows = [row for row in rows if part in row[1].phone]
        return page(f"/{slug}/opt_outs", rows, AccountOptOut.shown, query=query, size=self._page_size)

    def forget_opt_out(self, slug: str, text: str) -> None:
        """The person texted START: TextUs itself takes the opt-out away. Control only; the API has none."""
        self.account(slug)
        phone = phones.e164(phones.parsed(text, "phone_number"))
        with self._lock:
            if self._held.opt_outs.get(slug, {}).pop(phone, None) is None:
                raise Refusal(404, "this number is not opted out")

    # Contacts

    def create_contact(self, slug: str, body: TextUsContactBody) -> Json:
        """POST /:account/contacts: each call makes one (whether TextUs merges equal ones is not stated)."""
        self.account(slug)
        numbers = [phones.parsed(phone.number, f"phones[{i}].number") for i, phone in enumerate(body.phones)]
        contact = contact_json(self._ids.next(), body, numbers, self._now())
        with self._lock:
            self._held.contacts.setdefault(slug, []).append((self._next(), contact))
        return contact

    def list_contacts(self, slug: str, query: Query) -> Json:
        """GET /:account/contacts"""
        return self._contacts_page(slug, f"/{slug}/contacts", query, lambda _: True)

    def filter_contacts(self, slug: str, contact_filter: str, query: Query) -> Json:
        """GET /:account/contact_filters/:contact_filter/contacts{?q}, "capable of searching across phone numbers".

        How `q` is matched is not documented: part of the name, or of the digits of a number (inferred). No other
        filter than `all`, that of the published sample, is there.
        """
        if contact_filter != "all":
            raise Refusal(404, f"there is no contact filter {contact_filter!r}")
        [looked_for] = [value for name, value in query if name == "q"] or [""]
        digits = looked_for.lstrip("+")

        def matches(contact: Json) -> bool:
            numbers = [phone["phoneNumber"] for phone in contact["phones"]["members"]]
            by_number = digits.isdecimal() and any(digits in number for number in numbers)
            return by_number or looked_for.casefold() in contact["name"].casefold()

        return self._contacts_page(slug, f"/{slug}/contact_filters/all/contacts", query, matches)

    def _contacts_page(self, slug: str, path: str, query: Query, matches: Callable[[Json], bool]) -> Json:
        self.account(slug)
        with self._lock:
            rows = [row for row in self._held.contacts.get(slug, []) if matches(row[1])]
        return page(path, rows, dict, query=query, size=self._page_size)

    def contact(self, contact_id: str) -> Json:
        """GET /contacts/:contact, or 404."""
        path = f"/contacts/{contact_id}"
        with self._lock:
            for rows in self._held.contacts.values():
                for _, contact in rows:
                    if contact["id"] == path:
                        return contact
        raise Refusal(404, f"there is no contact {contact_id!r}")

    def change_contact(self, contact_id: str, body: TextUsContactBody) -> Json:
        """PUT /contacts/:contact, with everything as in the published sample: what a part of it does is not stated."""
        numbers = [phones.parsed(phone.number, f"phones[{i}].number") for i, phone in enumerate(body.phones)]
        with self._lock:
            contact = self.contact(contact_id)
            contact |= contact_json(contact_id, body, numbers, contact["createdAt"])
            return contact

    # Messages

    def send(self, slug: str, body: MessageBody) -> Json | None:
        """POST /:account/messages: the Message (201); None for a list of recipients (202, no body)."""
        account = self.account(slug)
        several = isinstance(body.to, list)
        field_name = "to[{}]" if several else "to"
        recipients = body.to if isinstance(body.to, list) else [body.to]
        numbers = [phones.parsed(text, field_name.format(index)) for index, text in enumerate(recipients)]
        sent = [self._send(account, phones.e164(number), body.body) for number in numbers]
        return None if several else sent[0]

    def _send(self, account: SandboxAccount, phone: str, text: str) -> Json:
        with self._lock:
            out = phone in self._held.opt_outs.get(account.slug, {})
        # An opt-out "prevents delivery of messages" (docs/opt_outs/show); that it shows as failed: inferred.
        return self.plant_message(
            self._ids.next(),
            {"direction": "out", "body": text, "deliveryState": "failed" if out else "delivered"},
        )

    def message(self, message_id: str) -> Json:
        """GET /messages/:message, or 404."""
        with self._lock:
            found = self._held.messages.get(message_id)
        if found is None:
            raise Refusal(404, f"there is no message {message_id!r}")
        return found

    def plant_message(self, message_id: str, fields: Json) -> Json:
        """Hold a message with the given fields, and the rest as `message_json` fills it in."""
        message = message_json(message_id, self._now(), fields)
        with self._lock:
            self._held.messages[message_id] = message
        return message

    # Integrations

    def integrate(self, slug: str, body: IntegrationBody) -> Json:
        """POST /:account/integrations: a subscription to webhooks, with the secret that signs them."""
        self.account(slug)
        integration = integration_json(self._ids.next(), body, f"textus-{secrets.token_hex(8)}")
        with self._lock:
            self._held.integrations.setdefault(slug, []).append((self._next(), integration))
        return integration

    def list_integrations(self, slug: str, query: Query) -> Json:
        """GET /:account/integrations"""
        self.account(slug)
        with self._lock:
            rows = list(self._held.integrations.get(slug, []))
        return page(f"/{slug}/integrations", rows, dict, query=query, size=self._page_size)

    def integration(self, integration_id: str) -> Json:
        """The integration with this id, or 404."""
        path = f"/integrations/{integration_id}"
        with self._lock:
            for rows in self._held.integrations.values():
                for _, integration in rows:
                    if integration["id"] == path:
                        return integration
        raise Refusal(404, f"there is no integration {integration_id!r}")

    def change_integration(self, integration_id: str, body: IntegrationChangeBody) -> Json:
        """PUT /integrations/:integration: config, settings and the active flag, each if given."""
        with self._lock:
            integration = self.integration(integration_id)
            if body.active is not None:
                integration["active"] = body.active
            if body.config is not None:
                integration["config"] = config_json(body.config, integration["config"]["webhookSecret"])
            if body.settings is not None:
                integration["settings"] = body.settings.model_dump(exclude_unset=True)
            return integration

    def set_health(self, integration_id: str, healthy: bool) -> Json:
        """Control only: TextUs found the endpoint well or ill."""
        with self._lock:
            integration = self.integration(integration_id)
            integration["isHealthy"] = healthy
            return integration

    def counts(self) -> Json:
        """How much is held, by kind."""
        with self._lock:
            held = self._held
            return {
                "accounts": len(list(held.accounts)),
                "opt_outs": sum(map(len, held.opt_outs.values())),
                "contacts": sum(map(len, held.contacts.values())),
                "messages": len(held.messages),
                "integrations": sum(map(len, held.integrations.values())),
            }

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
