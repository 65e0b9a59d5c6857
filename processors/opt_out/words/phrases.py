"""The precise phrases of tier B, the words of tier C that count anywhere, and what takes their meaning away."""

from __future__ import annotations

from processors.opt_out.rules import Rule, Unless

_TEXTING = "texting|textin|texing|txting|txtin|messaging|messageing|messagin|msging|msgin"
_DOING = f"{_TEXTING}|contacting|contactin|sending|sendin|calling|callin"
_ME_TEXT = "text|txt|texting|message|messaging|msg|contact|sms"
#: Between the words of a phrase, whatever the temper.
_HEAT = "please|pls|plz|fucking|fuckin|fukin|fing|f ing|effing|freaking|freakin|frickin|damn|goddamn|bloody|constantly"
_NUMBER = r"(?:(?:phone|cell|cellphone|mobile|tel|telephone) )?(?:numbers?|num|nr|nbr|digits|phone|cell|#)(?![a-z0-9])"

RULES = (
    Rule(
        "b.stop-texting", "B", "phrase", "stop or quit texting, messaging, contacting, sending, calling",
        words=("stop", "quit"),
        pattern=rf"\b(?:stop|quit) (?:(?:{_HEAT}|all|the|this|your|with|with the|ever|with your) ){{0,2}}(?:{_DOING})\b",
    ),
    Rule(
        "b.dont-text-me", "B", "phrase", "don't, do not or never text, message or contact me",
        words=("text", "txt", "texting", "message", "messaging", "msg", "contact", "sms"),
        pattern=(
            rf"\b(?:dont|don t|do not|donot|never)(?: (?:{_HEAT}|ever|even|again|bother to|try to|attempt to|keep|"
            rf"(?:you |u |ya )?(?:ever|dare)(?: to)?)){{0,3}} (?:{_ME_TEXT}) me\b"
        ),
    ),
    Rule(
        "b.take-me-off", "B", "phrase", "take me off", words=("off",),
        pattern=rf"\btake me (?:(?:{_HEAT}|the fuck|the hell|tf|right) )?off\b",
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
        pattern=rf"\bopt (?:me|my {_NUMBER}) (?:(?:{_HEAT}|the fuck|the hell|tf) )?out\b",
    ),
    Rule(
        "b.no-more-texts", "B", "phrase", "no more texts, no more messages", words=("more",),
        pattern=r"\bno more (?:(?:of )?(?:these|those|your|the|damn|fucking|spam) ){0,2}"
                r"(?:texts?|txts?|messages?|msgs?|sms|text messages?|text msgs?)(?![a-z0-9])",
    ),
    Rule(
        "b.leave-me-alone", "B", "phrase", "leave me alone", words=("alone",),
        pattern=rf"\bleave me (?:(?:{_HEAT}|the fuck|the hell|tf|all) )?alone\b",
    ),
    Rule(
        "b.lose-my-number", "B", "phrase", "lose my number", words=("lose",),
        pattern=rf"\blose my {_NUMBER}",
    ),
    Rule(
        "c.wrong-number", "C", "phrase", "wrong number", words=("wrong",),
        pattern=r"\bwrong (?:(?:phone|cell|mobile|telephone) )?(?:numbers?|num|nbr|#)(?![a-z0-9])",
    ),
    Rule(
        "c.legal", "C", "phrase", "lawyer, attorney, TCPA, FCC, harassment",
        words=("lawyer", "lawyers", "attorney", "attorneys", "tcpa", "fcc", "harassment", "harassing", "harass",
               "harassed"),
        pattern=r"\b(?:lawyers?|attorneys?|tcpa|fcc|harass(?:ment|ing|ed)?)\b",
    ),
    Rule(
        "c.sue", "C", "phrase", "sue as what somebody does; Sue as a name is left alone", words=("sue", "suing", "sued"),
        pattern=(
            r"\b(?:(?:will|ill|id|well|wed|gonna|imma|ima|finna|can|could|may|might|must|should|would|shall|i|we|lets|"
            r"gladly|happily|definitely|just|"
            r"(?:going|want|wanna|about|have|had|need|ready|right|able|forced|intend|intending|plan|planning|threaten|"
            r"threatening|cause|reason|reasons|grounds|hesitate|trying|afraid|like|love|happy|prepared|entitled|know|"
            r"way|how|lawyer|lawyers|attorney|want us|you and) to) sue(?![a-z0-9])"
            r"|sue (?:you|u|ya|yall|your|ur|them|me|the (?:company|shit|hell|pants))(?![a-z0-9])"
            r"|suing(?! me a)|(?:be|get|getting|been|are|is|were|was|being) sued)(?![a-z0-9])"
        ),
    ),
)  # fmt: skip

_STOPS = ("b.stop-texting",)
_NEVERS = ("b.dont-text-me",)
_OFFS = ("b.take-me-off", "b.remove-me", "b.unsubscribe-me", "b.opt-me-out")
_MINE = (*_OFFS, "b.leave-me-alone", "b.lose-my-number")
_MORES = ("b.no-more-texts",)
_PLAIN = ("c.please-stop", "c.other-stop", "c.stop-messages")

_NOT = (
    "dont|don t|do not|donot|never|not|wont|cant|cannot|can not|couldnt|wouldnt|didnt|doesnt|isnt|arent|shouldnt|"
    "aint|without|hardly|nobody|no one|noone|nothing|neither"
)
#: Between a negation and the phrase: "don't want you to", "not asking you to".
_NOT_GAP = (
    "ever|even|just|please|pls|want|need|have|ask|asking|tell|telling|say|saying|mean|like|expect|trying|try|going|"
    "gonna|wanna|you|u|yall|them|it|us|to|be|because|me to|off and|about to|dare|really|yet|actually|and|ever ever"
)
_DRIVING = "while|whilst|n driving|and driving|and drive|n drive|when (?:youre |you are |you )?driv|behind the wheel"
_GOODS = (
    "invoices?|checks?|cheques?|mail|packages?|paychecks?|paystubs?|stubs?|w2s?|forms?|paperwork|payments?|money|"
    "resumes?|cvs?|candidates?|applicants?|workers?|people|guys|bills?|statements?|reports?|files?|documents?|docs?|"
    "flowers?|timesheets?|contracts?|orders?|trucks?|loads?|drivers?|pictures?|pics?|photos?|nudes"
)
_JOBS = (
    "schedules?|shifts?|rota|rotation|projects?|assignments?|jobs?|routes?|hold|speaker|mute|guard|course|market|hook|"
    "clock|payroll|calendar|invite|meeting|call|interviews?|positions?|roles?|consideration|process|running|waitlist|"
    "waiting list|nights?|weekends?|mornings?|(?:mon|tues|wednes|thurs|fri|satur|sun)day|chat|group|group chat|thread|"
    "lease|policy|title|posting|website|site|resume|application|account|insurance|plan|team|crew"
)

#: The first that fits decides about one place where a phrase stands.
UNLESS = (
    Unless(
        "d.how-to", "tells or asks how to opt out",
        (*_STOPS, *_MINE, *_MORES, *_PLAIN, "c.want-out"), "D",
        before=r"\b(?:reply|text|txt|send|type|press|say|respond|respond with|reply with)(?: with)? \w+ to (?:\w+ )?$",
    ),
    Unless("b.demand", "if you do not stop ...", _STOPS, "same", before=rf"\b(?:if|unless) (?:you|u|yall|this) (?:{_NOT}) $"),
    Unless(
        "c.you-wont-stop", "you never stop ...: a complaint", (*_STOPS, *_PLAIN), "C",
        before=rf"\b(?:you|u|yall|you guys|you people|phone)(?: (?:just|still|really|all))? (?:will not|do not|would not|{_NOT}) $",
    ),
    Unless(
        "d.negated", "negated: don't stop ...", (*_STOPS, *_PLAIN, *_MINE, "c.want-out"), "D",
        before=rf"\b(?:{_NOT})(?: (?:{_NOT_GAP})){{0,4}} $",
    ),
    Unless(
        "d.about-us", "somebody else or the writer stops", (*_STOPS, *_PLAIN), "D",
        before=(
            r"(?:\b(?:i|we|ive|weve|ill|im|well|who)(?: (?:finally|already|just|also|even|recently|should|must|could|can|"
            r"might|may|will|would|to|gotta|needa|need to|have to|had to|has to|got to|want to|wanted to|tried to|try to|"
            r"plan to|am|going to|gonna|wanna|probably|definitely|really|then|never|then|had|have|did)){0,3}"
            r"|\b(?:do|does) (?:i|we|he|she|they)"
            r"|\b(?:to|want|need|told|tell|asked|ask|asking|wants|telling|expect|for|getting|get) (?:me|us|myself) to"
            r"|\b(?:make|made|makes|let|lets|help|helped|helps|had|saw|watched) (?:me|us)"
            r"|\b(?:trying|tried|try|need|needs|hard|impossible|time|about|ready|used|able|forced|chose|decided|meaning|"
            r"meant|going|refuse|refused|refuses) to"
            r"|(?<!will )(?<!would )(?<!can )(?<!could )\b(?:he|she|they|it|people|everyone|everybody)"
            r"(?: (?:finally|just|also|even|then|all|had))?) $"
        ),
    ),
    Unless(
        "d.asked-why", "asks why or whether somebody stopped", (*_STOPS, *_PLAIN), "D",
        before=(
            r"\b(?:did|didnt|why would|why do|whyd|when do|when did|how come|why|since|after|before) "
            r"(?:you|u|yall|ya|they|he|she|we|it|i|your \w+|ur \w+|the \w+|everyone|someone|anyone)"
            r"(?: (?:guys|all|ever|just|suddenly|people|ppl|finally|really|even)){0,2} $"
        ),
    ),
    Unless(
        "c.if-you-stop", "a condition, or you stopped", _STOPS, "C",
        before=r"\b(?:(?:if|whether|once|when|until|till) (?:you|u|they|we|i)|(?:you|u|yall)(?: just)?) $", itself="quit|stop",
        after=r"^(?! me\b(?! (?:jobs?|leads?|work|shifts?|offers?|money)))",
    ),
    Unless(
        "c.told-others", "somebody was told to stop", _STOPS, "C",
        before=r"\b(?:told|asked|telling|asking|tell|ask|get|made|make) (?:him|her|my \w+|the guy|that guy) (?:to )?$",
    ),
    Unless("c.driving", "stop texting while driving", _STOPS, "C", after=rf"^ (?:{_DRIVING})"),
    Unless(
        "c.calling-names", "stop calling it that", _STOPS, "C", itself=r"(?:stop|quit) .*\bcalling?$",
        after=(
            r"^ (?:it|that|him|her|them|yourself|in|off|out|myself|everyone|people|me (?:sir|maam|bro|bruh|dude|babe|"
            r"baby|names|mr|mrs|ms|miss|boss|buddy|honey|hun|man|a |an |the ))(?![a-z0-9])"
        ),
    ),
    Unless("c.others", "about other people", _STOPS, "C", after=r"^ (?:him|her)\b"),
    Unless(
        "c.goods", "stop sending things that are no messages", _STOPS, "C", itself=r"(?:stop|quit) .*\bsendin?g?$",
        after=(
            rf"^ (?:(?:me|us|him|her|them|over|out|in|back|the|my|our|your|any|more|these|those|that|a|an|so many|new|"
            rf"old|all|paper|dick|unqualified|bad|wrong|late) ){{0,4}}(?:{_GOODS})\b"
        ),
    ),
    Unless(
        "b.told-you", "I told you: don't text me", _NEVERS, "same", itself="do",
        before=r"\b(?:told|tell|telling|asked|asking|said to|beg|begging) (?:you|u|ya|yall|them|you guys|you people) $",
    ),
    Unless(
        "c.so-you-dont", "you don't text me again", _NEVERS, "C", itself="do",
        before=r"\b(?:you|u|yall|they)(?: (?:guys|people|all|just|really|better|please))? $",
        after=r"^ (?:again|anymore|any more|any longer|ever)\b",
    ),
    Unless(
        "d.nobody-writes", "somebody doesn't text me", _NEVERS, "D", itself="do",
        before=(
            r"\b(?:you|u|they|we|i|people|ppl|guys|folks|who|ya|yall|recruiters|companies|agencies|employers|managers|"
            r"friends|kids|others|most|many|some|that|which|jobs)"
            r"(?: (?:really|still|also|just|usually|always|often|guys|all|people|even|normally|simply|mostly|ever|"
            r"apparently|guys ever)){0,2} $"
        ),
    ),
    Unless(
        "b.and-never-again", "... and never contact me again", _NEVERS, "same", itself="never",
        before=r"\b(?:and|or|but|just|to|so|number|list|me|alone) $", after=r"^ (?:again|anymore|any more|any longer|ever)\b",
    ),
    Unless("c.and-never", "... and never text me back", _NEVERS, "C", itself="never", before=r"\b(?:and|or|but|so) $"),
    Unless(
        "d.nobody-ever-writes", "somebody never texts me", _NEVERS, "D", itself="never",
        before=(
            r"\b(?!(?:please|pls|plz|just|to|must|should|shall|may|will|said|say|kindly|again|seriously|ok|okay|thanks|"
            r"thx|bye|no|me|number|stop|list|alone|off|ever|better|texts|messages|now|dude|bro|man|lady)\b)[a-z0-9#$]+ $"
        ),
    ),
    Unless(
        "c.only-sometimes", "don't text me before 9, at work, on LinkedIn", _NEVERS, "C",
        after=(
            r"^ (?:(?:back |here |again |anything |about \w+ )?(?:until|till|til|before|after|during|while|when|whenever|"
            r"between|unless|if|except|without|because|cause|bc|yet|today|tonight|tomorrow|right now|now)\b"
            r"|(?:this|so|that|too) (?:late|early)\b"
            r"|(?:at|on|in|over|past) (?:work|night|nights|noon|the weekend|the morning|the evening|weekends?|weekdays?|"
            r"\d|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|linkedin|facebook|fb|whatsapp|messenger|instagram|ig|"
            r"slack|teams|indeed|email|my lunch|my break)(?![a-z])"
            r"|(?:instead|through|via|thru)\b)"
        ),
    ),
    Unless(
        "c.have-you-yet", "asks whether it was done", _MINE, "C",
        before=(
            r"\b(?:did|didnt|have|havent|has|hasnt|havnt) (?:you|u|yall|they|someone|anyone|it)"
            r"(?: (?:guys|all|ever|just|already|not|people|even)){0,2} $"
        ),
        itself="take|remove|unsubscribe|opt",
    ),
    Unless(
        "d.why-did-you", "asks why it was done, or says who does it", _MINE, "D",
        before=(
            r"\b(?:(?:why|when|how come)(?: (?:did|do|would|will|are|were|is))? "
            r"(?:you|u|yall|they|he|she|it|we|your \w+)(?: (?:guys|all|just|ever|even|people|going to|gonna)){0,2}"
            r"|(?:did|does|do) (?:you|u|yall|they|he|she|it|your \w+)(?: (?:guys|all|just|ever|even|people))?"
            r"|(?:in case|if|hope|think|thought|might|may|maybe|ever|always|that|it|this|which|would it|will it|finally) "
            r"(?:(?:you|u|they|we|i|will|would|ll|can|could|might) ){0,2}) ?$"
        ),
        itself="lose|leave|take",
    ),
    Unless(
        "d.why-removed", "asks why it was done", _OFFS, "D",
        before=(
            r"\b(?:why|when|how come)(?: (?:did|do|would|will|are|were|is))? (?:you|u|yall|they|he|she|it|we|your \w+)"
            r"(?: (?:guys|all|just|ever|even|people|going to|gonna)){0,2} $"
        ),
    ),
    Unless(
        "c.from-a-job", "off a schedule or out of a process", _OFFS, "C",
        after=(
            rf"^ (?:(?:from|off|of|out of|on|for|as|the|that|this|your|my|our|any|a|an|all|friday|monday|night|next|new|"
            rf"job|work|further|\d\w*) ){{0,4}}(?:\w+ )?(?:{_JOBS})(?! (?:text|texts|alerts?|messages|lists?|blasts?|sms))"
            rf"(?![a-z0-9])"
        ),
    ),
    Unless(
        "d.confirmation", "quotes a confirmation", _MORES, "D", before=r"\bwill (?:\w+ )?(?:receive|get|be sent|send(?: you)?) $"
    ),
    Unless(
        "c.has-no-more", "has no more messages", _MORES, "C",
        before=(
            r"\b(?:have|has|had|got|gets|getting|are|were|was|theres|there is|there are|see|saw|received|receiving|with|"
            r"why|hearing|seen|sent|(?<!to )get|(?<!to )receive|be)(?: (?:been|any))? $"
        ),
    ),
    Unless(
        "c.none-left", "has no more messages left", _MORES, "C",
        after=r"^ (?:left|available|in my|on my (?:plan|phone)|until|till|before|after|today|tonight|to (?:send|read))\b",
    ),
    Unless(
        "d.right-number", "says that it is not the wrong number", ("c.wrong-number", "c.wrong-number-abroad"), "D",
        before=r"\b(?:not|isnt|aint|dont have|didnt have|wasnt|arent|never)(?: (?:the|a|at|using|have))? $",
    ),
)  # fmt: skip
