"""textus: contacts in TextUs accounts (apidocs.next.textus.com, seen 2026-11), each account a place of its own.

| what | how |
|---|---|
| find | `GET /:account/contact_filters/all/contacts?q=`, documented as searching phone numbers |
| create | `POST /:account/contacts`; without a name, which it needs, the phone is the name |
| name, tags | `GET` and `PUT /contacts/:contact`, with everything that was there, since it may replace the whole |

Left out. Notes: TextUs holds its messages in conversations of its own; its contact notes take no id and no change
(docs/contact_notes has create and list alone), and each would cost a request that opt-outs may need. Opt-outs: the
processor opt-out tells TextUs, account by account, with the proof and the deadline that the law asks for; a second
writer could only be late or wrong.

Requests are paid from TextUs's one budget, where opt-outs go first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

import phonenumbers
from pydantic import Field

from processors.crm_sync.port import Capabilities, CrmTarget, Finding, Person
from processors.http.ssrf_guard import mistake_in
from processors.outbox.budget import Budget
from processors.outbox.errors import (
    CredentialsRefused,
    NotFound,
    OutcomeUnknown,
    Rejected,
    RetryLater,
)
from processors.outbox.rate_limiter import PrepaidLimiter, RateLimiter
from processors.textus_api.client import TextUsClient
from processors.textus_api.settings import TextUsApiSettings, textus_budget
from runtime.phones import full_number
from runtime.settings import ConfigurationError, StringList

#: A number that nobody has.
UNUSED_NUMBER = "+10000000000"

_ACCOUNTS, _TOKEN = "HOOKLINE_CRM_TEXTUS__ACCOUNTS", "HOOKLINE_TEXTUS__API_TOKEN"


class CrmTextUsSettings(TextUsApiSettings, name="crm_textus"):
    """The CRM `textus`: contacts in accounts of TextUs. The API's address, token and limits are those of `textus`."""

    accounts: StringList = Field(default=(), description="slugs of the accounts that get the contacts")
    allow_private: bool = Field(
        default=False, description="whether the API's address may be one of a private network, for contacts"
    )

    @classmethod
    def variable(cls, field: str) -> str:
        """Its own, or TextUs's API's."""
        return super().variable(field) if field in cls.__annotations__ else TextUsApiSettings.variable(field)


class TextUsCrm(CrmTarget[CrmTextUsSettings]):
    """Contacts, their names and tags in one TextUs account."""

    name: ClassVar[str] = "textus"
    settings_type = CrmTextUsSettings

    def __init__(self, settings: CrmTextUsSettings, account: str, client: TextUsClient) -> None:
        self._settings = settings
        self._account = account
        self._client = client

    @classmethod
    def places(cls, settings: CrmTextUsSettings) -> Sequence[str]:
        """One for each account. Raises ConfigurationError where none is named, or none could be called."""
        mistakes = [] if settings.accounts else [f"{_ACCOUNTS} is missing: the accounts that get the contacts"]
        if not settings.has_token:
            mistakes.append(f"{_TOKEN} is missing: the target textus calls TextUs's API with it")
        if mistake := mistake_in(settings.api_url, ()):
            mistakes.append(f"{settings.variable('api_url')}: {mistake}")
        if mistakes:
            raise ConfigurationError(mistakes)
        return [f"{cls.name}:{account}" for account in dict.fromkeys(settings.accounts)]

    @classmethod
    def configured(cls, settings: CrmTextUsSettings, limiter: RateLimiter) -> TextUsCrm:
        """At the first of its accounts."""
        return cls.at(cls.places(settings)[0], settings, limiter)

    @classmethod
    def at(cls, place: str, settings: CrmTextUsSettings, limiter: RateLimiter) -> TextUsCrm:
        client = TextUsClient(settings, limiter, allow_private=settings.allow_private)
        return cls(settings, place.partition(":")[2], client)

    @classmethod
    def budget(cls, settings: CrmTextUsSettings) -> Budget:
        """The one of all that talk to TextUs."""
        return textus_budget(settings)

    @property
    def place(self) -> str:
        """Its account's."""
        return f"{self.name}:{self._account}"

    @property
    def capabilities(self) -> Capabilities:
        """Contacts, names and tags; why no more: at the top of this file."""
        return Capabilities(notes=False, find_note=False, update_note=False, opt_out=False)

    def takes(self, phone: str) -> bool:
        """TextUs answers 422 to what is no number: a short code, a sender's name."""
        return _national(phone) is not None

    def find_by_phone(self, phone: str) -> Sequence[Person]:
        """See Target.find_by_phone: the oldest first, so that it stays the same one."""
        query = [("q", _national(phone) or phone)]
        path = (self._account, "contact_filters", "all", "contacts")
        found = [member for member in self._client.members(*path, query=query) if phone in _numbers(member)]
        found.sort(key=lambda held: (str(held.get("createdAt")), _id(held)))
        return [Person(_id(contact_), _name(contact_, phone)) for contact_ in found]

    def upsert_contact(self, phone: str, name: str | None, contact: str | None) -> str:
        if contact is not None:
            if name is not None:
                self._change(contact, lambda held: held | {"name": name})
            return contact
        body = {"name": name or phone, "phones": [{"number": phone, "type": "Mobile"}]}
        return _id(self._client.send("POST", self._account, "contacts", body=body))

    def set_tags(self, contact: str, add: Collection[str], remove: Collection[str]) -> None:

        def tagged(contact_: dict[str, Any]) -> dict[str, Any]:
            held = contact_["data"].get("tags") or []
            staying = [tag for tag in held if tag not in remove]
            return contact_ | {"data": contact_["data"] | {"tags": list(dict.fromkeys([*staying, *add]))}}

        self._change(contact, tagged)

    def check(self) -> Sequence[Finding]:
        """See Target.check: looks for a number that nobody has, and reads what the answer says of the quota."""
        limiter = PrepaidLimiter()
        asker = TextUsCrm.at(self.place, self._settings, limiter)
        try:
            asker.find_by_phone(UNUSED_NUMBER)
        except CredentialsRefused as error:
            return [Finding("credentials", ok=False, sentence=f"{error}; set {_TOKEN} to one of the account's tokens")]
        except NotFound:
            sentence = f"there is no account {self._account}, or the token's user is no member; mend {_ACCOUNTS}"
            return [Finding("credentials", ok=True, sentence="taken"), Finding("account", ok=False, sentence=sentence)]
        except (RetryLater, Rejected) as error:
            sentence = f"{error}; look at {self._settings.variable('api_url')}, or try again later"
            return [Finding("find a contact", ok=False, sentence=sentence)]
        finally:
            asker.close()
        findings = [
            Finding("credentials", ok=True, sentence="taken"),
            Finding("account", ok=True, sentence=f"{self._account} answers"),
        ]
        return findings + [self._quota(sentence.seen) for sentence in limiter.taken() if sentence.seen is not None][-1:]

    def close(self) -> None:
        self._client.close()

    def _quota(self, seen: Any) -> Finding:
        until = datetime.fromtimestamp(seen.resets_at, UTC).strftime("%H:%M:%S UTC")
        sentence = f"{seen.remaining} of {seen.limit} requests are left until {until}"
        reserve = min(self._settings.rate_reserve, seen.limit - 1)
        if seen.remaining > reserve:
            return Finding("quota", ok=True, sentence=sentence)
        fix = f"contacts wait; {self._settings.variable('rate_reserve')} ({reserve}) is kept for opt-outs"
        return Finding("quota", ok=False, sentence=f"{sentence}: {fix}, and other programs may use the same token")

    def _change(self, contact: str, changed: Any) -> None:
        path = contact.strip("/").split("/")
        held = self._client.get(*path)
        phones = [{"number": _written(phone), "type": phone.get("type") or "Mobile"} for phone in _phones(held)]
        data = held.get("data")
        whole = {"name": held.get("name"), "phones": phones, "data": data if isinstance(data, dict) else {}}
        self._client.send("PUT", *path, body=changed(whole))


def _national(phone: str) -> str | None:
    """Its digits without the country code, which are part of it however TextUs keeps it; None: it is no number."""
    number = full_number(phone, None)
    return None if number is None else str(phonenumbers.national_significant_number(number))


def _phones(contact: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    held = contact.get("phones")
    members = held.get("members") if isinstance(held, dict) else None
    return [phone for phone in members if isinstance(phone, dict)] if isinstance(members, list) else []


def _numbers(contact: Mapping[str, Any]) -> set[Any]:
    """Those without an extension: behind one there is somebody else."""
    return {phone.get("phoneNumber") for phone in _phones(contact) if not phone.get("extension")}


def _written(phone: Mapping[str, Any]) -> str:
    extension = phone.get("extension")
    return f"{phone.get('phoneNumber')} x{extension}" if extension else str(phone.get("phoneNumber"))


def _name(contact: Mapping[str, Any], phone: str) -> str | None:
    name = contact.get("name")
    return name if isinstance(name, str) and name not in ("", phone) else None


def _id(contact: Mapping[str, Any]) -> str:
    found = contact.get("id")
    if not isinstance(found, str) or not found:
        raise OutcomeUnknown("TextUs answers a contact without an id")
    return found
