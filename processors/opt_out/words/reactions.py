"""Reactions: what phones send as text when somebody taps a heart on one of our messages. They quote us.

Collected from iOS (tapbacks sent to numbers without iMessage) and Google Messages in our languages, up to November
2026. A reaction is the opener, the quotation to its end (or cut off), and at most the closing words of its language.
"""

from __future__ import annotations

_OPENERS = (
    # English, iOS and Google Messages; and `to "..."`, which is what is left when the emoji is off
    "liked", "loved", "disliked", "laughed at", "emphasi[sz]ed", "questioned", "reacted(?: with)?(?: [^\"]{1,30})? to",
    "removed (?:a|an|the|his|her|their)? ?[a-z ]{0,24} from", "removed(?: a reaction)? from", "to", "replied to",
    # Spanish
    "(?:a [^\"]{1,30} )?(?:no )?(?:me|le|les) (?:gusto|gusta|encanto|encanta|dio risa|ha gustado|ha encantado)",
    "(?:indico|ha indicado|marco) que (?:no )?le gusta", "(?:se )?rio (?:de|con)", "se ha reido (?:de|con)", "enfatizo",
    "ha enfatizado", "(?:cuestiono|pregunto por|ha cuestionado|dudo de|destaco|exclamo(?: por)?)",
    "(?:ha )?reacciono?(?:ado)?(?: con)?(?: [^\"]{1,30})? a", "(?:elimino|quito) [^\"]{1,40} (?:a|de)", "a",
    # French
    "(?:a |n'a pas |n'a plus )?(?:aime|adore|bien aime)", "a (?:ri|rigole)(?: a| de)?",
    "a (?:insiste sur|souligne|mis en avant|mis l'accent sur|mis en evidence)",
    "a (?:questionne|mis en doute|remis en question|pose une question sur|interroge)",
    "a reagi(?: avec| par)?(?: [^\"]{1,30})? (?:a|au message)", "a (?:retire|supprime) [^\"]{1,40} (?:de|a)", "j'aime",
    # German
    "(?:hat )?(?:gefallt|gefiel|mag|mochte|liebt|liebte|geliebt|missfallt)(?: mir| nicht)?",
    "(?:hat )?(?:uber|lacht uber|lachte uber|betont|betonte|hebt|hob|hinterfragt|hinterfragte|bezweifelt)", "hat",
    "(?:hat )?(?:reagierte?|mit [^\"]{0,30})(?: mit)?(?: [^\"]{1,30})? auf", "auf", "hat [^\"]{1,40} (?:von|aus) ",
    # Portuguese
    "(?:nao )?(?:gostou|curtiu|amou|adorou)(?: d[aeo])?", "(?:riu|riu-se)(?: de| com| d[ao])?",
    "(?:enfatizou|destacou|questionou|duvidou de)", "reagiu(?: com)?(?: [^\"]{1,30})? [aà]",
    "removeu [^\"]{1,40} d[aeo]", "em",
    # Italian
    "(?:ha messo )?(?:\"?non )?(?:mi )?piace\"?(?: a)?", "(?:ha )?(?:adora|adorato|amato|apprezzato)",
    "(?:ha )?(?:ride|riso)(?: a| per| di)?",
    "ha (?:enfatizzato|dato enfasi a|evidenziato|messo in dubbio|messo in evidenza|chiesto chiarimenti su)",
    "ha (?:espresso|aggiunto) [^\"]{1,40} (?:a|per|su)", "ha reagito(?: con)?(?: [^\"]{1,30})? a",
    "ha rimosso [^\"]{1,40} da", "enfatizza",
    # Dutch
    "(?:vindt|vond)(?: dit)?", "(?:is dol op|houdt van|hield van|geweldig)", "leuk",
    "(?:lachte?|moest lachen)(?: om)?", "(?:benadrukte?|legt nadruk op|legde nadruk op)",
    "(?:plaatst|plaatste|zet|zette) (?:een )?(?:vraagtekens?|uitroeptekens?) bij",
    "(?:stelt|stelde) (?:een )?vraag bij",
    "(?:heeft )?(?:ge)?reageerde?(?: met)?(?: [^\"]{1,30})? op", "op",
    "heeft [^\"]{1,40} verwijderd (?:van|uit)", "(?:heeft )?gereageerd (?:met )?(?:[^\"]{1,30} )?op",
)  # fmt: skip

#: What may stand behind the quotation: German and Dutch close their verb there.
_CLOSERS = (
    "leuk", "niet leuk", "geweldig", "grappig", "gelacht", "geliebt", "nicht", "betont", "hervorgehoben", "hervor",
    "hinterfragt", "reagiert", "markiert", "gereageerd", "verwijderd", "entfernt", "gelikt", "in frage gestellt",
    "mit [^\"]{1,30} (?:reagiert|markiert|versehen)", "herz markiert", "gemarkeerd",
)  # fmt: skip

#: The whole of what precedes the first quotation mark, and of what follows the last one.
OPENER = rf"\s*(?:{'|'.join(_OPENERS)})\s*:?\s*"
CLOSER = rf"[\s.]*(?:(?:{'|'.join(_CLOSERS)})[\s.]*)?"
