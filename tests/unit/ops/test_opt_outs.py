"""`hookline opt-outs classify` and `rules`: what they answer, in words and in JSON."""

from __future__ import annotations

import io
import json
import sys

import pytest

from ops.__main__ import main
from processors.opt_out.rules import VERSION


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_each_text_is_a_line_that_explains(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opt-outs", "classify", "STOP", "stop by at 5", "please stop texting me"]) == 0

    out, nothing, phrase = lines(capsys)
    assert out.split() == ["A", "out", "a.keyword.en", "STOP", "(stop)"]
    assert nothing.split() == ["D", "none", "d.nothing", "stop", "by", "at", "5"]
    assert phrase.endswith("b.stop-texting          please stop texting me  (stop texting)")


def test_json_is_an_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opt-outs", "classify", "--json", "STOPP", "wrong number", "START", "ok"]) == 0

    answers = [json.loads(line) for line in lines(capsys)]
    assert answers[0] == {
        "text": "STOPP",
        "tier": "A",
        "rule": "a.keyword.de",
        "action": "out",
        "matched": "stopp",
        "rule_set": 3,
    }
    assert [(answer["tier"], answer["action"]) for answer in answers] == [
        ("A", "out"), ("C", "hold"), ("in", "in"), ("D", "none"),
    ]  # fmt: skip


def test_lines_on_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A text a line: an empty one too, so that answers can be laid beside texts; bytes that are no UTF-8 as well."""
    given = "Arrêt\r\n\nLiked “STOP”\n".encode() + b"caf\xe9 stop\nlast\x85line"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))

    assert main(["opt-outs", "classify", "--json"]) == 0

    answers = [json.loads(line) for line in lines(capsys)]
    assert [answer["text"] for answer in answers] == ["Arrêt", "", "Liked “STOP”", "caf\ufffd stop", "last\ufffdline"]
    assert [answer["tier"] for answer in answers] == ["A", "D", "D", "C", "D"]


def test_languages_as_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opt-outs", "classify", "--languages", "en, es", "--json", "ALTO", "CANCELLA", "STOP"]) == 0
    assert [json.loads(line)["tier"] for line in lines(capsys)] == ["A", "D", "A"]


def test_languages_as_set(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("HOOKLINE_OPT_OUT__LANGUAGES", "it")
    assert main(["opt-outs", "classify", "--json", "ALTO", "BASTA", "STOP"]) == 0
    assert [json.loads(line)["tier"] for line in lines(capsys)] == ["D", "A", "A"]


def test_an_unknown_language(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opt-outs", "classify", "--languages", "en,xx", "STOP"]) == 2
    assert "xx: no opt-out language; there are am, ar, " in capsys.readouterr().err

    monkeypatch.setenv("HOOKLINE_OPT_OUT__LANGUAGES", "klingon")
    assert main(["opt-outs", "classify", "STOP"]) == 78
    assert "HOOKLINE_OPT_OUT__LANGUAGES" in capsys.readouterr().err


def test_what_cannot_be_shown_is_shown_as_an_escape(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opt-outs", "classify", "S\u200bTOP\n"]) == 0
    assert "S\\u200bTOP\\n" in lines(capsys)[0]


def test_every_rule_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opt-outs", "rules", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["rule_set"] == 3
    assert {"a.keyword.en", "b.courtesy", "c.slip", "d.nothing"} <= {rule["id"] for rule in data["rules"]}
    assert {"d.negated"} <= {exception["id"] for exception in data["unless"]}

    assert main(["opt-outs", "rules"]) == 0
    assert f"rule set {VERSION}" in capsys.readouterr().out


def test_a_decision_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opt-outs", "classify", "--explain", "--json", "don't lose my number"]) == 0
    [data] = [json.loads(line) for line in lines(capsys)]
    assert data["normalised"] == "dont lose my number"
    assert data["clauses"] == ["dont lose my number"]
    assert {"rule": "b.lose-my-number", "matched": "lose my number", "by": "d.negated"} in data["overridden"]

    assert main(["opt-outs", "classify", "--explain", "my number is new"]) == 0
    assert "nearest: c." in capsys.readouterr().out


def test_an_older_rule_set_decides_as_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opt-outs", "classify", "--rules", "1", "--json", "Quit2End"]) == 0
    assert main(["opt-outs", "classify", "--json", "Quit2End"]) == 0
    older, newer = (json.loads(line) for line in lines(capsys))
    assert (older["action"], older["rule_set"]) == ("none", 1)
    assert (newer["action"], newer["rule_set"]) == ("hold", 3)
    assert main(["opt-outs", "classify", "--rules", "9", "STOP"]) == 2
    assert "there are rule sets 1 to 3" in capsys.readouterr().err
