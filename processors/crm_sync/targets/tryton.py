"""tryton: Tryton's parties (8.2, module `party`), through its REST.

A note there can neither be changed nor carry a key of ours. So its text ends with our event id, that id is what a note
is known by, and a note that has to say something else is written anew before the old one is deleted.
"""

from __future__ import annotations

import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar, cast
from urllib.parse import quote, urlencode

import phonenumbers
from pydantic import Field, SecretStr, field_validator

from processors.crm_sync.http_settings import CrmHttpSettings
from processors.crm_sync.port import Capabilities, CrmTarget, Finding, Note, Person
from processors.http.client import HttpClient
from processors.outbox.budget import Budget
from processors.outbox.errors import CredentialsRefused, NotFound, OutcomeUnknown, Rejected, RetryLater
from processors.outbox.rate_limiter import RateLimiter
from runtime.phones import full_number
from runtime.settings import ConfigurationError

_PARTY, _CATEGORY, _NOTE = "party.party", "party.category", "ir.note"
_OLDEST_FIRST = [["id", "ASC"]]
#: What its user has to be allowed, for `check`.
_RIGHTS: dict[str, tuple[str, ...]] = {
    _PARTY: ("read", "write", "create"),
    "party.contact_mechanism": ("read", "create"),
    _CATEGORY: ("read", "create"),
}
_REPLACING = (
    "its user has to be an administrator for notes to be replaced: make it one, or set"
    " HOOKLINE_CRM_TRYTON__REPLACE_NOTES=false"
)


class TrytonSettings(CrmHttpSettings, name="crm_tryton"):
    """The CRM `tryton`: Tryton 8.2 with its module `party`."""

    url: str = Field(default="", description="address of the server, such as https://tryton.example.com")
    database: str = Field(default="", description="name of the database there")
    token: SecretStr | None = Field(default=None, description="key of a validated user application of kind REST API")
    at_once: int = Field(
        default=4, ge=1, le=128, description="requests at the same time at most: on SQLite each waits for the others"
    )
    code_prefix: str = Field(
        default="SMS", min_length=1, description="what stands before the phone in the code of a party that is made"
    )
    opted_out_category: str = Field(
        default="SMS opted out",
        description="category of whoever may not be texted, made when missing; empty: it is not written down there",
    )
    replace_notes: bool = Field(
        default=True,
        description="whether a note that has to say something else is replaced, which takes an administrator's key;"
        " else it stays as it was first written",
    )

    @field_validator("token")
    @classmethod
    def _a_key(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and not token.get_secret_value().isalnum():
            raise ValueError("is no key of Tryton's, which is letters and digits, without quotation marks")
        return token


class TrytonTarget(CrmTarget[TrytonSettings]):
    """Parties with their contact mechanisms, categories and notes."""

    name: ClassVar[str] = "tryton"
    settings_type = TrytonSettings

    def __init__(self, settings: TrytonSettings, api: HttpClient) -> None:
        self._settings = settings
        self._api = api
        self._opted_out = _category_name(settings.opted_out_category)
        self._turns = threading.BoundedSemaphore(settings.at_once)

    @classmethod
    def configured(cls, settings: TrytonSettings, limiter: RateLimiter) -> TrytonTarget:
        needed = {
            "url": "the address of the Tryton server",
            "database": "the name of the database there",
            "token": "the key of a user application (docs/crm.md says how to make one)",
        }
        lacking = [
            f"{settings.variable(field)} is missing: {what}"
            for field, what in needed.items()
            if not getattr(settings, field)
        ]
        if lacking or settings.token is None:
            raise ConfigurationError(lacking)
        api = HttpClient(
            "tryton",
            f"{settings.url.rstrip('/')}/{quote(settings.database, safe='')}/rest/model",
            limiter,
            headers={"Authorization": f"bearer {settings.token.get_secret_value()}"},
            timeout=settings.timeout,
            allow_private=settings.allow_private,
        )
        return cls(settings, api)

    @classmethod
    def budget(cls, settings: TrytonSettings) -> Budget | None:
        return settings.budget("crm-tryton")

    @property
    def capabilities(self) -> Capabilities:
        """What Tryton can hold, as it is set."""
        return Capabilities(update_note=self._settings.replace_notes, opt_out=bool(self._opted_out))

    def find_by_phone(self, phone: str) -> Sequence[Person]:
        """See Target.find_by_phone. The oldest party counts; deactivated and replaced ones do not."""
        domain = [["contact_mechanisms.value_compact", "=", phone.strip()]]
        return [Person(str(party["id"]), party.get("name")) for party in self._search(_PARTY, domain, "name")]

    def upsert_contact(self, phone: str, name: str | None, contact: str | None) -> str:
        if contact is None:
            return self._made(phone.strip(), name)
        if name is not None:
            self._write(contact, {"name": name})
        return contact

    def log_message(self, contact: str, note: Note) -> str:
        """See Target.log_message. Its id is that of the event."""
        if not self._search(_PARTY, [["id", "=", int(contact)]], "id"):  # without it the note would be nobody's
            raise NotFound("tryton has no such party")
        self._post(_NOTE, {"resource": f"{_PARTY},{contact}", "message": _message(note)})
        return note.external_id

    def find_note(self, contact: str, external_id: str) -> str | None:
        return external_id if self._notes(contact, external_id) else None

    def update_note(self, contact: str, note: str, said: Note) -> None:
        """See Target.update_note. The new one is there before the old ones go, so that no try loses both."""
        there = self._notes(contact, note)
        if not there:
            raise NotFound("tryton has no such note")
        message = _message(said)
        same = next((note_ for note_ in there if note_.get("message") == message), None)
        old = [note_ for note_ in there if note_ is not same]
        if old and (mistake := self._replacing()):
            raise CredentialsRefused(f"tryton: {mistake}")
        if same is None:
            self._post(_NOTE, {"resource": f"{_PARTY},{contact}", "message": message})
        for note_ in old:
            with suppress(NotFound):
                self._call("DELETE", f"{_NOTE}/{note_['id']}")

    def set_tags(self, contact: str, add: Collection[str], remove: Collection[str]) -> None:
        """See Target.set_tags. The category of the opted out is no tag."""
        added, removed = ({_category_name(tag) for tag in tags} - {"", self._opted_out} for tags in (add, remove))
        self._categorize(contact, added, removed - added)

    def set_opt_out(self, contact: str, *, opted_out: bool) -> None:
        ours = {self._opted_out}
        self._categorize(contact, ours if opted_out else set(), set() if opted_out else ours)

    def check(self) -> Sequence[Finding]:
        try:
            self.find_by_phone("+10000000000")
        except (RetryLater, Rejected) as error:
            return [Finding("find a party", ok=False, sentence=f"{error}; {_fix(error)}")]
        findings = [Finding("find a party", ok=True, sentence="answers")]
        for about, look in (("rights", self._rights), ("notes", self._replacing), ("phones", self._phones)):
            try:
                mistake = look()
            except (RetryLater, Rejected) as error:
                mistake = f"{error}; {_fix(error)}"
            findings.append(Finding(about, ok=mistake is None, sentence=mistake or "as they have to be"))
        return findings

    def close(self) -> None:
        self._api.close()

    def _made(self, phone: str, name: str | None) -> str:
        """A new party with `phone`, or the one that a lost call of ours has made meanwhile.

        Its code is unique, so that two calls cannot make two. Where a party has the code but not the phone any more,
        or is deactivated, the code goes on with that party's id: it is the same for everybody who finds it so.
        """
        code = f"{self._settings.code_prefix}{phone}"
        reached = {"type": _type_of(phone), "value": phone}
        while True:
            party = {"name": name, "code": code, "contact_mechanisms": [["create", [reached]]]}
            try:
                return str(self._post(_PARTY, party)["id"])
            except NotFound:
                raise
            except Rejected:
                if found := self.find_by_phone(phone):
                    return found[0].id
                holders = self._search(_PARTY, [["code", "=", code], _ACTIVE_OR_NOT], "id")
                if not holders:
                    raise
                code = f"{code}/{holders[0]['id']}"

    def _categorize(self, contact: str, add: set[str], remove: set[str]) -> None:
        there = self._categories(add | remove)
        changes = [
            ["add", [there.get(name) or self._new_category(name) for name in sorted(add)]],
            ["remove", sorted(there[name] for name in remove & there.keys())],
        ]
        self._write(contact, {"categories": [change for change in changes if change[1]]})

    def _categories(self, names: Collection[str]) -> dict[str, int]:
        domain = [["name", "in", sorted(names)], ["parent", "=", None], _ACTIVE_OR_NOT]
        return {category["name"]: category["id"] for category in self._search(_CATEGORY, domain, "name")}

    def _new_category(self, name: str) -> int:
        try:
            return int(self._post(_CATEGORY, {"name": name})["id"])
        except NotFound:
            raise
        except Rejected:  # its name is unique: somebody has been quicker
            there = self._categories([name])
            if name not in there:
                raise
            return there[name]

    def _notes(self, contact: str, external_id: str) -> list[Mapping[str, Any]]:
        domain = [["resource", "=", f"{_PARTY},{contact}"], ["message", "like", f"%{external_id}%"]]
        return self._search(_NOTE, domain, "message")

    def _replacing(self) -> str | None:
        """What to mend before notes can be replaced. REST deletes notes only for whom it lets search them all."""
        if not self._settings.replace_notes:
            return None
        try:
            self._request("GET", f"{_NOTE}?s=1&f=id")
        except Rejected:
            return _REPLACING
        return None

    def _rights(self) -> str | None:
        """What its user has to be allowed yet."""
        allowed = self._request("POST", "ir.model.access/get_access", {"models": list(_RIGHTS)})
        lacking = [
            f"{right} {model}"
            for model, rights in _RIGHTS.items()
            for right in rights
            if not _within(allowed, model, right)
        ]
        if not lacking:
            return None
        return f"its user may not {', '.join(lacking)}: put it into the group Party Administration"

    def _phones(self) -> str | None:
        """Why contacts would not be found by their phone."""
        odd = [["value_compact", "like", f"%{sign}%"] for sign in " -("]
        domain = [["contact_mechanisms", "where", [["type", "in", ["phone", "mobile"]], ["OR", *odd]]]]
        if not self._search(_PARTY, domain, "id", limit=1):
            return None
        return (
            "there are phones that are not kept as E.164, whose parties are not found: install phonenumbers"
            " beside trytond, and save those contact mechanisms again"
        )

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        """As of HttpClient. Tryton answers 400 also to whom it does not allow something: that is Locked here."""
        try:
            return self._request(method, path, body)
        except NotFound:
            raise
        except Rejected:
            if mistake := self._rights():
                raise CredentialsRefused(f"tryton: {mistake}") from None
            raise

    def _request(self, method: str, path: str, body: Any = None) -> Any:
        with self._turns:
            return self._api.call(method, f"/{path}", body)

    def _write(self, contact: str, values: Mapping[str, Any]) -> None:
        self._call("PUT", f"{_PARTY}/{contact}?f=id", values)

    def _post(self, model: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        made = self._call("POST", f"{model}?f=id", values)
        if not isinstance(made, dict) or not isinstance(made.get("id"), int):
            raise OutcomeUnknown("tryton answers no record where one is expected")
        return made

    def _search(
        self, model: str, domain: list[Any], field: str, *, limit: int | None = None
    ) -> list[Mapping[str, Any]]:
        query = {"d": _base64(domain), "o": _base64(_OLDEST_FIRST), "f": field}
        if limit is not None:
            query["s"] = str(limit)
        found = self._call("GET", f"{model}?{urlencode(query)}")
        if not isinstance(found, list) or not all(isinstance(entry, dict) and "id" in entry for entry in found):
            raise RetryLater("tryton answers no records where some are expected")
        return cast("list[Mapping[str, Any]]", found)


#: Deactivated records are left out by every search that does not name the field.
_ACTIVE_OR_NOT = ["active", "in", [True, False]]


def _message(note: Note) -> str:
    """The text of `note`, which carries its event's id in any case."""
    return note.text if note.external_id in note.text else f"{note.text}\n[{note.external_id}]"


def _category_name(tag: str) -> str:
    """`tag` as Tryton keeps it: " / " is what stands between a category and its parent."""
    return " ".join(tag.split()).replace(" / ", "/")


def _type_of(phone: str) -> str:
    """Tryton takes as a mobile phone only what is valid; short codes and the like are of the type `other`."""
    number = full_number(phone, None)
    return "mobile" if number is not None and phonenumbers.is_valid_number(number) else "other"


def _base64(value: Any) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode()


def _within(answer: Any, *path: str) -> Any:
    for step in path:
        answer = answer.get(step) if isinstance(answer, dict) else None
    return answer


def _fix(error: Exception) -> str:
    if isinstance(error, CredentialsRefused):
        return "look at HOOKLINE_CRM_TRYTON__TOKEN: the key's user application has to be validated"
    if isinstance(error, NotFound):
        return "look at HOOKLINE_CRM_TRYTON__URL and __DATABASE: there is no such database"
    if isinstance(error, Rejected):
        return "its user may not read parties: put it into the group Party Administration"
    return "look at HOOKLINE_CRM_TRYTON__URL, and whether the module party is activated"
