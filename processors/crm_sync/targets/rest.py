"""rest: any CRM with a JSON API, by templates; they default to the sandbox's small CRM."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, cast
from uuid import NAMESPACE_OID, uuid5

from pydantic import Field, SecretStr, field_validator

from processors.crm_sync.http_settings import CrmHttpSettings
from processors.crm_sync.port import Capabilities, CrmTarget, Finding, Note, Person
from processors.crm_sync.templates import Template
from processors.http.client import HttpClient
from processors.outbox.budget import Budget
from processors.outbox.errors import OutcomeUnknown, Rejected, RetryLater
from processors.outbox.rate_limiter import RateLimiter
from runtime.settings import ConfigurationError

#: What each template may name.
_NAMES: dict[str, frozenset[str]] = {
    "find": frozenset({"phone"}),
    "create": frozenset({"phone", "name"}),
    "update": frozenset({"contact", "phone", "name"}),
    "read": frozenset({"contact"}),
    "tag": frozenset({"contact", "tags"}),
    "opt_out": frozenset({"contact", "opted_out"}),
    "note": frozenset({"contact", "text", "external_id", "occurred_at"}),
    "find_note": frozenset({"contact", "external_id"}),
    "update_note": frozenset({"contact", "note", "text", "external_id", "occurred_at"}),
}
_NEEDED = ("find", "create", "note")
_NOTE = '{"text": "{text}", "external_id": "{external_id}", "occurred_at": "{occurred_at}"}'


class RestSettings(CrmHttpSettings, name="crm_rest"):
    """The CRM `rest`: an address, a token, and a request for each thing to do; an empty one cannot be done there."""

    url: str = Field(default="", description="address that the requests' paths follow, such as https://host/api")
    token: SecretStr | None = Field(default=None, description="sent in the header; unset: none is")
    token_header: str = Field(default="Authorization", min_length=1, description="the header that carries the token")
    token_prefix: str = Field(default="Bearer ", description="what stands before the token")
    note_key_header: str = Field(
        default="Idempotency-Key",
        description="the header of a new note's request that is the same at every try of it; empty: none is sent",
    )
    members: str = Field(default="", description="where an answer keeps its list, as in data.items; empty: it is one")
    member: str = Field(default="", description="where an answer keeps its one thing, as in data; empty: it is it")
    id_field: str = Field(default="id", min_length=1, description="the field of a contact's and a note's id")
    name_field: str = Field(default="name", min_length=1, description="the field of a contact's name")
    tags_field: str = Field(default="tags", min_length=1, description="the field of a contact's tags")
    external_id_field: str = Field(default="external_id", min_length=1, description="the field of a note's own id")
    find: str = Field(default="GET /contacts?phone={phone}", description="find contacts by phone")
    create: str = Field(
        default='POST /contacts {"phone": "{phone}", "name": "{name}"}', description="make a contact; answers it"
    )
    update: str = Field(default='PATCH /contacts/{contact} {"name": "{name}"}', description="rename a contact")
    read: str = Field(default="GET /contacts/{contact}", description="read a contact, for its tags")
    tag: str = Field(default='PATCH /contacts/{contact} {"tags": "{tags}"}', description="replace a contact's tags")
    opt_out: str = Field(
        default='PATCH /contacts/{contact} {"opted_out": "{opted_out}"}', description="whether it may be texted"
    )
    note: str = Field(default=f"POST /contacts/{{contact}}/notes {_NOTE}", description="make a note; answers it")
    find_note: str = Field(default="GET /contacts/{contact}/notes", description="list notes, to find one again")
    update_note: str = Field(default=f"PATCH /contacts/{{contact}}/notes/{{note}} {_NOTE}", description="change a note")

    @field_validator(*_NAMES)
    @classmethod
    def _a_request(cls, text: str, info: Any) -> str:
        if text:
            Template.parsed(text, _NAMES[info.field_name])
        elif info.field_name in _NEEDED:
            raise ValueError("cannot do without")
        return text


class RestTarget(CrmTarget[RestSettings]):
    """A CRM with a JSON API."""

    name: ClassVar[str] = "rest"
    settings_type = RestSettings

    def __init__(self, settings: RestSettings, api: HttpClient) -> None:
        self._settings = settings
        self._api = api
        self._templates = {
            name: Template.parsed(text, names) for name, names in _NAMES.items() if (text := getattr(settings, name))
        }

    @classmethod
    def configured(cls, settings: RestSettings, limiter: RateLimiter) -> RestTarget:
        if not settings.url:
            raise ConfigurationError([f"{settings.variable('url')} is missing: the target rest is called there"])
        token = settings.token.get_secret_value() if settings.token else ""
        headers = {settings.token_header: settings.token_prefix + token} if token else {}
        api = HttpClient(
            "rest",
            settings.url.rstrip("/"),
            limiter,
            headers=headers,
            timeout=settings.timeout,
            allow_private=settings.allow_private,
        )
        return cls(settings, api)

    @classmethod
    def budget(cls, settings: RestSettings) -> Budget | None:
        return settings.budget("crm-rest")

    @property
    def capabilities(self) -> Capabilities:
        """What has a template."""
        there = self._templates
        return Capabilities(
            find_note="find_note" in there,
            update_note="update_note" in there,
            tags="tag" in there and "read" in there,
            opt_out="opt_out" in there,
        )

    def find_by_phone(self, phone: str) -> Sequence[Person]:
        found = self._list(self._call("find", phone=phone))
        return [Person(self._id(entry), _text(entry.get(self._settings.name_field))) for entry in found]

    def upsert_contact(self, phone: str, name: str | None, contact: str | None) -> str:
        if contact is None:
            return self._id(self._object(self._call("create", phone=phone, name=name)))
        if name is not None and "update" in self._templates:
            self._call("update", contact=contact, phone=phone, name=name)
        return contact

    def log_message(self, contact: str, note: Note) -> str:
        """See CrmTarget.log_message. With a key, by which a CRM that knows such keys makes no second note."""
        request = self._templates["note"].filled({"contact": contact} | _said(note))
        # What a key was used for must not change (draft-ietf-httpapi-idempotency-key-header), and a note's text may.
        key = str(uuid5(NAMESPACE_OID, f"{contact}\n{note.external_id}\n{note.text}"))
        header = self._settings.note_key_header
        return self._id(self._object(self._api.call(*request, headers={header: key} if header else None)))

    def find_note(self, contact: str, external_id: str) -> str | None:
        for entry in self._list(self._call("find_note", contact=contact, external_id=external_id)):
            if entry.get(self._settings.external_id_field) == external_id:
                return self._id(entry)
        return None

    def update_note(self, contact: str, note: str, said: Note) -> None:
        self._call("update_note", contact=contact, note=note, **_said(said))

    def set_tags(self, contact: str, add: Collection[str], remove: Collection[str]) -> None:
        """See Target.set_tags. The API replaces them all, so those that are there are read first."""
        held = self._object(self._call("read", contact=contact)).get(self._settings.tags_field) or []
        staying = [str(tag) for tag in held if tag not in remove]
        self._call("tag", contact=contact, tags=list(dict.fromkeys([*staying, *add])))

    def set_opt_out(self, contact: str, *, opted_out: bool) -> None:
        self._call("opt_out", contact=contact, opted_out=opted_out)

    def check(self) -> Sequence[Finding]:
        """See Target.check. Asks for a number that nobody has."""
        try:
            self.find_by_phone("+10000000000")
        except (RetryLater, Rejected) as error:
            fix = "look at HOOKLINE_CRM_REST__URL, __TOKEN and __FIND"
            return [Finding("find a contact", ok=False, sentence=f"{error}; {fix}")]
        lacking = [name for name in _NAMES if name not in self._templates]
        sentence = (
            f"left out, for want of a template: {', '.join(lacking)}" if lacking else "every request has a template"
        )
        return [Finding("find a contact", ok=True, sentence="answers"), Finding("requests", ok=True, sentence=sentence)]

    def close(self) -> None:
        self._api.close()

    def _call(self, template: str, **values: Any) -> Any:
        return self._api.call(*self._templates[template].filled(values))

    def _list(self, answer: Any) -> list[Mapping[str, Any]]:
        found = _within(answer, self._settings.members)
        if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
            raise RetryLater("rest answers no list of objects where one is expected")
        return cast("list[Mapping[str, Any]]", found)

    def _object(self, answer: Any) -> Mapping[str, Any]:
        found = _within(answer, self._settings.member)
        if not isinstance(found, dict):
            raise OutcomeUnknown("rest answers no object where one is expected")
        return found

    def _id(self, mapping: Mapping[str, Any]) -> str:
        found = mapping.get(self._settings.id_field)
        if not isinstance(found, str | int) or isinstance(found, bool) or found == "":
            raise OutcomeUnknown(f"rest answers an object without the field {self._settings.id_field}")
        return str(found)


def _said(note: Note) -> dict[str, str]:
    at = note.occurred_at.isoformat()
    return {"text": note.text, "external_id": note.external_id, "occurred_at": at}


def _within(answer: Any, path: str) -> Any:
    for step in filter(None, path.split(".")):
        answer = answer.get(step) if isinstance(answer, dict) else None
    return answer


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
