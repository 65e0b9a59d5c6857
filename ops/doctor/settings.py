"""Secrets, the spool's disk, and the addresses that providers are given."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from ingest.provider import Provider, provider_types
from ingest.settings import IngestSettings
from ops.configuration import all_sections, provider_mistakes, unknown_variables
from ops.doctor.check import Check, broken, doubtful, fine
from runtime.settings import Configuration, ConfigurationError

MIB = 1024 * 1024
#: Characters of a secret that nobody guesses.
GOOD_SECRET = 20
#: Characters of each of TextLink's four URL fields (docs.textlinksms.com/webhooks, seen 2026-11).
TEXTLINK_URL = 300
_GENERATE = 'python3 -c "import secrets; print(secrets.token_urlsafe(32))"'


def setting_checks(environ: Mapping[str, str]) -> Iterator[Check]:
    """Mistakes of all settings, and secrets that are missing or short."""
    mistakes: list[str] = []
    for section in all_sections():
        try:
            Configuration.load(section, environ=environ)
        except ConfigurationError as error:
            # Kafka and PostgreSQL have checks of their own; what else is missing is none of this machine's affair.
            mistakes += [mistake for mistake in error.mistakes if " is missing" not in mistake]
    for mistake in dict.fromkeys(mistakes):
        variable = mistake.split(":")[0].split(" ")[0]
        yield broken("settings", mistake, f"hookline config  # then mend {variable}")
    for name, nearest in unknown_variables(all_sections(), environ):
        fix = f"unset {name}" + (f"  # or {nearest}=..." if nearest else "")
        yield doubtful("settings", f"{name} is no setting", fix)
    if not mistakes:
        yield fine("settings", "all can be read")
    yield from _secrets(environ)


def _secrets(environ: Mapping[str, str]) -> Iterator[Check]:
    kinds = {kind.settings_type.variable(kind.secrets_setting): kind for kind in provider_types().values()}
    for mistake in provider_mistakes(environ):
        variable = mistake.split(":")[0].split(" ")[0]
        # Else what webhooks are verified by is no secret: the address that providers call.
        fix = _add_secret(kinds[variable], environ) if variable in kinds else PUBLIC_URL_FIX
        yield broken("secrets", mistake, fix)
    for provider in _enabled(environ):
        name, fix = provider.settings.variable(provider.secrets_setting), _add_secret(type(provider), environ)
        if provider.settings.auth == "open":
            way = f"unset {provider.settings.variable('auth')}" + ("" if provider.secrets else f"; {fix}")
            yield doubtful("secrets", f"{provider.name} takes webhooks from anybody", way)
        short = [secret for secret in provider.secrets if len(secret) < GOOD_SECRET]
        if short:
            found = f"{len(short)} of {name} have fewer than {GOOD_SECRET} characters"
            yield doubtful("secrets", found, f"{fix}; take the short ones out when none comes with them any more")
        elif provider.secrets:
            yield fine("secrets", f"{name}: {len(provider.secrets)}, long enough")


def _add_secret(kind: type[Provider], environ: Mapping[str, str]) -> str:
    """How a secret of this provider is added to those that are valid now, which stay."""
    name = kind.settings_type.variable(kind.secrets_setting)
    if kind.secret_shown_at is None:
        new, remark = kind.new_secret(f"$({_GENERATE})"), f"then enter it at {kind.name}"
    else:
        # As of an address: nobody can know it here, and a shell refuses this until it is filled in.
        new, remark = "<the secret>", f"as {kind.name} shows it: {kind.secret_shown_at}"
    if file := environ.get(f"{name}_FILE"):
        text = f'"{new}"' if kind.secret_shown_at is None else new
        return f"printf ',%s' {text} >> {shlex.quote(file)}  # {remark}"
    if kind.secret_shown_at is None:
        return f'export {name}="${{{name}:+${name},}}{new}"  # {remark}'
    return f'export {name}="${{{name}:+${name},}}"{new}  # {remark}'


def _enabled(environ: Mapping[str, str]) -> Iterator[Provider]:
    try:
        enabled = Configuration.load(IngestSettings, environ=environ)[IngestSettings].providers
    except ConfigurationError:
        return
    for name, kind in provider_types().items():
        if name in enabled:
            try:
                yield kind(Configuration.load(kind.settings_type, environ=environ)[kind.settings_type])
            except ConfigurationError:  # told by `settings`
                continue


def disk_check(
    settings: IngestSettings, free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free
) -> Check:
    """Whether the spool may grow to its limit."""
    directory = settings.spool_dir
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    left, needed = free(existing) // MIB, settings.spool_max_mb + settings.spool_reserve_mb
    found = f"{left} MiB are free for the spool in {directory}, which may take {settings.spool_max_mb} MiB"
    if left < settings.spool_reserve_mb or left < needed // 10:
        return broken(
            "disk", found, f"df -h {existing}  # free some, or set HOOKLINE_INGEST__SPOOL_DIR to another disk"
        )
    if left < needed:
        return doubtful("disk", found, f"export HOOKLINE_INGEST__SPOOL_MAX_MB={max(1, left // 2)}")
    return fine("disk", found)


#: Nobody can know the name here, and a made-up one would be somebody's: a shell refuses this until it is filled in.
PUBLIC_URL_FIX = "export HOOKLINE_INGEST__PUBLIC_URL=https://<the host that providers call>"


def public_url_checks(settings: IngestSettings) -> Iterator[Check]:
    """Whether the addresses that providers are given can be entered there."""
    url = settings.public_url
    if not url:
        fix = PUBLIC_URL_FIX
        yield doubtful("public url", "HOOKLINE_INGEST__PUBLIC_URL is not set: where providers call is not known", fix)
        return
    if only_here(url):
        fix = PUBLIC_URL_FIX
        yield doubtful("public url", f"{url} leads to this machine alone: no provider can call it", fix)
    elif not url.startswith("https://"):
        fix = f"export HOOKLINE_INGEST__PUBLIC_URL=https://{url.partition('://')[2]}"
        yield broken("public url", "HOOKLINE_INGEST__PUBLIC_URL is no https:// address: TextUs calls no other", fix)
    else:
        yield fine("public url", url)
    if "textlink" in settings.providers:
        longest = max(len(webhook_url(url, "textlink", kind)) for kind in ("received", "sent", "failed", "tag"))
        if longest > TEXTLINK_URL:
            found = f"a webhook's address has {longest} characters; TextLink takes {TEXTLINK_URL}"
            yield broken("textlink url", found, "export HOOKLINE_INGEST__PUBLIC_URL=https://A-SHORTER-NAME")
        else:
            yield fine("textlink url", f"{longest} of {TEXTLINK_URL} characters")


def only_here(url: str) -> bool:
    """Whether `url` is of this machine alone, as a local stack's is."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def webhook_url(public_url: str, provider: str, kind: str | None = None) -> str:
    """Where `provider` has to call."""
    return "/".join([public_url, "webhooks", provider, *([kind] if kind else [])])
