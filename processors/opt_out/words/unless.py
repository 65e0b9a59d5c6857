"""What takes a phrase's meaning away, or makes it doubtful. For each place of a phrase the first that fits decides.

Doubt goes to a person (C): a request that was overheard weighs more than a number that waits a day.
"""

from __future__ import annotations

from processors.opt_out.rules import Unless, either, listed
from processors.opt_out.words import lookalike_phrases

_STOPS = ("b.stop-texting",)
_NEVERS = ("b.dont-text-me",)
_OFFS = ("b.take-me-off", "b.remove-me", "b.unsubscribe-me", "b.opt-me-out")
_MINE = (*_OFFS, "b.leave-me-alone", "b.lose-my-number")
_MORES = ("b.no-more-texts",)
_PLAIN = ("c.please-stop", "c.other-stop", "c.stop-messages")

_NOT = either(
    "dont / don t / do not / donot / never / not / wont / cant / cannot / can not / couldnt / wouldnt / didnt / doesnt",
    "isnt / arent / shouldnt / aint / without / hardly / nobody / no one / noone / nothing / neither / havent / hasnt",
)
#: Between a negation and the phrase: "don't want you to", "not asking you to".
_NOT_GAP = either(
    "ever / even / just / please / pls / want / need / have / ask / asking",
    "tell / telling / say / saying / mean / like",
    "expect / trying / try / going / gonna / wanna / you / u / yall / them / it",
    "us / to / be / because / about to / dare",
    "really / yet / actually / off and",
)
_YOU = either("you / u / ya / yall / you all / you guys / you people / your people / your company")
_ANYONE = either(
    r"you / u / ya / yall / they / he / she / we / it / i / your \w+ / ur \w+ / the \w+ / everyone / someone / anyone"
)
_BETWEEN = either(
    "guys / all / ever / just / suddenly / people / ppl / finally / really / even / already / not / still"
)
#: The writer, a phone of the writer's: whoever is not to be texted.
_ME = r" (?:me|us|this number|this phone|my (?:phone|number|cell))\b"
_REPORTED = either(
    "to / want / need / told / tell / asked / ask / asking / wants / telling / expect / for / getting / get"
)
_TRYING = either(
    "trying / tried / try / need / needs / hard / impossible / time / about / ready / used / able / forced / chose",
    "decided / meaning / meant / going / refuse / refused / refuses",
)
_ASKS = either("did / didnt / why would / why do / whyd / when do / how come / why / since / after / before")
_NAMES = either(
    "sir / maam / bro / bruh / dude / babe / baby / names / mr / mrs / ms / miss / boss / buddy / honey / hun"
)
_MOSTLY = "really / also / usually / always / often / normally / simply / mostly / apparently"
_KIN = "mom|mum|mama|mommy|mummy|dad|daddy|papa|babe|baby|honey|hun|sweetie|bestie|sis|bro"
_DRIVING = either(
    "while / whilst / n driving / and driving / and drive / n drive / when (?:youre |you are |you )?driv",
    "behind the wheel",
)
_GOODS = either(
    "invoices? / checks? / cheques? / mail / packages? / paychecks? / paystubs? / stubs? / w2s? / forms? / paperwork",
    "payments? / money / resumes? / cvs? / candidates? / applicants? / workers?",
    "people / bills? / statements? / reports?",
    "files? / documents? / docs? / flowers? / timesheets? / contracts? / orders?",
    "trucks? / loads? / drivers? / pictures?",
    "pics? / photos?",
)
_WORK = either(
    "schedules? / shifts? / rota / rotation / roster / projects? / assignments? / jobs?",
    "routes? / hold / speaker / mute",
    "guard / course / market / hook / clock / payroll / calendar / invite",
    "meeting / interviews? / positions? / roles?",
    "consideration / process / running / waitlist / waiting list / nights? / weekends?",
    "mornings? / lease / policy / title",
    "insurance / team / crew / call / emails? / cc / dental / health / benefits? / plan / 401k / coverage / overtime",
    "program / (?:mon|tues|wednes|thurs|fri|satur|sun)day",
)

_ABOUT_STOPPING = (
    Unless(
        "d.how-to", "tells or asks how to opt out", (*_STOPS, *_MINE, *_MORES, *_PLAIN, "c.want-out"), "D",
        before=rf"\b{either('reply / text / txt / send / type / press / say / respond')}(?: with)? \w+ to (?:\w+ )?$",
    ),
    Unless(
        "b.demand", "if you do not stop ...; you need to stop ...", _STOPS, "same",
        before=rf"\b(?:(?:if|unless) {_YOU} {_NOT}|(?:{_YOU}|they|he|she) (?:\w+ )?"
        rf"{either('need to / needs to / have to / has to / better / ought to / gotta / got to / should / must')}) $",
    ),
    Unless(
        "b.why-dont-you", "why don't you, can't you: a request", (*_STOPS, *_MINE), "same",
        before=rf"\b{either('dont / wont / cant / cannot / couldnt / wouldnt')} {_YOU}"
        rf"(?: {either('please / pls / just / all / guys / people / fucking')})* $",
    ),
    Unless(
        "c.you-wont-stop", "you never stop ..., you did not remove me: a complaint",
        (*_STOPS, *_PLAIN, *_OFFS, "b.leave-me-alone"), "C",
        before=rf"\b(?:{_YOU}|phone)(?: {_BETWEEN})? (?:will not|would not|have not|did not|{_NOT})(?: {_BETWEEN})? $",
    ),
    Unless("c.i-dont", "I don't stop texting me: two sentences in one", _STOPS, "C",
        before=rf"\b(?:i|im|i am|we|were not|its|it is) {_NOT} $", after=rf"^{_ME}",
    ),
    Unless(
        "d.negated", "negated: don't stop ...", (*_STOPS, *_PLAIN, *_MINE, "c.want-out"), "D",
        before=rf"\b{_NOT}(?: {_NOT_GAP}){{0,4}} $",
    ),
    Unless(
        "d.about-us", "the writer stops", (*_STOPS, "c.please-stop", "c.other-stop"), "D",
        before=r"(?:\b(?:i|we|ive|weve|ill|who)(?: "
        + either(
            "finally / already / just / also / even / recently / should / must / could",
            "can / might / may / will / would",
            "to / gotta / need to / have to / had to / has to / got to / want to",
            "wanted to / tried to / try to / plan to",
            "going to / gonna / wanna / probably / definitely / really / then / never / had / have / did",
        )
        + r"){0,3}|\b(?:do|does) (?:i|we|he|she|they)"
        rf"|\b{_REPORTED}"
        r" (?:me|us|myself) to|\b(?:make|made|makes|let|lets|help|helped|helps|had|saw|watched) (?:me|us)"
        rf"|\b{_TRYING} to) $",
        after=rf"^(?!{_ME})",
    ),
    Unless(
        "d.asked-why", "asks why or whether somebody stopped", (*_STOPS, *_PLAIN), "D",
        before=rf"\b{_ASKS} {_ANYONE}(?: {_BETWEEN}){{0,2}} $",
    ),
    Unless(
        "d.they-stop", "somebody else stops", _STOPS, "D",
        before=rf"(?<!will )(?<!would )(?<!can )(?<!could )\b(?:he|she|they)(?: {_BETWEEN})? $", after=rf"^(?!{_ME})",
    ),
    Unless(
        "c.they-stop", "somebody else stops texting the writer", _STOPS, "C",
        before=rf"(?<!will )(?<!would )(?<!can )(?<!could )\b(?:he|she|they)(?: {_BETWEEN})? $",
    ),
    Unless(
        "c.if-you-stop", "a condition", _STOPS, "C",
        before=r"\b(?:if|whether|once|when|until|till) (?:you|u|they|we|i) $",
        after=rf"^(?!{_ME}(?! (?:jobs?|leads?|work|shifts?|offers?|money)))",
    ),
    Unless(
        "c.you-quit", "you quit texting me: told rather than asked", _STOPS, "C", itself="quit",
        before=r"(?:^|\b(?:and|but|so|because|cuz|that|since) )(?:you|u|yall)(?: just| guys)? $",
    ),
    Unless(
        "c.told-others", "somebody was told to stop", _STOPS, "C",
        before=r"\b(?:told|asked|telling|asking|tell|ask|get|made|make) (?:him|her|my \w+|the guy|that guy) (?:to )?$",
    ),
    Unless(
        "c.somebody-said", "what somebody else has said",
        (*_STOPS, "b.leave-me-alone", "b.remove-me", "b.take-me-off", "b.lose-my-number"), "C", since=6,
        before=r"\b(?:he|she|they|someone|somebody) (?:just |then |only |even )?"
        r"(?:said|says|told|texted|yelled|screamed|replied|wrote)(?: (?:me|us|him|her|them))?(?: to)? $",
    ),
    Unless(
        "c.somebody-quoted", "what somebody else has said, in quotes", ("b.leave-me-alone", "b.remove-me", "b.take-me-off"),
        "C", since=6,
        around=r"\b(?:he|she|they|someone|somebody) (?:just |then |only |even )?"
        r"(?:said|says|told|texted|yelled|screamed|replied|wrote)(?: (?:me|us|him|her|them))?\n(?:leave|remove|take) ",
    ),
    Unless(
        "c.somebody-removes", "what somebody else does or has tried", ("b.remove-me", "b.take-me-off"), "C", since=6,
        before=r"(?<!will )(?<!would )(?<!can )(?<!could )(?<!should )\b(?:he|she|they|it)(?: (?:just|then|even|never|almost|have|has|had|did|didnt|tried|"
        r"try|want|wanted|went|going|threatened|decided|to)){0,3} $",
    ),
    Unless("c.driving", "stop texting while driving", _STOPS, "C", after=rf"^ {_DRIVING}"),
    Unless(
        "c.calling-names", "stop calling it that", _STOPS, "C", itself=r"(?:stop|quit) .*\bcalling?$",
        after=r"^ (?:it|that|him|her|them|yourself|in|off|out|myself|everyone|people|me "
        rf"{_NAMES}"
        r")(?![a-z0-9])",
    ),
    Unless(
        "c.others", "about other people", _STOPS, "C", itself=r"(?!.*\bsendin?g?$)",
        after=r"^ (?:him|her|them|people|(?:the|our|their|his|my) (?!"
        + either("phone / cell / number / mobile / line / damn",
        "house / home / work / job / office / wrong / same / text")
        + r")\w+)\b",
    ),
    Unless(
        "c.goods", "stop sending things that are no messages", _STOPS, "C", itself=r"(?:stop|quit) .*\bsendin?g?$",
        after=r"^ (?:"
        + either(
            "me / us / him / her / them / over / out / in / back / the / my / our",
            "your / any / more / these / those / that",
            "a / an / so many / new / old / all / paper / unqualified / bad / wrong / late",
        )
        + rf" ){{0,4}}{_GOODS}\b",
    ),
)  # fmt: skip

_ABOUT_WRITING = (
    Unless(
        "b.told-you", "I told you: don't text me", _NEVERS, "same", itself="do",
        before=rf"\b{either('told / tell / telling / asked / asking / said to / beg / begging')} (?:{_YOU}|them) $",
    ),
    Unless(
        "c.so-you-dont", "you don't text me again", _NEVERS, "C", itself="do",
        before=rf"\b(?:{_YOU}|they)(?: (?:all|just|really|better|please))? $",
        after=r"^ (?:again|anymore|any more|any longer|ever)\b",
    ),
    Unless(
        "d.nobody-writes", "somebody doesn't text me", _NEVERS, "D", itself="do",
        before=r"\b"
        + either(
            "you / u / they / we / i / people / ppl / guys / folks / who",
            "ya / yall / recruiters / companies / agencies",
            "employers / managers / friends / kids / others / most / many / some / that / which / jobs",
        )
        + rf"(?: {either(_MOSTLY, _BETWEEN)}){{0,2}} $",
    ),
    Unless(
        "b.and-never-again", "... and never contact me again", _NEVERS, "same", itself="never",
        before=r"\b(?:and|or|but|just|to|so|number|list|me|alone) $",
        after=r"^ (?:again|anymore|any more|any longer|ever)\b",
    ),
    Unless("c.and-never", "... and never text me back", _NEVERS, "C", itself="never", before=r"\b(?:and|or|but|so) $"),
    Unless(
        "d.nobody-ever-writes", "somebody never texts me", _NEVERS, "D", itself="never", after=r"^(?! again\b)",
        before=r"\b(?!"
        + either(
            "please / pls / plz / just / to / must / should / shall / may / will",
            "said / say / kindly / again / seriously",
            "ok / okay / thanks / thx / bye / no / me / number / stop / list",
            "alone / off / ever / better / texts / messages",
            "now / dude / bro / man / lady",
        )
        + r"\b)[a-z0-9#$]+ $",
    ),
    Unless(
        "c.never-again", "somebody never texts me again", _NEVERS, "C", itself="never",
        before=r"\b(?:you|u|yall|they|he|she|we|i|it) $",
    ),
    Unless(
        "c.only-sometimes", "don't text me before 9, at work, on LinkedIn", _NEVERS, "C",
        after=r"^ (?:(?:back |here |again |anything |about \w+ )?"
        + either(
            "until / till / til / before / after / during / while / when / whenever / between / unless / if / except",
            "without / because / cause / bc / yet / today / tonight / tomorrow",
            "right now / now / instead / through / via",
        )
        + r"\b|(?:this|so|that|too) (?:late|early)\b|(?:at|on|in|over|past) "
        + either(
            "work / nights? / noon / the weekend / the morning / the evening / weekends? / weekdays? / \\d\\w*",
            "(?:mon|tues|wednes|thurs|fri|satur|sun)days? / linkedin / facebook / fb / whatsapp",
            "messenger / instagram / ig",
            "slack / teams / indeed / email / my lunch / my break",
        )
        + r"(?![a-z]))",
    ),
)  # fmt: skip

_ABOUT_LISTS = (
    Unless(
        "d.why-removed", "asks why it was done", _MINE, "D",
        before=rf"\b(?:(?:why|how come)(?: (?:did|do|would|will|are|were|is))?|when did|whyd) {_ANYONE}"
        rf"(?: (?:going to|gonna|{_BETWEEN})){{0,2}} $",
    ),
    Unless(
        "c.have-you-yet", "asks whether it was done", _OFFS, "C",
        before=r"\b(?:did|didnt|have|havent|has|hasnt|havnt) (?:you|u|yall|they|someone|anyone|it)"
        rf"(?: {_BETWEEN}){{0,2}} $",
    ),
    Unless(
        "d.did-you-lose", "asks whether it was lost", ("b.lose-my-number", "b.leave-me-alone"), "D",
        before=rf"\b(?:did|does|do|in case|hope) {_ANYONE}(?: {_BETWEEN})? $",
    ),
    Unless(
        "c.if-you-lose", "a condition", ("b.lose-my-number",), "C",
        before=r"\b(?:if|think|thought|maybe|might|may|when) "
        r"(?:(?:you|u|they|we|i)(?: (?:ever|might|may|did|somehow))? )?$",
    ),
    Unless(
        "c.it-takes-me", "something takes me off course", ("b.take-me-off",), "C",
        before=r"\b(?:it|that|this|which|job) (?:will|would|could|might|may|is going to) $",
    ),
    Unless(
        "c.from-a-job", "off a schedule or out of a process", _OFFS, "C",
        after=r"^ as (?:the|a|an|your) |^ (?:"
        + either(
            r"from / off / of / out of / on / for / as / the / that / this / your / my",
            r"our / any / a / an / all / next / new",
            r"job / work / further / \d\w*",
        )
        + rf" ){{0,4}}(?:\w+ )?{_WORK}"
        r"(?! (?:text|texts|alerts?|messages|lists?|blasts?|sms|chats?|groups?))(?![a-z0-9])",
    ),
)  # fmt: skip

_NOT_A_LIST = r"(?!your |ur |the (?:\w+ )?(?:list|database|system)|this |all |every)"
_NAMED = "|".join(listed("names.txt"))

#: What rule set 2 adds.
_SINCE_2 = (
    Unless(
        "d.thing-removed", "a telephone is taken from somewhere", ("b.remove-me",), "D", itself="remove my (?:phone|cell|cellphone|mobile)$",
        after=rf"^ (?:from|off|out of) {_NOT_A_LIST}\w+", since=2,
    ),
    Unless(
        "d.off-a-shift", "off a shift or a schedule", ("b.take-me-off", "b.remove-me"), "D",
        after=r"^(?! (?:from )?(?:the|your) schedule(?:\n|$)) (?:from )?(?:(?:the|my|this|that|your|our|next|all|for) ){0,2}(?:\w+ )?(?:schedules?|shifts?|rota|roster|rotation|calendar)"
        r"(?! (?:text|texts|alerts?|messages|lists?|blasts?|sms|chats?|groups?))(?![a-z0-9])", since=2,
    ),
    Unless(
        "d.somebody-told", "somebody else was told to leave the writer alone", ("b.leave-me-alone",), "D",
        before=r"\b(?:tell|told|asked|ask|telling) (?!you|u|yall|your|them)\w+(?: \w+)? to (?:just |please )?$", since=2,
    ),
    Unless(
        "d.negated-in-chat", "negated as chats spell it: dun, dnt, nvr", (*_OFFS, "b.leave-me-alone", "b.lose-my-number"), "D",
        before=r"\b(?:dun|dunt|dnt|doan|nvr|nevr|wun)(?: (?:ever|just|u|you|go and))?\s$", since=2,
    ),
    Unless(
        "d.will-leave", "somebody else will leave the writer alone", ("b.leave-me-alone",), "D",
        before=r"\b(?!you |u |yall |ya |guys |people |they |she |he |stop )\w+ (?:will|would|might|may|is gonna|is going to) (?:just |finally |never )?$", since=2,
    ),
    Unless(
        "c.leave-alone-in-fun", "said in fun, or about a guess", ("b.leave-me-alone",), "C",
        before=r"^(?:lol|lmao|haha\w*|hehe\w*) (?:just |pls |please )?$", since=2,
    ),
    Unless(
        "c.leave-alone-a-guess", "a guess", ("b.leave-me-alone",), "C", after=r"^ (?:i (?:think|guess|suppose)|lol|haha\w*)\b", since=2,
    ),
    Unless(
        "d.quoted-like", "what somebody would say", (*_STOPS, *_NEVERS, "b.leave-me-alone"), "D",
        before=r"\b(?:(?:you|u|he|she|they|i|we) ?(?:d|would|ll|will)|gonna|(?:i|he|she) was|im|hes|shes) (?:be )?(?:all )?like\b[^\n]*$", since=2,
    ),
    Unless(
        "c.somebody-told", "somebody else was told", (*_STOPS, *_OFFS), "C",
        before=rf"\b(?:tell|told|telling) (?:{_NAMED}|my \w+) to (?:just |please )?$", since=2,
    ),
    Unless(
        "d.called-a-name", "calling the writer by a name", _STOPS, "D", itself=r"(?:stop|quit) .*\bcalling?$",
        after=rf"^ me (?:(?:{_NAMED})(?=\n|$)|(?:a|an) \w+)", since=2,
    ),
    Unless(
        "d.until-told", "goes on until told to stop", ("c.please-stop",), "D", before=r"\b(?:until|till|unless)\b[^\n]*$", since=2,
    ),
    Unless(
        "d.family", "said to the family, or in fun", ("c.please-stop", "c.please-stop-it"), "D",
        around=rf"^(?:{_KIN})(?:\n| stop| please)|\b(?:wa)?(?:ha){{2,}}h?\b|\b(?:lol|lmao|rofl|jaja\w*)\b", since=2,
    ),
    Unless(
        "d.not-stop", "no dejen de mandar, non smettete di scrivere: they are to go on",
        ("c.request.es", "c.request.pt", "c.request.it", "c.request.nl"), "D",
        itself=r"(?:dejen?|dejes|pare[nms]?|para|smett\w+|stop\w*)\b", before=r"\b(?:no|nunca|nao|non|niet)(?: me| nos| mi| ci)? $",
        since=4,
    ),
    Unless(
        "d.not-off-a-list", "Dutch haal and schrijf without a list: fetches, writes", ("c.request.nl",), "D",
        itself="(?:haal|schrijf)", after=r"^(?!.*\b(?:van|uit|af|eruit|lijst|bestand)\b)", since=2,
    ),
    Unless(
        "d.text-a-thing", "asks for a thing by another way", _NEVERS, "D",
        after=r"^ (?:the|my|his|her|their) (?:\w+ )?(?:address|directions?|code|password|link|photos?|pictures?|pics?|details|"
        r"info|location|form|schedule|docs?|file|numbers?|results?)(?![a-z0-9])", since=3,
    ),
)  # fmt: skip

UNLESS = (
    *lookalike_phrases.UNLESS,
    *_SINCE_2,
    *_ABOUT_STOPPING,
    *_ABOUT_WRITING,
    *_ABOUT_LISTS,
    Unless(
        "d.confirmation", "quotes a confirmation", _MORES, "D",
        before=r"\bwill (?:\w+ )?(?:receive|get|be sent|send(?: you)?) $",
    ),
    Unless(
        "c.has-no-more", "has no more messages", _MORES, "C",
        before=r"\b(?:"
        r"have|has|had|got|gets|getting|are|were|was|theres|there is|there are|see|saw|received|receiving|with|why|"
        r"hearing|seen|sent|be|(?<!to )get|(?<!to )receive)(?: (?:been|any))? $",
    ),
    Unless(
        "c.none-left", "has no more messages left", _MORES, "C",
        after=r"^ (?:left|available|in my|on my (?:plan|phone)|until|till|before|after|today|tonight)\b",
    ),
    Unless(
        "d.right-number", "says that it is not the wrong number", ("c.wrong-number", "c.wrong-number-abroad"), "D",
        before=r"\b(?:not|isnt|aint|dont have|didnt have|wasnt|arent|never)(?: (?:the|a|at|using|have))? $",
    ),
    Unless(
        "d.benefits", "opts out of something else", ("c.want-out",), "D",
        after=r"^ (?:of|from|for) (?:(?:the|my|your|our|this|that|any|all) )?(?:\w+ ){0,2}"
        + either(
            "insurance / dental / vision / medical / health / benefits? / coverage / 401k",
            "plan / pto / retirement / overtime",
            "program / union / meeting / trip / netflix / gym / newsletter / youtube / channel",
        )
        + "(?![a-z0-9])",
    ),
    Unless(
        "d.loses-things", "the writer loses it", ("b.lose-my-number",), "D", since=6,
        before=r"(?:\A|[ \n])(?:i|we|ill|always)(?: (?:always|often|just|will|did|might|may|could|nearly|almost|never))? \Z",
    ),
    Unless(
        "d.why-no-more", "somebody is missed", ("c.request.es", "c.request.fr", "c.request.de", "c.request.pt", "c.request.it", "c.request.nl"),
        "D", since=6, around=r"\A(?:pero |mas |ma |aber |maar |mais )?(?:waarom|perche|por que|porque|warum|pourquoi|come mai|wieso)(?![a-z0-9])",
    ),
    Unless(
        "d.you-no-more", "somebody is missed", ("c.request.fr", "c.request.de", "c.request.pt"), "D", since=6,
        before=r"(?:\A|[ \n])(?:tu|il|elle|du|er|voce|ele|ela) \Z",
    ),
)  # fmt: skip
