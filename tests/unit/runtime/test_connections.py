"""Settings of Kafka and PostgreSQL that cannot be right are refused with their variable, and no secret is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.connections import KafkaSettings, PostgresSettings
from runtime.settings import Configuration, ConfigurationError

SASL = {
    "SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    "SASL_MECHANISM": "PLAIN",
    "SASL_USERNAME": "hookline",
    "SASL_PASSWORD": "hunter22",
}


def kafka(servers: str = "kafka:9092", **environ: str) -> KafkaSettings:
    variables = {f"HOOKLINE_KAFKA__{name}": value for name, value in environ.items()}
    variables["HOOKLINE_KAFKA__BOOTSTRAP_SERVERS"] = servers
    return Configuration.load(KafkaSettings, environ=variables)[KafkaSettings]


def refused(servers: str = "kafka:9092", **environ: str) -> str:
    with pytest.raises(ConfigurationError) as error:
        kafka(servers, **environ)
    [mistake] = error.value.mistakes
    assert "hunter22" not in mistake
    return mistake


@pytest.mark.parametrize(
    ("servers", "read"),
    [
        ("kafka-1.example.com:9092, kafka_2:65535", ("kafka-1.example.com:9092", "kafka_2:65535")),
        ("kafka", ("kafka",)),  # the usual port
        ("kafka.svc.:1", ("kafka.svc.:1",)),  # a name that is complete
        ("bücher.example:9092", ("bücher.example:9092",)),
        ("[::1]:9092,[fe80::1%eth0]", ("[::1]:9092", "[fe80::1%eth0]")),
        ('["127.0.0.1:1", "b:2"]', ("127.0.0.1:1", "b:2")),
    ],
)
def test_servers_that_can_be_there_are_taken(servers: str, read: tuple[str, ...]) -> None:
    assert kafka(servers).bootstrap_servers == read


@pytest.mark.parametrize(
    ("servers", "why"),
    [
        ("foo:notaport", "'foo:notaport' has no port between 1 and 65535"),
        ("a:1,127.0.0.1:99999", "'127.0.0.1:99999' has no port"),
        ("kafka:0", "has no port"),
        ("kafka:", "has no port"),
        ("kafka:٣", "has no port"),
        ("[::1]9092", "has no port"),
        ("http://127.0.0.1:1", "is a URL"),
        ("a..b:9092", "names no host"),
        (":9092", "names no host"),
        ("999.1.1.1:9092", "names no host"),
        ("-a:1", "names no host"),
        ("a b:1", "names no host"),
        ("a" * 64 + ":1", "names no host"),
        ("a:1,[::g]:1", "names no host"),
        ("::1:9092", "in brackets"),
        ("me:hunter22@kafka:9092", "an item has an @"),
        ('[""]', "names no host"),
    ],
)
def test_servers_that_cannot_be_are_refused(servers: str, why: str) -> None:
    mistake = refused(servers)
    assert mistake.startswith("HOOKLINE_KAFKA__BOOTSTRAP_SERVERS: ")
    assert why in mistake


def test_every_server_at_fault_is_named() -> None:
    mistake = refused("a:b,c:1,d:e")
    assert "'a:b'" in mistake
    assert "'d:e'" in mistake


@pytest.mark.parametrize("missing", ["SASL_MECHANISM", "SASL_USERNAME", "SASL_PASSWORD"])
@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_credentials_are_complete(missing: str, protocol: str) -> None:
    given = {name: value for name, value in (SASL | {"SECURITY_PROTOCOL": protocol}).items() if name != missing}
    mistake = refused(**given)
    assert mistake == f"HOOKLINE_KAFKA__SECURITY_PROTOCOL is {protocol}: set HOOKLINE_KAFKA__{missing} too"
    if missing != "SASL_MECHANISM":
        assert refused(**given, **{missing: ""}) == mistake
    kafka(**SASL)
    kafka(**given | {"SECURITY_PROTOCOL": "PLAINTEXT"})  # which does not use them


@pytest.mark.parametrize("name", ["SSL_CAFILE", "SSL_CERTFILE", "SSL_KEYFILE"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    for path, why in ((tmp_path / "nope", "No such file"), (tmp_path, "Is a directory")):
        mistake = refused(SECURITY_PROTOCOL="SSL", **{name: str(path)})
        assert mistake.startswith(f"HOOKLINE_KAFKA__{name}: {path} cannot be read: {why}")


def test_a_file_that_holds_no_certificate_is_named(tmp_path: Path, pem_files: tuple[str, str]) -> None:
    certificate, key = pem_files
    text = tmp_path / "text"
    text.write_text("hunter22\n")
    own = {"SSL_CERTFILE": certificate, "SSL_KEYFILE": key, "SSL_PASSWORD": "keypass"}
    kafka(SECURITY_PROTOCOL="SSL", SSL_CAFILE=certificate, **own)
    assert refused(SECURITY_PROTOCOL="SSL", SSL_CAFILE=str(text)).startswith("HOOKLINE_KAFKA__SSL_CAFILE: ")
    for change in ({"SSL_KEYFILE": str(text)}, {"SSL_CERTFILE": key}, {"SSL_PASSWORD": "hunter22"}):
        mistake = refused(SECURITY_PROTOCOL="SSL", **own | change)
        assert mistake.startswith("HOOKLINE_KAFKA__SSL_CERTFILE, HOOKLINE_KAFKA__SSL_KEYFILE and")
    del own["SSL_PASSWORD"]
    assert refused(SECURITY_PROTOCOL="SSL", **own).startswith("HOOKLINE_KAFKA__SSL_CERTFILE")  # and nobody is asked
    assert "set HOOKLINE_KAFKA__SSL_CERTFILE too" in refused(SECURITY_PROTOCOL="SSL", SSL_KEYFILE=key)
    # Without TLS they may be there
    kafka(SSL_CAFILE=str(text), SSL_KEYFILE=key)


@pytest.mark.parametrize(
    "dsn",
    [
        "host=db port=abc password=hunter22",
        "host=db port=99999 password=hunter22",
        "host=db port=0 password=hunter22",
        "postgresql://me:hunter22@db:99999/hookline",
        "postgresql://me:hunter22@a:5432,b:none/hookline",
    ],
)
def test_a_connection_string_with_a_port_that_is_none_is_refused(dsn: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        Configuration.load(PostgresSettings, environ={"HOOKLINE_POSTGRES__DSN": dsn})
    assert str(error.value).startswith("HOOKLINE_POSTGRES__DSN: has a port that is no number between 1 and 65535")
    assert "hunter22" not in str(error.value)


@pytest.mark.parametrize("dsn", ["host=db", "host=/run/postgresql port=5433", "postgresql://a:1,b,c:65535/hookline"])
def test_a_connection_string_that_can_be_is_taken(dsn: str) -> None:
    Configuration.load(PostgresSettings, environ={"HOOKLINE_POSTGRES__DSN": dsn})
