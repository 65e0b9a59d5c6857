"""What takes an English request back, as patterns over the classes of english.py."""

from __future__ import annotations

from typing import Any

from processors.opt_out.rules import Unless
from processors.opt_out.words.english import expand

# `before` and `after` are patterns over the same clause, `anywhere` over the whole text.
_REMOVALS = (
    "c.en.take-off", "c.en.remove", "c.en.lose-number", "c.en.leave-alone", "c.en.stop-doing", "c.en.texts-to-stop",
    "c.en.keyword-clause", "c.en.please-no", "c.en.asked-removal", "c.en.dnc",
)  # fmt: skip
_WHO = "(you|u|they|he|she|we|i|it|people|ppl|who|yall|{name}|recruiters|companies|guys|kids|friends|which|that)"


def _unless(name: str, says: str, of: tuple[str, ...], since: int = 2, **sides: str) -> Unless:
    patterns: dict[str, Any] = {side: expand(pattern) for side, pattern in sides.items()}
    return Unless(f"d.en.{name}", says, of, "D", since=since, **patterns)


UNLESS: tuple[Unless, ...] = (
    _unless(
        "negated",
        "negated: don't take me off, never lose this number",
        _REMOVALS,
        before="({not}|cant|cannot|wont|didnt|did not|doesnt|(do|does|would|could|should|please|is|was|am|are|will|to|can|i|you) not) ({ever}|{want}|you|i|to|be|get|take|me|keep|leave)* $",
    ),
    _unless(
        "why-removed",
        "asks why or whether it was done",
        ("c.en.take-off", "c.en.remove", "c.en.lose-number", "c.en.stop-doing"),
        before="(why|when|how come|did|didnt|has|have|havent|if|whether|until|till) (did|do|would|does|have|are|is|would)? "
        + _WHO
        + " (all|guys|just|ever|have|has|accidentally|to|you)* $",
    ),
    _unless(
        "about-others",
        "somebody else does it, or the writer",
        ("c.en.take-off", "c.en.remove", "c.en.lose-number", "c.en.stop-doing", "c.en.leave-alone"),
        before="(i|we|he|she|they|ill|well|ive|id|im|hes|shes|theyll|who|it|{name}|gonna|lets) (will|would|can|could|should|might|may|have|had|has|already|just|finally|accidentally|always|also|gonna|to|be|going|need|needs|did|want|wanted|tried|decided|plan)* $",
    ),
    _unless(
        "they-dont",
        "somebody does not write",
        ("c.en.dont-write", "c.en.dont-write-bare", "c.en.dont-send", "c.en.leave-alone"),
        itself="({not}|do not|don t|does not)",
        before=_WHO + " (really|also|all|just|usually|always|often|still|even)* $",
    ),
    _unless(
        "only-sometimes",
        "not now, not there: a time, a place or a name follows",
        ("c.en.dont-write", "c.en.dont-write-bare", "c.en.dont-send", "c.en.leave-alone"),
        after="(me|us|back|again|up|anything|it|this)* ({when}|a|an|by|on|with|my (husband|wife|mom|son|daughter|boss|dad|work)|names|{name}|later|yet|for (the|a|that)|back|late|early|crazy|that|the|fat|stupid|liar|dude|bro|sir)",
    ),
    _unless(
        "what-was-lost",
        "a thing of everyday life is meant",
        (
            "c.en.take-off",
            "c.en.remove",
            "c.en.stop-doing",
            "c.en.asked-removal",
            "c.en.lose-number",
            "c.en.dnc",
            "c.en.please-no",
            "c.en.text-stop",
            "c.en.already-out",
        ),
        after="(from|off|of|out|on|for|in|to|with)? (the|my|your|our|this|a|that|next|tomorrows|his|her|company|group)* (warranty|dental|vision|medical|health|benefits|coverage|401k|pto|overtime|union|trip|gym|schedule|shift|shifts|roster|rota|calendar|payroll|job|position|project|interview|appointment|invite|policy|insurance|lease|team|cart|order|invoice|car|truck|desk|waitlist|waiting|route|assignment|title|plan|account|meeting|cc|agenda|menu|bill|oven|fridge|wall)",
    ),
    _unless(
        "reported-speech",
        "told to somebody else",
        ("c.en.leave-alone", "c.en.go-away", "c.en.stop-doing", "c.en.lose-number", "c.en.keyword-clause"),
        before="(tell|told|asked|ask|make|made|let|telling|begged) (him|her|them|{name}|my _|the _|that _|everyone|people) (to|that|please|just)* $",
    ),
    _unless(
        "playful",
        "said in fun, or to the family",
        (
            "c.en.keyword-clause",
            "c.en.keyword-last",
            "c.en.text-stop",
            "c.en.go-away",
            "c.en.wrong-person",
            "c.en.leave-alone",
        ),
        anywhere="~ {kin} | ~ {laugh} | {laugh} % | ; {laugh}",
    ),
    _unless(
        "cancels-a-visit",
        "CANCEL or END beside an appointment, an order, a day",
        ("c.en.quit-clause",),
        anywhere="{visit}",
    ),
    _unless(
        "calls-a-name",
        "calling the writer by a name",
        ("c.en.stop-doing",),
        after="({name}|names|a _|an _|that) $",
    ),
    _unless("sender-says", "quotes the sender", ("c.en.two-keywords",), anywhere="reply {stop} to"),
    _unless(
        "right-number", "says that it is not the wrong one", ("c.en.wrong-person",), before="(not|isnt|aint) (the|a)? $"
    ),
    _unless("confirmation", "quotes a confirmation", ("c.en.no-more",), before="will (receive|get|be sent) $"),
    _unless(
        "more-please",
        "does not want them to stop",
        ("c.en.texts-to-stop",),
        before="(dont|do not|not|never) (want|need|like) (all|these|the|your|any)* $",
    ),
    _unless("the-opposite", "does not want them to stop", ("c.en.dont-want",), after="to (stop|end)"),
    _unless("in-case", "a condition", ("c.en.lose-number",), before="(in case|incase|hope|think|did|if) (you|u|i)? $"),
    _unless(
        "instead",
        "another way is asked for",
        ("c.en.dont-write", "c.en.dont-write-bare"),
        anywhere="(text|email|message|call|txt) (me)? instead",
    ),
    _unless(
        "own-mistake",
        "the writer was wrong, or asks whether the sender was",
        ("c.en.wrong-person",),
        itself="(?! {wrong} number) _",
        before="(did ({you}|i) _{0,4}|im|i am|i was|(i|we) (_|just|have)? _? (the|a)) $",
    ),
    _unless(
        "wrong-number-reached",
        "the writer called a wrong number",
        ("c.en.wrong-person",),
        before="(say|says|said|saying|shows|showing) (its|it|is|that|a|the)* $",
    ),
    _unless("wrong-one-to-ask", "not the one to be asked", ("c.en.wrong-person",), after="(to ask|out|of)"),
    _unless(
        "stop-on-a-way",
        "a stop of a bus or a train",
        ("c.en.text-stop", "c.en.keyword-last"),
        itself="({lead}|{digits})* {digits} ({stop} (away|before|after|to|left)|more {stop})",
    ),
    _unless(
        "wants-not-to-text",
        "the writer does not want to write",
        ("c.en.dont-want",),
        itself="_* (wanna|(want|wish|like|care) to) (spam|text|txt|message|msg|sms|contact)",
    ),
    _unless(
        "never-written-to",
        "complains that nobody calls",
        ("c.en.dont-write",),
        itself="(never|nevr|nvr) (call|text|txt|msg|message|sms) me $",
        before="(?! ({lead}|{number}|{not}|{me}|{stop}|{list}|{texts}|{wrong}) $) _ $",
    ),
    _unless(
        "somebody-stops",
        "somebody else stops, or does not",
        ("c.en.stop-doing",),
        before="(she|he|it|who|nobody|someone|everyone|{name}) (is|was|ever|will|would|just|never|going|to|gonna|not|finally|should|can){0,5} $",
    ),
    _unless(
        "line-is-dead",
        "the telephone is off, or low",
        ("c.en.dont-write",),
        itself="_{2,5} my (mobile|phone|cell|battery|handphone|hp)",
    ),
    _unless("told-to-visit", "was told to come by", ("c.en.already-said",), after="(by|in|at|for|over|off)"),
    _unless(
        "quoted-like",
        "what somebody would say",
        ("c.en.dont-write", "c.en.leave-alone", "c.en.stop-doing"),
        before="be like _{0,5} $",
    ),
    _unless("no-need", "says that there is no need", ("c.en.dont-write-bare",), itself="_{1,3} bother $"),
    _unless("no-matter", "does not care", ("c.en.dont-send",), itself="_{1,4} a (shit|crap|fuck|damn|bull|bs)"),
    _unless("quit-and", "a row of verbs", ("c.en.quit-and-temper",), itself="_* (quit|end) and"),
    _unless(
        "somebody-did-not",
        "somebody else has not signed up",
        ("c.en.never-asked",),
        itself="_{1,5} (sign|signed|subscribe|subscribed|enroll|enrolled|registered|opt|opted)",
        before="(you|u|he|she|they|{name}|who) (still|all|guys|even|just|also|have|really)* $",
    ),
    _unless("why-dont-you", "an invitation", ("c.en.dont-write",), before="why $"),
    _unless("asks-whether", "asks whether it is one", ("c.en.spam",), 3, itself="(is|are) (this|it|you)"),
    _unless("died-and-visit", "an appointment is put off", ("c.en.died", "c.en.not-here"), 3, anywhere="{visit}"),
    _unless(
        "ignored-in-fun",
        "said among friends",
        (
            "c.en.ignored",
            "c.en.would-rather",
            "c.en.enough-texts",
            "c.en.tired-of-it",
            "c.en.declared",
            "c.en.asks-how",
        ),
        3,
        anywhere="{laugh} | ~ {kin}",
    ),
    _unless(
        "another-channel",
        "wants a text rather than a call",
        ("c.en.dont-write", "c.en.dont-write-bare"),
        4,
        anywhere="(call|calls|calling|phone|ring) ({me}|here|at|work|now|please|my|{number}){0,4} ; "
        "(just|only|please|pls|rather|but|you can|u can){0,3} (text|txt|email|message|msg|whatsapp) (me|us|only|instead|is|{tail})* $",
    ),
    _unless(
        "legal-topic",
        "harassment, a lawsuit as a subject of work",
        ("c.en.legal",),
        4,
        itself="(harassment|harrassment|lawsuit|tcpa|class action|legal action)",
        after="(prevention|training|trainings|policy|policies|course|courses|class|seminar|claims|investigation|investigations|investigator|clause|complaints|compliance|hotline|awareness|module|certificate|cases|specialist|experience|law|defense|litigation)",
    ),
)
