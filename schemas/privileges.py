"""Which database role may do what: one role a process, each with what its statements need and no more.

`hookline db migrate` grants what is missing here and revokes what is not here, after the migrations. No role owns
anything. Triggers (0017_ledger_guard.sql) and row-level security say what of a table a role may write.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: Privileges on one table: a privilege's name, or with columns in brackets, such as "UPDATE (status)".
Privileges = frozenset[str]

READ: Privileges = frozenset({"SELECT"})
ADD: Privileges = READ | {"INSERT"}
KEEP: Privileges = ADD | {"UPDATE"}
ALL: Privileges = KEEP | {"DELETE"}

#: Every processor keeps its own group's rows of these; row-level security sees to that.
GROUP_TABLES = ("consumer_offsets", "consumer_outcomes", "consumer_failures", "consumer_freshness")
#: By table, which of its rows a role may write, as SQL; every role that may read the table reads all of it.
OWN_ROWS: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(GROUP_TABLES, "writes_group(consumer_group)")
    | {
        "process_heartbeats": "writes_rows_of(name)",
        "redriven_letters": "writes_rows_of(processor)",
        "discarded_letters": "writes_rows_of(processor)",
        # the console asks, the processor that set them aside carries it out
        "dead_letter_requests": "writes_rows_of(processor) OR current_user = 'hookline_console'",
        "restores": "writes_group(noted_by)",
    }
)
#: Of whoever carries out what an operator of the console asked for.
_REQUEST: Privileges = READ | {
    f"UPDATE ({column})" for column in ("attempts", "changed_at", "detail", "expected", "handled", "kept", "state")
}
_PROGRESS = dict.fromkeys((*GROUP_TABLES, "process_heartbeats"), ALL) | {
    "dead_letters": ADD,
    "process_pauses": READ,
    "restores": ADD,
    # what an operator of the console wants done with dead letters
    "dead_letter_requests": _REQUEST,
    "redriven_letters": ADD,
    "discarded_letters": ADD,
    "event_traces": ADD,
}

_TABLES = (
    *("events", "messages", "message_failures", "message_changes", "contacts", "sim_numbers"),
    *(
        *GROUP_TABLES,
        "redriven_letters",
        "discarded_letters",
        "dead_letters",
        "dead_letter_requests",
        "quarantine_requests",
        "event_traces",
        "data_reveals",
        "process_pauses",
        "ingest_counts",
        "ingest_nodes",
        "opt_out_certainty",
        "process_heartbeats",
        "topic_progress",
        "parked_records",
    ),
    *("opt_out_ledger", "opt_out_evidence", "opt_outs", "opt_out_reviews", "opt_out_parked", "opt_out_cursors"),
    *("opt_out_joined_phones", "opt_out_rule_changes", "provider_facts"),
    *("enforcements", "target_accounts", "target_rounds", "api_budgets"),
    *("crm_contacts", "crm_notes", "crm_deliveries", "crm_lanes", "crm_links", "crm_targets", "crm_backfills"),
    *("console_records", "audited_days", "retention_marks"),
    *("opt_out_published", "published_topics", "restores"),
    *("alarms", "event_rhythms"),
    *("erasures", "erased_numbers", "erased_peppers", "erased_events", "erased_returns"),
)

#: What analysts read, and all that they see (0026_analytics.sql).
ANALYTICS = "analytics"
_VIEWS = tuple(
    f"{ANALYTICS}.{name}"
    for name in (
        *("messages", "events", "contacts", "tag_changes", "replies", "accounts", "sims", "daily"),
        *("opt_outs", "progress", "nodes"),
    )
)

_OPERATOR: dict[str, Privileges] = dict.fromkeys((*_TABLES, *_VIEWS), READ) | {
    # opt-outs add, hold, release, review, rebuild: through the same triggers as opt-out itself
    "opt_out_ledger": ADD,
    "opt_out_evidence": ADD,
    "opt_outs": ALL,
    "opt_out_reviews": KEEP,
    "opt_out_cursors": READ | {"UPDATE"},
    "opt_out_rule_changes": KEEP,  # opt-outs replay
    "enforcements": ADD | {"UPDATE (detail)", "UPDATE (leased_until)", "UPDATE (next_attempt_at)", "UPDATE (status)"},
    # opt-outs reconcile; the calls of commands are paid from the same budget
    "target_rounds": KEEP,
    "api_budgets": KEEP,
    # process resume and accept-loss; dlq redrive, resume and discard
    "consumer_offsets": KEEP,
    "consumer_outcomes": READ | {"UPDATE"},
    "redriven_letters": ADD | {"DELETE"},
    "discarded_letters": ADD,
    "data_reveals": ADD,  # trace and tail --reveal
    "process_pauses": KEEP,  # process pause, process resume
    # nodes retire
    "ingest_nodes": READ | {"UPDATE"},
    # crm backfill; dlq redrive of a delivery
    "crm_contacts": KEEP,
    "crm_notes": KEEP,
    "crm_deliveries": KEEP,
    "crm_lanes": KEEP,
    "crm_backfills": KEEP,
    # restored
    "restores": ADD,
    "message_changes": ADD,
    "opt_out_published": READ | {"UPDATE"},
}

_CONSOLE: dict[str, Privileges] = dict.fromkeys(_TABLES, READ) | {
    "console_records": ADD,
    "data_reveals": ADD,
    "process_heartbeats": ALL,
    # the desk of opt-outs: hold, release, answers to reviews
    "opt_out_ledger": ADD,
    "opt_outs": KEEP,
    "opt_out_reviews": KEEP,
    "enforcements": _OPERATOR["enforcements"],
    # redrive of a dead delivery
    "crm_deliveries": KEEP,
    "crm_lanes": KEEP,
    # redrive and discard of dead letters
    "dead_letter_requests": ADD | {"UPDATE (stopped_by)"},
    # replay of a node's quarantine
    "quarantine_requests": ADD | {"UPDATE (stopped_by)"},
}

#: `hookline erase`: what it deletes, and the columns that it empties; triggers of 0033 and 0038 let it put the digest
#: of a phone in the phone's place, where the ledger has it, and no more.
_ERASE: dict[str, Privileges] = dict.fromkeys(_TABLES, READ) | {
    **dict.fromkeys(("erased_numbers", "erased_peppers", "erased_events"), ADD),
    "erasures": ADD | {"UPDATE (result)"},
    "erased_returns": ADD | {"DELETE"},
    **dict.fromkeys(("messages", "message_failures", "contacts", "opt_out_evidence"), READ | {"DELETE"}),
    **dict.fromkeys(("crm_contacts", "crm_notes", "crm_lanes"), READ | {"DELETE"}),
    "events": READ | {"UPDATE (contact_phone)", "UPDATE (message_key)", "UPDATE (payload)"},
    "opt_out_ledger": READ | {"UPDATE (phone)", "UPDATE (phone_as_received)"},
    "opt_outs": ALL,  # the state is written under the digest, and goes from under the phone
    "opt_out_reviews": READ | {"UPDATE (phone)", "UPDATE (question)"},
    "opt_out_parked": READ | {f"UPDATE ({column})" for column in ("key", "value", "headers", "error_message", "phone")},
    "enforcements": READ | {"UPDATE (phone)", "UPDATE (detail)"},
    **dict.fromkeys(("crm_deliveries", "crm_links"), READ | {"DELETE"}),
    "api_budgets": KEEP,  # calls to a CRM are paid from its budget
}

#: By role, by table; one that is not in the schema public has its schema's name before it. A table that is not named
#: is closed to the role.
PRIVILEGES: Mapping[str, Mapping[str, Privileges]] = MappingProxyType(
    {
        "hookline_ingest": {
            "ingest_nodes": KEEP,
            "process_heartbeats": ALL,
            "ingest_counts": KEEP,
            "quarantine_requests": _REQUEST,  # what an operator of the console wants brought back
        },
        "hookline_persist": _PROGRESS
        | {
            "events": ADD,
            "messages": ALL,
            "message_failures": ALL,
            "contacts": ALL,
            "message_changes": ADD | {"DELETE"},  # a trigger writes it; all of it when the topic was made anew
            "sim_numbers": ALL,
            "erased_events": READ,
            "published_topics": KEEP,
            "topic_progress": ADD | {"DELETE"},
            "ingest_nodes": READ,
            "parked_records": READ,
        },
        "hookline_opt_out": _PROGRESS
        | {
            "opt_out_ledger": ADD,
            "opt_out_joined_phones": ADD,
            "erased_returns": ADD,
            "opt_out_evidence": ADD,
            "opt_outs": KEEP,
            "opt_out_reviews": KEEP,
            "opt_out_parked": ADD,
            "opt_out_cursors": READ | {"UPDATE"},
            "opt_out_published": READ | {"UPDATE"},
            "published_topics": KEEP,
            "enforcements": KEEP,
            "target_accounts": ALL,
            "target_rounds": KEEP,
            "api_budgets": KEEP,
            "provider_facts": READ,
            "messages": READ,  # how many were texted, for the rate of opt-outs
        },
        "hookline_crm_sync": _PROGRESS
        | {
            "crm_contacts": ALL,
            "crm_notes": ALL,
            "crm_deliveries": KEEP,
            "crm_lanes": ALL,
            "crm_links": ALL,
            "erased_events": READ,
            "crm_targets": KEEP,
            "api_budgets": KEEP,
        },
        "hookline_analytics": _PROGRESS,
        "hookline_gate": {
            "opt_outs": READ,
            "opt_out_certainty": READ,
            "erased_numbers": READ,
            "process_heartbeats": ALL,
        },
        "hookline_console": _CONSOLE,
        "hookline_notifier": {
            "alarms": ALL,
            "event_rhythms": ALL,
            "process_heartbeats": ALL,
            **dict.fromkeys(("consumer_outcomes", "consumer_offsets", "process_pauses"), READ),
            "events": frozenset(
                {f"SELECT ({column})" for column in ("event_type", "is_test", "provider", "received_at")}
            ),
        },
        "hookline_operator": _OPERATOR,
        "hookline_reader": dict.fromkeys(_VIEWS, READ),
        # deletes what is old, and audits first
        "hookline_retention": {
            "events": READ | {"DELETE"},
            "event_traces": READ | {"DELETE"},
            "crm_deliveries": READ | {"DELETE"},
            "dead_letters": READ | {"DELETE"},
            "opt_out_evidence": READ | {"DELETE"},
            "ingest_counts": READ | {"DELETE"},
            "opt_out_ledger": READ,
            "opt_out_parked": READ,
            "consumer_offsets": READ,
            "ingest_nodes": READ,
            "audited_days": KEEP,
            "retention_marks": KEEP,
        },
        "hookline_erase": _ERASE,
    }
)

ROLES: tuple[str, ...] = tuple(PRIVILEGES)
#: An analyst's: it sees the schema `analytics`, and the tables of no other.
READER = "hookline_reader"


def schemas_of(role: str) -> frozenset[str]:
    """The schemas that a role may look into."""
    return frozenset(table.rpartition(".")[0] or "public" for table in PRIVILEGES.get(role, {}))


#: These stage batches in temporary tables.
STAGING = frozenset({"hookline_persist", "hookline_crm_sync", "hookline_operator"})

#: The one role of all processes up to version 0.1: where it is still there, it keeps what it could do then, for
#: processes of that version that have not been started as a role of their own yet. `hookline db drop-app-role` ends it.
FORMER_ROLE = "hookline_app"


def role_of(process: str) -> str:
    """The role of a process, by its name on the command line, such as `opt-out`."""
    return "hookline_" + process.replace("-", "_")


def former_privileges() -> dict[str, Privileges]:
    """What FORMER_ROLE may do: what any process could when each got a role of its own, and nothing that came later."""
    return dict(_FORMER)


_FORMER: Mapping[str, Privileges] = MappingProxyType(
    dict.fromkeys(
        ("messages", "message_failures", "contacts", *GROUP_TABLES, "opt_outs", "target_accounts", "crm_contacts",
         "crm_notes", "crm_lanes", "crm_links"),
        ALL,
    )
    | dict.fromkeys(
        ("ingest_nodes", "opt_out_reviews", "opt_out_rule_changes", "enforcements", "target_rounds", "api_budgets",
         "crm_deliveries", "crm_targets"),
        KEEP,
    )
    | dict.fromkeys(("events", "discarded_letters", "opt_out_ledger", "opt_out_evidence", "opt_out_parked"), ADD)
    | {"redriven_letters": ADD | {"DELETE"}, "opt_out_cursors": READ | {"UPDATE"}, "opt_out_certainty": READ}
    # what triggers look up that came later, when one of its processes writes a state
    | dict.fromkeys(("erased_numbers", "erased_peppers", "erased_returns", "provider_facts"), READ)
)  # fmt: skip
