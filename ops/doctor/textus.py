"""TextUs's subscriptions: unless every action is subscribed, webhooks do not come, and nothing else shows it.

By default an integration sends message.received and message.delivered only (help.textus.com, seen 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.providers.textus import ACTIONS
from ops.doctor.check import Check, broken, doubtful, fine
from processors.textus_api.client import Json, TextUsClient

_REGISTER = "hookline textus register"


@dataclass(frozen=True, slots=True)
class Registration:
    """What an account lacks, or has been given."""

    account: str
    integration: str | None  #: of the integration that exists; None: there is none yet
    lacking: Sequence[str]  #: actions that were switched off
    inactive: bool
    healthy: bool
    secret: str | None = None  #: what signs its webhooks

    @property
    def complete(self) -> bool:
        """Whether every action comes."""
        return self.integration is not None and not self.lacking and not self.inactive


def registrations(client: TextUsClient, accounts: Sequence[str], url: str | None) -> Iterator[Registration]:
    """How each of `accounts` is subscribed to `url`; None: to any address. Raises the client's exceptions."""
    for account in accounts:
        yield _as_it_is(account, _integration(client, account, url))


def register(client: TextUsClient, account: str, url: str) -> Registration:
    """Have `account` send every action to `url`: a new integration, or the present one, completed.

    Raises the client's exceptions.
    """
    found = _integration(client, account, url)
    settings = {"actions": dict.fromkeys(ACTIONS, True)}
    config = {"baseUrl": url}
    if found is None:
        body: dict[str, Any] = {"active": True, "provider": "webhook", "config": config, "settings": settings}
        return _as_it_is(account, client.send("POST", account, "integrations", body=body))
    number = str(found.get("id", "")).rpartition("/")[2]
    body = {"active": True, "config": config, "settings": settings}
    return _as_it_is(account, client.send("PUT", "integrations", number, body=body))


def subscription_checks(found: Sequence[Registration], secrets: Sequence[str]) -> Iterator[Check]:
    """What `found` means. `secrets`: those that ingest accepts."""
    for entry in found:
        if entry.integration is None:
            yield broken("textus subscription", f"{entry.account} sends no webhooks here", _REGISTER)
        elif entry.inactive:
            yield broken("textus subscription", f"the integration of {entry.account} is switched off", _REGISTER)
        elif entry.lacking:
            lacking = ", ".join(entry.lacking)
            yield broken("textus subscription", f"{entry.account} does not send {lacking}", _REGISTER)
        elif not entry.healthy:
            fix = "hookline status  # then call the address from outside: curl -i $HOOKLINE_INGEST__PUBLIC_URL/healthz"
            yield broken("textus subscription", f"TextUs cannot deliver to {entry.account}'s integration", fix)
        elif entry.secret is not None and entry.secret not in secrets:
            fix = "hookline textus register  # then add the secret that it prints to HOOKLINE_TEXTUS__SIGNING_SECRETS"
            yield broken("textus secret", f"webhooks of {entry.account} are signed with a secret that is not set", fix)
        else:
            yield fine("textus subscription", f"{entry.account} sends all {len(ACTIONS)} events")
    if not found:
        yield doubtful("textus subscription", "the token sees no account", "export HOOKLINE_TEXTUS__API_TOKEN=...")


def _integration(client: TextUsClient, account: str, url: str | None) -> Json | None:
    """The account's integration that calls `url`, or any where it is None; the active one, where there are several."""
    found = [
        entry
        for entry in client.members(account, "integrations")
        if (url is None and entry.get("provider") == "webhook") or (url and _address(entry) == url.rstrip("/"))
    ]
    found.sort(key=lambda entry: entry.get("active") is not True)
    return found[0] if found else None


def _address(integration: Json) -> str:
    config = integration.get("config")
    return str(config.get("baseUrl", "")).rstrip("/") if isinstance(config, dict) else ""


def _as_it_is(account: str, integration: Json | None) -> Registration:
    if integration is None:
        return Registration(account, None, tuple(ACTIONS), inactive=False, healthy=False)
    settings, config = integration.get("settings"), integration.get("config")
    actions = settings.get("actions") if isinstance(settings, dict) else None
    on = {name.replace("-", "_") for name, value in actions.items() if value} if isinstance(actions, dict) else set()
    secret = config.get("webhookSecret") if isinstance(config, dict) else None
    return Registration(
        account,
        str(integration.get("id")),
        [action for action in ACTIONS if action not in on],
        inactive=integration.get("active") is not True,
        healthy=integration.get("isHealthy") is not False,
        secret=secret if isinstance(secret, str) else None,
    )
