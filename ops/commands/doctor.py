"""`hookline doctor`: whether everything is as it has to be, and what to do where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ops.exits import CheckFailed
from ops.output import Output, command, state, table

if TYPE_CHECKING:
    from ops.doctor.check import Check


@command()
@click.option("--webhook", is_flag=True, help="Post a test webhook through the public address; it is kept as a test.")
def doctor(out: Output, *, webhook: bool) -> None:
    """Check Kafka, PostgreSQL, erased numbers, disk, clocks, secrets, addresses, TextUs's subscriptions and the CRMs.

    Each finding comes with what to do: a command or a setting, ready to paste. Exit code 1 where an error is among
    them; warnings alone are 0. Nothing is changed, and Kafka, TextUs and the CRMs are only asked; with --webhook one
    event comes that is marked as a test.
    """
    found = [*_checks(), *(_webhook() if webhook else [])]
    ok = not any(not check.ok and check.severity == "error" for check in found)
    out.result({"ok": ok, "checks": found}, lambda: _drawn(found))
    if not ok:
        raise CheckFailed(f"{sum(not check.ok and check.severity == 'error' for check in found)} errors")


def _checks() -> list[Check]:
    from ingest.providers.textus import TextUsSettings
    from ingest.settings import IngestSettings
    from ops.configuration import environment, load
    from ops.database import postgres_dsn
    from ops.doctor.accounts import crm_checks, textus_checks
    from ops.doctor.check import checked
    from ops.doctor.erasure import erasure_checks
    from ops.doctor.public_address import address_checks
    from ops.doctor.servers import kafka_checks, postgres_checks
    from ops.doctor.settings import disk_check, public_url_checks, setting_checks
    from ops.erasure.settings import EraseSettings
    from ops.gate.settings import GateSettings
    from processors.crm_sync.settings import CrmSettings
    from processors.opt_out.pepper_settings import PepperHolder
    from processors.opt_out.settings import OptOutSettings
    from processors.textus_api.settings import TextUsApiSettings
    from runtime.connections import KafkaSettings, OwnerSettings

    def erased() -> list[Check]:
        holders: tuple[type[PepperHolder], ...] = (GateSettings, OptOutSettings, EraseSettings)
        settings = load(*holders)
        return erasure_checks(
            postgres_dsn(), {kind.variable("phone_peppers"): settings[kind].peppers() for kind in holders}
        )

    environ = environment()
    owner = environ.get(OwnerSettings.variable("owner_dsn"))
    see = "hookline config"

    def textus() -> Any:
        settings = load(TextUsApiSettings, TextUsSettings, IngestSettings)
        return textus_checks(settings[TextUsApiSettings], settings[TextUsSettings], settings[IngestSettings])

    return [
        *checked("settings", see, lambda: setting_checks(environ)),
        *checked("kafka", see, lambda: kafka_checks(load(KafkaSettings)[KafkaSettings])),
        *checked("postgres", see, lambda: postgres_checks(postgres_dsn(), owner)),
        *checked("erased numbers", see, erased),
        *checked("disk", see, lambda: [disk_check(load(IngestSettings)[IngestSettings])]),
        *checked("public url", see, lambda: public_url_checks(load(IngestSettings)[IngestSettings])),
        *checked("public address", see, lambda: address_checks(load(IngestSettings)[IngestSettings])),
        *checked("textus api", "export HOOKLINE_TEXTUS__API_TOKEN=...  # and HOOKLINE_TEXTUS__API_URL", textus),
        *checked("crm", "hookline crm check", lambda: crm_checks(load(CrmSettings)[CrmSettings], environ)),
    ]


def _webhook() -> list[Check]:
    from ingest.providers.textlink import TextLinkSettings
    from ingest.settings import IngestSettings
    from ops.configuration import load
    from ops.doctor.check import checked
    from ops.doctor.public_address import webhook_checks

    def look() -> Any:
        settings = load(IngestSettings, TextLinkSettings)
        return webhook_checks(settings[IngestSettings], settings[TextLinkSettings])

    return checked("public webhook", "hookline config", look)


def _drawn(found: list[Check]) -> Any:
    rows = [
        (state("ok" if check.ok else check.severity, good=check.ok), check.name, check.found, check.fix)
        for check in found
    ]
    return table(("", "checked", "found", "fix"), rows)
