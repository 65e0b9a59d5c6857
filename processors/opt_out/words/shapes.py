"""Keywords in other shapes: joined to another one, misspelt in more ways, drawn, spelled with look-alike letters."""

from __future__ import annotations

from processors.opt_out.rules import Rule

_SEVEN = ("en", "es", "fr", "de", "pt", "it", "nl")

#: What may be joined: "Text STOP to END" is what senders write and people copy.
JOINED = ("stop", "quit", "end", "cancel", "unsubscribe", "optout", "stopall", "remove", "revoke")
#: Between two of them.
JOINTS = ("to", "too", "two", "and", "or", "for", "2", "3", "4", "t", "n", "")
#: Behind or before a keyword without a blank: "stopnow", "unsubscribeme", "STOP1", "pleasestop".
GLUED = (
    "it", "now", "this", "please", "pls", "me", "us", "texting", "texts", "messages", "msgs", "calling", "sending",
    "spam", "bot", "that", "already", "asap", "thanks", "text", "messaging", "texting me", "contacting",
    "contactingme", "textingme", "callingme", "messagingme", "sms", "asshole", "bitch", "fuck", "fucking", "idiot",
    "just", "ok", "end", "off", "fuckoff", "so", "and", "0", "1", "2", "3", "4", "5", "7", "8", "9", "all", "allmessages",
    "alltexts", "themessages", "thetexts", "thisshit", "emailing", "harassing", "spamming", "bothering", "immediately",
    "anymore", "mnow",
)  # fmt: skip
#: Behind END, QUIT and CANCEL.
GLUED_TO_ANY = (
    "texting",
    "texts",
    "messages",
    "messaging",
    "calling",
    "now",
    "this",
    "please",
    "pls",
    "textingme",
    "all",
)
#: Whole requests in one word.
ONE_WORD = (
    "removeme", "optmeout", "optusout", "takemeoff", "takemeoffyourlist", "leavemealone", "nomoretexts",
    "deleteme", "unsubscribeme", "losemynumber", "wrongnumber", "donottext", "donotcall", "donotcontact", "donttextme",
    "dontcallme", "dontcontactme", "goaway", "fuckoff", "deletemynumber", "removemynumber", "removemefromyourlist",
    "stoptexting", "stopcalling", "notexts", "nomoremessages", "getlost", "unsuscribe", "unsub", "opttout", "opout",
    "optoff", "opt0ut", "unsubscription", "unsubscribing", "dnc", "stahp", "stawp", "stahhp", "unsubcribed",
    "unsubscibed", "unsubme", "unsubplease", "stopit", "stopitnow", "stopstop", "donotdisturb", "optedout",
)  # fmt: skip

#: Messages and courtesy.
_MESSAGE_WORDS = (
    "text texts texting txt txts message messages messaging sms spam calls calling ads now this me us it already "
    "mensajes textos llamadas publicidad por favor gracias ya pub textos appels merci svp stp nachrichten werbung "
    "anrufe bitte danke mensagens propaganda ligacoes obrigado obrigada messaggi chiamate pubblicita grazie favore "
    "berichten reclame aub bedankt appjes mehr mas plus mais piu meer no more"
)
#: What may stand beside a stop sign, from rule set 5 on.
MESSAGE_WORDS = frozenset(_MESSAGE_WORDS.split())

#: Keyword -> letters beside each of its letters on a keyboard, by which shorter words are misspelt.
AROUND = {
    "q": "wa1g", "u": "yi7j8h", "i": "uo8k9j", "t": "ry5g6f", "e": "wr3d4s", "n": "bmhj", "d": "sfecx", "r": "etf",
    "m": "nk", "o": "pil0k", "v": "cbg", "c": "xvd", "a": "sqz", "l": "kop", "s": "adwzx", "p": "ol0",
}  # fmt: skip
#: Slips of QUIT, END and REMOVE that are words of their own, or names.
OWN_SLIPS = frozenset(
    [
        "quiet",
        "quite",
        "quilt",
        "quint",
        "quits",
        "suit",
        "unit",
        "guilt",
        "quid",
        "quip",
        "quiz",
        "wit",
        "uit",
        "qui",
        "quin",
        "quot",
        "quote",
        "quoit",
        "end's",
        "ends",
        "bend",
        "send",
        "lend",
        "mend",
        "tend",
        "fend",
        "vend",
        "rend",
        "wend",
        "and",
        "ed",
        "en",
        "eng",
        "ned",
        "den",
        "ent",
        "enid",
        "een",
        "eend",
        "ned",
        "remote",
        "removed",
        "remover",
        "removes",
        "revokes",
        "remodel",
        "rumove",
        "nd",
        "ene",
        "enf's",
        "squit",
        "quest",
        "fnd",
        "ind",
        "und",
        "ond",
        "emo",
        "eno",
        "enr",
        "enc",
        "enx",
        "stops",
        "strop",
        "stomp",
        "stoup",
        "estop",
        "stope",
        "atop",
        "stopy",
        "stork",
        "story",
        "storm",
        "store",
        "stoep",
        "stony",
        "stow",
        "stowp",
        "scop",
        "astop's",
        "unstop",
        "cancels",
        "cancelo",
        "cancela",
        "cancele",
        "cancell",
        "kancel",
        "cancelar",
        "cancelli",
        "optouts",
        "stopper",
        "stopped",
        "stoppt",
        "stoppe",
        "stopp",
        "stoppa",
        "step",
        "stip",
    ]
) - {"enf's"}

#: Emoji that say stop when nothing else is said.
EMOJI = "🛑✋🚫⛔🖐🤚🖕📵🔕❌"

RULES = (
    Rule("c.joined", "C", "shape", "keywords joined to each other or to a word: Quit2End, stopnow, STOP1", _SEVEN, since=2,
         source="replies to \"Text STOP to END\" in campaign texting", examples=("Cancel2Stop", "pleasestop", "STOP7")),
    Rule("c.slip-more", "C", "shape", "a letter put into a keyword, a slip of QUIT, END or REMOVE", _SEVEN, since=2,
         source="keyboards: the letters beside each other", examples=("stoip", "qujt", "sto'p")),
    Rule("c.squeezed", "C", "shape", "a keyword with signs or blanks between its letters", _SEVEN, since=2,
         source="replies to texts", examples=("st[op", "e n d", "q-u-i-t")),
    Rule("c.emoji", "C", "shape", "nothing but a stop sign, a raised hand or the like", _SEVEN, since=2,
         source="our own decision: a person looks, see docs/opt-outs.md", examples=("🛑🛑", "✋🏽", "⛔")),
)  # fmt: skip
