"""Secrets that no setting gives, made once and kept in the home: each for the services that need it, and no others."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from deploy.local.home import Home
from processors.opt_out.heads import HeadSigner

PHONE_PEPPERS = "HOOKLINE_OPT_OUT__PHONE_PEPPERS"
_HEAD_KEYS, _HEAD_PUBLIC_KEYS, _HEADS_FILE = (
    "HOOKLINE_OPT_OUT__HEAD_KEYS",
    "HOOKLINE_OPT_OUT__HEAD_PUBLIC_KEYS",
    "HOOKLINE_OPT_OUT__HEADS_FILE",
)


def head_keys(home: Home, environ: Mapping[str, str], variables: dict[str, str]) -> dict[str, str]:
    """The key that signs the ledger's heads, unless a setting gives one; its public key goes to `variables`."""
    if _HEADS_FILE not in environ:
        variables[_HEADS_FILE] = str(home.logs / "opt-out-heads.jsonl")
    if is_given(environ, _HEAD_KEYS):
        return {}
    key = base64.b64encode(hashlib.sha256(home.secret(_HEAD_KEYS).encode()).digest()).decode()
    known = [variables.get(_HEAD_PUBLIC_KEYS, ""), HeadSigner(key).public_key]
    variables[_HEAD_PUBLIC_KEYS] = ",".join(filter(None, known))
    return {_HEAD_KEYS: key}


def same_peppers(home: Home, environ: Mapping[str, str], variable: str) -> dict[str, str]:
    """The keys of opt-out's digests, as `variable`; nothing where a setting gives that."""
    if is_given(environ, variable):
        return {}
    if file := environ.get(f"{PHONE_PEPPERS}_FILE"):
        return {f"{variable}_FILE": file}
    return {variable: environ.get(PHONE_PEPPERS) or home.secret(PHONE_PEPPERS)}


def own_secret(home: Home, environ: Mapping[str, str], variable: str) -> dict[str, str]:
    """A secret of this home for `variable`; nothing where a setting gives one."""
    return {} if is_given(environ, variable) else {variable: home.secret(variable)}


def is_given(environ: Mapping[str, str], variable: str) -> bool:
    """Whether a setting, or the file that it names, gives `variable`."""
    return bool(environ.get(variable) or environ.get(f"{variable}_FILE"))
