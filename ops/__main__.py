"""`hookline`: finds its commands in `ops/commands`, runs one, and ends with an exit code that tells why."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

import click

from ops import completion, exits
from ops.output import ANSWERED
from runtime.found import modules_in
from runtime.printable import printable, printable_json


class Hookline(click.Group):
    """Every click command that a module of `ops/commands` holds at its top, families before their members."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, sorted."""
        del ctx
        return sorted(self._found())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called `cmd_name`.

        A command that is no family is looked for in the module of its name alone: all modules take 0.2 s and 3.5 MB
        more (measured), which each service would keep.
        """
        del ctx
        from ops import commands

        name = cmd_name.replace("-", "_")
        if name.isidentifier() and find_spec(f"{commands.__name__}.{name}"):
            own = getattr(import_module(f"{commands.__name__}.{name}"), name, None)
            if isinstance(own, click.Command) and not isinstance(own, click.Group) and own.name == cmd_name:
                return own
        return self._found().get(cmd_name)

    def _found(self) -> dict[str, click.Command]:
        if not self.commands:
            from ops import commands

            held = [item for module in modules_in(commands) for item in vars(module).values()]
            made = [item for item in held if isinstance(item, click.Command)]
            # A member may stand in another module than its family.
            families = [item for item in made if isinstance(item, click.Group)]
            members = {id(member) for family in families for member in family.commands.values()}
            self.commands.update(
                {command_.name: command_ for command_ in made if command_.name and id(command_) not in members}
            )
        return dict(self.commands)


def _version(context: click.Context, _parameter: click.Parameter, given: bool) -> None:
    if given:
        from runtime.version import hookline_version

        click.echo(f"hookline {hookline_version()}")
        context.exit()


@click.group(cls=Hookline, name="hookline", context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--debug", is_flag=True, expose_value=False, help="Show the traceback of a failure (or HOOKLINE_DEBUG=1)."
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show it.")
def hookline() -> None:
    """SMS webhooks in, durable Kafka events, PostgreSQL, CRM and opt-outs kept in step.

    Exit codes: 0 ok, 1 a check failed, 2 usage, 69 a service unreachable, 70 our bug, 75 try later,
    78 configuration.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` (default: the command line) name; the exit code."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    context: click.Context | None = None
    try:
        completion.answer(hookline)
        context = hookline.make_context("hookline", list(arguments))
        with context:
            hookline.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as ended:  # --help, --version, completion
        return ended.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return exits.INTERRUPTED
    except BrokenPipeError:
        # Whoever read has seen enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the one place where every failure gets its exit code
        return _fail(error, arguments, answered=context is not None and ANSWERED in context.meta)
    return exits.OK


def _fail(error: Exception, arguments: Sequence[str], *, answered: bool) -> int:
    failure = exits.failure(error)
    if "--debug" in arguments or os.environ.get("HOOKLINE_DEBUG"):
        traceback.print_exception(error)
    elif failure.code == exits.SOFTWARE:
        failure = exits.Failure(failure.code, f"{failure.message} (HOOKLINE_DEBUG=1 shows where)")
    click.echo(printable(f"hookline: {failure.message}", lines=True), err=True)
    if "--json" in arguments and not answered:
        click.echo(printable_json({"ok": False, "exit_code": failure.code, "error": failure.message}))
    return failure.code


if __name__ == "__main__":
    sys.exit(main())
