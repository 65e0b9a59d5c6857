"""`hookline send --days N`: a made-up history, posted as the providers would have posted it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ops.output import Output


def send_history(
    out: Output,
    url: str,
    *,
    days: int,
    until: datetime | None,
    accounts: int,
    seed: int,
    rate: float | None,
    threads: int,
) -> None:
    """Post what happened in the `days` before the day `until` (None: today) to ingest at `url`."""
    from ingest.provider import provider_types
    from ingest.settings import IngestSettings
    from ops.commands.posting import post, public_url, report, secret_of
    from ops.configuration import load
    from ops.send.history import accounts_of, history
    from ops.send.history_truth import figures
    from ops.send.player import players

    today = datetime.now(UTC).date()
    last = today if until is None else until.date()
    if last > today:
        raise click.BadParameter(f"{last} is in the future: nothing has happened yet", param_hint="--until")
    known, types = players(), provider_types()
    enabled = load(IngestSettings)[IngestSettings].providers
    sections = {name: types[name].settings_type for name in enabled if known[name].time_field is not None}
    if not sections:
        raise click.UsageError("no enabled provider has webhooks that carry a time: see HOOKLINE_INGEST__PROVIDERS")
    settings = load(*sections.values())
    names = {name: settings[section].account for name, section in sections.items()}
    past = history(known, accounts_of(known, names, accounts), days=days, until=last, seed=seed)
    truth = figures(past)
    about = {"url": url, "days": days, "seed": seed, "truth": truth}
    if out.dry_run:
        text = f"would send {len(past.deliveries)} webhooks of {days} days until {last}, {past.repeats} of them repeats"
        out.result({"dry_run": True} | about, lambda: text)
        return
    secrets = {name: secret_of(known[name]) for name in sections}
    address = public_url() or url
    requests = [player.signed(webhook, secrets[player.name], address) for player, webhook in past.webhooks(known)]
    report(out, post(out, url, requests, rate=rate, threads=threads), about)
