"""docs/crm-contract.md, from what the contract suite puts every CRM target through."""

from __future__ import annotations

import inspect

from processors.crm_sync.port import target_types
from processors.outbox.errors import (
    CredentialsRefused,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Redirected,
    Rejected,
    RetryLater,
)
from tests.contract.crm.troubles import ASKING, CHANGING, TROUBLES, able
from tests.reference.markdown import code, table


def page() -> str:
    """The whole page."""
    targets = sorted(target_types())
    operations = [*CHANGING, *ASKING]
    count = len(TROUBLES) * sum(able(target, operation) for target in targets for operation in operations)
    parts = [
        "# The contract of CRM targets\n",
        f"`tests/contract/test_crm_targets.py` puts each operation of each target through each trouble below: {count} "
        "tests, `rest` and `textus` against the sandbox, `tryton` against a real Tryton behind a proxy that makes the "
        "trouble. No error may tell a phone or a secret.\n",
        table(
            ("operation", *targets),
            [
                (code(operation), *("yes" if able(target, operation) else "it has none" for target in targets))
                for operation in operations
            ],
        ),
        f"What changes something: {', '.join(map(code, CHANGING))}. What only asks: {', '.join(map(code, ASKING))}.\n",
        table(
            ("trouble", "an operation that changes something", "one that only asks"),
            [(trouble.what, code(trouble.changing.__name__), code(trouble.asking.__name__)) for trouble in TROUBLES],
        ),
        "What they mean:\n",
        table(
            ("raised", "what to do"),
            [
                (code(kind.__name__), (inspect.getdoc(kind) or "").partition("\n")[0])
                for kind in (
                    OutcomeUnknown,
                    RetryLater,
                    RateLimited,
                    CredentialsRefused,
                    NotFound,
                    Redirected,
                    Rejected,
                )
            ],
        ),
    ]
    return "\n".join(parts)
