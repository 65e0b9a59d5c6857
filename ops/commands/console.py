"""`hookline console`: the web console in the foreground, and who may log in to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ops.output import Output, command

if TYPE_CHECKING:
    from collections.abc import Callable

_file = click.option(
    "--file", "path", type=click.Path(path_type=Path), help="The users file; default: HOOKLINE_CONSOLE__USERS_FILE."
)


@click.group(invoke_without_command=True)
@click.pass_context
def console(context: click.Context) -> None:
    """Serve the web console until Ctrl-C or SIGTERM, or change who may log in.

    It shows what happens, what waits for a person, and what happened to a text; it reads PostgreSQL and the
    processes' admin ports.
    """
    if context.invoked_subcommand is None:
        from ops.console.server import serve

        serve()


@command("add-user", changes=True)
@click.argument("name")
@click.option(
    "--role", type=click.Choice(["viewer", "operator"]), default="viewer", show_default=True,
    help="A viewer sees; an operator also reveals personal data and changes things.",
)  # fmt: skip
@click.option(
    "--password", envvar="CONSOLE_PASSWORD", prompt=True, hide_input=True, confirmation_prompt=True,
    help="12 characters at least; asked for, or in CONSOLE_PASSWORD: arguments are seen by every user of a machine.",
)  # fmt: skip
@_file
def add_user(out: Output, name: str, role: str, password: str, path: Path | None) -> None:
    """Write NAME into the users file, with a new password where it is there already. Sessions of NAME end."""
    from typing import cast

    from werkzeug.security import generate_password_hash

    from ops.console.users import HASH_METHOD, SHORTEST_PASSWORD, Role, User, read_users, write_user

    if not name.isprintable() or not name.strip() or len(name) > 100:
        raise click.UsageError("NAME has 1 to 100 characters that can be seen")
    if len(password) < SHORTEST_PASSWORD:
        raise click.UsageError(f"the password has {SHORTEST_PASSWORD} characters at least")
    where = _users_file(path)
    if out.dry_run:
        was_there = where.exists() and name in read_users(where)
        out.note("dry run: nothing was written")
    else:
        was_there = write_user(where, User(name, cast(Role, role), generate_password_hash(password, HASH_METHOD)))
    word = "replaced" if was_there else "added"
    data = {"dry_run": out.dry_run, "name": name, "role": role, "replaced": was_there, "file": str(where)}
    out.result(data, lambda: f"{word} {name} ({role}) in {where}")


@command("remove-user", changes=True)
@click.argument("name")
@_file
def remove_user(out: Output, name: str, path: Path | None) -> None:
    """Take NAME out of the users file. Sessions of NAME end with their next request."""
    from ops.console.users import read_users
    from ops.console.users import remove_user as remove
    from ops.exits import CheckFailed

    where = _users_file(path)
    was_there = name in read_users(where) if out.dry_run else remove(where, name)
    if not was_there:
        raise CheckFailed(f"there is no user {name} in {where}")
    data = {"dry_run": out.dry_run, "name": name, "file": str(where)}
    out.result(data, lambda: f"{'would remove' if out.dry_run else 'removed'} {name}")


@command("users")
@_file
def users(out: Output, path: Path | None) -> None:
    """List who may log in, and their roles."""
    from ops.console.users import read_users
    from ops.output import table

    rows = [(user.name, user.role) for user in read_users(_users_file(path)).values()]
    data = {"users": [{"name": name, "role": role} for name, role in rows]}
    draw: Callable[[], object] = lambda: table(("name", "role"), rows)  # noqa: E731
    out.result(data, draw)  # type: ignore[arg-type] # rich's table


def _users_file(path: Path | None) -> Path:
    """Raises ConfigurationError."""
    from ops.configuration import load
    from ops.console.settings import ConsoleSettings
    from runtime.settings import ConfigurationError

    found = path or load(ConsoleSettings)[ConsoleSettings].users_file
    if found is None:
        raise ConfigurationError([f"{ConsoleSettings.variable('users_file')} is missing, or give --file"])
    return found


for _member in (add_user, remove_user, users):
    console.add_command(_member)
