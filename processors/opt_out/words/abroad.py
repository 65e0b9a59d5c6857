"""Plain requests in the other languages: a person decides about them (tier C).

The table's precise phrases are English, and a keyword inside a foreign sentence says nothing by itself. These are the
sentences that a reasonable person reads as a stop all the same.
"""

from __future__ import annotations

from processors.opt_out.rules import Rule, either


def _request(language: str, says: str, words: str, *patterns: str) -> Rule:
    """`words`: at least one of them is in every text that one of `patterns` matches."""
    pattern = "|".join(rf"\b(?:{pattern})(?![a-z0-9])" for pattern in patterns)
    return Rule(f"c.request.{language}", "C", "phrase", says, (language,), tuple(words.split()), pattern)


def _keyword_and(keywords: str, between: str, objects: str) -> str:
    """A keyword as the first word, and messages as its object: "Parar los mensajes"."""
    return rf"^{either(keywords)}(?: {either(between)}){{0,3}} {either(objects)}"


RULES = (
    _request(
        "es", "no me escriban más, no más mensajes, darme de baja, dejen de enviar, quítenme de la lista",
        "mas mensajes mensaje textos sms baja dejen deje deja dejar pare paren parar para lista numero suscripcion "
        "subscripcion paz alto cancelar detener",
        r"no me (?:escrib|mand|envi|contact|llam|molest|mensaje|text)\w*(?: \w+){0,2} mas",
        r"no (?:quiero|deseo|queremos) (?:recibir )?(?:mas )?(?:sus |estos |tus )?(?:mensajes?|textos|sms)",
        r"no mas (?:mensajes|textos|sms|llamadas)",
        r"(?:dej(?:en|e|a|ar)|par(?:e|en|a|ar)) de (?:me )?(?:escrib|mand|envi|llam|molest|contact|text)\w*",
        r"(?:dar|den|de|da|date|quiero dar)me de baja|(?:dar|den|de) de baja (?:mi|este|el) (?:numero|suscripcion)",
        r"(?:quit|borr|elimin|sac|remuev|saqu)\w*me de (?:la|su|tu|esta) lista|(?:borr|elimin|quit)\w+ mi numero",
        r"cancelar (?:la |mi )?su[bs]?scripcion|dej(?:a|e|en)me en paz|^(?:paren?|dar de baja)(?: ya| por favor)?$",
        _keyword_and(
            "alto / parar / baja / cancelar / detener",
            "a / al / los / las / la / de / del / mis / mi / estos / todos / sus",
            "mensajes? / textos / sms / lista / servicio",
        ),
    ),
    _request(
        "fr", "ne m'écrivez plus, arrêtez de m'envoyer, désabonnez-moi, retirez-moi",
        "arretez arrete arreter plus desabonnez desabonner desinscrire desinscrivez desabonne retirez retire supprimez "
        "supprime enlevez enleve tranquille paix arret",
        r"arret(?:ez|e|er) (?:de |d)(?:m |me |nous )?\w*(?:envoy|ecri|contact|appel|harcel|derang)\w*",
        r"ne m(?:e )?(?:contact|ecri|envoy|appel|derang|harcel)\w+ plus",
        r"(?:veux|souhaite|desire) plus (?:recevoir|de (?:sms|messages?|textos?|vos)|etre contacte)\w*",
        r"(?:desabonnez|desabonne|desinscrivez|retirez|retire|supprimez|supprime|enlevez|enleve) (?:moi|mon numero)",
        r"me (?:desabonner|desinscrire)|plus de (?:sms|messages|textos) (?:svp|s ?il|merci)",
        r"(?:laissez|laisse|fichez|foutez) moi (?:tranquille|la paix)|^arretez?(?: ca| svp| merci| s ?il vous plait)?$",
        _keyword_and(
            "arret / arreter / desabonner", "les / des / aux / de / vos / ces / la / le / mes / tous / l",
            "sms / messages? / textos? / liste / newsletter / abonnement",
        ),
    ),
    _request(
        "de", "keine Nachrichten mehr, hören Sie auf, kontaktieren Sie mich nicht mehr, löschen Sie meine Nummer",
        "keine keinen auf mich mir nummer telefonnummer handynummer ruhe newsletter abo stopp abmelden abbestellen",
        r"keine (?:\w+ )?(?:sms|nachrichten|werbung|whatsapps?|werbenachrichten) mehr"
        r"(?! (?:bekommen|erhalten|da|gekommen|von))",
        r"keine weiteren (?:sms|nachrichten|werbung)",
        r"(?:hor|hort|horen sie|hoeren sie)(?: bitte| endlich| sofort)? auf[ \n](?:\w+ ){0,3}(?:zu )?"
        + either("schreiben / schicken / senden / belastigen / nerven / kontaktieren / texten"),
        r"(?:kontaktier|schreib|ruf|belastig|schick|send)\w*(?: sie)? (?:mich|mir)(?: bitte)? "
        r"(?:nicht|nie|nichts|keine \w+) (?:mehr|wieder)",
        r"(?:mich|mir)(?: bitte)? (?:nicht|nie|nichts) (?:mehr|wieder) "
        + either("kontaktieren / schreiben / anschreiben / anrufen / schicken"),
        r"(?:losch|loesch|streich|entfern)\w*(?: sie)?(?: bitte)? (?:mich|meine (?:nummer|telefonnummer|handynummer))",
        r"(?:newsletter|abo) (?:abbestellen|abmelden|kundigen)|lass\w*(?: sie)? mich(?: bitte| endlich)? in ruhe",
        _keyword_and(
            "stopp / abmelden / abbestellen",
            "die / der / den / von / vom / mit / aus / alle / diese / euren / eure / mich",
            "sms / nachrichten / liste / newsletter / verteiler / werbung",
        ),
    ),
    _request(
        "pt", "pare de mandar, não me mande mais mensagens, me tire da lista",
        "pare parem para parar mais mensagens mensagem sms lista numero contato paz chega assinatura inscricao nao "
        "tire tirem remova removam retire retirem exclua excluam sair cancelar",
        r"(?:pare|parem|para|parar) de (?:me )?(?:mand|envi|lig|escrev|contat|perturb|encher|incomod)\w*",
        r"nao (?:me )?(?:mand|envi|contat|lig|escrev|perturb|incomod)\w*(?: me)?(?: \w+)? mais",
        r"nao (?:quero|desejo) (?:mais )?(?:receber )?(?:mais )?(?:suas |essas |estas )?(?:mensage(?:m|ns)|sms)",
        r"(?:tire|tirem|remova|removam|retire|retirem|exclua|excluam) (?:me|(?:o )?meu (?:numero|contato))",
        r"me (?:tir|remov|retir|exclu)\w+ d(?:a|essa|esta|e sua) lista|chega de (?:mensagens|sms)",
        r"cancelar (?:a |minha |a minha )?(?:inscricao|assinatura)|me deixem? em paz|^parem?(?: ja| por favor)?$",
        _keyword_and(
            "parar / sair / cancelar", "a / as / os / da / das / de / com / minhas / essas / todas",
            "mensage(?:m|ns) / sms / lista",
        ),
    ),
    _request(
        "it", "smettete di scrivermi, non scrivetemi più, cancellatemi, basta messaggi",
        "smettila smettetela smetti smettete smetta smetterla piantatela basta piu altri messaggi sms cancellami "
        "cancellatemi toglimi toglietemi rimuovimi rimuovetemi eliminami eliminatemi disiscrivimi disiscrivetemi "
        "numero pace stare cancella disiscrivi",
        r"(?:smettila|smettetela|smetti|smettete|smetta|smetterla|piantatela) di "
        r"(?:mand|invi|scriv|contatt|chiam|messagg|disturb)\w*",
        r"basta (?:con (?:i |questi )?)?(?:messaggi|sms|chiamate)",
        r"non (?:mi )?(?:scriv|contatt|mand|invi|chiam|disturb)\w+ piu",
        r"non (?:mi )?(?:mand|invi)\w+ altri (?:messaggi|sms)",
        r"non (?:voglio|desidero) (?:piu )?(?:ricevere )?(?:piu |altri )?(?:i )?(?:vostri )?(?:messaggi|sms)",
        r"(?:cancella|toglie|rimuove|elimina|disiscrive)temi|(?:cancella|togli|rimuovi|elimina|disiscrivi)mi",
        r"(?:cancella|cancellate|cancelli|rimuovete|eliminate) il mio numero|lascia(?:te)?mi (?:in pace|stare)",
        _keyword_and(
            "cancella / disiscrivi / basta", "i / gli / la / mia / da / dai / dalla / questi / con / l",
            "messaggi / sms / lista / iscrizione / newsletter",
        ),
    ),
    _request(
        "nl", "geen berichten meer, stop met sturen, verwijder mij, haal me van de lijst",
        "meer met verwijder haal schrap schrijf rust afmelden uitschrijven stoppen",
        r"(?:stop|stopt|hou|houd|ophouden)(?: \w+)? (?:op )?met (?:\w+ ){0,3}"
        + either(r"sms\w* / berichten / berichtjes / appen / bellen / sturen / texten / mailen / contact\w*"),
        r"geen (?:\w+ )?(?:berichten|berichtjes|smsjes|sms|sms jes|reclame) meer(?! (?:gekregen|van))",
        r"(?:verwijder|haal|schrap|schrijf)(?: \w+)? (?:mij|me|mijn (?:nummer|telefoonnummer))",
        r"(?:stuur|bel|app|contacteer|benader)(?: \w+)? (?:me|mij)(?: \w+)? (?:niet|nooit|geen)(?: \w+){0,2} meer",
        r"laat (?:me|mij) met rust",
        _keyword_and(
            "afmelden / uitschrijven / stoppen", "de / het / van / voor / met / uit / mijn / alle / deze",
            r"sms\w* / berichten / berichtjes / lijst / nieuwsbrief",
        ),
    ),
    Rule(
        "c.wrong-number-abroad", "C", "phrase", "wrong number in the other languages",
        ("es", "fr", "de", "pt", "it", "nl"),
        ("equivocado", "errado", "erroneo", "numero", "falsche", "falsch", "verkeerd", "verkeerde", "sbagliato"),
        r"\bnumero (?:equivocado|erroneo|errado|sbagliato)\b|\b(?:mauvais|faux) numero\b|\bfalsche nummer\b"
        r"|\bfalsch verbunden\b|\bverkeerde? nummer\b",
    ),
)  # fmt: skip
