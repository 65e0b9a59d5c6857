"""Brings the roles' privileges in a database to what schemas/privileges.py says, as the database's owner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from runtime.postgres import Connection
from runtime.settings import ConfigurationError
from schemas.privileges import (
    ANALYTICS,
    FORMER_ROLE,
    OWN_ROWS,
    PRIVILEGES,
    READER,
    ROLES,
    STAGING,
    Privileges,
    former_privileges,
    schemas_of,
)

_THERE = "SELECT rolname FROM pg_roles WHERE rolname = ANY (%s)"
#: A table of another schema has that schema's name before its own.
_NAMED = """
WITH named AS (
    SELECT c.*, CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('public', 'analytics')
)
"""
_TABLES = _NAMED + "SELECT name FROM named WHERE relkind IN ('r', 'v')"  # noqa: S608 - both are constants
_GRANTED = (
    _NAMED
    + """
SELECT grantee.rolname, c.name, acl.privilege_type, NULL
FROM named AS c, aclexplode(c.relacl) AS acl JOIN pg_roles AS grantee ON grantee.oid = acl.grantee
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND grantee.rolname = ANY (%(roles)s)
UNION ALL
SELECT grantee.rolname, c.name, acl.privilege_type, a.attname
FROM named AS c JOIN pg_attribute AS a ON a.attrelid = c.oid, aclexplode(a.attacl) AS acl
    JOIN pg_roles AS grantee ON grantee.oid = acl.grantee
WHERE NOT a.attisdropped AND grantee.rolname = ANY (%(roles)s)
"""
)
_AROUND = """
SELECT r.rolname, has_schema_privilege(r.oid, 'public', 'USAGE'),
    to_regnamespace('analytics') IS NOT NULL AND NOT has_schema_privilege(r.oid, to_regnamespace('analytics'), 'USAGE'),
    has_database_privilege(r.oid, current_database(), 'CONNECT'),
    has_database_privilege(r.oid, current_database(), 'TEMPORARY')
FROM pg_roles AS r WHERE r.rolname = ANY (%s)
"""
_SECURED = """
SELECT c.relname, c.relrowsecurity,
    EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid AND p.polname = 'read_all'),
    EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid AND p.polname = 'write_own')
FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY (%s)
"""
_DUPLICATE_ROLE = ("42710", "23505")  # duplicate object; unique violation, when two databases ask at once


class TablePrivilege(NamedTuple):
    """One privilege of a role on a table, or on a column of it: ("hookline_gate", "opt_outs", "SELECT")."""

    role: str
    table: str
    privilege: str


def tables_there(connection: Connection) -> set[str]:
    """Tables and views, as PRIVILEGES names them."""
    return {str(name) for (name,) in connection.execute(_TABLES)}


def roles_there(connection: Connection, names: Iterable[str] = (*ROLES, FORMER_ROLE)) -> set[str]:
    """Which of these roles the server has."""
    return {str(name) for (name,) in connection.execute(_THERE, (list(names),))}


def create_roles(connection: Connection, passwords: Mapping[str, str]) -> list[str]:
    """Create the roles that are missing, with those of `passwords` that are known; which were created.

    Raises ConfigurationError, with what to run, where the owner may not.
    """
    missing = [role for role in ROLES if role not in roles_there(connection)]
    for role in missing:
        try:
            connection.execute(role_statement(role, passwords.get(role)))
        except psycopg.errors.InsufficientPrivilege:
            create = "; ".join(f"CREATE ROLE {name} LOGIN PASSWORD '...'" for name in missing)
            raise ConfigurationError(
                [f"the owner may not create the roles {', '.join(missing)}; as a superuser run: {create};"]
            ) from None
        except psycopg.Error as error:
            if error.sqlstate not in _DUPLICATE_ROLE:
                raise
    return missing


def password_of(dsn: str | None) -> dict[str, str]:
    """The password that a process's connection string holds, by its role."""
    parts: Mapping[str, Any] = conninfo_to_dict(dsn) if dsn else {}
    return {parts["user"]: parts["password"]} if parts.get("user") and parts.get("password") else {}


def role_statement(role: str, password: str | None) -> sql.Composed:
    """The SQL that creates `role`; without a password nobody can log in as it where PostgreSQL asks for one."""
    create = sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role))
    return create if password is None else create + sql.SQL(" PASSWORD {}").format(sql.Literal(password))


def changes(connection: Connection) -> tuple[set[TablePrivilege], set[TablePrivilege]]:
    """What has to be granted and what to be revoked, for the roles and tables that are there. Changes nothing."""
    there = roles_there(connection)
    intended: dict[str, Mapping[str, Privileges]] = {role: PRIVILEGES[role] for role in ROLES if role in there}
    if FORMER_ROLE in there:
        intended[FORMER_ROLE] = former_privileges()
    known_tables = tables_there(connection)
    expected = {
        TablePrivilege(role, table, privilege)
        for role, tables in intended.items()
        for table, privileges in tables.items()
        for privilege in privileges
        if table in known_tables
    }
    granted = {
        TablePrivilege(role, table, privilege if column is None else f"{privilege} ({column})")
        for role, table, privilege, column in connection.execute(_GRANTED, {"roles": list(intended)})
    }
    return expected - granted, granted - expected


def apply(connection: Connection) -> tuple[set[TablePrivilege], set[TablePrivilege]]:
    """Make the privileges what they are to be; what was granted and revoked. In one transaction."""
    with connection.transaction():
        granting, revoking = changes(connection)
        # A table's REVOKE takes its columns' privileges along, so it comes first.
        for privilege in sorted(revoking):
            connection.execute(_statement("REVOKE", privilege, "FROM"))
        if revoking:
            granting |= changes(connection)[0]
        for privilege in sorted(granting):
            connection.execute(_statement("GRANT", privilege, "TO"))
        _apply_around(connection)
        _keep_rows_apart(connection)
    return granting, revoking


def connected_as_former_role(connection: Connection) -> list[str]:
    """Which processes are still connected as it, by the name that each gave."""
    query = "SELECT DISTINCT coalesce(application_name, '?') FROM pg_stat_activity WHERE usename = %s ORDER BY 1"
    return [str(name) for (name,) in connection.execute(query, [FORMER_ROLE])]


def drop_former_role(connection: Connection) -> bool:
    """Take everything from the role that all processes once shared, and drop it; False: it was not there.

    Raises psycopg.Error where it has rights in another database. Processes that are connected as it are cut off.
    """
    if not roles_there(connection, [FORMER_ROLE]):
        return False
    role = sql.Identifier(FORMER_ROLE)
    with connection.transaction():
        connection.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(role))
        connection.execute(sql.SQL("REVOKE ALL ON SCHEMA public FROM {}").format(role))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM {}").format(_database(connection), role))
    try:
        connection.execute(sql.SQL("DROP ROLE {}").format(role))
    except psycopg.errors.InsufficientPrivilege:
        raise ConfigurationError(
            [
                f"{FORMER_ROLE} has no rights here any more, and the owner may not drop it;"
                f" as a superuser run: DROP ROLE {FORMER_ROLE};"
            ]
        ) from None
    return True


def _apply_around(connection: Connection) -> None:
    """The schema, the database, and temporary tables for those who stage batches."""
    database = _database(connection)
    there = [*ROLES, FORMER_ROLE]
    for role, uses_public, lacks_analytics, connects, makes_temporary in connection.execute(
        _AROUND, (there,)
    ).fetchall():
        name = sql.Identifier(role)
        if not uses_public and role != READER:
            connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name))
        if lacks_analytics and ANALYTICS in schemas_of(role):
            connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(ANALYTICS), name))
        if not connects:
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, name))
        if (role in STAGING or role == FORMER_ROLE) and not makes_temporary:
            connection.execute(sql.SQL("GRANT TEMPORARY ON DATABASE {} TO {}").format(database, name))


def _keep_rows_apart(connection: Connection) -> None:
    """Row-level security: whoever may read one of these tables reads all of it, and writes the rows of its own."""
    for name, is_on, has_read, has_write in connection.execute(_SECURED, (list(OWN_ROWS),)).fetchall():
        table = sql.Identifier("public", name)
        if not has_read:
            connection.execute(sql.SQL("CREATE POLICY read_all ON {} FOR SELECT USING (true)").format(table))
        if not has_write:
            own = sql.SQL(OWN_ROWS[name])  # ours, and no value in it
            connection.execute(sql.SQL("CREATE POLICY write_own ON {} USING ({})").format(table, own))
        if not is_on:
            connection.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(table))


def _database(connection: Connection) -> sql.Identifier:
    return sql.Identifier(connection.info.dbname)


def _statement(verb: str, grant: TablePrivilege, preposition: str) -> sql.Composed:
    privilege, _, column = grant.privilege.removesuffix(")").partition(" (")
    schema, _, table = grant.table.rpartition(".")
    on = sql.SQL(" ({})").format(sql.Identifier(column)) if column else sql.SQL("")
    return sql.SQL("{} {}{} ON {} {} {}").format(
        sql.SQL(verb),
        sql.SQL(privilege),
        on,
        sql.Identifier(schema or "public", table),
        sql.SQL(preposition),
        sql.Identifier(grant.role),
    )
