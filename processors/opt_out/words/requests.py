"""Plain requests outside the phrases of the tier table: a person decides about them (tier C).

47 CFR 64.1200(a)(10) counts any wording that a reasonable person reads as a stop, in whatever language. These are held
rather than opted out at once, because the table's precise phrases are English and none of these is among them.
"""

from __future__ import annotations

from processors.opt_out.rules import Rule, Unless

_TEXTS = "texts?|txts?|messages?|msgs?|sms|spam|text messages?|notifications?|alerts?|solicitations?"
_WHICH = (
    "any|more|any more|anymore|these|those|your|ur|the|this|further|future|all|kind|type|sort|of|stupid|damn|fucking|"
    "such|unsolicited|marketing|automated|random|job|daily|text|spam|annoying|promotional|other|from you|to me|me|us"
)
_NUMBER = r"(?:(?:phone|cell|mobile|telephone) )?(?:numbers?|num|#|name|info|information|contact|contact info|phone)(?![a-z0-9])"

_ENGLISH = (
    Rule(
        "c.please-stop", "C", "phrase", "stop or unsubscribe as a clause or a sentence of its own, or its end",
        words=("stop", "stopall", "unsubscribe", "optout", "unsub"),
        pattern=(
            r"(?:(?:^|\n)(?:(?:please|pls|plz|just|kindly|now|so|and|then|ok) )*"
            r"|\b(?:please|pls|plz|kindly|interested|just|now|you to|u to) )"
            r"(?:stop|stopall|unsubscribe|optout|unsub)(?: (?:now|it|this|please|pls|plz|thanks|thank you|already|asap|"
            r"immediately|today))?(?=\n|$)"
        ),
    ),
    Rule(
        "c.please-stop-it", "C", "phrase", "please stop ... within a sentence", words=("stop", "unsubscribe"),
        pattern=(
            r"\b(?:please|pls|plz|kindly|just) (?:(?:do|and|just|fucking) )?(?:stop (?:it|this|now|these|with|your|"
            r"immediately|asap|already|everything|all)|unsubscribe)(?![a-z0-9])"
        ),
    ),
    Rule(
        "c.other-stop", "C", "phrase", "stop spamming, bothering, harassing, emailing", words=("stop", "quit"),
        pattern=(
            r"\b(?:stop|quit) (?:(?:fucking|freaking|damn|please|all|the|with|with the) ){0,2}"
            r"(?:spamming|bothering|harassing|bugging|pestering|blowing (?:me |my phone |up)|soliciting|hounding|emailing|"
            r"annoying me|disturbing|stalking|reaching out|blasting|hitting me up|writing me|writing to me)"
        ),
    ),
    Rule(
        "c.stop-messages", "C", "phrase", "stop, end or cancel these texts, alerts, my subscription",
        words=("stop", "end", "quit", "cancel", "discontinue", "cease"),
        pattern=(
            rf"\b(?:stop|end|quit|cancel|discontinue|cease) (?:(?:{_WHICH}|with|my|sms|getting|receiving) ){{0,4}}"
            rf"(?:{_TEXTS}|subscription|text alerts?)(?![a-z0-9])"
        ),
    ),
    Rule(
        "c.want-out", "C", "phrase", "wants to opt out, unsubscribe or be unsubscribed",
        words=("optout", "opted", "unsubscribe", "unsubscribed", "unsub", "opting", "stop"),
        pattern=(
            r"\b(?:want|wish|like|need|wanna|please|pls|trying|tried|would like|how do (?:i|you|we)|how can i|how to|"
            r"can i|choose|decided|prefer|asked|hereby|i am|im)(?: to)?(?: (?:just|please|be))?(?: to)?(?: be)? "
            r"(?:optout|opted out|opting out|unsubscribe|unsubscribed|unsub)(?![a-z0-9])"
            r"|\bunsub(?:scribed?)? (?:from|to|of) (?:this|these|your|ur|all|the|any)\b|^unsub(?:bed)?$|^un subscribe\b"
            r"|\bhow (?:do|can) (?:i|we) (?:stop|make (?:this|it|these) stop)(?: (?:this|these|it|getting|receiving))"
        ),
    ),
    Rule(
        "c.unwanted", "C", "phrase", "doesn't want the texts, asks not to be sent any",
        words=(
            "texts", "text", "txts", "txt", "messages", "message", "msgs", "msg", "sms", "spam", "notifications",
            "notification", "alerts", "alert", "solicitations", "solicitation",
        ),
        pattern=(
            rf"\b(?:do not|dont|don t|no longer) (?:want|wish|care)(?: to (?:receive|get|see|have|be (?:sent|getting)))?"
            rf"(?: (?:{_WHICH})){{0,5}} (?:{_TEXTS})(?![a-z0-9])(?! to (?:stop|end|get lost))"
            rf"|\b(?:do not|dont|don t|never) (?:ever )?send(?: (?:{_WHICH})){{0,5}} (?:{_TEXTS})(?![a-z0-9])"
        ),
    ),
    Rule(
        "c.not-this-number", "C", "phrase", "do not text this number, do not call me again",
        words=("dont", "don", "not", "never"),
        pattern=(
            r"\b(?:do not|dont|don t|never) (?:ever )?(?:text|txt|message|msg|contact|call|sms) (?:this|my|our) "
            r"(?:number|phone|cell|line|#)(?![a-z0-9])"
            r"|\b(?:do not|dont|don t|never) (?:ever )?(?:call|email|bother|write|reach out to|harass|spam|hit|bug|"
            r"send me anything|write to|contact us|text us) ?(?:me )?(?:up )?(?:again|anymore|any more|any longer|ever)\b"
            r"|\b(?:asked|told|telling|begged) (?:you|u|yall|you guys|you people) (?:to )?not (?:to )?"
            r"(?:text|contact|message|call) me\b|\bno longer (?:contact|text|message) me\b"
        ),
    ),
    Rule(
        "c.delete-number", "C", "phrase", "delete my number, take my name off your list",
        words=("delete", "erase", "take", "get", "remove", "scrub", "scratch"),
        pattern=(
            rf"\b(?:delete|erase|scrub) (?:my|this) {_NUMBER}|\bdelete me\b"
            rf"|\bremove (?:my (?:name|info|information|contact|contact info|data|details)|this (?:number|phone|#)|us)(?![a-z0-9])"
            rf"|\b(?:take|get|scratch) (?:my|this) {_NUMBER} (?:off|out)\b|\b(?:get|scratch) me off (?:of )?(?:your|ur|this|the|that) (?:\w+ )?list\b"
            r"|\btake us off\b"
        ),
    ),
    Rule(
        "c.consent", "C", "phrase", "takes back consent; do-not-call list; cease and desist; legal action",
        words=("revoke", "revoking", "withdraw", "rescind", "list", "registry", "desist", "action"),
        pattern=(
            r"\b(?:revok(?:e|ing)|withdraw|rescind) (?:my |all |any |our )?(?:prior |express )?(?:consent|permission|authorization)\b"
            r"|\bdo not (?:call|text|contact) (?:list|registry)\b|\bcease (?:and|n) desist\b|\b(?:legal|class) action\b"
        ),
    ),
)  # fmt: skip


def _abroad(language: str, says: str, words: str, *patterns: str) -> Rule:
    return Rule(
        f"c.request.{language}", "C", "phrase", says, (language,), tuple(words.split()),
        "|".join(rf"\b(?:{pattern})(?![a-z0-9])" for pattern in patterns),
    )  # fmt: skip


_ABROAD = (
    _abroad(
        "es", "no me escriban más, no más mensajes, darme de baja, dejen de enviar, quítenme de la lista",
        "mas mensajes mensaje textos sms baja dejen deje dejar pare paren parar para lista numero suscripcion subscripcion paz",
        r"no me (?:escrib|mand|envi|contact|llam|molest|mensaje|text)\w*(?: \w+){0,2} mas",
        r"no (?:quiero|deseo|queremos) (?:recibir )?(?:mas )?(?:sus |estos |tus )?(?:mensajes?|textos|sms)",
        r"no mas (?:mensajes|textos|sms|llamadas)",
        r"(?:dej(?:en|e|a|ar)|par(?:e|en|a|ar)) de (?:me )?(?:escrib|mand|envi|llam|molest|contact|text)\w*",
        r"(?:dar|den|de|da|date|quiero dar)me de baja|(?:dar|den|de) de baja (?:mi|este|el) (?:numero|suscripcion)",
        r"(?:quit|borr|elimin|sac|remuev|saqu)\w*me de (?:la|su|tu|esta) lista|(?:borr|elimin|quit)\w+ mi numero",
        r"cancelar (?:la |mi )?su[bs]?scripcion|dej(?:a|e|en)me en paz",
    ),
    _abroad(
        "fr", "ne m'écrivez plus, arrêtez de m'envoyer, désabonnez-moi, retirez-moi",
        "arretez arrete arreter plus desabonnez desabonner desinscrire desinscrivez desabonne retirez retire supprimez supprime "
        "enlevez enleve tranquille paix",
        r"arret(?:ez|e|er) (?:de |d)(?:m |me |nous )?\w*(?:envoy|ecri|contact|appel|harcel|derang)\w*(?:\s\w+)?",
        r"ne m(?:e )?(?:contact|ecri|envoy|appel|derang|harcel)\w+ plus",
        r"(?:veux|souhaite|desire) plus (?:recevoir|de (?:sms|messages?|textos?|vos)|etre contacte)\w*",
        r"(?:desabonnez|desabonne|desinscrivez|retirez|retire|supprimez|supprime|enlevez|enleve) (?:moi|mon numero)",
        r"me (?:desabonner|desinscrire)|plus de (?:sms|messages|textos) (?:svp|s ?il|merci)",
        r"(?:laissez|laisse|fichez|foutez) moi (?:tranquille|la paix)",
    ),
    _abroad(
        "de", "keine Nachrichten mehr, hören Sie auf, kontaktieren Sie mich nicht mehr, löschen Sie meine Nummer",
        "keine keinen auf mich mir nummer telefonnummer handynummer ruhe newsletter abo",
        r"keine (?:\w+ )?(?:sms|nachrichten|werbung|whatsapps?|werbenachrichten) mehr(?! (?:bekommen|erhalten|da|gekommen|von))",
        r"keine weiteren (?:sms|nachrichten|werbung)",
        r"(?:hor|hort|horen sie|hoeren sie)(?: bitte| endlich| sofort)? auf (?:\w+ ){0,3}(?:zu )?"
        r"(?:schreiben|schicken|senden|belastigen|nerven|kontaktieren|texten)",
        r"(?:kontaktier|schreib|ruf|belastig|schick|send)\w*(?: sie)? (?:mich|mir)(?: bitte)? (?:nicht|nie|nichts|keine \w+) "
        r"(?:mehr|wieder)",
        r"(?:mich|mir)(?: bitte)? (?:nicht|nie|nichts) (?:mehr|wieder) (?:kontaktieren|schreiben|anschreiben|anrufen|schicken)",
        r"(?:losch|loesch|streich|entfern)\w*(?: sie)?(?: bitte)? (?:mich|meine (?:nummer|telefonnummer|handynummer))",
        r"(?:newsletter|abo) (?:abbestellen|abmelden|kundigen)|lass\w*(?: sie)? mich(?: bitte| endlich)? in ruhe",
    ),
    _abroad(
        "pt", "pare de mandar, não me mande mais mensagens, me tire da lista",
        "pare parem para parar mais mensagens mensagem sms lista numero paz chega assinatura inscricao nao",
        r"(?:pare|parem|para|parar) de (?:me )?(?:mand|envi|lig|escrev|contat|perturb|encher|incomod)\w*",
        r"nao (?:me )?(?:mand|envi|contat|lig|escrev|perturb|incomod)\w*(?: me)?(?: \w+){0,1} mais",
        r"nao me (?:mand|envi|contat|lig|escrev|perturb|incomod)\w* mais",
        r"nao (?:quero|desejo) (?:mais )?(?:receber )?(?:mais )?(?:suas |essas |estas )?(?:mensage(?:m|ns)|sms)",
        r"(?:tir|remov|retir|exclu)\w* (?:me|(?:o )?meu (?:numero|contato))|me (?:tir|remov|retir|exclu)\w+ d(?:a|essa|esta|e sua) lista",
        r"chega de (?:mensagens|sms)|cancelar (?:a |minha |a minha )?(?:inscricao|assinatura)|me deixem? em paz",
    ),
    _abroad(
        "it", "smettete di scrivermi, non scrivetemi più, cancellatemi, basta messaggi",
        "smettila smettetela smetti smettete smetta smetterla piantatela basta piu messaggi sms cancellami cancellatemi "
        "toglimi toglietemi rimuovimi rimuovetemi eliminami eliminatemi disiscrivimi disiscrivetemi numero pace stare "
        "cancellate cancelli rimuovete eliminate",
        r"(?:smettila|smettetela|smetti|smettete|smetta|smetterla|piantatela) di (?:mand|invi|scriv|contatt|chiam|messagg|disturb)\w*",
        r"basta (?:con (?:i |questi )?)?(?:messaggi|sms|chiamate)",
        r"non (?:mi )?(?:scriv|contatt|mand|invi|chiam|disturb)\w+ piu|non (?:mi )?(?:mand|invi)\w+ altri (?:messaggi|sms)",
        r"non (?:voglio|desidero) (?:piu )?(?:ricevere )?(?:piu |altri )?(?:i )?(?:vostri )?(?:messaggi|sms)",
        r"(?:cancella|toglie|rimuove|elimina|disiscrive)temi|(?:cancella|togli|rimuovi|elimina|disiscrivi)mi",
        r"(?:cancella|cancellate|cancelli|rimuovete|eliminate) il mio numero|lascia(?:te)?mi (?:in pace|stare)",
    ),
    _abroad(
        "nl", "geen berichten meer, stop met sturen, verwijder mij, haal me van de lijst",
        "meer met mij me nummer rust verwijder haal schrijf",
        r"(?:stop|stopt|hou|houd|ophouden)(?: \w+)? (?:op )?met (?:\w+ ){0,3}(?:sms\w*|berichten|berichtjes|appen|bellen|sturen|texten|mailen|contact\w*)",
        r"geen (?:\w+ )?(?:berichten|berichtjes|smsjes|sms|sms jes|smsen|reclame) meer(?! (?:ontvangen|gekregen|van))",
        r"geen (?:\w+ )?(?:berichten|smsjes|sms|sms jes) meer ontvangen",
        r"(?:verwijder|haal|schrap|schrijf)(?: \w+)? (?:mij|me|mijn (?:nummer|telefoonnummer))(?: \w+){0,3}",
        r"(?:stuur|bel|app|contacteer|benader|bericht)(?: \w+)? (?:me|mij)(?: \w+)? (?:niet|nooit|geen)(?: \w+){0,2} meer",
        r"laat (?:me|mij) met rust",
    ),
    Rule(
        "c.wrong-number-abroad", "C", "phrase", "wrong number in other languages",
        ("es", "fr", "de", "pt", "it", "nl"),
        ("equivocado", "errado", "erroneo", "numero", "falsche", "falsch", "verkeerd", "verkeerde", "sbagliato"),
        r"\bnumero (?:equivocado|erroneo|errado|sbagliato)\b|\b(?:mauvais|faux) numero\b|\bfalsche nummer\b"
        r"|\bfalsch verbunden\b|\bverkeerde? nummer\b|\bsbagliato numero\b",
    ),
)  # fmt: skip

RULES = (*_ENGLISH, *_ABROAD)

UNLESS = (
    Unless(
        "d.benefits", "opts out of something else", ("c.want-out",), "D",
        after=(
            r"^ (?:of|from|for) (?:(?:the|my|your|our|this|that|any|all) )?(?:\w+ ){0,2}(?:insurance|dental|vision|medical|"
            r"health|benefits?|coverage|401k|plan|pto|retirement|overtime|program|union|meeting|trip|netflix|gym|"
            r"newsletter|youtube|channel)(?![a-z0-9])"
        ),
    ),
)  # fmt: skip
