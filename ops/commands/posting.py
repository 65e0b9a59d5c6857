"""Posting made-up webhooks to ingest, and what both ways of `hookline send` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.exits import CheckFailed
from ops.output import Output, stacked, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.send.delivery import SendReport
    from ops.send.player import Player, Signed


def post(out: Output, url: str, requests: Sequence[Signed], *, rate: float | None, threads: int) -> SendReport:
    """Post `requests` to ingest at `url`, with progress. Raises httpx.TransportError where none was answered."""
    import httpx

    from ops.send import delivery

    threads = min(threads, len(requests))
    limits = httpx.Limits(max_connections=threads, max_keepalive_connections=threads)
    with (
        httpx.Client(base_url=url, timeout=delivery.TIMEOUT_S, limits=limits, trust_env=False) as client,
        out.progress("sending", len(requests)) as done,
    ):
        outcome = delivery.deliver(
            requests,
            lambda request: client.post(request.path, content=request.body, headers=dict(request.headers)),
            rate=rate,
            threads=threads,
            done=done,
        )
    if outcome.last_failure is not None and not outcome.seconds:
        raise outcome.last_failure
    return outcome


def report(out: Output, outcome: SendReport, about: dict[str, Any], *, expected: str = "200") -> None:
    """Answer with what became of a run. Raises CheckFailed where an answer is not `expected`."""
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
    wrong = {label: count for label, count in outcome.answers.items() if not label.startswith(expected)}
    if wrong:
        raise CheckFailed(
            f"not answered {expected}: {', '.join(f'{count} x {label}' for label, count in wrong.items())}"
        )


def secret_of(player: Player, *, bad: bool = False) -> str | None:
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


def public_url() -> str:
    """The address that providers call, by the settings; empty: none is set."""
    from ingest.settings import IngestSettings
    from ops.configuration import load

    return load(IngestSettings)[IngestSettings].public_url


def ingest_url() -> str:
    """The address of ingest: the local stack's, or that of the settings."""
    from ingest.settings import IngestSettings
    from ops.configuration import environment, load

    if url_of_stack := environment().get("INGEST_URL"):
        return url_of_stack
    settings = load(IngestSettings)[IngestSettings]
    return f"http://{settings.host}:{settings.port}"
