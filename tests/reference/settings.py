"""docs/settings.md, from the Section classes of every room."""

from __future__ import annotations

from itertools import groupby

from pydantic.fields import FieldInfo

from ops.configuration import all_sections
from runtime.settings import shown
from tests.reference.markdown import code, table


def page() -> str:
    """The whole page."""
    parts = [
        "# Settings\n",
        "Every setting is an environment variable. A secret can also be in a file that `..._FILE` names. Lists are "
        "comma-separated or JSON. `hookline config` shows the values in effect, their origin, and every mistake; "
        "a process that is set wrongly names each variable and exits with 78.\n",
        "Where `HOOKLINE_SECRETS_PREFIX` is set, a setting that has neither is read from the file whose path begins so "
        "and goes on with its name in small letters: with `/run/secrets/providers/`, `HOOKLINE_TEXTUS__API_TOKEN` "
        "from `/run/secrets/providers/textus_api_token`. One place has the secrets of every provider so.\n",
        "`HOOKLINE_HOME` (default `.hookline`) is where the local stack keeps its state; `HOOKLINE_DEBUG=1` shows "
        "the traceback of a failed command.\n",
    ]
    for name, sections in groupby(all_sections(), key=lambda section: section.section):
        parts.append(f"## {name}\n")
        rows: dict[str, tuple[str, str, str]] = {}
        for section in sections:
            about = " ".join((section.__doc__ or "").split())
            parts.append(f"{about}\n")
            for field, info in section.model_fields.items():
                variable = section.variable(field)
                if variable.startswith(f"HOOKLINE_{name.upper()}__"):  # another section's stands there
                    rows.setdefault(variable, (code(variable), default(info), described(info)))
        parts.append(table(("variable", "default", "meaning"), rows.values()))
    return "\n".join(parts)


def default(info: FieldInfo) -> str:
    """The default as it would be written in the environment."""
    if info.is_required():
        return "required"
    if info.default_factory is not None:
        return "depends on the machine"
    return code(shown(info.default))


def described(info: FieldInfo) -> str:
    """What it means, and what it may be where that is a choice of few."""
    choices = [str(choice) for choice in getattr(info.annotation, "__args__", ()) if isinstance(choice, str)]
    return (info.description or "") + (f" (one of {', '.join(map(code, choices))})" if choices else "")
