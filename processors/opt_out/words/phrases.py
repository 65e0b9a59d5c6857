"""The precise phrases of tier B, and the words of tier C that count wherever they stand."""

from __future__ import annotations

from processors.opt_out.rules import Rule, either
from processors.opt_out.words.language import LAW

#: Between the words of a phrase, whatever the temper.
_HEAT = (
    "please / pls / plz / fucking / fuckin / fukin / fking / f ing / effing / freaking / freakin / frickin / damn / "
    "goddamn / bloody / constantly"
)
_ALL = "all / the / this / your / with / with the / ever / with your"
_THESE = "of these / of those / of your / of the / these / those / your / spam"
_VERY = "the fuck / the hell / tf / all / right"
_DOING = either(
    "texting / textin / texing / txting / txtin / messaging / messageing / messagin / msging / msgin",
    "contacting / contactin / sending / sendin / calling / callin",
)
_EVER = "ever / even / again / bother to / try to / attempt to / keep / (?:you |u |ya )?(?:ever|dare)(?: to)?"
#: What else is not to be done, before or behind it: "don't call or text me".
_CALL = either("call / email / text / txt / message / msg / contact / write / bother / dm / ring")
_OR = "(?:or|and|nor|n)"
_WRITE = either("text / txt / texting / message / messaging / msg / contact / sms")
_NUMBER = (
    either("phone / cell / cellphone / mobile / tel / telephone").join(("(?:", " )?"))
    + either("numbers? / num / nr / nbr / digits / phone / cell / #")
    + "(?![a-z0-9])"
)

#: A clause of courtesy at most stands around these: nothing in the text can mean anything else.
_COURTEOUS = rf"(?:[ \n]{either('please / pls / plz / thanks / thank you / thx / ty / now / right now / immediately / asap / sir / per favore / grazie / por favor / gracias / svp / merci / bitte / danke / aub / graag / obrigado / obrigada / subito / sofort / ya')})*\Z"
_KINDLY = rf"\A(?:{either('please / pls / plz / kindly / por favor / per favore / bitte / svp')}[ \n])?"
_SINCE_SET_6 = (
    Rule(
        "b.stop-all", "B", "phrase", "stop or end all messages, nothing else", words=("stop", "end", "cancel"),
        also=("messages", "texts", "msgs", "txts", "sms", "notifications", "alerts", "communications"), since=6, source=LAW,
        pattern=_KINDLY + r"(?:stop|end|cancel)(?: (?:all|these|those|the|your|ur|any|more|further|future|my)){1,3}"
        r" (?:messages|texts|msgs|txts|sms|text messages|notifications|alerts|communications)" + _COURTEOUS,
        examples=("Stop all these texts please", "END ALL COMMUNICATIONS NOW"),
    ),
    Rule(
        "b.keyword-now", "B", "phrase", "a keyword and now", words=("now", "immediately", "asap"),
        also=("stop", "cancel", "unsubscribe", "optout", "stopall"), since=6, source=LAW,
        pattern=_KINDLY + r"(?:stop|cancel|unsubscribe|optout|stopall)[ \n](?:right now|now|immediately|asap)" + _COURTEOUS,
        examples=("Unsubscribe immediately", "cancel ASAP please"),
    ),
    Rule(
        "b.keyword-and-why", "B", "phrase", "a keyword as the first sentence, and what is no longer needed",
        words=("already", "interested", "longer", "sold", "hired"), also=("stop", "unsubscribe", "optout"), since=6, source=LAW,
        pattern=r"\A(?:stop|unsubscribe|optout)\n(?:(?:i|we|im|i am|we are|were|ive|i have|weve|we have|not|no) ){0,2}"
        r"(?:already (?:bought|sold|got|found|hired|have|purchased|switched|signed)|(?:not|no longer) interested|interested in nothing)",
        examples=("STOP. We already hired someone", "Unsubscribe! Not interested in this"),
    ),
    Rule(
        "b.unsubscribe-us", "B", "phrase", "unsubscribe us, as a clause of its own", words=("unsubscribe",), since=6, source=LAW,
        pattern=rf"(?:\A|\n)(?:{either('please / pls / plz / kindly / so / just')} ){{0,2}}unsubscribe (?:us|our (?:{_NUMBER}|company|office))"
        r"(?: please| thanks| thank you| asap| now)*(?:\n|\Z)",
        examples=("No budget here. Kindly unsubscribe us", "unsubscribe our office please"),
    ),
    Rule(
        "b.take-me-off-abroad", "B", "phrase", "unsubscribe me, in the other languages, nothing else", ("es", "fr", "de", "pt", "it", "nl"),
        words=(
            "cancellami", "cancellatemi", "disiscrivimi", "disiscrivetemi", "rimuovetemi", "desabonnez", "desinscrivez", "baja",
            "ab", "descadastre", "descadastrem", "uit", "af",
        ),
        since=6, source=LAW,
        pattern=_KINDLY + either(
            "cancellami / cancellatemi / disiscrivimi / disiscrivetemi / rimuovetemi / desabonnez moi / desinscrivez moi",
            "(?:dame|deme|denme|dadme|quiero darme) de baja / (?:melden sie|meldet|meld) mich (?:bitte )?ab",
            "me (?:descadastre|descadastrem) / (?:schrijf|schrijft u) (?:me|mij) uit / meld (?:me|mij) af",
        ) + _COURTEOUS,
        examples=("Disiscrivetemi subito grazie", "dadme de baja", "Meldet mich bitte ab", "schrijf mij uit graag"),
    ),
)  # fmt: skip

RULES = (
    Rule(
        "b.stop-texting", "B", "phrase", "stop or quit texting, messaging, contacting, sending, calling",
        words=("stop", "quit"),
        pattern=rf"\b(?:stop|quit) (?:{either(_HEAT, _ALL)} ){{0,2}}{_DOING}\b",
    ),
    Rule(
        "b.dont-text-me", "B", "phrase", "don't, do not or never text, message or contact me",
        words=("text", "txt", "texting", "message", "messaging", "msg", "contact", "sms"),
        also=("dont", "don", "not", "donot", "never"),
        pattern=r"\b(?:dont|don t|do not|donot|never)"
        rf"(?: {either(_HEAT, _EVER)}){{0,3}} (?:{_CALL} (?:me )?{_OR} ){{0,2}}{_WRITE}(?: {_OR} {_CALL}){{0,2}} me\b",
    ),
    Rule(
        "b.take-me-off", "B", "phrase", "take me off", words=("off",), also=("take",),
        pattern=rf"\btake me (?:{either(_HEAT, _VERY)} )?off\b",
    ),
    Rule(
        "b.remove-me", "B", "phrase", "remove me, remove my number", words=("remove",),
        pattern=rf"\bremove (?:me(?![a-z0-9])|my {_NUMBER})",
    ),
    Rule(
        "b.unsubscribe-me", "B", "phrase", "unsubscribe me", words=("unsubscribe",),
        pattern=rf"\bunsubscribe (?:me(?![a-z0-9])|my {_NUMBER})",
    ),
    Rule(
        "b.opt-me-out", "B", "phrase", "opt me out", words=("opt",),
        pattern=rf"\bopt (?:me|my {_NUMBER}) (?:{either(_HEAT, _VERY)} )?out\b",
    ),
    Rule(
        "b.no-more-texts", "B", "phrase", "no more texts, no more messages", words=("more",),
        also=("text", "texts", "txt", "txts", "message", "messages", "msg", "msgs", "sms"),
        pattern=rf"\bno more (?:{either(_HEAT, _THESE)} ){{0,2}}"
        rf"{either('texts? / txts? / messages? / msgs? / sms / text messages? / text msgs?')}(?![a-z0-9])",
    ),
    Rule(
        "b.leave-me-alone", "B", "phrase", "leave me alone", words=("alone",), also=("leave",),
        pattern=rf"\bleave me (?:{either(_HEAT, _VERY)} )?alone\b",
    ),
    Rule("b.lose-my-number", "B", "phrase", "lose my number", words=("lose",), pattern=rf"\blose my {_NUMBER}"),
    *_SINCE_SET_6,
    Rule(
        "c.wrong-number", "C", "phrase", "wrong number", words=("wrong",), until=1,
        pattern=r"\bwrong (?:(?:phone|cell|mobile|telephone) )?(?:numbers?|num|nbr|#)(?![a-z0-9])",
    ),
    Rule(
        "c.legal", "C", "phrase", "lawyer, attorney, TCPA, FCC, harassment",
        words=(
            "lawyer", "lawyers", "attorney", "attorneys", "tcpa", "fcc", "harassment", "harassing", "harass",
            "harassed",
        ),
        pattern=r"\b(?:lawyers?|attorneys?|tcpa|fcc|harass(?:ment|ing|ed)?)\b",
        until=1,
    ),
    Rule(
        "c.sue", "C", "phrase", "sue as what somebody does; Sue as a name is left alone",
        words=("sue", "suing", "sued"),
        until=1,
        pattern=r"\b(?:"
        + either(
            "will / ill / id / well / wed / gonna / imma / ima / finna / can / could / may / might / must / should",
            "would / shall / i / we / lets / gladly / happily / definitely / just",
            either(
                "going / want / wanna / about / have / had / need / ready / right / able / forced / intend / intending",
                "plan / planning / threaten / threatening / cause / reason / reasons / grounds / hesitate / trying",
                "like / love / happy / prepared / entitled / know / how / lawyers? / attorneys? / you and",
            )
            + " to",
        )
        + r" sue|sue (?:you|u|ya|yall|your|ur|them|me|the (?:company|shit|hell|pants))"
        r"|suing|(?:be|get|getting|been|are|is|were|was|being) sued)(?![a-z0-9])",
    ),
)  # fmt: skip
