"""Plain requests in English outside the phrases of the tier table: a person decides about them (tier C).

47 CFR 64.1200(a)(10) counts any wording that a reasonable person reads as a stop. These are held rather than opted out
at once, because the table's precise phrases do not have them.
"""

from __future__ import annotations

from processors.opt_out.rules import Rule, either

_TEXTS = either(
    "texts? / txts? / messages? / msgs? / sms / spam / text messages? / notifications? / alerts? / solicitations?"
)
_WHICH = either(
    "any / more / any more / anymore / these / those / your / ur / the / this",
    "further / future / all / kind / type / sort",
    "of / stupid / damn / fucking / such / unsolicited / marketing / automated / random",
    "job / daily / text / spam / me",
    "annoying / promotional / other / us",
)
_DONT = either("do not / dont / don t / never")
_NUMBER = (
    "(?:(?:phone|cell|mobile|telephone) )?"
    + either("numbers? / num / # / name / info / information / contact / contact info / phone")
    + "(?![a-z0-9])"
)
_TEXT_WORDS = (
    "text", "texts", "txt", "txts", "message", "messages", "msg", "msgs", "sms", "spam", "notification",
    "notifications", "alert", "alerts", "solicitation", "solicitations",
)  # fmt: skip
_CALL = either("call / email / bother / write / write to / reach out to / harass / spam / hit / bug")
_AGAIN = either("again / anymore / any more / any longer / ever")

RULES = (
    Rule(
        "c.please-stop", "C", "phrase", "stop or unsubscribe as a clause or a sentence of its own, or at its end",
        words=("stop", "stopall", "unsubscribe", "optout", "unsub"),
        pattern=r"(?:(?:^|\n)(?:(?:please|pls|plz|just|kindly|now|ok|no) ){0,3}"
        r"|\b(?:please|pls|plz|kindly|(?:not )?interested|just|now|you to|u to|i said|said to|but|yes|yeah|enough|"
        r"fuck you|fuck off|(?:you|u|this|it|these) (?:need|needs|have|has) to) )"
        r"(?:stop|stopall|unsubscribe|optout|unsub)"
        rf"(?: {either('now / it / this / please / pls / plz / thanks / thank you / already / asap / immediately')})?"
        r"(?=\n|$)",
    ),
    Rule(
        "c.please-stop-it", "C", "phrase", "please stop ... within a sentence", words=("stop", "unsubscribe"),
        pattern=r"\b(?:please|pls|plz|kindly|just) (?:(?:do|and|just|fucking) )?(?:stop "
        rf"{either('it / this / now / these / with / your / immediately / asap / already / everything / all')}"
        r"|unsubscribe)(?![a-z0-9])",
    ),
    Rule(
        "c.other-stop", "C", "phrase", "stop spamming, bothering, harassing, emailing", words=("stop", "quit"),
        pattern=r"\b(?:stop|quit) (?:(?:fucking|freaking|damn|please|all|the|with|with the) ){0,2}"
        + either(
            "spamming / bothering / harassing / bugging / pestering",
            "blowing (?:me |my phone |up) / soliciting / hounding",
            "emailing / annoying me / disturbing / stalking / reaching out",
            "blasting / hitting me up / writing (?:to )?me",
        ),
    ),
    Rule(
        "c.stop-messages", "C", "phrase", "stop, end or cancel these texts, alerts, my subscription",
        words=("stop", "end", "quit", "cancel", "discontinue", "cease"),
        also=(*_TEXT_WORDS, "subscription"),
        pattern=rf"\b(?:stop|end|quit|cancel|discontinue|cease) (?:(?:{_WHICH}|with|my|sms|getting|receiving) ){{0,4}}"
        rf"(?:{_TEXTS}|subscription|text alerts?)(?![a-z0-9])",
    ),
    Rule(
        "c.want-out", "C", "phrase", "wants to opt out, to unsubscribe, or asks how",
        words=("optout", "opted", "unsubscribe", "unsubscribed", "unsub", "unsubbed", "opting", "stop", "un"),
        pattern=r"\b"
        + either(
            "want / wish / like / need / wanna / please / pls / trying",
            "tried / how do (?:i|you|we) / how can i / how to",
            "can i / choose / decided / prefer / asked / hereby / i am / im / i / we",
        )
        + r"(?: to)?(?: (?:just|please|be))?(?: to)?(?: be)? "
        r"(?:optout|opted out|opting out|unsubscribe|unsubscribed|unsub)(?![a-z0-9])"
        r"|\bunsub(?:scribed?)? (?:from|to|of) (?:this|these|your|ur|all|the|any)\b|^unsub(?:bed)?$"
        r"|^un subscribe\b|^opting out\b"
        r"|\bhow (?:do|can) (?:i|we) (?:stop|make (?:this|it|these) stop)(?: (?:this|these|it|getting|receiving))",
    ),
    Rule(
        "c.unwanted", "C", "phrase", "doesn't want the texts, asks not to be sent any",
        words=_TEXT_WORDS,
        also=("dont", "don", "not", "donot", "never", "longer"),
        pattern=r"\b(?:do not|dont|don t|no longer) (?:want|wish|care)"
        rf"(?: to (?:receive|get|see|have|be (?:sent|getting)))?(?: {_WHICH}){{0,5}} {_TEXTS}"
        rf"(?![a-z0-9])(?! to (?:stop|end|get lost))|\b{_DONT} (?:ever )?send(?: {_WHICH}){{0,5}} {_TEXTS}(?![a-z0-9])",
    ),
    Rule(
        "c.not-this-number", "C", "phrase", "do not text this number, do not call me again",
        words=("dont", "don", "not", "never", "longer"),
        also=(
            "number", "phone", "cell", "line", "#", "again", "anymore", "more", "longer", "ever", "text", "txt",
            "message", "msg", "contact", "asked", "told", "telling", "begged",
        ),
        pattern=rf"\b{_DONT} (?:ever )?(?:text|txt|message|msg|contact|call|sms)(?: or \w+)? (?:this|my|our) "
        rf"(?:number|phone|cell|line|#)(?![a-z0-9])|\b{_DONT} (?:ever )?(?:text|txt|message|contact|call) us\b"
        rf"|\b{_DONT} (?:ever )?{_CALL} me(?: up)? {_AGAIN}\b|(?:^|\n)(?:(?:please|pls|plz) )?{_DONT} (?:ever )?"
        rf"(?:text|txt|message|msg|contact)(?: {_AGAIN}| please| pls)?(?=\n|$)"
        r"|\b(?:asked|told|telling|begged) (?:you|u|yall|you guys|you people) (?:to )?not (?:to )?"
        r"(?:text|contact|message|call) me\b|\bno longer (?:contact|text|message) me\b",
    ),
    Rule(
        "c.delete-number", "C", "phrase", "delete my number, take my name off your list",
        words=("delete", "erase", "remove", "scrub", "removed", "deleted", "off", "taken"),
        pattern=rf"\b(?:delete|erase|scrub) (?:my|this) {_NUMBER}|\bdelete me\b|\bremove (?:my "
        r"(?:name|info|information|contact|contact info|data|details)|this (?:number|phone|#)|us)(?![a-z0-9])"
        r"|\bbe (?:removed|taken off|deleted) (?:from |off )?(?:of )?(?:your|ur|this|the|that) (?:\w+ )?lists?\b"
        r"|^remove (?:phone |cell |the )?number\b"
        rf"|\b(?:take|get|scratch) (?:my|this) {_NUMBER} off\b|\btake us off\b"
        r"|\b(?:get|scratch) me off (?:of )?(?:your|ur|this|the|that) (?:\w+ )?list\b",
    ),
    Rule(
        "c.consent", "C", "phrase", "takes back consent; do-not-call list; cease and desist; legal action",
        words=("revoke", "revoking", "withdraw", "rescind", "list", "registry", "desist", "action"),
        pattern=r"\b(?:revok(?:e|ing)|withdraw|rescind) (?:my |all |any |our )?(?:prior |express )?"
        r"(?:consent|permission|authorization)\b|\bdo not (?:call|text|contact) (?:list|registry)\b"
        r"|\bcease (?:and|n) desist\b|\b(?:legal|class) action\b",
    ),
)  # fmt: skip
