"""The keywords, what people put beside them, and the words that only look like a slip of one."""

from __future__ import annotations

from processors.opt_out.rules import Rule

#: Sources: 47 CFR 64.1200(a)(10), Twilio's, AWS's and TextUs's keyword lists, carriers' lists abroad (November 2026).
_KEYWORDS = {
    "en": ("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "remove"),
    "es": ("alto", "parar", "baja", "cancelar", "no mas", "detener"),
    "fr": ("arret", "arreter", "desabonner"),
    "de": ("stopp", "abmelden", "abbestellen"),
    "pt": ("parar", "sair", "cancelar"),
    "it": ("cancella", "disiscrivi", "basta"),
    "nl": ("afmelden", "uitschrijven", "stoppen"),
}

#: Said before or after a keyword without changing it. Regular expressions over whole words, any language with any.
COURTESIES = (
    # English
    r"pl+e+a+s+e*", r"pl+e+s+e?", r"pl+[sz]+", "plse", "plea", "pretty please", "kindly", "respectfully", "sorry",
    r"(?:and )?thank+ (?:you|u|ya)(?: (?:so|very) much| kindly| again| in advance| for (?:your|ur) (?:time|help))?",
    r"(?:and )?thank+s+(?: (?:so much|a lot|again|anyways?|in advance|but no thanks|for (?:your|ur) (?:time|help)))?",
    "many thanks", "no thanks", "no thank you", "thankyou", "thanku", "thankx", r"thx+", "thnx", "thnks", "thanx",
    "thks", "tks", "tnx", "ty", "tysm", "tyvm", "much appreciated", "appreciated", "appreciate it", "i appreciate it",
    "if you (?:dont mind|please|would|could)", "cheers", "regards", "(?:best|kind|warm) regards", "excuse me",
    "my apologies", "apologies", "pardon", "sir", "maam", "madam", "sir or madam", "hi", "hello", "hey", "hi there",
    "hello there", "good (?:morning|afternoon|evening|day|night)", "bye", "goodbye", "bye bye", "god bless(?: you)?",
    "(?:have a )?(?:good|great|nice|blessed|wonderful|lovely) (?:day|one|night|evening|weekend|week)",
    # Spanish
    "por ?favor", "porfa", "porfis", "porfavorcito", "xfa", "x ?favor", "(?:muchas |mil )?gracias", "no gracias",
    "disculpen?", "lo siento", "perdon", "hola", "buen(?:os)? dias?", "buenas(?: tardes| noches)?", "saludos",
    "muy amables?", "se lo agradezco", "adios",
    # French
    "s ?il (?:vous|te) plait", "svp", "stp", "merci(?: beaucoup| bien| d ?avance| a vous)?", "non merci", "bonjour",
    "bonsoir", "cordialement", "desolee?", "pardon", "salut", "bonne journee", "bonne soiree", "au revoir",
    # German
    "bitte(?: schon| sehr)?", "danke(?: schon| sehr)?", "dankeschon", "nein danke", "(?:vielen|besten|herzlichen) dank",
    "hallo", "guten (?:tag|morgen|abend)", "mfg", "lg", "(?:viele|liebe|freundliche) grusse?",
    "mit freundlichen grussen", "entschuldigung", "(?:schonen|guten) tag(?: noch)?", "tschuss",
    # Portuguese
    "(?:muito )?obrigad[oa]", "nao obrigad[oa]", "obg", "pfv?r?", "p f", "faz favor", "se faz favor", "valeu",
    "desculpem?", "ola", "oi", "bom dia", "boa (?:tarde|noite)", "agradecid[oa]", "grat[oa]", "agradeco",
    # Italian
    "per (?:favore|piacere|cortesia)", "perfavore", "cortesemente", "gentilmente", "grazie(?: mille| tante)?",
    "(?:mille|tante) grazie", "no grazie", "ciao", "salve", "buongiorno", "buonasera", "(?:cordiali )?saluti",
    "scusate", "scusi", "arrivederci", "buona giornata",
    # Dutch
    "aub", "a u b", "ajb", "a j b", "s v p", "alsjeblieft", "alstublieft", "asjeblieft", "astublieft", "graag",
    "(?:hartelijk |alvast )?bedankt", "hartelijk dank", "dank (?:u|je|jullie)(?: ?wel)?", "dankjewel", "dankuwel",
    "nee bedankt", "nee dank (?:u|je)", "mvg", "met vriendelijke groet(?:en)?", "groet(?:en|jes)?", "hoi", "dag",
    "goedendag", "goede(?:morgen|middag|navond)", "fijne dag", "doei",
)  # fmt: skip

#: May stand before the first word of a longer text.
OPENERS = (
    "please", "pls", "plz", "kindly", "hi", "hello", "hey", "ok", "okay", "yes", "yeah", "just", "so", "sorry",
    "thanks", "thx", "por favor", "bitte", "svp", "per favore", "aub",
)  # fmt: skip

_SLIPS = ("stop", "stopall", "unsubscribe", "cancel", "optout", "revoke")

#: One slip away from one of the six, and yet what a person may well send by itself, by language. Every slip that is
#: a word in any of the seven languages was looked at (word frequencies, November 2026). Left as slips: words too rare
#: to be meant (stip, stob, stot, stoa, canel, reyoke), initials (stp), surnames nobody signs with (Ancel, Lancel), and
#: verb forms that do not stand alone (Italian "sto", Portuguese "optou").
OWN_WORDS = {
    "en": (
        "atop", "shop", "slop", "sop", "spot", "step", "stoop", "stow", "swop", "top",  # stop; SOP is a document
        "ptos",  # stop: days off
        "stovall",  # stopall: an American surname, a likely answer to "your last name?"
        "cancer", "evoke", "revote",
    ),
    "es": ("carcel", "cincel"),  # cancel: prison, chisel
    "nl": ("stap", "stof", "stok", "stom"),  # stop: step, dust, stick, stupid
}  # fmt: skip

RULES = (
    Rule("in.keyword", "in", "whole", "is a word that opts in", words=("start", "unstop", "subscribe")),
    *(
        Rule(f"a.keyword.{language}", "A", "whole", "is a keyword", (language,), words)
        for language, words in _KEYWORDS.items()
    ),
    Rule("d.reaction", "D", "reaction", "a reaction to one of our texts: it quotes us", tuple(_KEYWORDS)),
    Rule("b.courtesy", "B", "courtesy", "a keyword and courtesy, nothing else", tuple(_KEYWORDS)),
    Rule("c.slip", "C", "typo", "one letter of a keyword dropped, doubled, replaced or two swapped", words=_SLIPS),
    Rule("c.spelled", "C", "spelled", "a keyword spelled letter by letter, or drawn out (STOOOOP)", words=_SLIPS),
    Rule("c.several", "C", "several", "several keywords and nothing else", tuple(_KEYWORDS)),
    Rule(
        "c.first-word", "C", "first", "begins with a keyword",
        words=("stop", "stopall", "unsubscribe", "optout", "revoke"),
    ),
    Rule(
        "c.first-word-object", "C", "object", "begins with end, quit, cancel or remove, and messages are their object",
        words=("end", "quit", "cancel", "remove"),
        pattern=(
            r" (?:(?:all|the|my|these|those|this|your|ur|any|any more|further|future|of|from|me from|receiving|getting|"
            r"sending|with|and|stop|text|sms|job|daily|weekly|monthly|marketing|automated|automatic|mobile|phone|promo|"
            r"promotional|email|spam|notification|mailing) ){0,5}"
            r"(?:texts|txts|messages|msgs|sms|smss|alerts?|notifications?|subscriptions?|subscribe|texting|messaging|"
            r"lists?|system|database|updates|campaigns?)(?![a-z0-9])"
            r"| (?:text|message|msg)(?![a-z0-9])"
        ),
    ),
    Rule("d.nothing", "D", "rest", "nothing that says stop", tuple(_KEYWORDS)),
)  # fmt: skip
