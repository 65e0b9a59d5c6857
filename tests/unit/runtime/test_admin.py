"""The admin server of a process."""

from __future__ import annotations

import httpx

from runtime.admin import AdminServer, Readiness, admin_app


def test_a_frozen_loop_makes_it_unhealthy() -> None:
    frozen: str | None = "the worker has given no sign of life for 130 s"
    with AdminServer(admin_app("persist", lambda: Readiness(True), frozen=lambda: frozen), "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.port}/healthz"
        answer = httpx.get(url)
        assert (answer.status_code, answer.json()["reason"]) == (503, frozen)
        frozen = None
        assert httpx.get(url).status_code == 200


def test_it_tells_health_readiness_metrics_and_version() -> None:
    state = Readiness(True)
    with AdminServer(admin_app("persist", lambda: state), "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.port}"
        assert httpx.get(f"{url}/healthz").json() == {"ok": True, "process": "persist"}
        assert httpx.get(f"{url}/readyz").status_code == 200
        state = Readiness(False, "halted")
        refused = httpx.get(f"{url}/readyz")
        assert (refused.status_code, refused.json()["reason"]) == (503, "halted")
        scraped = httpx.get(f"{url}/metrics")
        assert scraped.headers["content-type"].startswith("text/plain")
        assert "hookline_records_total" in scraped.text
        assert httpx.get(f"{url}/version").json()["process"] == "persist"
