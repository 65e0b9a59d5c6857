"""Under which texts PostgreSQL has a number, and by which digest it is kept once it is erased."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from processors.opt_out.ledger_phones import ledger_phones
from processors.opt_out.phone_digests import PhonePeppers, erased_digest
from runtime.phone_forms import stored_forms
from runtime.phone_lookup import Match, NumberQuery
from runtime.postgres import Connection

#: Digits of a number that are enough to tell that a text names it.
_TELLING = 7

#: Every text in place of a phone that may be the number. Nearly all are E.164, which is told apart without a function.
_CANDIDATES = """
SELECT phone FROM (
    SELECT phone FROM contacts UNION SELECT phone FROM crm_contacts UNION SELECT contact_phone FROM crm_lanes
) AS known (phone)
WHERE phone = %(phone)s OR CASE WHEN phone ~ '^[+][0-9]+$' THEN right(phone, 6) = ANY (%(keys)s)
    ELSE phone_lookup_keys(phone) && %(keys)s::text[] END
UNION SELECT contact_phone FROM events WHERE contact_phone = %(phone)s
    OR (contact_phone !~ '^[+][0-9]+$' AND phone_lookup_keys(contact_phone) && %(keys)s::text[])
UNION SELECT phone FROM opt_out_parked WHERE phone = %(phone)s OR phone_lookup_keys(phone) && %(keys)s::text[]
"""
#: Webhooks that named no phone we could read, and that have the number somewhere.
_UNREAD = """
SELECT event_id FROM events WHERE contact_phone IS NULL AND payload <> '{}'
    AND strpos(regexp_replace(payload::text, '[^0-9]', '', 'g'), %s) > 0
"""
#: What the ledger has beside each phone, or linked to it: the database lets nothing else stand in the phone's place.
_KNOWN = """
SELECT phone, format('erased:%%s:%%s', phone_pepper, phone_digest) FROM opt_out_ledger
WHERE phone = ANY (%(phones)s) AND chain_version = 2
UNION SELECT l.phone, format('erased:%%s:%%s', j.phone_pepper, j.phone_digest)
FROM opt_out_ledger AS l JOIN opt_out_joined_phones AS j USING (position)
WHERE l.phone = ANY (%(phones)s) AND l.chain_version = 1
UNION SELECT phone, erased_phone FROM erased_returns WHERE phone = ANY (%(phones)s)
"""
_EVENTS = """
SELECT event_id FROM events WHERE contact_phone = ANY (%(phones)s)
UNION SELECT event_id FROM crm_deliveries WHERE contact_phone = ANY (%(phones)s)
"""


@dataclass(frozen=True)
class ErasedPerson:
    """A number, and what it is kept as."""

    number: NumberQuery
    phones: tuple[str, ...]  #: texts in the tables that are the number, whatever they are written as
    doubtful: tuple[str, ...]  #: and those that cannot be told apart from it; they are left alone
    in_ledger: tuple[str, ...]  #: those of `phones` that the ledger has rows about
    erased_before: tuple[str, ...]  #: what the ledger has in their place already
    peppers: PhonePeppers
    region: str | None
    #: Pairs of a phone of `in_ledger` and a digest that the ledger has of it.
    known: frozenset[tuple[str, str]] = frozenset()

    @cached_property
    def erased_as(self) -> dict[str, str]:
        """By phone of the ledger, what is put in its place: the same that an earlier erasure put there, if any.

        Else the newest digest that the ledger has of it.
        """
        found = {}
        for phone in self.in_ledger:
            digests = [digest.erased_phone for digest in self.peppers.digests(phone)]
            known = [digest for digest in digests if (phone, digest) in self.known] or digests
            found[phone] = next((digest for digest in known if digest in self.erased_before), known[0])
        return found

    @property
    def record(self) -> str:
        """As what its erasure is written down."""
        return next(iter(self.erased_as.values()), None) or self.peppers.digest(self.number.phone.number).erased_phone

    @property
    def forms(self) -> list[tuple[str, str]]:
        """The digests by which the gate finds it: each with what stands in the phone's place."""
        own = [(erased.split(":")[2], erased) for erased in self.erased_as.values()]
        return own + [
            (self.peppers.digest(form).digest, erased)
            for phone, erased in self.erased_as.items()
            for form in sorted(stored_forms(phone, self.region))
        ]

    def is_named_in(self, text: str) -> bool:
        """Whether `text` has the number in it, with whatever between its digits."""
        digits = "".join(character for character in text if character.isdecimal())
        return self.telling_digits in digits

    @property
    def telling_digits(self) -> str:
        """Digits that a text about the number has in it, with or without its country code."""
        written = self.number.written
        return written.national if len(written.national) >= _TELLING else written.digits or self.number.phone.number

    def events(self, connection: Connection) -> list[UUID]:
        """The events that are about it, those included that name it in a webhook that nobody could read."""
        found = {event_id for (event_id,) in connection.execute(_EVENTS, {"phones": list(self.phones)})}
        if len(self.telling_digits) >= _TELLING:
            found |= {event_id for (event_id,) in connection.execute(_UNREAD, (self.telling_digits,))}
        return sorted(found)


def find_person(connection: Connection, number: NumberQuery, peppers: PhonePeppers, region: str | None) -> ErasedPerson:
    """What the tables have of `number`. Reads all contacts, and those events whose phone is no E.164."""
    values = {"phone": number.phone.number, "keys": list(number.keys)}
    same, possible = ledger_phones(connection, number, peppers)
    matches = {phone: number.match(phone) for (phone,) in connection.execute(_CANDIDATES, values) if phone}
    in_ledger = [phone for phone in same if erased_digest(phone) is None]
    doubtful = {phone for phone, match in matches.items() if match is Match.POSSIBLE}
    return ErasedPerson(
        number,
        phones=tuple(sorted({phone for phone, match in matches.items() if match is Match.SAME} | set(in_ledger))),
        doubtful=tuple(sorted(doubtful | {phone for phone in possible if erased_digest(phone) is None})),
        in_ledger=tuple(in_ledger),
        erased_before=tuple(phone for phone in same if erased_digest(phone) is not None),
        known=frozenset((phone, digest) for phone, digest in connection.execute(_KNOWN, {"phones": in_ledger})),
        peppers=peppers,
        region=region,
    )
