"""`hookline opt-outs verify`: the proof that nothing of the ledger was changed, and the keys that it rests on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ops.commands.opt_out_operator import opt_out_settings
from ops.commands.opt_outs import opt_outs
from ops.database import database
from ops.exits import CheckFailed, TryLater
from ops.output import Output, command, table

if TYPE_CHECKING:
    from processors.opt_out.settings import OptOutSettings


@command()
@click.option("--head", "given", multiple=True, metavar="N:HASH", help="The row N had this hash; several may be given.")
@click.option("--published", is_flag=True, help="Compare with every signed head on Kafka, and in the heads' file.")
@click.option(
    "--heads-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Compare with its heads."
)
@click.option("--public-key", "keys", multiple=True, metavar="BASE64", help="Believe heads that this key has signed.")
def verify(
    out: Output, given: tuple[str, ...], published: bool, heads_file: Path | None, keys: tuple[str, ...]
) -> None:
    """Walk the whole chain of the ledger; name the first row that is not as it was written: exit code 1.

    The chain alone shows what was done by somebody who did not write it anew from there on. Compared with heads that
    were published, it shows that too, and rows that were cut off, for every row up to the newest head. With
    HOOKLINE_OPT_OUT__PHONE_PEPPERS each phone is compared with the digest that the chain has of it; the chain is
    verified without, too.
    """
    from processors.opt_out.verify import verify as walk

    heads = _parsed(given)
    signed, unsigned = 0, 0
    settings = opt_out_settings()
    if published or heads_file is not None:
        signed, unsigned = _signed(settings, published, heads_file, keys, heads)
    with database("opt-outs") as connection:
        [(rows,)] = connection.execute("SELECT count(*) FROM opt_out_ledger").fetchall()
        with out.progress("walking the chain", rows) as seen:
            verdict = walk(connection, seen, heads, settings.peppers())
    proven = max(heads, default=None)
    lacking = (published or heads_file is not None) and rows and not signed
    data = {"ok": verdict.broken is None and not lacking} | asdict(verdict)
    data |= {"signed_heads": signed, "not_genuine": unsigned, "newest_head": proven}
    out.result(data, lambda: table(("what", "value"), data.items()))
    if verdict.broken is not None:
        raise CheckFailed(f"row {verdict.broken} of the ledger is broken: {verdict.reason}")
    if lacking:
        raise CheckFailed("no head was found that a known key has signed: --public-key names one")


@command("new-head-key")
def new_head_key(out: Output) -> None:
    """Make a key for HOOKLINE_OPT_OUT__HEAD_KEYS; show it with its public key, by which heads are verified."""
    import base64
    import os

    from processors.opt_out.heads import KEY_BYTES, HeadSigner, key_name

    private = base64.b64encode(os.urandom(KEY_BYTES)).decode()
    public = HeadSigner(private).public_key
    data = {"private_key": private, "public_key": public, "key": key_name(public)}
    out.result(data, lambda: table(("what", "value"), data.items()))


def _parsed(given: Iterable[str]) -> dict[int, set[str]]:
    heads: dict[int, set[str]] = {}
    for text in given:
        found = re.fullmatch(r"(\d{1,19}):([0-9a-fA-F]{64})", text.strip())
        if found is None:
            raise click.BadParameter(f"{text}: a position, a colon, and the 64 digits of its hash", param_hint="--head")
        heads.setdefault(int(found[1]), set()).add(found[2].lower())
    return heads


def _signed(
    settings: OptOutSettings, published: bool, file: Path | None, keys: tuple[str, ...], heads: dict[int, set[str]]
) -> tuple[int, int]:
    """Add the heads that were published to `heads`; how many were genuine, and how many records were none."""
    from processors.opt_out.heads import HeadVerifier

    try:
        verifier = HeadVerifier((*settings.all_head_public_keys(), *keys))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--public-key") from None
    signed = unsigned = 0
    for line in _lines(settings, published, file):
        head = verifier.genuine(line)
        if head is None:
            unsigned += 1
        else:
            signed += 1
            heads.setdefault(head.position, set()).add(head.hash)
    return signed, unsigned


def _lines(settings: OptOutSettings, published: bool, file: Path | None) -> Iterator[bytes]:
    from ops.configuration import load
    from processors.engine.processor import Retryable
    from processors.opt_out.head_publication import published_lines
    from runtime.connections import KafkaSettings

    with ExitStack() as stack:
        if published:
            try:
                yield from published_lines(load(KafkaSettings)[KafkaSettings])
            except Retryable as error:
                raise TryLater(str(error)) from error
            if file is None and settings.heads_file is not None and settings.heads_file.exists():
                file = settings.heads_file
        if file is not None:
            yield from (line.strip() for line in stack.enter_context(file.open("rb")) if line.strip())


opt_outs.add_command(verify)
opt_outs.add_command(new_head_key)
