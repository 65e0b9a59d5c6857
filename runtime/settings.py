"""Settings from the environment (12-factor): HOOKLINE_<SECTION>__<NAME>, secrets also as ..._FILE.

Each room declares the sections it needs; a process loads the sections of everything it runs at once, so that
every mistake is named before anything starts.
"""

from __future__ import annotations

import codecs
import ipaddress
import json
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar, cast
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, GetCoreSchemaHandler, SecretStr, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_after_validator_function
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from runtime.endpoints import is_port

#: sysexits.h: configuration error.
EX_CONFIG = 78

PREFIX = "HOOKLINE_"
#: What the path of a secret's file begins with, for settings that name no file of their own: a folder and a slash, or
#: whatever stands before the name. So that one place has the secrets of every provider, whichever there are.
SECRETS_PREFIX = "HOOKLINE_SECRETS_PREFIX"


class ConfigurationError(Exception):
    """The process refuses to start: the text names every variable at fault and its fix. Exit code 78."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def listed(value: Any) -> Any:
    """A comma-separated list or a JSON list, as a list of its items without blanks around them."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [item.strip() for item in value.split(",") if item.strip()]


#: Comma-separated or a JSON list.
StringList = Annotated[tuple[str, ...], NoDecode, BeforeValidator(listed)]

#: Characters of a secret at least. One or two can be tried out in a second, and stand in every payload: the masking
#: of secrets would erase it. This keeps mistakes out; a good secret has 20 characters or more.
SHORTEST_SECRET = 3


def _long_enough(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if "\n" in text or "\r" in text:
        raise PydanticCustomError("secret", "holds a secret of several lines; put a comma between two secrets")
    if not text.strip():
        raise PydanticCustomError("secret", "holds an empty secret, which anybody has; take it out")
    if len(text.strip()) < SHORTEST_SECRET:
        raise PydanticCustomError(
            "secret", "holds a secret shorter than {least} characters; take a longer one", {"least": SHORTEST_SECRET}
        )
    return secret


SecretList = Annotated[
    tuple[Annotated[SecretStr, AfterValidator(_long_enough)], ...], NoDecode, BeforeValidator(listed)
]


def _host(value: str) -> str:
    """An address or a name to listen on; the brackets that an IPv6 address has in a URL are taken off."""
    host = value.strip()
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if not host:
        raise PydanticCustomError("host", "is empty: name an address to listen on; 0.0.0.0 or :: are all of them")
    if not _HOST.fullmatch(host) or (":" in host and not _is_ipv6(host)):
        raise PydanticCustomError("host", "is neither a name nor an IPv4 or IPv6 address; the port has its own setting")
    return host


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


_HOST = re.compile(r"[\w.:%-]+")

#: An address to listen on: a name, IPv4 or IPv6.
Host = Annotated[str, AfterValidator(_host)]


def checked_time_zone(name: str) -> str:
    """`name`, where it is one of a time zone. Raises PydanticCustomError, which is a ValueError."""
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # one that there is not, a folder of zones, a name outside of them
        raise PydanticCustomError("time_zone", "is no time zone, which looks like America/New_York") from None
    return name


#: The name of a time zone.
TimeZone = Annotated[str, AfterValidator(checked_time_zone)]


class Dsn(SecretStr):
    """A PostgreSQL connection string, URL or keyword form; shown with its password starred."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(cls._checked, super().__get_pydantic_core_schema__(source, handler))

    @classmethod
    def _checked(cls, given: Dsn) -> Dsn:
        from psycopg import ProgrammingError  # half of what this module's import would take, for those with a DSN
        from psycopg.conninfo import conninfo_to_dict

        try:
            parts = conninfo_to_dict(given.get_secret_value())
        except ProgrammingError:  # its text may hold the password
            form = "postgresql://user:password@host/database or key=value"
            raise PydanticCustomError(
                "dsn", "is no connection string, which looks like {form}", {"form": form}
            ) from None
        ports = str(parts.get("port") or "").split(",")  # of several hosts, in order; an empty one is the usual port
        if not all(is_port(port) for port in ports if port):
            raise PydanticCustomError("dsn", "has a port that is no number between 1 and 65535")
        return given

    def _display(self) -> str:
        from psycopg.conninfo import conninfo_to_dict, make_conninfo

        masked = {"password": "********"} if "password" in conninfo_to_dict(self.get_secret_value()) else {}
        return make_conninfo(self.get_secret_value(), **masked)


class Section(BaseSettings):
    """A group of settings with one prefix. Subclass it with `name="kafka"` for HOOKLINE_KAFKA__..."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", validate_default=True, hide_input_in_errors=True, allow_inf_nan=False
    )

    #: What stands between HOOKLINE_ and the double underscore, in lower case.
    section: ClassVar[str] = ""

    def __init_subclass__(cls, *, name: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if name:
            cls.section = name

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what Configuration.load hands over: reading the environment is its business."""
        return (init_settings,)

    @classmethod
    def variable(cls, field: str) -> str:
        """The environment variable of `field`."""
        return f"{PREFIX}{cls.section.upper()}__{field.upper()}"

    @classmethod
    def former_variables(cls) -> Mapping[str, str]:
        """Variables of former releases, each with the field that took its place: one that differs is a mistake."""
        return {}


S = TypeVar("S", bound=Section)


class Configuration:
    """The sections that a process runs with, and where each value came from."""

    def __init__(self, sections: Mapping[type[Section], Section], origins: Mapping[str, str]) -> None:
        self._sections = dict(sections)
        self._origins = dict(origins)

    @classmethod
    def load(cls, *sections: type[Section], environ: Mapping[str, str] | None = None) -> Configuration:
        """Read and check all `sections`. Raises ConfigurationError naming every mistake at once."""
        environ = os.environ if environ is None else environ
        loaded: dict[type[Section], Section] = {}
        origins: dict[str, str] = {}
        mistakes: list[str] = []
        for section in dict.fromkeys(sections):
            values: dict[str, str] = {}
            for field in section.model_fields:
                variable = section.variable(field)
                try:
                    found = _read(variable, environ)
                except _Unreadable as error:
                    mistakes.append(f"{variable}_FILE: {error}")
                    continue
                if found is not None:
                    values[field], origins[variable] = found
            try:
                loaded[section] = section(**values)  # type: ignore[arg-type] # text, until pydantic has read it
            except ValidationError as error:
                mistakes += [_mistake(section, values, dict(detail)) for detail in error.errors()]
            else:
                mistakes += _replaced(loaded[section], environ)
        if mistakes:
            raise ConfigurationError(list(dict.fromkeys(mistakes)))
        return cls(loaded, origins)

    @classmethod
    def of(cls, *sections: Section) -> Configuration:
        """`sections` as they are, without the environment."""
        return cls({type(section): section for section in sections}, {})

    def __getitem__(self, section: type[S]) -> S:
        return cast(S, self._sections[section])  # `load` made it by calling `section`

    def __iter__(self) -> Iterator[Section]:
        return iter(self._sections.values())

    def origin(self, variable: str) -> str:
        """Where the value of `variable` came from: "environment", "file ..." or "default"."""
        return self._origins.get(variable, "default")

    def rows(self) -> list[tuple[str, str, str]]:
        """(variable, value with secrets starred, origin) of every setting, for `hookline config` and logs."""
        return [
            (section.variable(field), shown(getattr(section, field)), self.origin(section.variable(field)))
            for section in self
            for field in type(section).model_fields
        ]


def shown(value: Any) -> str:
    """`value` as people may see it: secrets starred."""
    if isinstance(value, tuple):
        return ",".join(shown(item) for item in value)
    return "" if value is None else str(value)


def home(environ: Mapping[str, str] | None = None) -> Path:
    """HOOKLINE_HOME: where the local stack and the spool keep their state (default `.hookline`)."""
    environ = os.environ if environ is None else environ
    return Path(environ.get("HOOKLINE_HOME") or ".hookline").resolve()


def _read(variable: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The text of `variable` and its origin, from the environment, the file that ..._FILE names, or the secrets' place.

    Raises _Unreadable.
    """
    if variable in environ:
        return environ[variable], "environment"
    path = environ.get(f"{variable}_FILE") or _secret_file(variable, environ)
    if path is None:
        return None
    try:
        return text_of(Path(path).read_bytes()), f"file {path}"
    except OSError as error:
        raise _Unreadable(path, error.strerror) from None
    except ValueError as error:
        raise _Unreadable(path, str(error)) from None


class _Unreadable(Exception):
    """A setting's file cannot be read."""

    def __init__(self, path: str, reason: str | None) -> None:
        super().__init__(f"{path} cannot be read: {reason}")


def _secret_file(variable: str, environ: Mapping[str, str]) -> str | None:
    """The file of `variable` in the secrets' place, if there is one: HOOKLINE_TEXTLINK__SECRETS is textlink_secrets."""
    if not (prefix := environ.get(SECRETS_PREFIX)):
        return None
    path = prefix + variable.removeprefix(PREFIX).replace("__", "_").lower()
    return path if os.path.exists(path) else None


def _replaced(section: Section, environ: Mapping[str, str]) -> Iterator[str]:
    for former, field in section.former_variables().items():
        value = shown(getattr(section, field))
        if former in environ and environ[former] != value:
            yield f"{former} is replaced by {section.variable(field)}, which is {value or 'none'}: set that instead"


#: Byte order marks, and what follows them; UTF-16's is the beginning of UTF-32's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


#: What takes no room: a byte order mark in the midst of a text, a space and a joiner without width.
_UNSEEN = "\ufeff\u200b\u2060"


def text_of(content: bytes) -> str:
    """A file's text without byte order mark and line ends, which editors and `echo` add and no secret has.

    Raises ValueError, which quotes nothing of it, where it is no text.
    """
    mark, encoding = next((known for known in _MARKS if content.startswith(known[0])), (b"", "utf-8"))
    try:
        text = content[len(mark) :].decode(encoding).rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not {encoding.upper()}: save the file as UTF-8") from None
    if any(unicodedata.category(character) == "Cc" and character not in "\t\r\n" for character in text):
        raise ValueError("it holds control characters: save the file as UTF-8 text")
    if any(character in text for character in _UNSEEN):
        raise ValueError("it holds characters that nobody sees, such as a second byte order mark: write it anew")
    return text


def _mistake(section: type[Section], values: Mapping[str, str], detail: Mapping[str, Any]) -> str:
    if not detail["loc"]:  # a check over the whole section names its own variables
        return str(detail["ctx"]["error"]) if "ctx" in detail else str(detail["msg"])
    field = str(detail["loc"][0])
    variable = section.variable(field)
    info = section.model_fields[field]
    if field not in values and info.is_required():
        return f"{variable} is missing: {info.description or 'it has no default'}"
    return f"{variable}: {detail['msg']}" + (f" ({info.description})" if info.description else "")
