"""Settings: every mistake at once, secrets starred, from the environment or from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, SecretStr

from ingest.provider import provider_types
from ops.configuration import all_sections
from processors.opt_out.settings import OptOutSettings
from runtime.connections import KafkaSettings, OwnerSettings, PostgresSettings
from runtime.kafka.connection import client_settings
from runtime.kafka.internals.produce_client import ACKS, produce_settings
from runtime.phone_settings import PhoneReader, PhoneSettings
from runtime.settings import Configuration, ConfigurationError, SecretList, Section, home

DSN = "postgresql://hookline_app:hunter22@db/hookline"


class Example(Section, name="example"):
    """A section of these tests."""

    secrets: SecretList = ()
    size: int = Field(default=3, ge=1, description="how many")
    token: SecretStr | None = None


def load(**environ: str) -> Example:
    return Configuration.load(Example, environ={f"HOOKLINE_EXAMPLE__{key}": value for key, value in environ.items()})[
        Example
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("one", ["one"]),
        ("one,two", ["one", "two"]),
        (" one , two ,", ["one", "two"]),
        ('["one", "two,three"]', ["one", "two,three"]),  # a secret with a comma
        ("", []),
    ],
)
def test_lists_are_comma_separated_or_json(written: str, read: list[str]) -> None:
    assert [secret.get_secret_value() for secret in load(SECRETS=written).secrets] == read


def test_every_mistake_is_named_at_once() -> None:
    environ = {
        "HOOKLINE_EXAMPLE__SIZE": "0",
        "HOOKLINE_KAFKA__RETENTION_DAYS": "long",
        "HOOKLINE_EXAMPLE__SECRETS": "[",
    }
    with pytest.raises(ConfigurationError) as refused:
        Configuration.load(Example, KafkaSettings, PostgresSettings, environ=environ)
    text = str(refused.value)
    for variable in (
        "HOOKLINE_EXAMPLE__SIZE",
        "HOOKLINE_EXAMPLE__SECRETS",
        "HOOKLINE_KAFKA__RETENTION_DAYS",
        "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS is missing",
        "HOOKLINE_POSTGRES__DSN is missing",
    ):
        assert variable in text
    assert "how many" in text, "the description helps to mend it"


def test_a_mistake_does_not_quote_a_secret() -> None:
    with pytest.raises(ConfigurationError) as refused:
        Configuration.load(Example, environ={"HOOKLINE_EXAMPLE__SECRETS": '["hunter22", 7'})
    assert "hunter22" not in str(refused.value)


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("hunter22\n")
    configuration = Configuration.load(Example, environ={"HOOKLINE_EXAMPLE__TOKEN_FILE": str(file)})
    token = configuration[Example].token
    assert token is not None
    assert token.get_secret_value() == "hunter22"
    assert configuration.origin("HOOKLINE_EXAMPLE__TOKEN") == f"file {file}"


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"HOOKLINE_EXAMPLE__TOKEN_FILE: .*nowhere cannot be read: No such file"
    ):
        Configuration.load(Example, environ={"HOOKLINE_EXAMPLE__TOKEN_FILE": str(tmp_path / "nowhere")})


def test_rows_star_secrets_and_tell_origins() -> None:
    environ = {
        "HOOKLINE_EXAMPLE__SECRETS": "hunter22,hunter23",
        "HOOKLINE_EXAMPLE__SIZE": "7",
        "HOOKLINE_POSTGRES__DSN": DSN,
        "HOOKLINE_POSTGRES__OWNER_DSN": "host=db user=owner password=hunter24",
    }
    rows = {name: (value, origin) for name, value, origin in
            Configuration.load(Example, PostgresSettings, OwnerSettings, environ=environ).rows()}  # fmt: skip
    assert rows["HOOKLINE_EXAMPLE__SIZE"] == ("7", "environment")
    assert rows["HOOKLINE_EXAMPLE__TOKEN"] == ("", "default")
    assert "user=hookline_app" in rows["HOOKLINE_POSTGRES__DSN"][0]
    assert "hunter2" not in str(rows)


@pytest.mark.parametrize(
    "secrets", ['[""]', '["  "]', '["good enough", ""]', '["x"]', "x", "good,ab", '["\\u00a0\\u2003"]']
)
def test_a_secret_that_keeps_nobody_out_is_refused(secrets: str) -> None:
    with pytest.raises(ConfigurationError, match="HOOKLINE_EXAMPLE__SECRETS: holds a"):
        Configuration.load(Example, environ={"HOOKLINE_EXAMPLE__SECRETS": secrets})


def test_one_region_for_all_who_read_phones() -> None:
    readers = [section for section in all_sections() if issubclass(section, PhoneReader)]
    assert {section.section for section in readers} == {"console", "gate", "opt_out", "phones", *provider_types()}

    def regions(**environ: str) -> set[str | None]:
        loaded = Configuration.load(*readers, environ=environ)
        return {loaded[reader].default_region for reader in readers}

    assert regions() == {"US"}
    assert regions(HOOKLINE_PHONES__DEFAULT_REGION="GB") == {"GB"}
    assert regions(HOOKLINE_PHONES__DEFAULT_REGION="none") == {None}
    # What a former release was set to may stay where it says the same
    assert regions(HOOKLINE_PHONES__DEFAULT_REGION="GB", HOOKLINE_GATE__DEFAULT_REGION="GB") == {"GB"}
    with pytest.raises(ConfigurationError, match="TEXTUS__DEFAULT_REGION is replaced by HOOKLINE_PHONES__DEFAULT_REG"):
        regions(HOOKLINE_TEXTUS__DEFAULT_REGION="GB")


@pytest.mark.parametrize("region", ["", "XX", "us", "USA", "001"])
def test_a_region_that_there_is_not_is_refused(region: str) -> None:
    with pytest.raises(ConfigurationError, match="HOOKLINE_PHONES__DEFAULT_REGION: is no region"):
        Configuration.load(PhoneSettings, environ={"HOOKLINE_PHONES__DEFAULT_REGION": region})


def test_home_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert home({}) == tmp_path / ".hookline"
    assert home({"HOOKLINE_HOME": str(tmp_path / "elsewhere")}) == tmp_path / "elsewhere"


class TestKafka:
    """Every client setting that we rely on is explicit, and TLS and SASL reach the client as they stand."""

    def settings(self, **environ: str) -> KafkaSettings:
        variables = {"HOOKLINE_KAFKA__BOOTSTRAP_SERVERS": "a:9092, b:9092"}
        variables |= {f"HOOKLINE_KAFKA__{key}": value for key, value in environ.items()}
        return Configuration.load(KafkaSettings, environ=variables)[KafkaSettings]

    def test_bootstrap_servers(self) -> None:
        assert client_settings(self.settings(), "c")["bootstrap_servers"] == ["a:9092", "b:9092"]

    def test_tls_and_sasl_are_passed_through(self, tmp_path: Path, pem_files: tuple[str, str]) -> None:
        certificate, key = pem_files
        password = tmp_path / "password"
        password.write_text("hunter22")
        made = client_settings(
            self.settings(
                SECURITY_PROTOCOL="SASL_SSL",
                SASL_MECHANISM="SCRAM-SHA-512",
                SASL_USERNAME="hookline",
                SASL_PASSWORD_FILE=str(password),
                SSL_CAFILE=certificate,
                SSL_CERTFILE=certificate,
                SSL_KEYFILE=key,
                SSL_PASSWORD="keypass",
                SSL_CHECK_HOSTNAME="false",
            ),
            "c",
        )
        expected = {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": "hookline",
            "sasl_plain_password": "hunter22",
            "ssl_cafile": certificate,
            "ssl_certfile": certificate,
            "ssl_keyfile": key,
            "ssl_password": "keypass",
            "ssl_check_hostname": False,
        }
        assert expected.items() <= made.items()

    @pytest.mark.parametrize("variable", ["SECURITY_PROTOCOL", "SASL_MECHANISM"])
    def test_what_the_client_does_not_know_is_refused(self, variable: str) -> None:
        with pytest.raises(ConfigurationError, match=variable):
            self.settings(**{variable: "TELEPATHY"})

    def test_the_producer_never_relies_on_a_default(self) -> None:
        made = produce_settings(self.settings(), "c")
        assert ACKS == -1, "all in-sync replicas"
        assert made["request_timeout_ms"] == 1_500
        assert made["metadata_max_age_ms"] == 30_000

    def test_checksums_are_made_in_c(self) -> None:
        """102 us/KiB in Python against 0.1 (docs/kafka-python.md)."""
        import crc32c
        from kafka.record import util

        assert util._crc32c is crc32c.crc32c


SECRET = "a-sécret-Ω"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\n\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_secret_file_s_mark_and_line_ends_are_no_part_of_the_secret(
    tmp_path: Path, encoding: str, ending: str
) -> None:
    file = tmp_path / "secret"
    file.write_bytes((SECRET + ending).encode(encoding))
    token = load(TOKEN_FILE=str(file)).token
    assert token is not None
    assert token.get_secret_value() == SECRET


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(SECRET.encode("latin-1", "replace"), id="Latin-1"),
        pytest.param(SECRET.encode("utf-16-le"), id="UTF-16 without a mark"),
        pytest.param(b"\xff\xfea", id="half a character"),
        pytest.param(b"a-secret\x00", id="NUL"),
        pytest.param(b"\x1b[31ma-secret", id="an escape sequence"),
        pytest.param(b"a-secret\x7f", id="DEL"),
        pytest.param(b"\xef\xbb\xbf\xef\xbb\xbfa-secret", id="two byte order marks"),
        pytest.param("a-secret\u200b\n".encode(), id="a space without width"),
    ],
)
def test_a_secret_file_that_is_no_text_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as refused:
        load(TOKEN_FILE=str(file))
    assert str(refused.value).startswith(f"HOOKLINE_EXAMPLE__TOKEN_FILE: {file} cannot be read: ")
    assert "cret" not in str(refused.value).replace(str(file), "")


def test_secrets_on_lines_of_their_own_are_refused_by_name(tmp_path: Path) -> None:
    """They would be one secret that no webhook has, and all of them would be answered 401."""
    (tmp_path / "secrets").write_text("new-one\nold-one\n")
    variable, textlink = "HOOKLINE_TEXTLINK__SECRETS", provider_types()["textlink"].settings_type
    with pytest.raises(ConfigurationError, match=f"^{variable}: holds a secret of several lines; put a comma"):
        Configuration.load(textlink, environ={f"{variable}_FILE": str(tmp_path / "secrets")})
    (tmp_path / "secrets").write_text("new-one,\nold-one\n")
    Configuration.load(textlink, environ={f"{variable}_FILE": str(tmp_path / "secrets")})


def test_one_place_has_every_secret_that_nothing_else_names(tmp_path: Path) -> None:
    (tmp_path / "textlink_secrets").write_text("from-the-folder,another-one\n")
    (tmp_path / "providers_textus_signing_secrets").write_text("from-a-prefix\n")
    textlink, textus = (provider_types()[name].settings_type for name in ("textlink", "textus"))
    folder = {"HOOKLINE_SECRETS_PREFIX": f"{tmp_path}/"}

    def secrets(section: Any, field: str, environ: dict[str, str]) -> tuple[str, ...]:
        loaded = Configuration.load(section, environ=environ)
        return tuple(secret.get_secret_value() for secret in getattr(loaded[section], field))

    # A folder, or whatever stands before the name
    assert secrets(textlink, "secrets", folder) == ("from-the-folder", "another-one")
    assert secrets(textus, "signing_secrets", folder) == ()
    assert secrets(textus, "signing_secrets", {"HOOKLINE_SECRETS_PREFIX": f"{tmp_path}/providers_"}) == (
        "from-a-prefix",
    )
    # What is named comes first
    assert secrets(textlink, "secrets", folder | {"HOOKLINE_TEXTLINK__SECRETS": "named"}) == ("named",)
    origin = Configuration.load(textlink, environ=folder).origin("HOOKLINE_TEXTLINK__SECRETS")
    assert origin == f"file {tmp_path}/textlink_secrets"
    # And what cannot be read is a mistake
    (tmp_path / "textlink_secrets").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Configuration.load(textlink, environ=folder)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("Mars/Olympus", id="none that there is"),
        pytest.param("America", id="a folder of zones"),
        pytest.param("../etc/passwd", id="outside of them"),
        pytest.param("/etc/localtime", id="a path"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_no_time_zone_is_a_mistake_by_name(name: str) -> None:
    with pytest.raises(ConfigurationError, match="HOOKLINE_OPT_OUT__TIME_ZONE: is no time zone"):
        Configuration.load(OptOutSettings, environ={"HOOKLINE_OPT_OUT__TIME_ZONE": name})
