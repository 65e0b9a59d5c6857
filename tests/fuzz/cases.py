"""Which case a number is: the same for the same seed, whatever ran before."""

from __future__ import annotations

import random

from tests.fuzz.case import Case
from tests.fuzz.http import HTTP
from tests.fuzz.webhooks import WEBHOOKS

_GENERATORS = WEBHOOKS | HTTP


def case(seed: int, number: int) -> Case:
    """The case of this number in the run of this seed."""
    chance = random.Random(f"{seed}:{number}")
    (generator,) = chance.choices(list(_GENERATORS), list(_GENERATORS.values()))
    return generator(chance)
