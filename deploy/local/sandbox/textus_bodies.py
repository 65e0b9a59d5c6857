"""The request bodies of TextUs's API, with exactly the documented fields.

apidocs.next.textus.com/docs/{contacts/{create-contact,update},messages/send,integrations/create,integrations/update},
seen 2026-11. Fields that the documentation does not name are refused, so that a slip of the pen shows here
and not as a value that the real API silently ignores.
"""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, field_validator

from deploy.local.sandbox.refusals import RequestBody

#: What an integration can be told to send (docs/providers.md: eight actions).
Action = Literal[
    "message.received",
    "message.delivered",
    "message.failed",
    "message.unknown",
    "phone_call.completed",
    "contact.opted_out",
    "contact.opted_in",
    "contact.created",
]
Text = Annotated[str, StringConstraints(min_length=1)]


class ContactPhoneBody(RequestBody):
    """One phone of a new contact."""

    number: Text  #: in any usual writing, "1-303-123-4567 x2921" too
    type: Literal["Mobile", "Work", "Home", "Other"]  #: the samples have the first two


class ContactDataBody(RequestBody):
    """What else is known of a new contact."""

    businessName: str | None = None  # noqa: N815 - TextUs's spelling
    tags: list[str] = Field(default_factory=list)


class TextUsContactBody(RequestBody):
    """POST /:account/contacts and PUT /contacts/:contact"""

    name: Text
    phones: Annotated[list[ContactPhoneBody], Field(min_length=1)]
    data: ContactDataBody = ContactDataBody()


class MessageBody(RequestBody):
    """POST /:account/messages"""

    to: str | list[str]
    body: Text
    saved_reply: str | None = None

    @field_validator("to", mode="before")
    @classmethod
    def _numbers(cls, value: object) -> object:
        several = value if isinstance(value, list) else [value]
        if not several or not all(isinstance(number, str) and number for number in several):
            raise ValueError("a phone number or a list of them is needed")
        return value


class IntegrationConfigBody(RequestBody):
    """Where an integration sends its webhooks."""

    baseUrl: str  # noqa: N815 - TextUs's spelling
    clientSecret: str | None = None  # noqa: N815
    webhookSecret: str | None = None  # noqa: N815 - TextUs answers with it; sending it back changes nothing

    @field_validator("baseUrl")
    @classmethod
    def _https(cls, value: str) -> str:
        url = urlsplit(value)
        if url.scheme != "https" or not url.hostname:
            raise ValueError("an https URL is needed (TextUs: the endpoint must accept HTTPS POST requests)")
        return value


class IntegrationSettingsBody(RequestBody):
    """What an integration sends."""

    actions: dict[Action, bool] = Field(default_factory=dict)


class IntegrationBody(RequestBody):
    """POST /:account/integrations"""

    type: Literal["Integration"] | None = Field(None, alias="@type")
    context: str | None = Field(None, alias="@context")
    active: bool
    provider: Literal["webhook"]
    config: IntegrationConfigBody
    settings: IntegrationSettingsBody = IntegrationSettingsBody()


class IntegrationChangeBody(RequestBody):
    """PUT /integrations/:integration"""

    type: Literal["Integration"] | None = Field(None, alias="@type")
    context: str | None = Field(None, alias="@context")
    active: bool | None = None
    provider: Literal["webhook"] | None = None
    config: IntegrationConfigBody | None = None
    settings: IntegrationSettingsBody | None = None
