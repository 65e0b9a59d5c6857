"""The account tree of the played organisation, and the ways to write one down."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from deploy.local.sandbox.refusals import FieldError, Refusal, unprocessable

#: First path segments that mean something else, so that no account can have them as its slug.
RESERVED = frozenset(
    {"_sandbox", "accounts", "contacts", "crm", "healthz", "integrations", "messages", "metrics", "readyz"}
)
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
#: Names under which a node may list the accounts below it.
_BELOW = ("accounts", "children", "members")


@dataclass(frozen=True)
class SandboxAccount:
    """One account: a node of the tree."""

    slug: str  #: what stands in URLs
    name: str
    parent: str | None = None  #: slug of the account above; None for an organisation's own account

    @property
    def path(self) -> str:
        """The account's id in the API."""
        return f"/accounts/{self.slug}"


class AccountTree:
    """Accounts by slug, each below at most one other. Refused with 422: unknown parents, circles, repeats."""

    def __init__(self, accounts: Iterable[SandboxAccount]) -> None:
        self._accounts: dict[str, SandboxAccount] = {}
        self._children: dict[str | None, list[SandboxAccount]] = {}
        mistakes: list[FieldError] = []
        for account in accounts:
            if not _SLUG.fullmatch(account.slug) or account.slug in RESERVED:
                mistakes.append(FieldError("slug", f"{account.slug!r} cannot be an account's slug"))
            if account.slug in self._accounts:
                mistakes.append(FieldError("slug", f"{account.slug!r} is there twice"))
            self._accounts[account.slug] = account
            self._children.setdefault(account.parent, []).append(account)
        mistakes += [
            FieldError("parent", f"{account.parent!r}, above {account.slug!r}, is no account")
            for account in self
            if account.parent is not None and account.parent not in self._accounts
        ]
        reached = sum(len(self.family(top.slug)) for top in self.children(None)) if not mistakes else 0
        if not mistakes and reached < len(self._accounts):
            mistakes.append(FieldError("parent", "accounts lie above each other in a circle"))
        if mistakes:
            raise Refusal(
                422, "; ".join(f"{mistake.field}: {mistake.message}" for mistake in mistakes), errors=mistakes
            )

    def __iter__(self) -> Iterator[SandboxAccount]:
        return iter(self._accounts.values())

    def get(self, slug: str) -> SandboxAccount | None:
        """The account with this slug."""
        return self._accounts.get(slug)

    def children(self, slug: str | None) -> list[SandboxAccount]:
        """The accounts directly below `slug`; below None: the organisations."""
        return self._children.get(slug, [])

    def family(self, slug: str) -> list[SandboxAccount]:
        """The account and all its descendants, flat, each after the one above it."""
        found = [self._accounts[slug]]
        for child in self.children(slug):
            found += self.family(child.slug)
        return found

    def shown(self) -> dict[str, Any]:
        """The tree in the flat form that `read_tree` takes."""
        return {
            "accounts": [{"slug": account.slug, "name": account.name, "parent": account.parent} for account in self]
        }


#: The accounts of the published samples, as one organisation.
DEFAULT_TREE = AccountTree(
    [
        SandboxAccount("my_account", "Example Account"),
        SandboxAccount("textus", "TextUs", parent="my_account"),
        SandboxAccount("my_account_north", "Example Account North", parent="my_account"),
    ]
)


def read_tree(body: Any) -> AccountTree:
    """The tree that the body of PUT /_sandbox/accounts describes. Any of:

    - {"accounts": [{"slug", "name"?, "parent"?}, ...]}, or that list alone; without any parent, the first
      account is the organisation and the others are below it
    - ["organisation", "a", "b"]: the same, slugs alone
    - {"slug": "organisation", "accounts": [{"slug": "a", "accounts": [...]}, ...]}: nested

    `children` or `members` may be written for a nested `accounts`; "/accounts/a" for the slug "a".
    """
    if isinstance(body, dict) and "slug" not in body and "id" not in body:
        items = next((body[name] for name in _BELOW if name in body), None)
    else:
        items = body if isinstance(body, list) else [body]
    if not isinstance(items, list) or not items:
        raise unprocessable("accounts", "a list of accounts is needed")
    found = [account for item in items for account in _read(item, None)]
    nested = any(account.parent is not None for account in found)
    if not nested:
        found = found[:1] + [SandboxAccount(below.slug, below.name, parent=found[0].slug) for below in found[1:]]
    return AccountTree(found)


def _read(item: Any, above: str | None) -> Iterator[SandboxAccount]:
    node = {"slug": item} if isinstance(item, str) else item
    if not isinstance(node, dict):
        raise unprocessable("accounts", "each is a slug or an object")
    slug = _slug(node.get("slug", node.get("id")), "slug")
    parent = above if node.get("parent") is None else _slug(node["parent"], "parent")
    yield SandboxAccount(slug, str(node.get("name") or slug), parent)
    below: Any = next((node[name] for name in _BELOW if name in node), [])
    if not isinstance(below, list):
        raise unprocessable("accounts", f"those below {slug!r} are a list")
    for child in below:
        yield from _read(child, slug)


def _slug(value: Any, field: str) -> str:
    if not isinstance(value, str) or not value:
        raise unprocessable(field, "a slug is needed")
    return value.removeprefix("/accounts/")
