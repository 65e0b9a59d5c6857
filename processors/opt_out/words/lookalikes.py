"""What takes a pattern's meaning away from rule set 5 on: another channel, told to others, by mistake, other things."""

from __future__ import annotations

from processors.opt_out.rules import Unless
from processors.opt_out.words.pattern_rules import rules_of


def _every(code: str) -> tuple[str, ...]:
    """Every pattern of a language, of rule sets 2 to 5."""
    return tuple(rule.id for rule in rules_of(code) if code in rule.languages and rule.since <= 5)


def _in_each_language(name: str, says: str, **anywhere: str) -> tuple[Unless, ...]:
    """An exception for each language that concerns all of its patterns."""
    return tuple(
        Unless(f"d.{code}.{name}", says, _every(code), "D", anywhere=pattern, since=5)
        for code, pattern in anywhere.items()
    )


def _of(
    name: str, says: str, rules: str, *, before: str = "", itself: str = "", after: str = "", anywhere: str = ""
) -> Unless:
    """An exception of the rules whose names stand in `rules`, all of one language: `es.remove es.dont-write`."""
    code = rules.partition(".")[0]
    of = tuple(f"c.{rule}" for rule in rules.split())
    return Unless(
        f"d.{code}.{name}", says, of, "D", before=before, itself=itself, after=after, anywhere=anywhere, since=5
    )


UNLESS: tuple[Unless, ...] = (
    *_in_each_language(
        "by-mistake", "was taken off by mistake, wants to be back",
        en="(accidentally|accidently|by mistake|by accident|mistakenly|didnt mean to|didn t mean to) _{0,4} (unsubscribe|unsubscribed|optout|opted|stop|stopped|removed|left|unsubbed|cancelled|canceled|blocked|deleted) | (get back on|back on the list|resubscribe|re subscribe|opt back in|sign me (up|back)|put me back|rejoin|subscribe again|add me (back|again))",
        es="(sin querer|por error|por accidente|por equivocacion) | (volver a (apuntarme|suscribirme|recibir|inscribirme)|vuelvo a apuntarme|apuntarme otra vez|darme de alta|reactivar)",
        fr="(par erreur|sans faire expres|par inadvertance|sans le vouloir) _{0,3} ; | (me (remettre|reinscrire|reabonner)|remettez moi|reinscrivez moi|reabonner)",
        de="(aus versehen|versehentlich|irrtumlich|ausversehen) | (wieder (anmelden|aufnehmen|eintragen|draufsetzen|dazunehmen)|melden sie mich wieder an)",
        pt="(sem querer|por engano|por erro|por acidente) _{0,4} ; | (me coloca de novo|volta a por|voltar a receber|reinscrever|me poe de volta|me adiciona de novo|recadastrar)",
        it="(per sbaglio|per errore|senza volerlo|inavvertitamente) | (riiscrivermi|reinscrivermi|iscrivermi di nuovo|rimettetemi|rimettermi|riattivare|riattivarlo)",
        nl="(per ongeluk|per abuis|onbedoeld|abusievelijk) | (weer aanmelden|opnieuw aanmelden|weer inschrijven|zet me weer|terug op de lijst)",
    ),
    *_in_each_language(
        "told-to-kin", "told to somebody of the writer's, or by somebody",
        en="(told|telling|asked|said to|tell|ask) (my|his|her|our|the) ({kin}|brother|sister|ex|friend|mate|boyfriend|girlfriend|bf|gf|husband|wife|son|daughter|kid|kids|cousin|roommate|flatmate|coworker|boss|colleague|dog|cat|neighbour|neighbor) (to|that|not|he|she)",
        es="(falei|disse|pedi) (pro|pra|ao) (meu|minha) | (dije|dijo|digo|dile|pedi|pidio|decirle|diciendole|dice|dijeron) (ya|yo|siempre)? (a|al) (mi|el|la|su|un|una|{name}|{kin}) ({kin}|{name}|perro)? | (mi|su) {kin} (me|le|siempre)* (dijo|dice|pidio|decia)",
        fr="(dit|demande|dis|dire|demander|disait|repete) (a|au) ({name}|mon|ma|mes|un|une|la|lui|leur|son|sa) _? (d|de|darreter|que|qu|quil|quelle) | (ma|mon|mes) {kin} (ma|me|m|a|dit|disait|toujours)+ (dit|de|demande)?",
        de="(hat|sagte|meinte|sagt|meint|schrieb) (meine|mein|ihre|seine|der|die) {kin} (zu|ihm|ihr|mir|_){0,3} (gesagt|geschrieben|gemeint|immer)* | (mein|meine) {kin} (hat|sagt|sagte|meint) (_)? (gesagt)? | (hab|habe) (ich)? (meinem|meiner|meinen|der|dem) ({kin}|{name}) (gesagt|geschrieben|schon)",
        pt="(falei|disse|pedi|falo|digo|fala|diz|avisei|mandei) (ja)? (pro|pra|para o|para a|ao|a|com o|com a) (meu|minha|seu|sua|{name}|{kin}) | (meu|minha) {kin} (me|sempre|ja)* (disse|falou|diz|fala|pediu)",
        it="(detto|dico|dice|chiesto|dire|dicevo|diceva) (a|al|alla|ai) (mio|mia|miei|{name}|{kin}) | (mio|mia) {kin} (mi|dice|sempre|ha)+ (detto|dice|ripete|sempre)?",
        nl="(heb|had|zei|zeg) (ik|tegen)* (mn|m n|mijn|m|de|tegen|onze) (n)? ({kin}|{name}) (gezegd|gevraagd|al|dat)+ | (mijn|mn) {kin} (zei|zegt|zei altijd|zegt altijd)",
    ),
    *_in_each_language(
        "texts-are-fine", "other messages are refused, these are welcome",
        en="(but|and|while|though) (the|your|these|sms)* (texts|text|sms|messages|msgs|texting) (are|is|work|works|r|all) (all)? (fine|ok|okay|good|great|welcome|best|better|useful|handy|perfect|please) | (keep|carry on|still) (them|em|the {contents}|these|{contents}) (coming|on|sending) | (but|though) (please)? (keep|do keep) (me in mind|sending (me|the)|texting me)",
        es="(sigan|sigue|siga|siganme|sigueme|sigame|sigan me) (mandando|enviando|mandandome|enviandome) (otras|otros|las|los|mas|demas|{contents}) | (los mensajes|los sms|por sms|por mensaje) (si|esta bien|estan bien|sin problema|me va bien)",
        fr="(continuez|continue) (a|de) (m|me|menvoyer|envoyer)+ | (les sms|par sms|les textos) (ca va|cest bien|ok|sont bienvenus|pas de souci|cest mieux) | (mettez|remettez) moi (plutot)? (en|les autres)",
        de="(schicken|schickt|schick|senden) (sie|mir)? (mir)? (gern|gerne|ruhig|trotzdem|weiter|weiterhin) (weitere|mehr|andere) | (sms|nachrichten) (sind|ist|geht|gehen|per) (ok|okay|gut|super|willkommen|passt|besser|prima)",
        pt="(continua|continue|continuem) (a)? (mandar|mandando|enviando|enviar|me mandando) | (por mensagem|por sms|as mensagens|sms) (pode|ta bom|tudo bem|sem problema|esta bem|e melhor)",
        it="(continuate|continua|continui) (pure)? (a)? (mandare|mandarmi|inviarmi|scrivere|inviare|mandarmene) | (gli sms|i messaggi|per sms) (vanno bene|va bene|ok|meglio)",
        nl="(stuur|stuurt) (gerust|rustig|wel|maar gerust|me gerust) (andere|meer|anderen|door|wel) | (sms|berichten|appen) (is|zijn|mag|mogen) (prima|ok|oke|goed|beter|fijn|wel|welkom)",
    ),
    _of("others-would-not", "somebody else would not leave the writer alone", "en.leave-alone", before="(?! (you|u|yall|youse)) _ (wouldnt|wont|didnt|doesnt|would not|does not|did not|never|couldnt) $"),
    _of("reports-for-the-sender", "tells the sender of somebody who pretends to be it", "en.reported en.spam en.complains-to", anywhere="(pretending|claiming|pretends|claims|posing|impersonating) (to be|as)? (you|your) | thought (id|i should|i would|i d) report | (report|reported) (a|an|the) (fault|leak|problem|issue|accident|break|missing|lost|pothole)"),
    _of("said-stop-sign", "a stop sign, a button", "en.already-said en.text-stop", after="(sign|signs|light|lights|button|watch|at)"),
    _of(
        "call-not-text", "wants a text rather than a call, with more between", "es.dont-write es.spoken-refusal",
        anywhere="(llames|llamen|llame|llamar|marque|marques|marquen) (me)? _{0,8} (;)? (mejor|solo|por|pero|mas bien|mande|mandame|mandeme|escribame|escribeme|prefiero|mensaje)+ _{0,3} (mensaje|mensajes|whatsapp|texto|sms|mensajito|msj|wasap|mensajes|escrito)",
    ),
    _of(
        "call-not-text", "wants a text rather than a call, with more between", "fr.dont-write fr.spoken-refusal fr.no-more",
        anywhere="(appelez|mappelez|appelle|mappelle|appeler|telephonez) _{0,8} ; (plutot|par|un|envoyez|ecrivez|envoie|juste|preferez|je prefere|prefere)+ _{0,3} (sms|texto|message|textos|mail|moi)",
    ),
    _of(
        "another-subscription", "cancels what is no message", "es.remove es.keyword-clause",
        itself="_{0,4} (suscripcion|subscripcion) $", after="(de|del|a|al) (la|las|los|el|mi)? (?! (la|las|los|el|mi|{contents}|{list}|{number}|ustedes|su|sus|tu|tus|este|esta|estos|aqui)) _",
    ),
    _of(
        "a-contract", "cancels what is no message", "it.remove",
        itself="(voglio|vorrei|desidero|come|posso) _{0,3} disdire", after="(la|il|l|lo|le|i|un|una|mia|mio)+ (?! (la|il|l|lo|le|i|un|una|mia|mio|{list}|{contents}|liscrizione|iscrizione)) _",
    ),
    _of("a-file", "a file, an appointment is deleted", "de.be-gone de.remove de.off-what-you-keep", anywhere="(datei|foto|fotos|bild|bilder|anhang|rechnung|dokument|lebenslauf|version|buchung|duplikat|warteliste|dienstplan|schicht)"),
    _of("the-last-message", "the last message is spoken of", "de.dont-want", itself="letzte", after="(war|ist|kam|hat|konnte|habe|hab|nicht|leider|mit|nochmal|ging)"),
    _of("not-stop", "nicht aufhören: they are to go on", "de.stop-doing de.no-need-of-it", before="(nicht|niemals|bloss nicht|bitte nicht) $"),
    _of("halt-a-moment", "stopp mal: a question follows", "de.keyword-clause", itself="stopp mal $"),
)  # fmt: skip
