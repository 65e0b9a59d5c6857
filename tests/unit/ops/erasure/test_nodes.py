"""Erasing a person from a node's quarantine: found in whatever form, gone from the disk, and nobody else with it."""

from __future__ import annotations

import gzip
import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from ingest.quarantine.store import FILE, QuarantinedWebhook, QuarantineStore
from ingest.settings import IngestSettings
from ops.erasure.nodes import erase_here
from ops.erasure.person import ErasedPerson
from processors.opt_out.phone_digests import PhonePeppers
from runtime.phone_lookup import number_query

AT = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)
HERS = "+13035550142"


def webhook(body: bytes, *, target: str = "", **headers: str) -> QuarantinedWebhook:
    return QuarantinedWebhook(
        received_at=AT, provider="textlink", kind="received", reason="unauthorized", headers=headers, body=body,
        secret_digest=None, event_id=uuid4(), sender=b"sender", target=target,
    )  # fmt: skip


def person(phone: str) -> ErasedPerson:
    number = number_query(phone, "US")
    return ErasedPerson(number, (phone,), (), (), (), PhonePeppers(["k" * 24]), "US")


@pytest.fixture
def settings(tmp_path: Path) -> IngestSettings:
    (tmp_path / "node").write_text("n1\n")
    return IngestSettings(spool_dir=tmp_path)


def keep(settings: IngestSettings, *webhooks: QuarantinedWebhook) -> None:
    with closing(QuarantineStore(settings.spool_dir, limit=2**26, days=7, now=AT.timestamp)) as store:
        store.add(webhooks)


def test_whatever_names_the_number_goes_and_the_rest_stays(settings: IngestSettings) -> None:
    text = "words that nobody else has"
    hers = [
        webhook(json.dumps({"phone": HERS, "text": text}).encode()),
        webhook(b"From=%2B1%20303%20555%200142&Body=words+that"),
        webhook(b'{"phone": "(303) 555-0142", broken'),
        webhook(gzip.compress(json.dumps({"phone": HERS}).encode()), **{"Content-Encoding": "gzip"}),
        webhook("from 303.555.0142".encode("utf-16"), **{"Content-Type": "text/plain; charset=utf-16"}),
        webhook(b"", target="/webhooks/textlink?phone=13035550142"),
    ]
    others = [webhook(b'{"phone": "+17205550142"}'), webhook(b"no number at all"), webhook(b"\xff\xfe")]
    keep(settings, *hers, *others)
    assert erase_here(person(HERS), settings, dry_run=True) == ("n1", len(hers))
    assert erase_here(person(HERS), settings, dry_run=False) == ("n1", len(hers))
    with closing(QuarantineStore(settings.spool_dir, limit=2**26, days=7, now=AT.timestamp)) as store:
        assert [kept.body for kept in store.waiting()] == [kept.body for kept in others]
        assert store.count() == len(others)
    # Not even the free pages of the file have it
    for file in settings.spool_dir.glob(f"{FILE}*"):
        assert text.encode() not in file.read_bytes()
        assert b"3035550142" not in file.read_bytes()
    assert erase_here(person(HERS), settings, dry_run=False) == ("n1", 0)


def test_a_machine_without_a_spool_is_no_node(tmp_path: Path) -> None:
    assert erase_here(person(HERS), IngestSettings(spool_dir=tmp_path), dry_run=False) is None
