"""Which ACLs of principals that are not Hookline's let somebody at what is Hookline's.

`hookline kafka apply` takes away what everybody was given on resources that are Hookline's alone. The rest it names: a
wildcard, a short prefix and a named principal may be another application's, and people have to decide about them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from schemas.kafka_access import ACLS, PREFIXED, PRINCIPALS, KafkaAcl, ResourceKind

#: The principal `User:*`: whoever is let in, and without credentials too where a listener asks for none.
EVERYBODY = "*"
_ANY = "*"
#: How names begin that are Hookline's alone.
_NAMESPACES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {ResourceKind.TOPIC: ("sms.", "redrive."), ResourceKind.GROUP: ("hookline-",)}
)
#: What changes or takes something away. A member of a group moves its positions, so Read counts there.
_HARMFUL: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        ResourceKind.TOPIC: frozenset(("All", "Write", "Alter", "AlterConfigs", "Delete")),
        ResourceKind.GROUP: frozenset(("All", "Read", "Alter", "AlterConfigs", "Delete")),
        ResourceKind.CLUSTER: frozenset(("All", "Alter", "AlterConfigs")),
    }
)
#: Of everybody these matter as well: topics hold phones and texts, and a broker's own requests read every one.
_HARMFUL_OF_EVERYBODY: Mapping[str, frozenset[str]] = MappingProxyType(
    {ResourceKind.TOPIC: frozenset(("Read", "Create")), ResourceKind.CLUSTER: frozenset(("ClusterAction", "Create"))}
)
_OWN_NAMES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        kind: frozenset(acl.name for acl in ACLS if acl.kind is kind and acl.name != _ANY and PREFIXED not in acl.name)
        for kind in (ResourceKind.TOPIC, ResourceKind.GROUP)
    }
)


def everybodys(acls: Iterable[KafkaAcl]) -> set[KafkaAcl]:
    """Those of `acls` that everybody has on what is Hookline's alone, denials included: they stop Hookline too."""
    return {acl for acl in acls if acl.principal == EVERYBODY and _is_ours_alone(acl)}


def harmful(acls: Iterable[KafkaAcl], known: Collection[str] = ()) -> set[KafkaAcl]:
    """The others of `acls` that let somebody who is not Hookline write, alter or delete what is Hookline's.

    `known`: principals of others of which that is meant.
    """
    found = set(acls)
    others = found - everybodys(found)
    return {acl for acl in others if acl.principal not in (*PRINCIPALS, *known) and _reaches_ours(acl) and _harms(acl)}


def _is_ours_alone(acl: KafkaAcl) -> bool:
    name = acl.name.removesuffix(PREFIXED)
    own = tuple(_OWN_NAMES.get(acl.kind, ()))
    if acl.name == name:
        return name in own
    return bool(name) and name.startswith((*_NAMESPACES.get(acl.kind, ()), *own))


def _reaches_ours(acl: KafkaAcl) -> bool:
    if acl.kind == ResourceKind.CLUSTER or acl.name == _ANY or _is_ours_alone(acl):
        return True
    name = acl.name.removesuffix(PREFIXED)
    return acl.name != name and any(own.startswith(name) for own in _OWN_NAMES.get(acl.kind, ()))


def _harms(acl: KafkaAcl) -> bool:
    operation, _, _host = acl.operation.partition(" from ")
    is_everybodys = acl.principal == EVERYBODY
    operations = _HARMFUL.get(acl.kind, frozenset())
    if is_everybodys:
        operations |= _HARMFUL_OF_EVERYBODY.get(acl.kind, frozenset())
    return operation in operations or (is_everybodys and operation.startswith("not "))
