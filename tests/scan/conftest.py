"""The console before a web vulnerability scanner: for `make scan`, not for `make test`."""

from __future__ import annotations

import os
import shlex

#: How wapiti is called; set by `make scan`.
WAPITI = shlex.split(os.environ.get("HOOKLINE_TEST_WAPITI", ""))

collect_ignore_glob = [] if WAPITI else ["test_*.py"]
