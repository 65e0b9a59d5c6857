"""docs/access.md: what each database role and each Kafka principal may do, from the tables that both are made from."""

from __future__ import annotations

from schemas.kafka_access import ACLS, PRINCIPALS, KafkaAcl
from schemas.privileges import OWN_ROWS, PRIVILEGES, ROLES
from tests.reference.markdown import code, table

#: Letters as PostgreSQL prints them (`\dp`).
LETTERS = {"SELECT": "r", "INSERT": "a", "UPDATE": "w", "DELETE": "d"}


def page() -> str:
    """The whole page."""
    tables = sorted({name for privileges in PRIVILEGES.values() for name in privileges})
    return "\n".join(
        [
            "# Who may do what\n",
            "What a process may do in PostgreSQL and in Kafka, where it logs in with a role and a principal of its "
            "own. Nothing else is granted to anybody but the owner of the tables and the brokers' own principal. "
            "Tests compare both lists with what a real server says: "
            "`tests/integration/test_roles.py::test_the_privileges_are_those_that_the_table_says` and "
            "`tests/integration/test_kafka_access.py::test_the_broker_has_the_acls_that_are_declared`.\n",
            "## PostgreSQL\n",
            "As `\\dp` shows it: "
            + ", ".join(f"`{letter}` {name}" for name, letter in LETTERS.items())
            + ". A privilege on some columns alone has them in brackets. Triggers and row-level security narrow "
            "further what a role may write (`schemas/sql`). Ask your own server with "
            "`psql \"$HOOKLINE_POSTGRES__OWNER_DSN\" -c '\\dp'`; `hookline db migrate` mends what differs.\n",
            f"A process writes the rows of its own only, and reads all, of {', '.join(map(code, sorted(OWN_ROWS)))}.\n",
            table(("table or view", "role and privileges"), [(code(name), _of_roles(name)) for name in tables]),
            "## Kafka\n",
            "`Read` and `Write` include `Describe`. Ask your own cluster with `hookline kafka acls --actual`; "
            "`hookline kafka apply` mends what differs.\n",
            table(("principal", "kind", "resource", "operations"), _resources()),
        ]
    )


def _of_roles(name: str) -> str:
    """Those that may do anything with the table `name`."""
    held = ((role, PRIVILEGES[role].get(name)) for role in ROLES)
    return ", ".join(f"{code(role)} {_letters(privileges)}" for role, privileges in held if privileges)


def _letters(privileges: frozenset[str]) -> str:
    whole = "".join(letter for name, letter in LETTERS.items() if name in privileges)
    parts = []
    for name, letter in LETTERS.items():
        columns = sorted(p.removeprefix(name)[2:-1] for p in privileges if p.startswith(f"{name} ("))
        parts += [f"{letter}({', '.join(columns)})"] if columns else []
    return " ".join(filter(None, (whole, *parts)))


def _resources() -> list[tuple[str, str, str, str]]:
    """One row for each resource of a principal, in the order of the list."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for acl in sorted(ACLS, key=_order):
        found.setdefault((acl.principal, acl.kind, acl.name), []).append(acl.operation)
    return [(code(principal), kind, code(name), ", ".join(held)) for (principal, kind, name), held in found.items()]


def _order(acl: KafkaAcl) -> int:
    return PRINCIPALS.index(acl.principal)
