"""What several tests of the CRM sync begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.connections import KafkaSettings
from tests.twins.crm import CrmDesk, Sandbox, played_crm
from tests.twins.ingest_rig import IngestRig


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with played_crm() as played:
        yield played


@pytest.fixture
def desk(postgres: Any, sandbox: Sandbox) -> Iterator[CrmDesk]:
    """With the target rest; a file that wants another has a fixture of its own."""
    made = CrmDesk(postgres, sandbox)
    yield made
    made.close()


@pytest.fixture
def ingest_rig(
    kafka: str, kafka_settings: KafkaSettings, postgres: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[IngestRig]:
    """With the environment of an operator's command."""
    monkeypatch.setenv("HOOKLINE_HOME", str(tmp_path))
    monkeypatch.setenv("HOOKLINE_KAFKA__BOOTSTRAP_SERVERS", kafka)
    monkeypatch.setenv("HOOKLINE_POSTGRES__DSN", postgres.dsn("operator"))
    spool = tmp_path / "spool"
    spool.mkdir()
    made = IngestRig(kafka_settings, postgres, spool)
    yield made
    made.close()
