"""`hookline config`: every setting, its value and where it comes from."""

from __future__ import annotations

import click

from ops.output import Output, command, table


@command()
@click.option(
    "--section", "names", multiple=True, help="Only this section, such as kafka; may be given more than once."
)
def config(out: Output, names: tuple[str, ...]) -> None:
    """Show every setting with its value and origin, secrets starred, and check them all.

    A mistake is named with its fix, all of them at once: exit code 78.
    """
    from ops.configuration import all_sections, environment, provider_mistakes, unknown_variables
    from runtime.settings import Configuration, ConfigurationError

    sections = all_sections()
    known = sorted({section.section for section in sections})
    unheard = sorted(set(names) - set(known))
    if unheard:
        raise click.BadParameter(f"{', '.join(unheard)}: no such section; there are {', '.join(known)}")
    environ = environment()
    rows: dict[str, tuple[str, str, str, str]] = {}  # two rooms may read the same variable
    mistakes: list[str] = []
    for section in sections:
        if names and section.section not in names:
            continue
        try:
            loaded = Configuration.load(section, environ=environ)
        except ConfigurationError as error:
            mistakes += error.mistakes
            continue
        for variable, value, origin in loaded.rows():
            about = section.model_fields[variable.rpartition("__")[2].lower()].description or ""
            rows.setdefault(variable, (variable, value, origin, about))
    if not names or "ingest" in names:
        mistakes = list(dict.fromkeys([*mistakes, *provider_mistakes(environ)]))
    warnings = [
        f"{name} is set, but no setting has this name" + (f"; is {nearest} meant?" if nearest else "")
        for name, nearest in unknown_variables(sections, environ)
    ]
    columns = ("variable", "value", "origin", "about")
    data = [dict(zip(columns, row, strict=True)) for row in rows.values()]
    out.result(
        {"settings": data, "mistakes": mistakes, "warnings": warnings},
        lambda: table(columns, rows.values()),
    )
    for warning in warnings:
        out.note(f"warning: {warning}")
    if mistakes:
        raise ConfigurationError(mistakes)
