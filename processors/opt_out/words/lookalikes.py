"""What takes the patterns' meaning away from rule set 5 on."""

from __future__ import annotations

from processors.opt_out.rules import Unless

UNLESS: tuple[Unless, ...] = ()
