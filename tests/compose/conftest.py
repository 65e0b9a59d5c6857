"""The compose file, run for real. `make compose-test` asks for it; `make test` leaves it out."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

import pytest

from deploy.local.ports import free_ports
from tests.compose.deployment import Deployment

#: Such as "podman-compose" or "docker compose"; set by `make compose-test`.
COMPOSE = os.environ.get("HOOKLINE_TEST_COMPOSE", "")

collect_ignore_glob = [] if COMPOSE else ["test_*.py"]


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Everything of deploy/compose.yaml, up and ready, with secrets and volumes of its own."""
    made = Deployment(tmp_path_factory.mktemp("deployment"), shlex.split(COMPOSE), *free_ports(1))
    try:
        made.build()
        made.up()
        made.wait_ready()
        yield made
    finally:
        made.remove()
