"""TextUs as the sandbox plays it, in a thread of the rig: where opt-outs are made true."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx

from deploy.local.sandbox.app import Options, create_app
from deploy.local.sandbox.rate_limit import NO_LIMIT
from deploy.local.sandbox.server import SandboxServer
from tests.faults.services import TOKEN

#: The organisation. The load's webhooks of TextUs come from the first.
ACCOUNTS = ("acme", "acme_north", "acme_south")


class TextUs:
    """One run's: nobody has opted out anywhere yet, and nothing limits who asks."""

    def __init__(self) -> None:
        self._server = SandboxServer(create_app(Options(textus_token=TOKEN, textus_limit=NO_LIMIT)))
        self._server.__enter__()
        self.url = self._server.url
        self._http = httpx.Client(base_url=f"{self.url}/_sandbox", trust_env=False, timeout=10)
        self._control("PUT", "/accounts", list(ACCOUNTS))

    def settings(self) -> dict[str, str]:
        """How opt-out reaches it. Comparisons would find what earlier runs told another one."""
        return {
            "HOOKLINE_TEXTUS__API_URL": self.url,
            "HOOKLINE_TEXTUS__API_TOKEN": TOKEN,
            "HOOKLINE_TEXTUS__RATE_LIMIT": "100000",
            "HOOKLINE_OPT_OUT__RECONCILE_HOURS": "0",
        }

    def fails(self, **fault: Any) -> None:
        """Answer every request as `fault` says (deploy/local/sandbox/faults.py), until `recovers`."""
        self._control("POST", "/faults", {"path": "/", "times": 1_000_000, **fault})

    def recovers(self) -> None:
        """Answer as ever."""
        self._http.delete("/faults").raise_for_status()

    def limit(self, requests: int, window_s: float) -> None:
        """Take so many requests in each window from now on. 0: any number."""
        self._control("PUT", "/rate_limit", {"limit": requests, "window_s": window_s})

    def spend(self, count: int) -> int:
        """Ask for something so many times with the same token, as a stranger; how many were answered."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/vnd.textus+jsonld"}
        requested = (self._http.get(f"{self.url}/accounts", headers=headers) for _ in range(count))
        return sum(answer.status_code == 200 for answer in requested)

    def requests(self) -> list[dict[str, Any]]:
        """All that it was asked, oldest first."""
        found: list[dict[str, Any]] = self._http.get("/requests").json()
        return found

    def opt_outs_set(self) -> Counter[tuple[str, str]]:
        """How often each account has taken that a phone is out: by account and phone."""
        found: Counter[tuple[str, str]] = Counter()
        for request in self.requests():
            match request["path"].split("/"):
                case ["", account, "opt_outs", phone] if (
                    request["method"] == "PUT" and 200 <= (request["status"] or 0) < 300
                ):
                    found[account, phone] += 1
        return found

    def told(self) -> dict[str, list[str]]:
        """Which accounts were told of each phone, and took it."""
        found: dict[str, set[str]] = {}
        for account, phone in self.opt_outs_set():
            found.setdefault(phone, set()).add(account)
        return {phone: sorted(accounts) for phone, accounts in found.items()}

    def close(self) -> None:
        """No more answers."""
        self._http.close()
        self._server.__exit__(None, None, None)

    def _control(self, method: str, path: str, body: Any) -> None:
        self._http.request(method, path, json=body).raise_for_status()
