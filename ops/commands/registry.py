"""`hookline registry`: the checked-in schemas for every tool that asks a Schema Registry."""

from __future__ import annotations

from ops.output import Output, command


@command()
def registry(out: Output) -> None:
    """Serve the checked-in schemas as a read-only Schema Registry, in the foreground.

    Where the settings name a Schema Registry, its ids are served too: records from before the switch and after it
    are decoded with this one.
    """
    from ops.registry.app import registry_app
    from ops.registry.settings import RegistrySettings
    from runtime import logs
    from runtime.addresses import local_url
    from runtime.admin import AdminServer, Readiness, admin_app
    from runtime.process import StopSignal
    from runtime.schema_registry import SchemaRegistrySettings, schema_ids
    from runtime.settings import Configuration
    from runtime.systemd import supervised

    configuration = Configuration.load(RegistrySettings, SchemaRegistrySettings)
    settings = configuration[RegistrySettings]
    logs.configure("registry")
    ids = schema_ids(configuration[SchemaRegistrySettings])
    log = logs.logger("hookline.registry")
    stop = StopSignal().install()
    admin = admin_app("registry", lambda: Readiness(True), settings=configuration.rows)
    with (
        AdminServer(
            registry_app(ids),
            settings.host,
            settings.port,
            variable=RegistrySettings.variable("host"),
        ) as served,
        AdminServer(admin, settings.admin_host, settings.admin_port) as watched,
        supervised(settings.admin_host, watched.port, stop),
    ):
        url = local_url(settings.host, served.port)
        log.info("registry_serving", url=url, admin_port=watched.port)
        out.line({"url": url, "admin_port": watched.port}, url)
        while not stop.wait(60):
            pass
    log.info("registry_stopped")
