"""`hookline textus`: which webhooks TextUs sends here."""

from __future__ import annotations

from typing import Any

import click

from ops.output import Output, command, table


@click.group()
def textus() -> None:
    """TextUs: which webhooks it sends here."""


@command(changes=True)
@click.option("--url", help="Where TextUs has to call; default: HOOKLINE_INGEST__PUBLIC_URL/webhooks/textus.")
@click.option("--account", help="Only this account; without: every one of HOOKLINE_TEXTUS__ACCOUNTS or of the token.")
def register(out: Output, url: str | None, account: str | None) -> None:
    """Have every account of TextUs send all its events here.

    Makes the integration, or completes the one that calls the address already. By default TextUs sends only what was
    received and delivered: no opt-out. A secret that ingest does not accept yet is printed: add it to
    HOOKLINE_TEXTUS__SIGNING_SECRETS and start ingest again.
    """
    from ingest.providers.textus import TextUsSettings
    from ingest.settings import IngestSettings
    from ops.configuration import load
    from ops.doctor.accounts import reached
    from ops.doctor.textus import register as subscribe
    from ops.doctor.textus import registrations
    from processors.textus_api.settings import TextUsApiSettings
    from runtime.settings import ConfigurationError

    settings = load(TextUsApiSettings, TextUsSettings, IngestSettings)
    api, public_url = settings[TextUsApiSettings], settings[IngestSettings].public_url
    mistakes = [] if api.has_token else ["HOOKLINE_TEXTUS__API_TOKEN is missing: a token of TextUs's API"]
    if not url and not public_url:
        mistakes.append("HOOKLINE_INGEST__PUBLIC_URL is missing: the address that TextUs calls; or give --url")
    if mistakes:
        raise ConfigurationError(mistakes)
    known = {secret.get_secret_value() for secret in settings[TextUsSettings].signing_secrets}
    rows: list[dict[str, Any]] = []
    with reached(api, public_url) as found:
        address = url or found.url
        for before in registrations(found.client, [account] if account else found.accounts, address):
            done = before if before.complete or out.dry_run else subscribe(found.client, before.account, address)
            verdict = "complete" if before.complete else "would be registered" if out.dry_run else "registered"
            new = done.secret if done.secret is not None and done.secret not in known else None
            rows.append({"account": before.account, "verdict": verdict, "lacked": before.lacking, "new_secret": new})
    data = {"dry_run": out.dry_run, "url": address, "accounts": rows}
    columns = ("account", "verdict", "lacked", "new_secret")
    drawn = [(row["account"], row["verdict"], ", ".join(row["lacked"]), row["new_secret"]) for row in rows]
    out.result(data, lambda: table(columns, drawn))


textus.add_command(register)
