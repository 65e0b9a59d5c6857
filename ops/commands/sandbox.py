"""`hookline sandbox`: TextUs's API and a small CRM, played on this machine."""

from __future__ import annotations

import click

from ops.output import Output, command


@command()
def sandbox(out: Output) -> None:
    """Play TextUs's API and a small CRM, in the foreground.

    Both are strict about what their callers send. What they were asked is at /_sandbox/requests, and
    /_sandbox/faults makes them misbehave.
    """
    from deploy.local.sandbox.app import create_app
    from deploy.local.sandbox.server import SandboxServer
    from deploy.local.sandbox.settings import SandboxSettings, SandboxTextusSettings, options
    from ops.configuration import load
    from runtime import logs
    from runtime.process import StopSignal

    configuration = load(SandboxSettings, SandboxTextusSettings)
    settings, textus = configuration[SandboxSettings], configuration[SandboxTextusSettings]
    chosen = options(settings, textus)
    tokens = (chosen.textus_token, chosen.crm_token, settings.control_token.get_secret_value())
    logs.configure("sandbox", secrets=[token for token in tokens if token])
    log = logs.logger("hookline.sandbox")
    try:
        server = SandboxServer(create_app(chosen), host=settings.host, port=settings.port)
    except OSError as error:
        place = f"{settings.host}:{settings.port}"
        raise click.ClickException(f"the sandbox cannot listen on {place}: {error.strerror}") from error
    stop = StopSignal().install()
    with server:
        log.info("sandbox_serving", url=server.url, any_token=chosen.textus_token is None)
        out.line({"url": server.url}, server.url)
        while not stop.wait(3600):
            pass
    log.info("sandbox_stopped")
