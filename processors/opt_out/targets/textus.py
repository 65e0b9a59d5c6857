"""TextUs: `PUT /{account}/opt_outs/{phone}` at every account. An opt-out is never deleted."""

from __future__ import annotations

from collections.abc import Collection

from processors.opt_out.target import OptOutTarget, TargetAccount
from processors.outbox.budget import Budget
from processors.outbox.errors import RetryLater
from processors.outbox.rate_limiter import RateLimiter
from processors.textus_api.client import Json, TextUsClient
from processors.textus_api.settings import TextUsApiSettings, textus_budget

#: `exact[]=` and a number take some 31 characters of a URL; most servers take 8 KiB.
BATCH = 200
#: Characters of an account's slug, and of its name as it is kept.
LONGEST_SLUG = 250


class TextUsOptOuts(OptOutTarget[TextUsApiSettings]):
    """TextUs's own list of opt-outs, one for each account."""

    name = "textus"
    settings_type = TextUsApiSettings

    def __init__(self, settings: TextUsApiSettings, client: TextUsClient) -> None:
        self._settings = settings
        self._client = client

    @classmethod
    def is_used(cls, settings: TextUsApiSettings) -> bool:
        """Whether there is a token."""
        return settings.has_token

    @classmethod
    def configured(cls, settings: TextUsApiSettings, limiter: RateLimiter) -> TextUsOptOuts:
        return cls(settings, TextUsClient(settings, limiter))

    @classmethod
    def budget(cls, settings: TextUsApiSettings) -> Budget:
        """The one of all that talk to TextUs."""
        return textus_budget(settings)

    @property
    def accounts_by_hand(self) -> Collection[TargetAccount]:
        """Those of HOOKLINE_TEXTUS__ACCOUNTS."""
        return [TargetAccount(slug, None) for slug in self._settings.accounts]

    def accounts(self) -> list[TargetAccount]:
        """The organisation's account and all its descendants, or whatever the token sees and what is below it."""
        found: dict[str, TargetAccount] = {}
        if self._settings.organisation is not None:
            self._add_family(self._settings.organisation, found)
            return list(found.values())
        for top in list(self._client.members("accounts")):
            slug = _slug(top)
            children = top.get("children")
            if slug not in found and isinstance(children, dict) and children.get("totalItems"):
                self._add_family(slug, found)
            found.setdefault(slug, TargetAccount(slug, _name(top)))
        return list(found.values())

    def opt_out(self, account: str, phone: str) -> None:
        """See Target.opt_out. Any 2xx is done."""
        self._client.put(account, "opt_outs", phone)

    def out_of(self, account: str, phones: Collection[str]) -> set[str]:
        """See Target.out_of. The number with its country code stands only in the id of an opt-out."""
        query = [("exact[]", phone) for phone in phones]
        ids = [str(member.get("id", "")) for member in self._client.members(account, "opt_outs", query=query)]
        numbers_out = {id.rpartition("/")[2].replace("%2B", "+") for id in ids}
        return {phone for phone in phones if phone in numbers_out}

    def batch(self) -> int:
        return BATCH

    def close(self) -> None:
        self._client.close()

    def _add_family(self, top: str, found: dict[str, TargetAccount]) -> None:
        for member in self._client.members("accounts", top, "accounts"):
            slug = _slug(member)
            found.setdefault(slug, TargetAccount(slug, _name(member)))


def _slug(account: Json) -> str:
    """The account's segment in URLs. Raises RetryLater where there is none: one passed over gets no opt-outs."""
    slug = account.get("slug") or str(account.get("id", "")).rpartition("/")[2]
    if not isinstance(slug, str) or not slug or len(slug) > LONGEST_SLUG or not slug.isprintable():
        raise RetryLater("TextUs answers an account without a slug that can be called")
    return slug


def _name(account: Json) -> str | None:
    """What people call it, where that is text that a table can hold."""
    name = account.get("name")
    return name[:LONGEST_SLUG] if isinstance(name, str) and name.isprintable() else None
