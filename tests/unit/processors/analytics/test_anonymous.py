"""No personal data comes through, whatever stands in which field; what analysts count by does."""

from __future__ import annotations

import typing
from dataclasses import fields, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.analytics.anonymous import Anonymiser, region_of
from processors.analytics.features import KEYWORDS_OF_SEVERAL_LANGUAGES, FeatureReader
from processors.analytics.keys import Keys
from processors.opt_out.words import keywords
from schemas import cloudevents
from schemas.codec import Codec, Undecodable
from schemas.events import Event
from schemas.ids import SchemaIds
from schemas.personal_data import marks
from schemas.topics import ANALYTICS_TOPIC_OF, ANALYTICS_TOPICS, EVENT_TOPICS
from tests.twins.events import T0, call, contact, message, opt_out, unrecognized
from tests.twins.personal_scan import hits, personal

IDS = SchemaIds.checked_in()
CODEC = Codec(IDS)
SECRET = "a-secret-of-a-test-that-is-long-enough"
ANONYMISER = Anonymiser(Keys(SECRET), FeatureReader())

PHONES = st.one_of(
    st.integers(2_000_000_000, 9_999_999_999).map(lambda number: f"+1{number}"),
    st.integers(2_000_000_000, 9_999_999_999).map(str),
    st.integers(2_000_000_000, 9_999_999_999).map(lambda n: f"({n // 10**7}) {n // 10**4 % 1000:03}-{n % 10**4:04}"),
    st.integers(1_000_000, 9_999_999_999_999).map(lambda number: f"+49{number}"),
)
NAMES = st.builds("{} {}".format, *[st.text(st.characters(categories=("Lu", "Ll")), min_size=4, max_size=12)] * 2)
TEXTS = st.builds("{} {} {}".format, NAMES, PHONES, st.sampled_from(["", "?", "https://example.com/x", "STOP", "\x00"]))
PERSONAL = st.one_of(PHONES, NAMES, TEXTS)


def planted(record: type[Event]) -> st.SearchStrategy[Event]:
    """A record with personal data in every field that can hold a text."""
    by_hint: dict[Any, st.SearchStrategy[Any]] = {
        str: PERSONAL,
        bool: st.booleans(),
        UUID: st.uuids(),
        datetime: st.just(T0),
        tuple[str, ...]: st.lists(PERSONAL, max_size=4).map(tuple),
    }
    given_fields = {}
    for name, hint in typing.get_type_hints(record).items():
        inner = [arg for arg in typing.get_args(hint) if arg is not type(None)] if hint not in by_hint else [hint]
        given_fields[name] = by_hint[inner[0]]
    return st.builds(record, **{field.name: given_fields[field.name] for field in fields(record)})


def texts(event: Event) -> set[str]:
    """Every text in `event`, in whatever field it stands."""
    found: set[str] = set()
    for field in fields(event):
        value = getattr(event, field.name)
        found |= set(value) if isinstance(value, tuple) else {value} if isinstance(value, str) else set()
    return found


def published(event: Event, anonymiser: Anonymiser = ANONYMISER) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    anonymous = anonymiser.anonymous(event)
    key = anonymous.contact_key or str(anonymous.event_id)
    return key.encode(), CODEC.encode(anonymous), cloudevents.headers(anonymous)


@pytest.mark.parametrize("topic", EVENT_TOPICS, ids=lambda topic: topic.name)
def test_nothing_that_is_planted_in_any_field_is_found(topic: Any) -> None:
    @settings(max_examples=150, deadline=None)
    @given(planted(topic.record))
    def holds(event: Event) -> None:
        assert hits(texts(event) | personal(event), *published(event)) == set()

    holds()


@settings(max_examples=50, deadline=None)
@given(PERSONAL)
def test_the_scan_finds_what_is_there(text: str) -> None:
    event = message(text=text, contact_phone="+13035550142")

    assert hits({text, "+13035550142"}, b"+13035550142", CODEC.encode(event), []) == {text, "+13035550142"}


def test_every_topic_of_events_has_one_without_personal_data() -> None:
    assert [topic.name for topic in ANALYTICS_TOPICS] == [
        topic.name.replace(".v1", ".analytics.v1") for topic in EVENT_TOPICS
    ]
    for topic in ANALYTICS_TOPICS:
        schema = IDS.versions(topic.subject)[-1].schema
        assert marks(schema) == {}
        assert {"payload", "text", "name", "contact_phone"}.isdisjoint(field["name"] for field in schema["fields"])


def test_a_message_says_what_analysts_count_by() -> None:
    event = message(
        text="Where are you? https://example.com/map", account_phone="+13035550100", sim_card_id="13", name="Dana",
        tag="Warm", custom_id="order 5",
    )  # fmt: skip

    found = ANONYMISER.anonymous(event)

    assert (found.event_type, found.provider, found.account) == ("message.received", "textlink", "textlink")
    assert (found.region, found.phone_valid, found.occurred_at) == ("US", True, event.occurred_at)
    assert (found.direction, found.state, found.sim_card_id) == ("in", "received", "13")  # type: ignore[attr-defined]
    assert (found.text_length, found.has_link, found.has_question) == (38, True, True)  # type: ignore[attr-defined]
    assert (found.has_name, found.opt_out_tier, found.language) == (True, "D", None)  # type: ignore[attr-defined]


def test_the_same_phone_has_the_same_key_on_every_topic_and_another_one_another() -> None:
    events = [message(), contact(), opt_out(True), call()]
    keys = {ANONYMISER.anonymous(event).contact_key for event in events}

    assert len(keys) == 1
    assert ANONYMISER.anonymous(message(contact_phone="+13035550143")).contact_key not in keys
    assert ANONYMISER.anonymous(unrecognized()).contact_key is None
    joined = message("sent", account_phone="+13035550142")
    assert ANONYMISER.anonymous(joined).account_phone_key in keys


def test_a_repeat_has_the_same_id_and_another_secret_makes_other_ids() -> None:
    event = message()
    other = Anonymiser(Keys(SECRET[::-1]), FeatureReader())

    assert published(event) == published(replace(event))
    first, second = ANONYMISER.anonymous(event), other.anonymous(event)
    assert first.key_id != second.key_id
    same = {"event_type", "region", "provider", "account"}
    differ = {"event_id", "contact_key", "key_id", "message_key"}
    assert all(getattr(first, name) == getattr(second, name) for name in same)
    assert all(getattr(first, name) != getattr(second, name) for name in differ)
    assert first.event_id.version == 8
    assert str(event.event_id) not in str(first)


def test_the_kinds_of_ids_do_not_meet() -> None:
    """The id of a conversation that is a phone's digits is not that phone's key."""
    found = ANONYMISER.anonymous(message(conversation_id="+13035550142", provider_message_id="+13035550142"))

    assert len({found.contact_key, found.conversation_key, found.provider_message_key}) == 3  # type: ignore[attr-defined]


def test_only_the_tags_that_a_setting_names_can_be_read() -> None:
    reading = Anonymiser(Keys(SECRET), FeatureReader(), frozenset({"Warm"}))
    event = contact(tag="", tags=("Warm", "Dana's friends", "Warm"))

    found = reading.anonymous(event)

    assert found.tag_label == ""  # type: ignore[attr-defined]
    first, second, third = found.tag_labels  # type: ignore[attr-defined]
    assert (first, third) == ("Warm", "Warm")
    assert second.startswith("#")
    assert "Dana" not in second
    assert ANONYMISER.anonymous(event).tag_labels[0].startswith("#")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "tier", "language"),
    [
        ("STOP", "A", None),  # carriers ask everybody for it, whatever they speak
        ("ARRET", "A", "fr"),
        ("abmelden", "A", "de"),
        ("no más", "A", "es"),
        ("CANCELAR", "A", None),  # Spanish or Portuguese
        ("sair", "A", "pt"),
        ("START", "in", None),
        ("wrong number", "C", None),
        ("bis morgen dann", "D", None),  # too short to tell
    ],
)
def test_a_text_is_read_as_opt_out_reads_it(text: str, tier: str, language: str | None) -> None:
    found = FeatureReader().read(text, inbound=True)

    assert (found.opt_out_tier, found.language) == (tier, language)
    assert FeatureReader().read(text, inbound=False)[1:3] == (None, None)


def test_the_keywords_of_several_languages_are_these() -> None:
    foreign = [set(words) for language, words in keywords._KEYWORDS.items() if language != "en"]
    assert {word for words in foreign for word in words if sum(word in other for other in foreign) > 1} == (
        KEYWORDS_OF_SEVERAL_LANGUAGES
    )


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("HELP", (True, False, False)),
        (" info! ", (True, False, False)),
        ("help me", (False, False, False)),
        ("see www.example.com", (False, True, False)),
        ("bit.ly/x", (False, True, False)),
        ("ok. fine", (False, False, False)),
        ("¿vienes?", (False, False, True)),
    ],
)
def test_flags(text: str, flags: tuple[bool, bool, bool]) -> None:
    assert FeatureReader().read(text, inbound=True)[3:] == flags


@pytest.mark.parametrize(
    ("phone", "region"),
    [("+13035550142", "US"), ("+14165550142", "CA"), ("+4930123456", "DE"), ("+88216123456", None), ("Dana", None)],
)
def test_the_country_of_a_number_is_kept(phone: str, region: str | None) -> None:
    assert region_of(phone) == region


def test_our_own_processes_read_none_of_them() -> None:
    """One that was put on a topic of events is set aside, and no effect follows."""
    for topic in ANALYTICS_TOPICS:
        assert topic in ANALYTICS_TOPIC_OF.values()
    value = CODEC.encode(ANONYMISER.anonymous(message()))
    with pytest.raises(Undecodable, match="carries no events"):
        CODEC.decode(value)
