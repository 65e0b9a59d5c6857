"""What the local stack consists of: its ports, its secrets, and its services in one list."""

from __future__ import annotations

import http.client
import os
import signal
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from deploy.local.home import Home
from deploy.local.kafka import EmbeddedKafka
from deploy.local.launch import hookline, launched
from deploy.local.own_secrets import PHONE_PEPPERS, head_keys, is_given, own_secret, same_peppers
from deploy.local.ports import HOST, PortRequest, choose
from deploy.local.postgres import EmbeddedPostgres
from deploy.local.principals import ACCESS, ANALYST, OPERATOR, Principals
from deploy.local.supervisor import Service
from ingest.provider import provider_types
from ingest.settings import IngestSettings
from runtime.schema_registry import SchemaRegistrySettings
from runtime.settings import PREFIX, Configuration, ConfigurationError
from schemas.privileges import ROLES, role_of

#: Variables that hold ports, and their defaults; 0 is a free one.
_PORTS = {
    "HOOKLINE_INGEST__PORT": 8080,
    "HOOKLINE_INGEST__ADMIN_PORT": 0,
    "HOOKLINE_REGISTRY__PORT": 0,
    "HOOKLINE_REGISTRY__ADMIN_PORT": 0,
    "HOOKLINE_SANDBOX__PORT": 0,
    "HOOKLINE_GATE__PORT": 0,
    "HOOKLINE_GATE__ADMIN_PORT": 0,
    "HOOKLINE_CONSOLE__PORT": 8081,
    "HOOKLINE_CONSOLE__ADMIN_PORT": 0,
    "HOOKLINE_NOTIFIER__ADMIN_PORT": 0,
}

_KAFKA, _POSTGRES, _OWNER = (
    "HOOKLINE_KAFKA__BOOTSTRAP_SERVERS",
    "HOOKLINE_POSTGRES__DSN",
    "HOOKLINE_POSTGRES__OWNER_DSN",
)
_SCHEMA_REGISTRY = SchemaRegistrySettings.variable("url")
#: For `hookline retention`, which is no process: it runs every night, as a role of its own.
_RETENTION = "HOOKLINE_RETENTION__DSN"
_TEXTUS_API, _GATE_TOKENS = "HOOKLINE_TEXTUS__API_URL", "HOOKLINE_GATE__TOKENS"
_PUBLIC_URL = IngestSettings.variable("public_url")
_CONSOLE_USERS, _CONSOLE_ADMIN_URLS = "HOOKLINE_CONSOLE__USERS_FILE", "HOOKLINE_CONSOLE__ADMIN_URLS"
_NOTIFIER_ADMIN_URLS, _NOTIFIER_TARGETS = "HOOKLINE_NOTIFIER__ADMIN_URLS", "HOOKLINE_NOTIFIER__TARGETS"
#: Who may log in to the console of the local stack.
_CONSOLE_USER = "operator"
_CRM_TARGETS, _CRM_URL = "HOOKLINE_CRM__TARGETS", "HOOKLINE_CRM_REST__URL"
_CRM_LOOK_AFTER = "HOOKLINE_CRM__LOOK_AFTER"

#: For `hookline erase`, which is no process either.
_ERASE = "HOOKLINE_ERASE__DSN"
_ERASING = "erase"
_ANALYTICS_SECRET = "HOOKLINE_ANALYTICS__SECRET"  # noqa: S105 - a variable's name

#: Seconds until a health check counts as failed: an overloaded machine answers late, and a restart would not help it.
_HEALTH_TIMEOUT = 5.0

Announce = Callable[[str], None]


@dataclass(slots=True)
class Stack:
    """A stack as it will be, or is, supervised."""

    home: Home
    #: HOOKLINE_ variables: what the person set, and what the stack found out beyond that.
    variables: dict[str, str]
    #: For people and scripts, beside the variables: addresses, and the secrets that webhooks are sent with.
    facts: dict[str, str]
    services: list[Service] = field(default_factory=list)
    #: The embedded PostgreSQL, where each process has a role of its own; None: the person's own, with one DSN for all.
    postgres: EmbeddedPostgres | None = None
    #: The embedded Kafka's principals with their passwords, by the client's variables; None: the person's own Kafka.
    principals: Principals | None = None
    #: Secrets that no setting gives, each for the one service that it is named by: the key that signs the ledger's
    #: heads is opt-out's, that of its phones' digests also the gate's and the erasing command's, what phones are hashed
    #: with is analytics'.
    own_secrets: dict[str, dict[str, str]] = field(default_factory=dict)

    def environment_of(self, service: str) -> dict[str, str]:
        """The variables of one service: a connection string of its own role, or none, and nobody else's."""
        environ = os.environ | self.variables | self.own_secrets.get(service, {})
        if service == "console-user":
            environ["CONSOLE_PASSWORD"] = self.facts["CONSOLE_PASSWORD"]
        if self.principals is not None:
            environ = self.principals.environment_of(service, environ)
        if self.postgres is None:
            return environ
        for name in (_POSTGRES, _OWNER, f"{_POSTGRES}_FILE", f"{_OWNER}_FILE", _RETENTION, _ERASE):
            environ.pop(name, None)
        if service == "migrate":
            environ[_OWNER] = self.postgres.owner_dsn
        elif role_of(service) in ROLES:
            environ[_POSTGRES] = self.postgres.dsn(service)
        return environ

    def analyst(self) -> dict[str, str]:
        """What `hookline env --analyst` prints: where to read, as whom, and nothing else.

        Where the PostgreSQL is the person's own, its reader's password is theirs to know.
        """
        found = {name: self.variables[name] for name in (_KAFKA, _SCHEMA_REGISTRY) if name in self.variables}
        if self.principals is not None:
            found = self.principals.environment_of(ANALYST, found)
        if self.postgres is not None:
            found[_POSTGRES] = self.postgres.dsn("reader")
        return found | {"SCHEMA_REGISTRY_URL": self.facts["SCHEMA_REGISTRY_URL"]}

    def environment(self) -> dict[str, str]:
        """What `hookline env` prints: enough to start any of our processes by hand, beside the stack."""
        return dict(sorted({**self.variables, **self.facts, **self.own_secrets.get(_ERASING, {})}.items()))


# Longer than 50 lines: each step needs what the ones before it decided; apart, they would pass it all around.
def plan(home: Home, environ: Mapping[str, str], processors: Sequence[str], announce: Announce) -> Stack:
    """The stack of `home` for the settings in `environ`, with these processors.

    Raises ConfigurationError and PortTaken. Makes and keeps the ports and secrets that no setting gives.
    """
    # What `hookline env` printed last time may be in the shell by now: that is nobody's setting. A port from
    # there stays if it can.
    made = home.read("made.json", str)
    printed = {name for name, value in environ.items() if made.get(name) == value}
    environ = {name: value for name, value in environ.items() if name not in printed}
    environ |= {name: "0" for name in printed if name.endswith("PORT")}
    embedded = {name: not is_given(environ, name) for name in (_KAFKA, _POSTGRES)}
    admin_ports = {_admin_port(name): 0 for name in processors}
    ports = _ports(home, environ, _PORTS | admin_ports, embedded, announce)

    variables = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
    variables["HOOKLINE_HOME"] = str(home.path)
    variables |= {name: str(port) for name, port in ports.items() if name.startswith(PREFIX)}
    facts = _secrets(home, environ, variables)

    services: list[Service] = []
    postgres: EmbeddedPostgres | None = None
    principals: Principals | None = None
    if embedded[_POSTGRES]:
        postgres = EmbeddedPostgres(home.path / "postgres", ports["postgres"], announce=announce)
        variables |= {_POSTGRES: postgres.dsn("operator"), _OWNER: postgres.owner_dsn}
        variables[_RETENTION] = postgres.dsn("retention")
        variables[_ERASE] = postgres.dsn("erase")
        services.append(_postgres_service(postgres))
    elif not is_given(environ, _OWNER):
        announce(f"{_OWNER} is not set: migrations run as the role in {_POSTGRES}")
        source = _POSTGRES if _POSTGRES in environ else f"{_POSTGRES}_FILE"
        variables[source.replace(_POSTGRES, _OWNER)] = environ[source]
    if embedded[_KAFKA]:
        principals = Principals(home)
        kafka = EmbeddedKafka(
            home.path / "kafka",
            ports["kafka"],
            ports["kafka-controller"],
            broker_password=principals.broker_password,
        )
        variables = principals.environment_of(OPERATOR, variables) | {_KAFKA: kafka.bootstrap_servers}
        services.append(_kafka_service(kafka))

    host = environ.get("HOOKLINE_INGEST__HOST", HOST)
    reached = HOST if host in ("0.0.0.0", "::", "") else f"[{host}]" if ":" in host else host
    facts |= {
        "INGEST_URL": f"http://{reached}:{ports['HOOKLINE_INGEST__PORT']}",
        "SANDBOX_URL": f"http://{HOST}:{ports['HOOKLINE_SANDBOX__PORT']}",
        "GATE_URL": f"http://{HOST}:{ports['HOOKLINE_GATE__PORT']}",
        "SCHEMA_REGISTRY_URL": f"http://{HOST}:{ports['HOOKLINE_REGISTRY__PORT']}",
        "CONSOLE_URL": f"http://{HOST}:{ports['HOOKLINE_CONSOLE__PORT']}",
    }
    if not is_given(environ, _PUBLIC_URL):
        variables[_PUBLIC_URL] = facts["INGEST_URL"]  # what a signature over the URL is checked against
    facts |= _console(home, environ, variables, ports)
    if not is_given(environ, _GATE_TOKENS):
        variables[_GATE_TOKENS] = home.secret(_GATE_TOKENS)
    facts["GATE_TOKEN"] = variables.get(_GATE_TOKENS, "").partition(",")[0].strip()
    if not is_given(environ, _TEXTUS_API):
        variables[_TEXTUS_API] = facts["SANDBOX_URL"]  # never the real one by accident
    variables |= _sandbox_crm(environ, facts["SANDBOX_URL"])
    own_secrets = {
        "opt-out": head_keys(home, environ, variables) | own_secret(home, environ, PHONE_PEPPERS),
        "gate": same_peppers(home, environ, "HOOKLINE_GATE__PHONE_PEPPERS"),
        _ERASING: same_peppers(home, environ, "HOOKLINE_ERASE__PHONE_PEPPERS"),
        "analytics": own_secret(home, environ, _ANALYTICS_SECRET),
    }
    own = variables | own_secrets[_ERASING]
    home.write("made.json", {name: value for name, value in own.items() if environ.get(name) != value})
    stack = Stack(home, variables, facts, services, postgres, principals, own_secrets)
    services += _our_services(stack, processors, {service.name for service in services})
    return stack


def _our_services(stack: Stack, processors: Sequence[str], servers: set[str]) -> list[Service]:
    """Every process of ours, in the order of its start. A new one is a line here."""
    url = stack.facts
    access = {ACCESS} if "kafka" in servers else set()
    admin = {name: f"http://{HOST}:{stack.variables[_admin_port(name)]}" for name in processors}
    makes_user = bool(url["CONSOLE_PASSWORD"])
    has_targets = is_given(stack.variables, _NOTIFIER_TARGETS)  # who has nobody to tell starts nothing
    notifier = f"http://{HOST}:{stack.variables['HOOKLINE_NOTIFIER__ADMIN_PORT']}"
    console_after = {"migrate", "console-user"} if makes_user else {"migrate"}
    return [
        ours(stack, "migrate", "db migrate", once=True, after=servers & {"postgres"}),
        *([ours(stack, ACCESS, "kafka apply", once=True, after={"kafka"})] if access else []),
        ours(stack, "topics", "topics apply", once=True, after=access),
        ours(stack, "sandbox", "sandbox", where=url["SANDBOX_URL"], ready="/_sandbox/requests"),
        ours(stack, "registry", "registry", where=url["SCHEMA_REGISTRY_URL"], ready="/subjects", health="/subjects"),
        ours(stack, "ingest", "ingest", where=url["INGEST_URL"], ready="/readyz", after=access),
        *(
            ours(stack, name, f"process {name}", where=admin[name], ready="/readyz", after={"topics", "migrate"})
            for name in processors
        ),
        ours(stack, "gate", "gate", where=url["GATE_URL"], ready="/readyz", after={"migrate"}),
        *([ours(stack, "console-user", f"console add-user {_CONSOLE_USER} --role operator", once=True)] * makes_user),
        ours(stack, "console", "console", where=url["CONSOLE_URL"], ready="/readyz", after=console_after),
        *([ours(stack, "notifier", "notifier", where=notifier, ready="/readyz", after={"migrate"})] * has_targets),
    ]


def ours(
    stack: Stack,
    name: str,
    command: str,
    *,
    where: str = "",
    ready: str = "",
    health: str = "/healthz",
    once: bool = False,
    after: Collection[str] = (),
) -> Service:
    """`hookline COMMAND` as a service, ready when `where` + `ready` answers 200, or as a job to be done once.

    While it serves, `where` + `health` has to answer 200.
    """
    return Service(
        name=name,
        command=lambda: launched([*hookline(), *command.split()]),
        environment=lambda: stack.environment_of(name),
        ready=lambda: not where or _problem(where + ready, timeout=2.0) is None,
        unhealthy=(lambda: _problem(where + health, timeout=_HEALTH_TIMEOUT)) if where else None,
        after=tuple(sorted(after)),
        once=once,
        where=where,
        stop_timeout=30.0,  # longer than a processor gives itself to finish what is in flight
    )


def _postgres_service(postgres: EmbeddedPostgres) -> Service:
    return Service(
        name="postgres",
        command=postgres.command,
        environment=lambda: os.environ | postgres.environment(),
        ready=postgres.ready,
        prepare=lambda _: postgres.prepare(),
        where=f"{HOST}:{postgres.port}",
        stop_signal=signal.SIGINT,  # "fast": sessions end, everything is on the disk
    )


def _kafka_service(kafka: EmbeddedKafka) -> Service:
    return Service(
        name="kafka",
        command=kafka.command,
        environment=lambda: os.environ | kafka.environment(),
        ready=kafka.ready,
        prepare=kafka.prepare,
        where=kafka.bootstrap_servers,
    )


def _ports(
    home: Home,
    environ: Mapping[str, str],
    defaults: Mapping[str, int],
    embedded: Mapping[str, bool],
    announce: Announce,
) -> dict[str, int]:
    port_requests: list[PortRequest] = []
    mistakes: list[str] = []
    for name, default in defaults.items():
        given = environ.get(name, "")
        if given and not (given.isdecimal() and int(given) < 1 << 16):
            mistakes.append(f"{name}: {given!r} is no port: a number from 0 (a free one) to 65535")
            continue
        port = int(given) if given else default
        port_requests.append(PortRequest(name, port or None, f"set by {name}" if given else f"the default of {name}"))
    if mistakes:
        raise ConfigurationError(mistakes)
    port_requests += [PortRequest(name) for name in ("kafka", "kafka-controller") if embedded[_KAFKA]]
    port_requests += [PortRequest("postgres")] if embedded[_POSTGRES] else []
    last_ports = home.read("ports.json", int)
    chosen = choose(port_requests, last_ports, announce)
    home.write("ports.json", last_ports | chosen)
    return chosen


def _secrets(home: Home, environ: Mapping[str, str], variables: dict[str, str]) -> dict[str, str]:
    """A secret for every provider that needs one and has none; what to sign webhooks with, by its plain name."""
    known = provider_types()
    configuration = Configuration.load(
        IngestSettings, *(provider.settings_type for provider in known.values()), environ=environ
    )
    facts: dict[str, str] = {}
    for name, kind in known.items():
        provider = kind(configuration[kind.settings_type])
        variable = kind.settings_type.variable(provider.secrets_setting)
        given = provider.secrets
        if not given and provider.settings.auth == "required":
            variables[variable] = kind.new_secret(home.secret(variable))
            given = (variables[variable],)
        facts[f"{name}_{provider.secrets_setting.removesuffix('s')}".upper()] = given[0] if given else ""
    token = "HOOKLINE_TEXTUS__API_TOKEN"  # noqa: S105 - a variable's name
    if not is_given(environ, token):
        variables[token] = home.secret(token)  # the sandbox plays TextUs's API and is strict about it
    return facts


def _console(
    home: Home, environ: Mapping[str, str], variables: dict[str, str], ports: Mapping[str, int]
) -> dict[str, str]:
    """Who may log in to the console, unless a setting names its users; where it and the notifier ask the processes."""
    if not environ.get(_NOTIFIER_ADMIN_URLS):
        variables[_NOTIFIER_ADMIN_URLS] = _admin_urls(ports, without="HOOKLINE_NOTIFIER__ADMIN_PORT")
    if not environ.get(_CONSOLE_ADMIN_URLS):
        has_targets = is_given(variables, _NOTIFIER_TARGETS)
        variables[_CONSOLE_ADMIN_URLS] = _admin_urls(
            ports, without="" if has_targets else "HOOKLINE_NOTIFIER__ADMIN_PORT"
        )
    if environ.get(_CONSOLE_USERS):
        return {"CONSOLE_USER": "", "CONSOLE_PASSWORD": ""}
    home.set_aside_damaged("console-users.json")
    variables[_CONSOLE_USERS] = str(home.path / "console-users.json")
    return {"CONSOLE_USER": _CONSOLE_USER, "CONSOLE_PASSWORD": home.secret("CONSOLE_PASSWORD")}


def _admin_urls(ports: Mapping[str, int], without: str) -> str:
    """The admin port of each process but one, as settings name them."""
    admin = {name: port for name, port in sorted(ports.items()) if name.endswith("__ADMIN_PORT") and name != without}
    return ",".join(f"{_process_of(name)}=http://{HOST}:{port}" for name, port in admin.items())


def _sandbox_crm(environ: Mapping[str, str], sandbox: str) -> dict[str, str]:
    """What makes the sandbox the CRM, of what no setting gives."""
    found: dict[str, str] = {}
    if _CRM_TARGETS not in environ:  # an empty one is somebody's choice
        found[_CRM_TARGETS] = "rest"
    if not is_given(environ, _CRM_URL):
        found[_CRM_URL] = f"{sandbox}/crm"
        if _CRM_TARGETS in found and not is_given(environ, _CRM_LOOK_AFTER):
            found[_CRM_LOOK_AFTER] = "5"  # the sandbox performs a call as soon as it has it
    return found


def _admin_port(processor: str) -> str:
    return f"{PREFIX}{processor.upper().replace('-', '_')}__ADMIN_PORT"


def _process_of(variable: str) -> str:
    """opt-out, of HOOKLINE_OPT_OUT__ADMIN_PORT."""
    return variable.removeprefix(PREFIX).removesuffix("__ADMIN_PORT").lower().replace("_", "-")


def _problem(url: str, timeout: float) -> str | None:
    """Why `url` does not answer 200 within `timeout` seconds, as the end of a sentence; None: it does.

    Not through any proxy that the environment names.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or HOST, parts.port, timeout=timeout)
    try:
        connection.request("GET", parts.path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return f"did not answer at {parts.path}"
    finally:
        connection.close()
    return None if status == http.HTTPStatus.OK else f"answered {status} at {parts.path}"
