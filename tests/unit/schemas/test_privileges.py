"""What follows from the table of privileges without a database."""

from __future__ import annotations

from schemas.privileges import ADD, OWN_ROWS, PRIVILEGES, READ, former_privileges


def test_the_role_of_version_0_1_gains_nothing_that_came_later() -> None:
    former = former_privileges()
    # What came after each process got a role of its own; some of it is looked up by triggers
    later = {
        "erasures",
        "erased_numbers",
        "erased_returns",
        "restores",
        "console_records",
        "process_heartbeats",
        "alarms",
    }
    assert later <= set(PRIVILEGES["hookline_operator"])
    assert {table: former[table] for table in later & former.keys()} == {"erased_numbers": READ, "erased_returns": READ}
    # Rows of the ledger and events are added by it, and never changed
    assert (former["opt_out_ledger"], former["events"]) == (ADD, ADD)


def test_only_tables_that_some_role_writes_have_rows_of_its_own() -> None:
    written = {table for tables in PRIVILEGES.values() for table, rights in tables.items() if rights - READ}
    assert set(OWN_ROWS) <= written
