"""Settings as the command sees them: the environment's, and beneath it those of a running local stack."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from runtime.settings import PREFIX, SECRETS_PREFIX, Configuration, ConfigurationError, Section, home

S = TypeVar("S", bound=Section)

#: The rooms that declare settings.
ROOMS = ("runtime", "ingest", "processors", "deploy/local", "ops")
#: Variables that are no field of a section.
PLAIN = (SECRETS_PREFIX, "HOOKLINE_HOME", "HOOKLINE_CACHE", "HOOKLINE_DEBUG")

_SERVERS = ("HOOKLINE_KAFKA__", "HOOKLINE_POSTGRES__")
_DECLARES = re.compile(r"^class \w+\([\w, ]+, name=", re.MULTILINE)


def environment() -> Mapping[str, str]:
    """The variables that a command goes by: the environment's, and beneath them a running local stack's.

    The stack is left aside as a whole where the environment names another Kafka or PostgreSQL than it uses:
    nobody wants a command that reads one cluster and another's database.
    """
    stack = _local_stack()
    ours = {name: value for name, value in os.environ.items() if name.startswith(_SERVERS)}
    if any(stack.get(name) != value for name, value in ours.items()):
        return os.environ
    return {**stack, **os.environ}


def _local_stack() -> dict[str, str]:
    """The variables of the local stack that serves in HOOKLINE_HOME; none where none does."""
    where = home()
    with contextlib.suppress(PermissionError):  # Home tells whose folder it is, and what to do
        if not (where / "stack.json").exists():
            return {}
    from deploy.local.home import Home

    return Home(where).environment() or {}


def load(*sections: type[Section]) -> Configuration:
    """`sections` from `environment()`. Raises ConfigurationError naming every mistake."""
    try:
        return Configuration.load(*sections, environ=environment())
    except ConfigurationError as error:
        if any(line.startswith(_SERVERS) and " is missing" in line for line in error.mistakes):
            hint = f"(no local stack serves in {home()} either: `hookline up` starts one)"
            raise ConfigurationError([*error.mistakes, hint]) from None
        raise


def optional(section: type[S]) -> S | None:
    """`section` where any of its variables is set, else None. Raises ConfigurationError."""
    environ = environment()
    names = [section.variable(field) for field in section.model_fields]
    if not any(environ.get(name) or environ.get(f"{name}_FILE") for name in names):
        return None
    return load(section)[section]


def all_sections() -> list[type[Section]]:
    """Every section that any room declares, found by reading the rooms, in order of its prefix."""
    root = Path(__file__).resolve().parent.parent
    found: list[type[Section]] = []
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            if _DECLARES.search(path.read_text("utf-8")):
                parts = path.relative_to(root).with_suffix("").parts
                module = importlib.import_module(".".join(parts).removesuffix(".__init__"))
                held = [item for item in vars(module).values() if isinstance(item, type)]
                found += [item for item in held if issubclass(item, Section) and item.__module__ == module.__name__]
    return sorted((item for item in found if item.section), key=lambda item: (item.section, item.__name__))


def unknown_variables(sections: list[type[Section]], environ: Mapping[str, str]) -> Iterator[tuple[str, str | None]]:
    """HOOKLINE_ variables that no setting knows, each with the nearest name that one does."""
    known = {section.variable(field) for section in sections for field in section.model_fields}
    accepted = known | {f"{name}_FILE" for name in known} | set(PLAIN)
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in accepted:
            given, bare = name.removeprefix(PREFIX), [variable.removeprefix(PREFIX) for variable in accepted]
            nearest = get_close_matches(given, bare, n=1, cutoff=0.7)
            yield name, f"{PREFIX}{nearest[0]}" if nearest else None


def provider_mistakes(environ: Mapping[str, str]) -> list[str]:
    """What ingest would refuse to start for, beyond single settings: what webhooks are verified by."""
    from ingest.provider import check_providers, provider_types
    from ingest.settings import IngestSettings

    try:
        settings = Configuration.load(IngestSettings, environ=environ)[IngestSettings]
    except ConfigurationError:  # told elsewhere; the default is what it would be without that mistake
        settings = IngestSettings()
    mistakes: list[str] = []
    for kind in (known for name, known in provider_types().items() if name in settings.providers):
        try:
            section = Configuration.load(kind.settings_type, environ=environ)[kind.settings_type]
            check_providers([kind(section)], settings.public_url)
        except ConfigurationError as error:
            mistakes += error.mistakes
    return mistakes
