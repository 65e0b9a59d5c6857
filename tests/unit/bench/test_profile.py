"""Which stage a sample belongs to: that of its innermost frame which the table knows."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.bench.profile import STAGES, Profile, as_markdown, counted, stage_of

_OUTER = "_callback_wrapper.<locals>._runner (granian/wsgi.py:57);WebhookEndpoint.__call__ (ingest/endpoint.py:72)"
_RECEIVE = f"{_OUTER};receive (ingest/webhooks.py:61)"


@pytest.mark.parametrize(
    ("stack", "stage"),
    [
        ("", "other"),
        ("run (somewhere/else.py:1)", "other"),
        (_OUTER, "accept"),  # a file
        (f"{_OUTER};_answer (ingest/endpoint.py:99)", "answer"),  # a function of the same file
        (f"{_RECEIVE};event_of (ingest/event.py:31);occurred (ingest/times.py:30)", "event"),
        # what a library does belongs to whoever of ours called it
        (f"{_RECEIVE};read_body (ingest/json_body.py:63);JSONDecoder.decode (json/decoder.py:337)", "parse"),
        (
            f"{_RECEIVE};KafkaProducer.publish_all (runtime/kafka/producer.py:100);poll (kafka/net/selector.py)",
            "produce",
        ),
        (f"{_OUTER};_answer (ingest/endpoint.py:99);inc (prometheus_client/values.py:100)", "metrics"),  # a folder
    ],
)
def test_the_innermost_frame_that_is_known_counts(stack: str, stage: str) -> None:
    assert stage_of(stack, STAGES["ingest"]) == stage


def test_a_stage_takes_its_share_of_the_median() -> None:
    samples = f"{_OUTER} 3\n{_RECEIVE};read_body (ingest/json_body.py:63) 1\n"
    ours = Profile([100.0, 300.0, 200.0], counted(samples, STAGES["ingest"]))
    assert ours.stages == Counter(accept=3, parse=1)
    assert ours.share("parse") == 50.0
    other = Profile([200.0, 300.0, 100.0], Counter(accept=1))
    assert as_markdown("ingest", {"other": other, "this": ours}).splitlines()[2:] == [
        "| CPU | 200.0 | 200.0 | 1.000 (0.500 .. 2.000) |",
        "| samples | 1 | 4 |  |",
        "| accept | 200.0 | 150.0 |  |",
        "| parse | 0.0 | 50.0 |  |",
    ]
