"""One running deployment, taken through what an operator does with it. Each test leaves it up and ready."""

from __future__ import annotations

import json
import socket
import ssl
import time
from contextlib import suppress

import pytest

from tests.compose.deployment import Deployment
from tests.compose.traffic import Answer, Traffic, post, received

pytestmark = pytest.mark.timeout(1200)


def test_a_webhook_through_tls_becomes_a_row(deployment: Deployment) -> None:
    answers = []

    def comes_to_kafka() -> bool:  # the first may come to a spool: Kafka has started after ingest
        answers.append(post(deployment, received(deployment.secret("textlink_secrets"))))
        return answers[-1].durability == "kafka"

    deployment.wait_until(comes_to_kafka, "ingest goes on spooling")
    assert {answer.status for answer in answers} == {200}
    _wait_for_rows(deployment, answers)


def test_a_rolling_restart_refuses_nobody(deployment: Deployment) -> None:
    with Traffic(deployment, rate=100) as traffic:
        time.sleep(5)
        replaced = deployment.replace("ingest-1", "ingest-2")
        time.sleep(5)

    assert replaced.split() == ["replaced", "ingest-1", "replaced", "ingest-2"]
    _assert_nobody_refused(deployment, traffic.answers)
    assert len(traffic.answers) > 1000
    _wait_for_rows(deployment, traffic.answers)


def test_settings_come_from_their_file(deployment: Deployment) -> None:
    nothing = deployment.secret("hookline.env")
    assert "HOOKLINE_CRM__TARGETS" not in deployment.execute("crm-sync", "env")

    deployment.write_secret(
        "hookline.env", "HOOKLINE_CRM__TARGETS=rest\nHOOKLINE_CRM_REST__URL=https://crm.invalid/api\n"
    )
    deployment.replace("crm-sync")
    deployment.wait_ready()

    assert "hookline_crm_" in deployment.metrics("crm-sync")
    assert 'target="rest"' in deployment.metrics("crm-sync")
    deployment.write_secret("hookline.env", nothing)
    deployment.replace("crm-sync")
    deployment.wait_ready()


def test_down_and_up_keeps_what_was_accepted(deployment: Deployment) -> None:
    before = [post(deployment, received(deployment.secret("textlink_secrets"))) for _ in range(20)]

    deployment.down()
    deployment.up()
    deployment.wait_ready()

    after = [post(deployment, received(deployment.secret("textlink_secrets"))) for _ in range(20)]
    _assert_nobody_refused(deployment, before + after)
    _wait_for_rows(deployment, before + after)


def test_a_secret_is_rotated_without_a_refusal(deployment: Deployment) -> None:
    old, new = deployment.secret("textlink_secrets"), "f00d" * 12
    deployment.write_secret("textlink_secrets", f"{old},{new}")
    with Traffic(deployment, rate=20) as traffic:  # the provider still sends the old one
        deployment.replace("ingest-1", "ingest-2")
    _assert_nobody_refused(deployment, traffic.answers)
    assert [post(deployment, received(secret)).status for secret in (old, new)] == [200, 200]

    deployment.write_secret("textlink_secrets", new)
    deployment.replace("ingest-1", "ingest-2")

    assert [post(deployment, received(secret)).status for secret in (old, new)] == [401, 200]


def test_an_ingest_taken_away_for_good_is_drained(deployment: Deployment) -> None:
    secret = deployment.secret("textlink_secrets")
    # Given events that only a spool holds: Kafka is down, and one of the ingests goes before it comes back.
    deployment.stop("kafka")
    answers = [post(deployment, received(secret)) for _ in range(20)]
    assert {(answer.status, answer.durability) for answer in answers} == {(200, "spool")}
    deployment.write_ingests("ingest-1")
    deployment.stop("ingest-2")

    # When it is drained as docs/deploy.md says: again, until nothing is left (Kafka has to start first).
    deployment.start("kafka")
    drains = []

    def is_empty() -> bool:
        said = deployment.run_once("ingest-2", "spool", "drain", "--json")
        drains.append(json.JSONDecoder().raw_decode(said[said.index("{") :])[0])  # podman-compose says more
        return bool(drains[-1]["left"] == 0)

    deployment.wait_until(is_empty, "the spool is not empty")

    # Then it held some of them, and all become rows.
    assert sum(row["drained"] for row in drains) > 0
    assert post(deployment, received(secret)).status == 200
    _wait_for_rows(deployment, answers)
    # And the gate waits for it no more, once it is said not to come back.
    node = deployment.sql("SELECT node FROM ingest_nodes WHERE stopped_at IS NULL ORDER BY heard_at LIMIT 1")
    deployment.run_once("ingest-2", "nodes", "retire", node, "--reason", "drained")
    assert deployment.sql(f"SELECT retired_reason FROM ingest_nodes WHERE node = '{node}'") == "drained"  # noqa: S608
    deployment.start("ingest-2")
    deployment.write_ingests("ingest-1", "ingest-2")
    deployment.wait_ready()


def test_one_address_has_a_bound_of_its_own(deployment: Deployment) -> None:
    """Requests whose body does not come hold a place each; the 513th of an address is turned away at once."""
    head = b"POST /webhooks/textlink HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n"
    genuine = received(deployment.secret("textlink_secrets"))
    held: list[ssl.SSLSocket] = []
    try:
        for _ in range(560):
            connection = socket.create_connection(("127.0.0.1", deployment.port), timeout=5)
            held.append(deployment.tls.wrap_socket(connection, server_hostname="localhost"))
            held[-1].sendall(head)
            if len(held) % 100 == 0:  # a byte each, or nginx gives the first ones up
                for waiting in held:
                    waiting.sendall(b" ")
        refused = _answered(held)
    finally:
        for connection in held:
            connection.close()

    assert refused
    assert {answer.partition(b"\r\n")[0] for answer in refused} == {b"HTTP/1.1 429 Too Many Requests"}
    assert {answer.rpartition(b"\r\n\r\n")[2] for answer in refused} == {b'{"ok":false,"error":"too_many_requests"}'}
    deployment.wait_until(lambda: post(deployment, genuine).status == 200, "turned away though the others are gone")


@pytest.mark.parametrize("size", [256 * 1024 + 1, 300 * 1024, 1024 * 1024])
def test_a_large_body_is_413_in_the_same_form(deployment: Deployment, size: int) -> None:
    answer = post(deployment, b" " * size)
    assert (answer.status, answer.error) == (413, "body_too_large")


def test_logs_hold_no_phone_and_no_secret(deployment: Deployment) -> None:
    secrets = [deployment.secret(name) for name in ("textlink_secrets", "opt-out_password", "owner_password")]
    for service in ("nginx", "postgres", *deployment.processes):
        written = deployment.log(service)
        assert "+14155550123" not in written, service
        assert not [secret for secret in secrets if secret in written], service


def _assert_nobody_refused(deployment: Deployment, answers: list[Answer]) -> None:
    refused = [answer for answer in answers if answer.status != 200]
    lines = [line for line in deployment.log("nginx").splitlines() if '"status":"200"' not in line]
    assert not refused, f"{len(refused)} of {len(answers)}: {refused[:5]}\n" + "\n".join(lines[-20:])


def _wait_for_rows(deployment: Deployment, answers: list[Answer]) -> None:
    """Return once every event that was answered with 200 is in PostgreSQL."""
    ids = {answer.event_id for answer in answers if answer.status == 200}

    def missing() -> set[str | None]:
        return ids - set(deployment.sql("SELECT event_id FROM events").split())

    deployment.wait_until(lambda: not missing(), "events that were answered 200 are not in PostgreSQL")


def _answered(connections: list[ssl.SSLSocket]) -> list[bytes]:
    """What came on those on which something came within two seconds."""
    time.sleep(2)
    answers = []
    for connection in connections:
        connection.settimeout(0.01)
        answer = b""
        with suppress(TimeoutError):
            while piece := connection.recv(4096):
                answer += piece
        answers.append(answer)
    return [answer for answer in answers if answer]
