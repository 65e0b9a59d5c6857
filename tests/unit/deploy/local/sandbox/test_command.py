"""`hookline sandbox` as a process: its settings, its address, its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from deploy.local.sandbox.settings import SandboxSettings, SandboxTextusSettings, options
from runtime.settings import Configuration, ConfigurationError

ROOT = Path(__file__).parents[5]


def start(**settings: str) -> subprocess.Popen[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("HOOKLINE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "ops", "sandbox"],
        cwd=ROOT,
        env=environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_prints_its_address_serves_and_ends_on_sigterm():
    process = start(HOOKLINE_TEXTUS__API_TOKEN="the-token", HOOKLINE_SANDBOX__RATE_LIMIT="7")
    try:
        url = process.stdout.readline().strip()
        headers = {"Authorization": "Bearer the-token", "Accept": "application/vnd.textus+jsonld"}
        assert httpx.get(f"{url}/readyz", timeout=20).json() == {"ok": True}
        answer = httpx.get(f"{url}/accounts", headers=headers, timeout=20)
        assert (answer.status_code, answer.headers["X-RateLimit-Limit"]) == (200, "7")
        wrong = headers | {"Authorization": "Bearer other"}
        assert httpx.get(f"{url}/accounts", headers=wrong, timeout=20).status_code == 401
        process.send_signal(signal.SIGTERM)
        _, logged = process.communicate(timeout=20)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
    assert "sandbox_serving" in logged
    assert "the-token" not in logged


def test_a_port_in_use_is_a_clear_sentence():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start(HOOKLINE_SANDBOX__PORT=str(port))
        _, logged = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in logged
    assert "Traceback" not in logged


def test_every_setting_reaches_the_sandbox():
    environ = {
        "HOOKLINE_SANDBOX__RATE_LIMIT": "10",
        "HOOKLINE_SANDBOX__RATE_WINDOW_S": "60",
        "HOOKLINE_SANDBOX__CLOCK_SCALE": "30",
        "HOOKLINE_SANDBOX__PAGE_SIZE": "5",
        "HOOKLINE_SANDBOX__CRM_TOKEN": "crm-secret",
        "HOOKLINE_SANDBOX__CRM_RATE_LIMIT": "3",
        "HOOKLINE_SANDBOX__CRM_RATE_WINDOW_S": "2",
        "HOOKLINE_SANDBOX__LOG_LIMIT": "50",
        "HOOKLINE_TEXTUS__API_TOKEN": "textus-secret",
    }
    loaded = Configuration.load(SandboxSettings, SandboxTextusSettings, environ=environ)
    chosen = options(loaded[SandboxSettings], loaded[SandboxTextusSettings])
    assert (chosen.textus_token, chosen.crm_token) == ("textus-secret", "crm-secret")
    assert (chosen.page_size, chosen.log_limit) == (5, 50)
    assert (chosen.textus_limit.requests, chosen.textus_limit.real_window_s) == (10, 2)
    assert (chosen.crm_limit.requests, chosen.crm_limit.window_s) == (3, 2)


def test_the_defaults_are_the_documented_limits_and_no_tokens():
    loaded = Configuration.load(SandboxSettings, SandboxTextusSettings, environ={})
    chosen = options(loaded[SandboxSettings], loaded[SandboxTextusSettings])
    assert (chosen.textus_limit.requests, chosen.textus_limit.real_window_s) == (1000, 300)
    assert (chosen.textus_token, chosen.crm_token, chosen.crm_limit.requests) == (None, None, 0)
    assert loaded[SandboxSettings].host == "127.0.0.1"


def test_every_wrong_setting_is_named_at_once():
    wrong = {"HOOKLINE_SANDBOX__PORT": "70000", "HOOKLINE_SANDBOX__CLOCK_SCALE": "0"}
    with pytest.raises(ConfigurationError) as refused:
        Configuration.load(SandboxSettings, environ=wrong)
    assert all(name in str(refused.value) for name in wrong)
