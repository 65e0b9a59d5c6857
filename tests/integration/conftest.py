"""What several tests of the CRM sync begin with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.twins.crm import CrmDesk, Sandbox, played_crm


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with played_crm() as one:
        yield one


@pytest.fixture
def desk(postgres: Any, sandbox: Sandbox) -> Iterator[CrmDesk]:
    """With the target rest; a file that wants another has a fixture of its own."""
    made = CrmDesk(postgres, sandbox)
    yield made
    made.close()
