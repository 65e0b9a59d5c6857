"""TextUs as the doctor and `hookline textus register` reach it, and the CRMs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from ingest.providers.textus import TextUsSettings
from ingest.settings import IngestSettings
from ops.doctor.check import Check, broken, doubtful, fine
from ops.doctor.settings import PUBLIC_URL_FIX, only_here, webhook_url
from ops.doctor.textus import registrations, subscription_checks
from processors.crm_sync.destinations import places_of
from processors.crm_sync.port import target_types
from processors.crm_sync.settings import CrmSettings
from processors.opt_out.targets.textus import TextUsOptOuts
from processors.outbox.rate_limiter import Unlimited
from processors.textus_api.client import TextUsClient
from processors.textus_api.settings import TextUsApiSettings
from runtime.settings import Configuration, Section


class TextUsReached(NamedTuple):
    """TextUs's API, and what is to be subscribed there."""

    client: TextUsClient
    accounts: list[str]
    url: str


@contextmanager
def reached(settings: TextUsApiSettings, public_url: str) -> Iterator[TextUsReached]:
    """TextUs with its accounts: those of the settings, or all that the token sees.

    A few calls, made by a person: they are not taken from the processes' budget. Raises the target's exceptions.
    """
    client = TextUsClient(settings, Unlimited())
    try:
        target = TextUsOptOuts(settings, client)
        accounts = [account.slug for account in target.accounts_by_hand or target.accounts()]
        yield TextUsReached(client, accounts, webhook_url(public_url, "textus"))
    finally:
        client.close()


def textus_checks(settings: TextUsApiSettings, provider: TextUsSettings, ingest: IngestSettings) -> Iterator[Check]:
    """Whether every account sends every event. Nothing is asked where TextUs is not used."""
    if "textus" not in ingest.providers:
        return
    if not settings.has_token:
        yield broken(
            "textus api",
            "HOOKLINE_TEXTUS__API_TOKEN is not set: opt-outs cannot be made true at TextUs, nor subscriptions be seen",
            "export HOOKLINE_TEXTUS__API_TOKEN=...  # a token of an administrator, from TextUs",
        )
        return
    with reached(settings, ingest.public_url) as textus:
        yield fine("textus api", f"{len(textus.accounts)} accounts")
        secrets = [secret.get_secret_value() for secret in provider.signing_secrets]
        url = textus.url if ingest.public_url and not only_here(ingest.public_url) else None
        for check in subscription_checks(list(registrations(textus.client, textus.accounts, url)), secrets):
            yield check if url else _unsure(check)


def _unsure(check: Check) -> Check:
    """Where TextUs has to call is not known, so an integration may call anywhere, and one may not be needed."""
    return check if check.ok else doubtful(check.name, check.found, f"{PUBLIC_URL_FIX}; {check.fix}")


def crm_checks(settings: CrmSettings, environ: Mapping[str, str]) -> Iterator[Check]:
    """What each CRM says to our credentials."""

    def load(*sections: type[Section]) -> Configuration:
        return Configuration.load(*sections, environ=environ)

    known = target_types()
    for name in settings.targets:
        if name not in known:
            fix = f"export HOOKLINE_CRM__TARGETS={','.join(known)}  # those that you use"
            yield broken("crm", f"{name}: there is no such CRM", fix)
    for place in places_of((name for name in settings.targets if name in known), load):
        target = place.target(Unlimited())
        try:
            for finding in target.check():
                found = f"{place.name}: {finding.about}: {finding.sentence}"
                yield fine("crm", found) if finding.ok else broken("crm", found, "hookline crm check")
        finally:
            target.close()
