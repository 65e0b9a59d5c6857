"""The reference pages in docs/, made from the code: `make docs` writes them, a test holds them to it."""

from __future__ import annotations

from pathlib import Path

from ops.alarms.catalogue import rules_for_prometheus
from tests.reference import (
    access,
    asyncapi,
    commands,
    crm_contract,
    dashboard,
    dictionary,
    metrics,
    opt_out_rules,
    runbook,
    settings,
    strimzi,
)

DOCS = Path(__file__).parents[2] / "docs"
ALERTS = DOCS.parent / "deploy" / "prometheus" / "alerts.yml"
STRIMZI = DOCS.parent / "deploy" / "kubernetes-strimzi"
DASHBOARD = DOCS.parent / "deploy" / "grafana" / "hookline.json"
NOTE = "<!-- Made by `make docs` from the code: change the code, not this page. -->\n\n"


def pages() -> dict[Path, str]:
    """Every reference page as it ought to be."""
    made = {
        "commands.md": commands.page(),
        "settings.md": settings.page(),
        "metrics.md": metrics.page(),
        "opt-out-rules.md": opt_out_rules.page(),
        "crm-contract.md": crm_contract.page(),
        "data-dictionary.md": dictionary.page(),
        "runbook.md": runbook.page(),
        "access.md": access.page(),
    }
    written = {DOCS / name: NOTE + text.rstrip() + "\n" for name, text in made.items()}
    return written | {
        ALERTS: rules_for_prometheus(),
        DASHBOARD: dashboard.page(),
        STRIMZI / "topics.yaml": strimzi.topics(),
        STRIMZI / "users.yaml": strimzi.users(),
        DOCS / "asyncapi.json": asyncapi.page() + "\n",
    }  # without our note
