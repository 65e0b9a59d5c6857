"""What follows `stop` where it means to call in or to halt: "stop by at 5", "stop downtown tomorrow"."""

from __future__ import annotations

#: From the tier table; `@` is how some write "at".
_PREPOSITIONS = ("by", "in", "at", "over", "off", "for", "on", "near", "@")

#: Only words that nobody would put after an order to stop.
_PLACES = (
    "(?:here|there)(?! (?:is|are|was|were|will)(?![a-z]))", "home",
    "nearby", "downtown", "uptown", "midtown", "upstairs", "downstairs", "outside", "inside",
    "next door", "across", "around the corner", "past the", "up front", "(?:and|n) shop", "shop", "office", "house",
    "apartment", "store", "warehouse", "site", "jobsite", "airport", "station", "hotel", "restaurant", "lobby",
    "reception", "hospital", "clinic", "campus",
    "bank", "pharmacy", "gym", "mall", "gas station", "post office", "front desk",
    "starbucks", "walmart", "target", "costco", "mcdonalds", "wendys", "cvs", "walgreens", "kroger", "home depot",
    "lowes", "7 eleven",
    "new york", "nyc", "los angeles", "chicago", "houston", "phoenix", "philadelphia", "san antonio", "san diego",
    "dallas", "austin", "san jose", "jacksonville", "fort worth", "columbus", "charlotte", "indianapolis", "seattle",
    "denver", "boston", "nashville", "detroit", "portland", "las vegas", "vegas", "memphis", "louisville", "baltimore",
    "milwaukee", "albuquerque", "tucson", "fresno", "sacramento", "atlanta", "kansas city", "omaha", "raleigh",
    "miami", "tampa", "orlando", "oakland", "minneapolis", "tulsa", "cleveland", "new orleans", "pittsburgh",
    "cincinnati", "st louis", "toronto", "london", "paris", "berlin", "madrid", "lisbon", "rome", "amsterdam",
)  # fmt: skip

_DAYS = "mon|tue|tues|wed|weds|thu|thur|thurs|fri|sat|sun|(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec"
_TIMES = (
    "today", "tonight", "tonite", "tomorrow", "tomorow", "tommorow", "tommorrow", "tmrw", "tmr", "tmw", "2morrow",
    "later", "early", "noon", "midnight", "noonish", "lunch", "lunchtime", "breakfast", "dinner", "work", "church",
    "(?:in )?the (?:morning|afternoon|evening)", "morning", "afternoon", "evening", "weekend", "week", "month",
    "first thing", "last thing", f"(?:{_DAYS})s?", rf"(?:{_MONTHS})[a-z]* \d{{1,2}}(?:st|nd|rd|th)?",
    r"\d{1,4} ?(?:am|pm|a\nm|p\nm|ish|oclock|hrs?|hours?|mins?|minutes?|days?|weeks?)", r"\d{1,2}\n\d\d",
)  # fmt: skip
#: "work" and "lunch" are times only behind one of these.
_LEAD = "after|before|around|about|until|till|between|during|next|this|every|each|early|late"
_BARE = tuple(time for time in _TIMES if time not in {"work", "church", "week", "month", "breakfast"})

_OBJECT = r"(?! (?:texts?|txts?|messages?|msgs?|alerts?|sms|spam|notifications?|jobs?|offers?|leads?)(?![a-z0-9]))"


def _any(words: tuple[str, ...]) -> str:
    return "|".join(words)


#: Behind a first `stop`, in the same clause.
PATTERN = (
    rf" (?:(?:{_any(_PREPOSITIONS)})(?![a-z0-9])"
    rf"|(?:(?:the|my|your|our|ur|his|her|their|a) )?(?:{_any(_PLACES)})(?![a-z0-9]){_OBJECT}"
    rf"|(?:(?:{_any(_BARE)})|(?:{_LEAD}) (?:the |my )?(?:{_any(_TIMES)}|\d{{1,2}}))(?![a-z0-9]){_OBJECT}"
    rf"|# ?\d|\d{{1,2}} (?:is|was|at|on|of|then|will|has|and)(?![a-z0-9]))"
)

#: What senders do with messages: an order to stop that is one.
_ABOUT_MESSAGES = (
    "(?:text|txt|messag|msg|contact|send|call|email|mail|writ|bother|harass|harras|spam|spamm|pester|bug|bugg|annoy|hound|"
    "solicit|stalk|blast|ring|phon|dm|badger|disturb|communicat|ask|begg|bombard|flood|ping|sms|troll|hassl|wast|us|blow|"
    "reach|hitt|pushing|advertis|market|promot|campaign|notify|updat|sell|recruit|robocall|fill|clogg|invad|abus|"
    "threaten|trick|scamm|phish|respond|reply|answer|continu|try|keep|giv|shar|post|mess|poll|survey)ing"
)
#: Behind a first `stop`: what is no message, and what nobody would ask a sender to stop. From rule set 2 on.
NO_MESSAGE = (
    r" (?:(?:the|this|that|ur|your|his|her|their|our|my|with|all|being|so|a|it) ){0,3}(?:\w+ )?"
    r"(?:production|machine|machines|story|stories|drama|car|truck|bus|train|engine|clock|timer|bleeding|rain|noise|music|"
    r"game|war|violence|press|line|conveyor|order|shipment|delivery|payment|process|work|fight|fighting|show|video|"
    r"recording|emotional|leak|water|spread|virus|project|construction|car|tape|meeting|watch|silly|jealous|childish|mean|dramatic)"
    r"(?![a-z0-9])"
    rf"|(?: (?:all|it|with|the|ur|your|fucking|being))? (?!(?:{_ABOUT_MESSAGES})(?![a-z]))\w+ing(?! (?:me |us )?(?:up|alone)(?![a-z]))"
    r"(?! (?:\w+ )?(?:my (?:phone|number|time)|me|us)(?=[\n ]|$)(?! (?:if|laugh|cry|feel|look|mad|crazy)(?![a-z])))(?![a-z0-9])"
    r"| (?:(?:lying|yelling|staring|shouting|laughing|screaming|looking|barking|talking|teasing|pinching|hitting|pushing|kicking|"
    r"following|knowing|loving|missing|tempting|reminding|confusing|distracting|poking|interrupting|embarrassing|scaring|hurting|biting|tickling|touching|copying|judging|blaming|making)(?: (?:at|to|on))? me"
    r"|being|(?:messing|playing|fooling|joking|goofing|screwing) around|calling|me|him|her|them|us|thief|liao|it always|loss(?:es)?|ou encore|"
    r"bij (?:de|het|een|mij)|met (?:zeuren|roken|huilen|werken|lachen)|ist|oder)(?![a-z0-9])"
    rf"{_OBJECT}"
)

#: The same, from rule set 5 on: signs and lamps, proposals, a stopper that has blown, slogans, praise.
NO_MESSAGE_EITHER = (
    r" (?:signs?|lights?|lamps?|gap|motion|prop(?:osition)?|measure|amendment|button|word|watch)(?![a-z0-9])"
    r"| (?:is|ist|zit|was) (?:doorgeslagen|kapot|stuk|defekt|rausgeflogen|gesprungen|lose|los|broken|down|missing|busted|the|a|on|at)(?![a-z0-9])"
    r"| (?:a la|a l|aux?|al) (?!\d|(?:messages?|sms|textos?|pubs?|appels?|mails?|spams?|harcelement|demarchage|envois?|mensajes?|spam|publicidad)(?![a-z0-9]))\w+"
    r"| it (?:youre|you are|ur|u r|thats) (?:too|so|making|killing|gonna|going)(?![a-z0-9])"
    r"| mal\n"
)
#: Laughter in a text that begins so, read as "haha" from rule set 5 on: friends say it.
LAUGHING_FACES, IN_BANTER = "😂🤣😹", "stop it"

#: Behind a first "opt out": what is no messaging. From rule set 2 on.
OTHER_THINGS = (
    r" (?:of|from|for) (?:(?:the|my|your|our|this|that|any|all) )?(?:\w+ )?(?:warranty|insurance|dental|vision|medical|health|"
    r"benefits?|coverage|401k|plan|pto|retirement|overtime|program|union|meeting|trip|gym|class|survey)(?![a-z0-9])"
)

#: In a text that begins with `stop`, two words later or more: it is said in fun. From rule set 2 on.
IN_FUN = r"\b(?:(?:wa)?(?:ha){2,}h?|lol|lmao|rofl|jaja\w*|hehe\w*)\b"

#: A preposition of the table, and yet an order: "stop at once" calls in nowhere.
STILL_A_STOP = (
    r" (?:at once|for good|for now|for ?ever|for the love of|in the name of|on all (?:my )?(?:numbers|phones|lines)|"
    r"(?:on|at) this (?:number|phone|line)|by the way)(?![a-z0-9])"
)


#: Since rule set 6. Dutch: "stop maar in de brievenbus", "stop niet".
NO_MESSAGE_DUTCH = (
    r" (?:maar |even |hem |ze |die |(?:de|het) \w+ )*(?:in|bij|onder|achter|naast) (?:de|het|mijn|jullie|onze|een)(?![a-z0-9])"
    r"| niet(?![a-z0-9])"
)


def no_message(number: int) -> str:
    """What behind a first `stop` is no message for rule set `number`."""
    parts = (NO_MESSAGE, *(NO_MESSAGE_EITHER,) * (number >= 5), *(NO_MESSAGE_DUTCH,) * (number >= 6))
    return "|".join(parts)


def laughter(text: str) -> str:
    """`text` with its laughing faces as "haha", where it begins as friends banter."""
    if text.isascii() or not text[:8].lower().startswith(IN_BANTER):
        return text
    for face in LAUGHING_FACES:
        text = text.replace(face, " haha ")
    return text
