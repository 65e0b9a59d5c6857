"""After a stop the gate never says in, whatever a number was written as and whatever the region is set to.

From ingest's event to the ledger's row, its fold, and the gate's look-up; tests/integration/test_phone_lookup.py has
the same on PostgreSQL.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ops.gate.answers import Answers, GateAnswer
from processors.opt_out.classifier import classifier
from processors.opt_out.entry import GENESIS, Entry, EntryDraft
from processors.opt_out.fold import fold
from processors.opt_out.reading import read
from processors.opt_out.rules import LANGUAGES
from runtime.phones import number_body
from tests.twins.certainty import READ_TOPICS, SURE
from tests.twins.events import T0
from tests.twins.facts import DECLARED
from tests.twins.lookup_key import lookup_keys
from tests.twins.numbers import CARRIERS_DIALLED, EXAMPLES, settings_of_a_region, spellings, written
from tests.twins.opted_out import delivery
from tests.twins.stored import webhook

CLASSIFIER = classifier(LANGUAGES)
#: Where TextLink has the phone.
FIELD = "phone_number"


class States:
    """`opt_outs` in memory, as far as the gate reads it."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Entry]] = {}

    def says(self, text: str, phone: Any, ingest_region: str | None, region: str | None, field: str = FIELD) -> None:
        """A text comes in, is made an event, read, and folded with what is known of its phone."""
        event = webhook("textlink", "received", T0, text=text, region=ingest_region, **{field: phone})
        for draft in read(delivery(event), CLASSIFIER, region, DECLARED).drafts:
            rows = self._rows.setdefault(draft.phone, [])
            rows.append(_entry(len(rows) + 1, draft))

    def execute(self, _statement: str, values: tuple[list[str], list[str]], *, prepare: bool) -> States:
        del prepare
        self._found = []
        for phone, rows in self._rows.items():
            standing, keys = fold(rows), lookup_keys(phone)
            assert standing is not None
            if phone in values[0] or not keys.isdisjoint(values[1]):
                self._found.append((phone, standing.state, standing.since, standing.entry.why, sorted(keys)))
        return self

    def fetchall(self) -> list[Any]:
        return [(*SURE, *row) for row in self._found or [(None,) * 5]]

    def ask(self, text: str, region: str | None) -> GateAnswer:
        """What the gate says."""
        gate = Answers(
            lambda: self,  # type: ignore[arg-type, return-value]
            threads=1,
            timeout=10,
            fresh=60,
            topics=READ_TOPICS,
            region=region,
        )
        [answer] = gate.about([text])
        return answer


def _entry(position: int, draft: EntryDraft) -> Entry:
    received = draft.received_at or T0
    own = {name: getattr(draft, name) for name in Entry.__dataclass_fields__ if hasattr(draft, name)}
    return Entry(
        **own | {"received_at": received},
        position=position,
        echo=False,
        effective_at=min(draft.occurred_at or received, received),
        decided_at=received,
        deadline=None,
        evidence_digest=None,
        previous_hash=GENESIS,
    )


@given(written(), st.sampled_from(["STOP", "wrong number"]))
@settings(max_examples=1500, deadline=None)
def test_after_a_stop_the_gate_never_says_in(way: tuple[str, str, str, str | None], text: str) -> None:
    _, came, query, region = way
    states = States()
    states.says(text, came, region, region)
    answer = states.ask(query, region)
    assert answer.state != "in"
    assert answer.sure or answer.state == "out"


@pytest.mark.parametrize("word", [" (mobile)", " Durchwahl 12", " DW 12", "p12", " poste 12", " ramal 12", " c/o Ann"])
@pytest.mark.parametrize("written_as", ["+1 303 555 0142", "(303) 555-0142", "3035550142", "whatsapp:+13035550142"])
def test_nor_where_somebody_wrote_a_word_to_it(written_as: str, word: str) -> None:
    states = States()
    states.says("STOP", written_as + word, "US", "US")
    for query in ("+13035550142", "303-555-0142"):
        assert states.ask(query, "US").state != "in"
    # But it stays as it came, and is nobody else's
    assert states.ask("+13035550143", "US").state == "in"
    assert states.ask(written_as + word, "US").state == "out"


#: What people put between two numbers of one field.
_BETWEEN = ("/", " / ", "; ", ", ", " | ", " or ", " & ", "\n", " oder ", "\uff0f")


@given(st.sampled_from(EXAMPLES), st.sampled_from(_BETWEEN), st.booleans(), settings_of_a_region, st.data())
@settings(max_examples=600, deadline=None)
def test_nor_where_two_numbers_stand_in_one_field(
    example: tuple[str, Any], between: str, is_first: bool, then: str | None, data: st.DataObject
) -> None:
    """Each may be meant."""
    region, number = example
    plain, international, _, national, *_ = ways = spellings(number, dialled=False)
    assume(len(national) >= 7 and (between.strip() != "or" or len(national) >= 9))
    came = data.draw(st.sampled_from([plain, international, *([national] if len(national) >= 9 else [])]))
    other = data.draw(st.sampled_from(["+13105550199", "+1 310 555 0199", "310-555-0199"]))
    states = States()
    assume(then not in CARRIERS_DIALLED)
    states.says("STOP", between.join((came, other) if is_first else (other, came)), then, then)
    for query in ("+13105550199", data.draw(st.sampled_from(ways))):
        answer = states.ask(query, "US" if query == "+13105550199" else region)
        assert (answer.state, answer.sure) == ("out", False), query
    if number.country_code == 1 and other.startswith("+"):
        assert states.ask("+14045550111", "US").state == "in"


@pytest.mark.parametrize(
    "came",
    [
        "+13035550142/3035550143", "+1 303 555 0142 / +1 303 555 0143", "5550142/5550143", "3035550142/12",
        "303-555-0142, 303-555-0143", "+1 303 555 0142 or 3035550143",
    ],
)  # fmt: skip
def test_two_numbers_stay_as_they_came(came: str) -> None:
    states = States()
    states.says("STOP", came, "US", "US")
    for query in ("+13035550142", "+13035550143")[: 1 if came.endswith("/12") else 2]:
        answer = states.ask(query, "US")
        assert (answer.state, answer.sure) == ("out", False)
    assert states.ask("+13035550144", "US").state == "in"


@pytest.mark.parametrize("name", ["TESCO 12345", "DHL4567890", "INFO60777"])
def test_a_sender_s_name_with_digits_is_nobody_s_number(name: str) -> None:
    states = States()
    states.says("STOP", name, "US", "US")
    assert states.ask("+13034567890", "US").state == "in"


@given(st.sampled_from(EXAMPLES), st.data())
@settings(max_examples=1000, deadline=None)
def test_nor_where_the_number_stands_in_a_field_that_nobody_foresaw(
    example: tuple[str, Any], data: st.DataObject
) -> None:
    region, number = example
    ways = spellings(number, dialled=region not in CARRIERS_DIALLED)
    came = data.draw(st.sampled_from(ways))
    assume(len((number_body(came) or "").strip()) >= 10)  # what is shorter is an id like any other
    states = States()
    states.says("STOP", came, region, region, field="from")
    assert states.ask(ways[0], region).state != "in"


@pytest.mark.parametrize("came", [13035550142, 3035550142, 13035550142.0, 3035550142.0])
@pytest.mark.parametrize("field", [FIELD, "from"])
def test_nor_where_the_number_is_a_number(came: float, field: str) -> None:
    states = States()
    states.says("STOP", came, "US", "US", field=field)
    assert states.ask("+13035550142", "US").state != "in"


@pytest.mark.parametrize("came", [True, 0, -13035550142, 0.5, 1e300, 1748455363370, 1748455363, 10**18])
def test_times_and_ids_are_nobodys_number(came: float) -> None:
    event = webhook("textlink", "received", T0, text="STOP", **{"from": came})
    found = read(delivery(event), CLASSIFIER, "US", DECLARED)
    assert found.drafts == ()
    assert found.question is not None


@given(written(), settings_of_a_region, settings_of_a_region)
@settings(max_examples=1000, deadline=None)
def test_nor_after_the_setting_was_changed(
    way: tuple[str, str, str, str | None], then: str | None, between: str | None
) -> None:
    """Given a stop that was read by another region than the one that is right for whoever asks."""
    home, came, query, _ = way
    assume(not {then, between} & CARRIERS_DIALLED)
    states = States()
    states.says("STOP", came, then, between)
    assert states.ask(query, home).state != "in"


@given(st.sampled_from(EXAMPLES), settings_of_a_region)
@settings(max_examples=500, deadline=None)
def test_a_number_that_came_in_full_is_surely_out_in_full(example: tuple[str, Any], region: str | None) -> None:
    plain = spellings(example[1])[0]
    states = States()
    states.says("STOP", plain, region, region)
    answer = states.ask(plain, region)
    assert (answer.phone, answer.state, answer.sure) == (plain, "out", True)


@given(st.integers(0, 9_999_999), st.integers(0, 9_999_999))
@settings(max_examples=500, deadline=None)
def test_other_numbers_of_the_country_are_not_taken_for_it(first: int, other: int) -> None:
    assume(first != other)
    came, query = f"+1404{first:07d}", f"(404) {other:07d}"
    states = States()
    states.says("STOP", came, "US", "US")
    answer = states.ask(query, "US")
    assert (answer.state, answer.sure) == ("in", True)


def test_an_opt_in_in_another_form_opens_the_number_again() -> None:
    states = States()
    states.says("STOP", "(303) 555-0142", None, "US")
    at = T0 + timedelta(hours=1)
    said = at - timedelta(minutes=1)
    start = {"text": "START", "timestamp": int(said.timestamp() * 1000)}
    event = webhook("textlink", "received", at, phone_number="+13035550142", **start)
    for draft in read(delivery(event), CLASSIFIER, "US", DECLARED).drafts:
        states._rows[draft.phone].append(_entry(2, draft))
    answer = states.ask("3035550142", "US")
    assert (answer.state, answer.sure) == ("in", True)
