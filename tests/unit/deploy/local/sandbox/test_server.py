"""The sandbox over real HTTP: what a test client cannot show."""

from __future__ import annotations

import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from deploy.local.sandbox.app import Options, create_app
from deploy.local.sandbox.server import SandboxServer

HEADERS = {"Authorization": "Bearer t", "Accept": "application/json, application/vnd.textus+jsonld"}


@pytest.fixture
def server():
    with SandboxServer(create_app(Options())) as server:
        yield server


@pytest.fixture
def http_client(server):
    with httpx.Client(base_url=server.url, headers=HEADERS, timeout=20) as client:
        yield client


@pytest.fixture
def connection(server):
    """One plain connection, which never reconnects by itself."""
    url = httpx.URL(server.url)
    connection = http.client.HTTPConnection(url.host, url.port, timeout=20)
    connection.connect()
    connection.auto_open = 0
    yield connection
    connection.close()


def ask(connection, method, path, body=None, headers=HEADERS):
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_a_connection_serves_many_requests(connection):
    path = "/my_account/opt_outs/%2B13035551234"
    statuses = [ask(connection, method, path)[0] for method in ("GET", "PUT", "GET", "DELETE", "GET")]
    assert statuses == [404, 201, 200, 405, 200]


def test_the_body_of_a_refused_request_is_not_taken_for_the_next_request(connection):
    assert ask(connection, "POST", "/nowhere", body=b"GET /accounts HTTP/1.1\r\n\r\n")[0] == 404
    assert ask(connection, "GET", "/accounts")[0] == 200


def test_a_chunked_body_is_read_and_the_connection_kept(connection):
    parts = iter([b'{"phone": ', b'"+13035551234"}'])
    headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
    connection.request("POST", "/crm/contacts", body=parts, headers=headers, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, b"+13035551234" in answer.read()) == (201, True)
    assert ask(connection, "GET", "/crm/contacts")[0] == 200


def test_head_has_no_body(connection):
    assert ask(connection, "HEAD", "/accounts") == (200, b"")
    assert ask(connection, "GET", "/accounts")[0] == 200


def test_a_huge_body_is_413(http_client):
    answer = http_client.post("/crm/contacts", content=b" " * (1024 * 1024 + 1))
    assert (answer.status_code, answer.headers["Connection"]) == (413, "close")


def test_a_length_that_is_no_number_ends_the_connection(server):
    url = httpx.URL(server.url)
    with socket.create_connection((url.host, url.port), timeout=20) as plain:
        plain.sendall(b"POST /crm/contacts HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n")
        assert plain.recv(100) == b""


def test_a_dropped_answer_is_a_closed_connection_after_the_effect(http_client):
    http_client.post("/_sandbox/faults", json={"path": "/crm", "method": "POST", "drop_answer": True})
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        http_client.post("/crm/contacts", json={"phone": "+13035551234"})
    assert len(http_client.get("/crm/contacts").json()) == 1
    assert [request["status"] for request in http_client.get("/_sandbox/requests").json()] == [None, 200]


def test_a_caller_that_gave_up_waiting_finds_the_effect_and_the_request(http_client):
    http_client.post("/_sandbox/faults", json={"path": "/crm", "method": "POST", "delay_s": 30})
    with pytest.raises(httpx.ReadTimeout):
        http_client.post("/crm/contacts", json={"phone": "+13035551234"}, timeout=httpx.Timeout(20, read=2))
    assert len(http_client.get("/crm/contacts").json()) == 1
    assert http_client.get("/_sandbox/requests").json()[0]["status"] == 201


def test_slow_answers_do_not_hold_each_other_up(server, http_client):
    # Given 200 requests that take half a second each
    http_client.post("/_sandbox/faults", json={"path": "/crm", "delay_s": 0.5, "times": 200})
    url = httpx.URL(server.url)
    waiting = [http.client.HTTPConnection(url.host, url.port, timeout=60) for _ in range(200)]
    # When they are made at once
    begun = time.monotonic()
    for connection in waiting:
        connection.request("GET", "/crm/contacts")
    statuses = [connection.getresponse().status for connection in waiting]
    took = time.monotonic() - begun
    for connection in waiting:
        connection.close()
    # Then none waits for the others: one after another they would take 100 seconds
    assert statuses == [200] * 200
    assert 0.5 <= took < 30


def test_concurrent_calls_lose_nothing(server, http_client):
    def write(number: int) -> int:
        with httpx.Client(base_url=server.url, headers=HEADERS, timeout=60) as client:
            made = [client.post("/crm/contacts", json={"phone": f"+1303555{number}"}).status_code]
            made += [client.put(f"/my_account/opt_outs/%2B1303555{n}").status_code for n in range(1000, 1020)]
            return made.count(201)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(write, range(1000, 1040))) == [21] * 40
    held = http_client.get("/_sandbox").json()
    assert (held["crm"]["contacts"], held["textus"]["opt_outs"], held["requests"]["total"]) == (40, 20, 840)


def test_an_address_in_use_is_an_oserror(server):
    with pytest.raises(OSError, match="in use"):
        SandboxServer(create_app(), port=httpx.URL(server.url).port)


def test_stopping_ends_open_connections():
    with SandboxServer(create_app()) as server:
        url = httpx.URL(server.url)
        idle = socket.create_connection((url.host, url.port), timeout=20)
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(1000).startswith(b"HTTP/1.1 200")
    with idle:
        assert idle.recv(1000) == b""
