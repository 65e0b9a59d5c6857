"""`hookline send`: plays a provider against a running ingest."""

from __future__ import annotations

import json
from base64 import b64encode
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from ops.exits import CheckFailed
from ops.output import Output, command, stacked, table

if TYPE_CHECKING:
    from ops.send.delivery import SendReport
    from ops.send.player import Player, Signed


@command(changes=True)
@click.argument("provider")
@click.argument("kind", required=False)
@click.option("--count", type=click.IntRange(1), default=1, show_default=True, help="How many webhooks.")
@click.option(
    "--rate", type=click.FloatRange(0, min_open=True), help="Webhooks per second; without: as fast as it goes."
)
@click.option(
    "--duplicates",
    type=click.FloatRange(0, 1),
    default=0.0,
    is_flag=False,
    flag_value=0.1,
    help="Share of webhooks that come twice (0.1 where only the option is given).",
)
@click.option(
    "--reorder",
    type=click.IntRange(1),
    default=1,
    is_flag=False,
    flag_value=10,
    help="Shuffle within each run of this many (10 where only the option is given).",
)
@click.option("--bad-signature", is_flag=True, help="Sign with a wrong secret: every answer is to be 401.")
@click.option("--seed", type=int, help="The same seed sends the same webhooks, byte for byte.")
@click.option("--text", help="The message's text, instead of one by chance.")
@click.option("--phone", help="The contact's number, instead of one by chance.")
@click.option("--contacts", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many contacts.")
@click.option("--threads", type=click.IntRange(1, 256), default=8, show_default=True, help="Requests at once.")
@click.option("--url", help="Address of ingest, instead of the local stack's or the settings'.")
def send(out: Output, provider: str, kind: str | None, **options: Any) -> None:
    """Play PROVIDER: post webhooks of KIND, signed with the secret of the settings or of the local stack.

    KIND is what the provider calls it: the URL's segment for textlink (received, sent, failed, tag), the action for
    textus (message.received, ...). Exit code 1 where an answer is not 200, or with --bad-signature not 401.
    """
    import random
    from datetime import UTC, datetime

    from ops.send.delivery import reordered, with_duplicates
    from ops.send.player import Chance, Wishes, players

    known = players()
    player = _chosen(provider, known, "provider")
    kind = _one_of(kind, tuple(player.kinds))
    seed = random.SystemRandom().randrange(2**31) if options["seed"] is None else options["seed"]
    # A seed repeats the times too: TextLink's event ids come from the content, times included.
    start = datetime.now(UTC) if options["seed"] is None else datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    wishes = Wishes(text=options["text"], phone=options["phone"], contacts=options["contacts"])
    url = options["url"] or _ingest_url()
    secret = _secret(player, bad=options["bad_signature"])
    made = [player.webhook(kind, Chance(seed, index, start, wishes)) for index in range(options["count"])]
    address = _public_url() or url
    requests = [player.signed(webhook, secret, address) for webhook in made]
    requests = reordered(with_duplicates(requests, options["duplicates"], seed), options["reorder"], seed)
    if out.dry_run:
        _print_dry_run(out, url, requests, secret)
        return
    outcome = _deliver(out, url, requests, options)
    _report(out, outcome, {"url": url, "provider": provider, "kind": kind, "seed": seed})
    expected = "401" if options["bad_signature"] else "200"
    wrong = {label: count for label, count in outcome.answers.items() if not label.startswith(expected)}
    if wrong:
        raise CheckFailed(
            f"not answered {expected}: {', '.join(f'{count} x {label}' for label, count in wrong.items())}"
        )


def _deliver(out: Output, url: str, requests: list[Signed], options: dict[str, Any]) -> SendReport:
    import httpx

    from ops.send.delivery import TIMEOUT_S, deliver

    threads = min(options["threads"], len(requests))
    limits = httpx.Limits(max_connections=threads, max_keepalive_connections=threads)
    with (
        httpx.Client(base_url=url, timeout=TIMEOUT_S, limits=limits, trust_env=False) as client,
        out.progress("sending", len(requests)) as done,
    ):
        outcome = deliver(
            requests,
            lambda request: client.post(request.path, content=request.body, headers=dict(request.headers)),
            rate=options["rate"],
            threads=threads,
            done=done,
        )
    if outcome.last_failure is not None and not outcome.seconds:
        raise outcome.last_failure
    return outcome


def _report(out: Output, outcome: SendReport, about: dict[str, Any]) -> None:
    answers = dict(outcome.answers.most_common())
    p50, p99 = outcome.quantile(0.5), outcome.quantile(0.99)
    rate = round(outcome.sent / outcome.elapsed, 1) if outcome.elapsed else None
    data = about | {"sent": outcome.sent, "answers": answers, "p50_ms": p50, "p99_ms": p99, "per_second": rate}
    out.result(
        data,
        lambda: stacked(
            table(("answer", "count"), answers.items(), numbers=["count"]),
            f"p50 {p50} ms, p99 {p99} ms, {rate} per second; seed {about['seed']}",
        ),
    )


def _print_dry_run(out: Output, url: str, requests: list[Signed], secret: str | None) -> None:
    def masked(text: str) -> str:
        for spelling in spellings:
            text = text.replace(spelling, "********")
        return text

    def shown(request: Signed) -> dict[str, Any]:
        body: Any = masked(request.body.decode())
        with suppress(ValueError):  # a form is shown as it is
            body = json.loads(body)
        headers = {name: masked(value) for name, value in request.headers.items()}
        return {"url": url + request.path, "headers": headers, "body": body}

    spellings = [secret, b64encode(secret.encode()).decode()] if secret else []
    rows = [shown(request) for request in requests]
    out.result(
        {"dry_run": True, "requests": rows},
        lambda: table(("url", "body"), [(row["url"], json.dumps(row["body"], ensure_ascii=False)) for row in rows]),
    )


def _chosen(name: str, known: dict[str, Player], what: str) -> Player:
    if name not in known:
        raise click.BadParameter(f"{name}: no such {what}; there are {', '.join(sorted(known))}")
    return known[name]


def _one_of(kind: str | None, kinds: tuple[str, ...]) -> str:
    if kind is None:
        raise click.UsageError(f"KIND is missing: one of {', '.join(kinds)}")
    if kind not in kinds:
        raise click.BadParameter(f"{kind}: no such kind; there are {', '.join(kinds)}")
    return kind


def _secret(player: Player, *, bad: bool) -> str | None:
    """What to sign with: the first of the settings; `bad`: one that is none of them. None: webhooks go unsigned."""
    from ingest.provider import provider_types
    from ops.configuration import load
    from runtime.settings import ConfigurationError

    kind = provider_types()[player.name]
    if bad:
        return kind.new_secret("a-wrong-secret")
    provider = kind(load(kind.settings_type)[kind.settings_type])
    if not provider.secrets and provider.settings.auth == "required":
        variable = kind.settings_type.variable(provider.secrets_setting)
        raise ConfigurationError([f"{variable} is missing: the secret to sign with"])
    return next(iter(provider.secrets), None)


def _public_url() -> str:
    from ingest.settings import IngestSettings
    from ops.configuration import load

    return load(IngestSettings)[IngestSettings].public_url


def _ingest_url() -> str:
    from ingest.settings import IngestSettings
    from ops.configuration import environment, load

    if url_of_stack := environment().get("INGEST_URL"):
        return url_of_stack
    settings = load(IngestSettings)[IngestSettings]
    return f"http://{settings.host}:{settings.port}"
