"""`hookline kafka`: who may do what in Kafka."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from ops.exits import CheckFailed
from ops.output import Output, command, table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from schemas.kafka_access import KafkaAcl

_COLUMNS = ("principal", "kind", "name", "operation")


@click.group()
def kafka() -> None:
    """Kafka: which principal may do what."""


@command()
@click.option("--actual", is_flag=True, help="Ask the cluster for what it has; exit code 1 where that differs.")
@click.option("--commands", is_flag=True, help="As calls of Kafka's own tool, kafka-acls.sh.")
def acls(out: Output, actual: bool, commands: bool) -> None:
    """The ACLs that Hookline's principals need, one principal a process."""
    from schemas.kafka_access import ACLS

    if not actual:
        _show(out, ACLS, commands=commands)
        return
    from ops.configuration import load
    from runtime.connections import KafkaAccessSettings, KafkaSettings
    from runtime.kafka.access import AccessAdmin

    configuration = load(KafkaSettings, KafkaAccessSettings)
    with AccessAdmin(configuration[KafkaSettings], "hookline-kafka") as admin:
        found = admin.actual()
        others = admin.harmful(configuration[KafkaAccessSettings].other_principals)
    _show(out, found, others, commands=commands)
    mistakes = []
    if found != set(ACLS):
        missing, extra = len(set(ACLS) - found), len(found - set(ACLS))
        mistakes.append(f"{missing} ACLs are missing and {extra} are too many: `hookline kafka apply` mends both")
    if others:
        mistakes.append(_about(others))
    if mistakes:
        raise CheckFailed("; ".join(mistakes))


@command(changes=True)
@click.option(
    "--mechanism",
    type=click.Choice(("SCRAM-SHA-256", "SCRAM-SHA-512")),
    default="SCRAM-SHA-512",
    show_default=True,
    help="For which the passwords are set.",
)
@click.option("--drop-other", is_flag=True, help="Take away the passwords for the other mechanism: a rotation's end.")
def apply(out: Output, mechanism: str, drop_other: bool) -> None:
    """Give the principals their ACLs, no others, and the passwords in HOOKLINE_KAFKA__PRINCIPAL_PASSWORDS.

    What everybody (User:*) was given on Hookline's topics and groups is taken away. Other principals' ACLs stay; those
    that let them write to what is Hookline's are named.

    HOOKLINE_KAFKA__SASL_USERNAME has to be a principal that may alter the cluster. Connections that are open stay
    open.
    """
    from ops.configuration import load
    from runtime.connections import KafkaAccessSettings, KafkaSettings
    from runtime.kafka.access import AccessAdmin

    configuration = load(KafkaSettings, KafkaAccessSettings)
    passwords = configuration[KafkaAccessSettings].passwords()
    with AccessAdmin(configuration[KafkaSettings], "hookline-kafka") as admin:
        if out.dry_run:
            adding, removing = admin.changes()
        else:
            admin.set_passwords(passwords, mechanism)
            if drop_other:
                (other,) = {"SCRAM-SHA-256", "SCRAM-SHA-512"} - {mechanism}
                admin.drop_passwords(passwords, other)
            adding, removing = admin.apply()
        others = admin.harmful(configuration[KafkaAccessSettings].other_principals)
    data = {
        "dry_run": out.dry_run,
        "added": [acl._asdict() for acl in sorted(adding)],
        "removed": [acl._asdict() for acl in sorted(removing)],
        "others": [acl._asdict() for acl in sorted(others)],
        "passwords": sorted(passwords),
        "mechanism": mechanism,
    }
    would = "would be " if out.dry_run else ""
    rows: list[tuple[str, ...]] = [(f"{would}added", *acl) for acl in sorted(adding)]
    rows += [(f"{would}removed", *acl) for acl in sorted(removing)]
    rows += [("left", *acl) for acl in sorted(others)]
    rows += [(f"{would}set", name, "password", mechanism, "") for name in sorted(passwords)]
    out.result(data, lambda: table(("change", *_COLUMNS), rows))
    if others:
        out.note(_about(others))


def _about(others: Collection[KafkaAcl]) -> str:
    return (
        f"{len(others)} ACLs of others let them write, alter or delete what is Hookline's; nobody but people can know "
        "whether they may: take them away with kafka-acls.sh, or name their principals in "
        "HOOKLINE_KAFKA__OTHER_PRINCIPALS"
    )


def _show(out: Output, acls: Iterable[KafkaAcl], others: Collection[KafkaAcl] | None = None, *, commands: bool) -> None:
    ordered = list(acls) if isinstance(acls, tuple) else sorted(acls)
    if commands and not out.as_json:
        from runtime.kafka.access import kafka_acls_options

        for acl in ordered:
            out.line({}, f'kafka-acls.sh --bootstrap-server "$SERVERS" {shlex.join(kafka_acls_options(acl))}')
        return
    data = {"acls": [acl._asdict() for acl in ordered]}
    if others is not None:
        data["others"] = [acl._asdict() for acl in sorted(others)]
    out.result(data, lambda: table(_COLUMNS, [*ordered, *sorted(others or ())]))


kafka.add_command(acls)
kafka.add_command(apply)
