"""The name of this node, kept with its spool: what was answered 200 and is not on Kafka yet belongs to it."""

from __future__ import annotations

import secrets
import socket
from pathlib import Path

from runtime.disk import replace_file
from runtime.logs import logger

log = logger("ingest.node.name")


def node_name(spool_dir: Path) -> str:
    """The name in `spool_dir`, made at the first start: the host's and four digits. Raises OSError.

    It moves with the directory: a container that is made anew with the same volume is the same node.
    """
    file = spool_dir / "node"
    try:
        name = file.read_bytes().decode("utf-8", "replace").strip()
    except FileNotFoundError:
        pass
    else:
        if name and name.isprintable() and "\ufffd" not in name:
            return name
        # Two nodes of one name would answer for each other's spools. The old one is silent from now on: the gate is
        # unsure until somebody retires it.
        log.error("node_name_damaged", file=str(file), effect="this node gets a new name", see="hookline nodes")
    replace_file(file, f"{socket.gethostname()}-{secrets.token_hex(2)}\n".encode())
    return file.read_text("utf-8").strip()
