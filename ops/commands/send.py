"""`hookline send`: plays a provider against a running ingest."""

from __future__ import annotations

import json
from base64 import b64encode
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ops.output import Output, command, table

if TYPE_CHECKING:
    from ops.send.player import Player, Signed

#: A day as people write it.
DAY = click.DateTime(["%Y-%m-%d"])


@command(changes=True)
@click.argument("provider", required=False)
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
@click.option("--days", type=click.IntRange(1, 180), help="Instead of PROVIDER: what happened in so many days.")
@click.option("--until", type=DAY, help="With --days: the day (UTC) whose midnight ends them; without: today.")
@click.option(
    "--accounts", type=click.IntRange(1, 8), default=3, show_default=True, help="With --days: TextUs's accounts."
)
@click.option("--threads", type=click.IntRange(1, 256), default=8, show_default=True, help="Requests at once.")
@click.option("--url", help="Address of ingest, instead of the local stack's or the settings'.")
def send(out: Output, provider: str | None, kind: str | None, **options: Any) -> None:
    """Play PROVIDER: post webhooks of KIND, signed with the secret of the settings or of the local stack.

    With --days, play every enabled provider whose webhooks carry a time (not Twilio's): conversations, replies,
    failures by SIM, tags, opt-outs, repeats. With the same days, seed (1 unless given) and accounts it sends the same
    bytes, so a second run only repeats; --json adds what is true of them: each figure of docs/analysts.md.

    KIND is what the provider calls it: the URL's segment for textlink (received, sent, failed, tag), the action for
    textus (message.received, ...). Exit code 1 where an answer is not 200, or with --bad-signature not 401.
    """
    import random
    from datetime import UTC, datetime

    from ops.commands.posting import ingest_url, post, public_url, report, secret_of
    from ops.send.delivery import reordered, with_duplicates
    from ops.send.player import Wishes, by_chance, players

    if options["days"] is not None:
        _send_history(out, provider, options)
        return
    if provider is None:
        raise click.UsageError("PROVIDER is missing, or --days")
    known = players()
    player = _chosen(provider, known, "provider")
    kind = _one_of(kind, tuple(player.kinds))
    seed = random.SystemRandom().randrange(2**31) if options["seed"] is None else options["seed"]
    # A seed repeats the times too: TextLink's event ids come from the content, times included.
    start = datetime.now(UTC) if options["seed"] is None else datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    wishes = Wishes(text=options["text"], phone=options["phone"], contacts=options["contacts"])
    url = options["url"] or ingest_url()
    secret = secret_of(player, bad=options["bad_signature"])
    made = [player.webhook(kind, by_chance(seed, index, start, wishes)) for index in range(options["count"])]
    address = public_url() or url
    requests = [player.signed(webhook, secret, address) for webhook in made]
    requests = reordered(with_duplicates(requests, options["duplicates"], seed), options["reorder"], seed)
    if out.dry_run:
        _print_dry_run(out, url, requests, secret)
        return
    outcome = post(out, url, requests, rate=options["rate"], threads=options["threads"])
    about = {"url": url, "provider": provider, "kind": kind, "seed": seed}
    report(out, outcome, about, expected="401" if options["bad_signature"] else "200")


def _send_history(out: Output, provider: str | None, options: dict[str, Any]) -> None:
    from ops.commands.posting import ingest_url
    from ops.commands.send_history import send_history

    context = click.get_current_context()
    others = ("count", "duplicates", "reorder", "bad_signature", "text", "phone", "contacts")
    given = [name for name in others if context.get_parameter_source(name) is not ParameterSource.DEFAULT]
    if provider is not None or given:
        other = "PROVIDER" if provider is not None else f"--{given[0].replace('_', '-')}"
        raise click.UsageError(f"--days makes up everything itself: leave out {other}")
    send_history(
        out,
        options["url"] or ingest_url(),
        days=options["days"],
        until=options["until"],
        accounts=options["accounts"],
        seed=1 if options["seed"] is None else options["seed"],
        rate=options["rate"],
        threads=options["threads"],
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
