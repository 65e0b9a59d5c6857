"""Whether erased numbers are found again: by the keys that they were erased under."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ops.doctor.check import Check, broken, checked, doubtful, fine
from ops.doctor.servers import TIMEOUT
from processors.opt_out.phone_digests import PhonePeppers
from runtime.postgres import connect

_NAME = "erased numbers"


def erasure_checks(dsn: str, holders: Mapping[str, PhonePeppers]) -> list[Check]:
    """`holders`: what each process that has to find them is set with here, by the name of its setting.

    A process may be set elsewhere: a setting that is empty here is in doubt, one that lacks a key is wrong.
    """

    def look() -> Iterator[Check]:
        with connect(dsn, process="doctor", connect_timeout=TIMEOUT, call_timeout=TIMEOUT) as connection:
            [(found,)] = connection.execute("SELECT erased_peppers FROM opt_out_certainty").fetchall()
        erased = frozenset(found or ())
        is_fine = True
        for setting, peppers in holders.items() if erased else ():
            if missing := erased - peppers.names:
                is_fine = False
                what = f"{setting} lacks {len(missing)} of {len(erased)} keys that numbers were erased under"
                fix = f"{setting}_FILE=...  # with every key that was ever its first; none of them may go"
                yield broken(_NAME, what, fix) if peppers.names else doubtful(_NAME, f"{what}: it is empty here", fix)
        if is_fine:
            yield fine(_NAME, "found by every key that they were erased under" if erased else "there are none")

    return checked(_NAME, "hookline doctor  # once PostgreSQL answers", look)
