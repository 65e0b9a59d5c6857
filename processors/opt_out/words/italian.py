"""Italian requests: words by class and the patterns over these (grammar.py). Accents are off, as in the message."""

from __future__ import annotations

from processors.opt_out.rules import Unless
from processors.opt_out.words.language import POLICY, forms, rules_of

_WRITE = (
    forms(
        "contatt mand invi chiam messaggi disturb telefon ricontatt richiam rompe secc assill import tormen",
        "are armi arci ate atemi atela atemeli i a ino iate arla ateci atela",
    )
    + " scrivere scrivermi scriverci scrivete scrivetemi scriveteci scrivi scrivimi scriva scrivano mandi mandarmi mandatemi "
    "mandino inviatemi inviarmi inviate invii chiamatemi chiamarmi chiamare chiamate chiami contattatemi contattarmi "
    "contattate contatti ricontattatemi richiamatemi richiamarmi rompete rompere rompermi disturbatemi disturbarmi "
    "infastidite infastidirmi infastiditemi importunate importunarmi spammare spammatemi telefonatemi telefonarmi "
    "messaggiarmi messaggiare scocciate seccate assillate cercatemi cercarmi mandami inviami"
)

LEXICON = {
    "kw": (
        "basta cancella cancellami cancellatemi cancellare cancellarmi disiscrivi disiscrivimi "
        "disiscrizione disiscrivermi disiscrivetemi disiscrivere disdire disdici disdetta fermati fermatevi fermate "
        "smettila smettetela smetti smettete smettere annullare rimuovi rimuovimi rimuovetemi "
        "rimuovermi rimozione eliminami eliminatemi eliminarmi interrompere interrompi interrompete "
        "toglimi toglietemi togliermi piantala piantatela finitela finiscila unsubscribe sospendere "
        "revoca bastaaa recesso disattiva disattivare stopp"
    ),
    "no": "non mai no ne nn",
    "write": _WRITE,
    "texts": (
        "messaggi messaggio sms messaggini chiamate chiamata telefonate telefonata pubblicita pubblicitari promozioni email "
        "mail spam notifiche whatsapp comunicazioni offerte newsletter contatti niente nulla altro msg promozionali"
    ),
    "textsonly": (
        "messaggi messaggio sms messaggini chiamate chiamata telefonate pubblicita email mail spam notifiche "
        "comunicazioni whatsapp newsletter msg"
    ),
    "more": "piu mai niente nulla altro altri altre ancora",
    "number": "numero contatto nominativo telefono cellulare recapito dati nome numeri cell contatti",
    "list": (
        "lista liste elenco elenchi database rubrica contatti mailing newsletter archivio servizio iscrizione sistema "
        "gruppo registro abbonamento banca indirizzario"
    ),
    "remove": (
        "cancella cancellami cancellate cancellatemi cancellare cancellarmi cancelli cancellateci rimuovi rimuovimi rimuovete "
        "rimuovetemi rimuovere rimuovermi rimuova elimina eliminami eliminate eliminatemi eliminare eliminarmi elimini "
        "togli toglimi togliete toglietemi togliere togliermi tolga toglieteci disiscrivi disiscrivimi disiscrivetemi "
        "disiscrivermi dimentica dimenticate depenna depennatemi leva levami levate levatemi levarmi escludetemi "
        "escludimi perdete perdi scordate scordati"
    ),
    "stop": "smettila smettetela smetti smettete smetta smettano smetterla smettere piantala piantatela basta finitela finiscila evita evitate evitare finiamola smettila",
    "lead": (
        "per favore piacere cortesia grazie ok ciao buongiorno buonasera salve interessato interessata "
        "interessati prego la vi ti chiedo potete puoi puo "
        "potreste potresti e ma quindi allora ora adesso subito spam numero sbagliato e davvero scusi scusa scusate "
        "mille tante cazzo dai oh basta gia detto ho avevo ultima volta gentilmente cortesemente io ragazzi "
        "signore signora idioti stronzi senti sentite assolutamente nessun"
    ),
    "tail": (
        "per favore piacere cortesia grazie ora adesso subito con questi i messaggi messaggio sms tutto mi da qui mille "
        "tante immediatamente cazzo idioti stronzi inviato dal mio iphone saluti cordiali buona giornata e no non "
        "voglio basta il la gli vi prego servizio iscrizione questo questa lista dai davvero ok mai piu una volta buona "
        "tutte tutti le chiamate telefonate newsletter di stop"
    ),
    "fill": (
        "per favore piacere cortesia subito ora immediatamente la il i gli le lo questa questo questi queste vostra vostro "
        "vostri vostre tua tuo tuoi tue sua dalla dal dalle dai dagli da di del della dei nel nella vostre tutti tutte "
        "ogni piu ancora mai con a al alla questo anche e in su sul sulla continui stupidi maledetti altri altre altro"
    ),
    "want": "voglio desidero vogliamo vorrei desideriamo intendo ho gradisco accetto autorizzo autorizzato chiesto interessa",
    "when": "prima dopo domani oggi adesso fino quando se mentre stasera tardi cosi lunedi martedi mercoledi giovedi venerdi sabato domenica perche ancora ",
    "wrong": "sbagliato sbagliata sbagliando sbaglia errato errata sbaglio sbagli sbagliate sbagliati",
    "name": "",
}

_rule = rules_of(
    "it",
    {
        "<lead>": "({lead}|no|no grazie|non (mi|ci)? interessa|non sono (interessato|interessata)|non ho interesse|(voglio|vorrei|desidero|vi chiedo|chiedo) (di|la)?)",
    },
)

RULES = (
    _rule("keyword-clause", "una parola chiave da sola nella frase", "^ <lead>* {kw} {tail}* $",
          "Non mi interessa. Basta", "fermatevi", "disiscrizione grazie"),
    _rule(
        "dont-write", "non scrivetemi, non mi contattate più",
        "{no} (mi|ci|voglio che|dovete|devi|deve|piu|vi permettete di|dovreste|osate|me|si|provate a|azzardatevi a|continuate a)* {write} (mi)? ({more}|{texts}|qui|a questo numero|{tail})* $ | {no} (mi|ci)? {write} (mai|piu|nulla|niente|altri)",
        "non mi scrivere", "Non chiamatemi più", "non mi contattate mai più",
    ),
    _rule(
        "no-more", "basta messaggi, niente più sms",
        "(basta|stop) (di|a)? (scrivermi|chiamarmi|contattarmi|mandarmi|disturbarmi|scrivere|chiamare|telefonare|scrivetemi) | (basta|niente|nessun|stop|nessuna|mai) (piu|con|ai|altri|altre|di|mandare|inviare|ulteriori|queste|questi|i|le|gli|{fill})* {textsonly} ({tail}|piu|{fill})* $ | ^ {lead}* (adesso basta|ora basta|mai piu|non piu|basta con) ({tail}|{texts})* $",
        "niente più messaggi", "basta telefonate", "adesso basta",
    ),
    _rule(
        "stop-doing", "smettetela di scrivermi",
        "{stop} ({fill}|{lead})* (di|con|a|i|gli|le|lo) (questi|questa|i|gli|tutti|continuare a|rompere|{fill})* ({write}|{textsonly}|rompere|scocciare|spam|stalking|tormentarmi|assillarmi)"
        " | (ho|avevo|abbiamo) (gia|piu volte)* (chiesto|detto|scritto|risposto) (gia|di|che|a voi)* (smettere|smetterla|smetterlo|basta|stop|cancellarmi|togliermi|non scrivere|non scrivermi) | sia (lultimo|l ultimo|l ultima|lultima) (messaggio|sms|volta|chiamata) | {stop} {textsonly} | (interrompete|interrompi|sospendete|sospendere|cessate|fermate|interrompere) ({fill})* ({textsonly}|invio|contatti|servizio)",
        "ti avevo detto di smettere", "piantatela di chiamarmi", "smetti di mandare sms", "interrompete questi messaggi",
    ),
    _rule(
        "remove", "cancellatemi dalla lista, togliete il mio numero",
        "{remove} ({fill}|mi|me|{lead})* (il|i|la)? (mio|miei|nostro|questo|mia) {fill}* {number} | {remove} ({fill}|mi|me|{number}|mio|il)* (da|dal|dalla|dalle|dai|dall) ({fill})* {list} | ^ <lead>* (cancellami|cancellatemi|cancellarmi|rimuovimi|rimuovetemi|rimuovermi|eliminami|eliminatemi|eliminarmi|toglimi|toglietemi|togliermi|disiscrivimi|disiscrivetemi|disiscrivermi|depennatemi) {tail}* $ | (essere|sia|venire|vengo|esser) (tolto|rimosso|cancellato|eliminato|rimossa|tolta|cancellata|eliminata|disiscritto|escluso)"
        " | (voglio|vorrei|desidero|come|posso) (faccio|mi|a|posso)* (disiscrivermi|cancellarmi|uscire dalla|uscire da|togliermi|rimuovermi|disdire|annullare l) | ~ {lead}* (cancellazione|rimozione) {tail}* % | (disdire|disdico|annulla|annullo|annullate|cancellare|annullare|disattivare|cancellate|annullate|disattivate) (l|il|la|mia|mio|questo|{fill})* (iscrizione|liscrizione|abbonamento|labbonamento|servizio|newsletter) | (mettetemi|mettimi|inseritemi|iscrivetemi|aggiungetemi) {fill}* (lista nera|registro delle opposizioni|registro opposizioni|non contattare|opposizioni)",
        "toglietemi dall'elenco", "cancellate il mio numero", "vorrei essere cancellato", "voglio disiscrivermi",
    ),
    _rule(
        "dont-want", "non voglio più ricevere, non desidero essere contattato",
        "{no} (piu|mi|vi|ho|mai)* {want} (piu|ricevere|essere|altri|altre|sentire|avere|a|che|{fill})* ({textsonly}|ricevere (piu|nulla|niente|altro|nessun|altri|vostri|nessuna|$)|contattato|contattata|contattati|disturbato|disturbata|sentirvi|sentirti|sentire (piu|da|voi)|piu (niente|nulla|ricevere|essere|avere)|che mi (scriviate|contattiate|chiamiate|mandiate)|piu sapere|avere (piu|a)|nulla da voi|niente da voi)"
        " | {no} (ho|vi ho|avete|avevo) (mai|dato|il|mio|la)* (consenso|autorizzazione|permesso|autorizzato|acconsentito|iscritto|iscritta|chiesto|numero|fornito) | {no} (mi sono|sono) mai (iscritto|iscritta|registrato) | (revoco|ritiro) (il)? (mio)? consenso | ultimo messaggio",
        "non voglio più sentirvi", "non desidero essere contattata", "revoco il consenso", "non mi sono mai iscritto",
    ),
    _rule(
        "leave-alone", "lasciatemi in pace, non rompete",
        "(lasciami|lasciatemi|lasciateci|lasciarmi|lasciaci|lasciate) ({fill}|me|noi)* (in pace|stare|perdere|tranquillo|tranquilla|tranquilli) | {no} mi (rompere|rompete|disturbate|disturbare|scocciate|seccate) (le palle|i coglioni|piu|{tail})* $ | {no} (rompete|rompere|rompermi|rompetemi|disturbate|disturbare|disturbatemi|disturbarmi|scocciate|scocciarmi|seccate|infastidite|importunate) ({tail}|le|i|il|palle|piu|coglioni)* $",
        "lasciatemi stare", "non disturbate", "non rompete le palle",
    ),
    _rule(
        "ignored", "ho già chiesto la cancellazione, ho scritto stop tre volte",
        "(ho|avevo|abbiamo) (gia|piu volte|vi|ti|pure)* (chiesto|richiesto|detto|scritto|inviato|mandato|risposto) (di|la|gia|lo|il|{digits}|due|tre|volte|a|per)* (cancellazione|rimozione|stop|disiscrizione|cancella|essere (cancellato|rimosso|tolto|cancellata|rimossa)|smettere|togliermi|cancellarmi) | (avete|hai|mi) (avete|hai)? (rotto|stufato|stancato|scocciato) (le|il|i|la|me|tutti)* (palle|cazzo|scatole|basta|coglioni|$) | ^ {lead}* (mai|non sono|non mi sono) mai? (iscritto|iscritta|registrato|registrata) {tail}* $ | (nego|ritiro|revoco|tolgo|non do|non presto) (il|mio|mia|la|piu)* (consenso|autorizzazione)",
        "ho già richiesto la rimozione", "ci avete stufato", "mai iscritto", "nego il consenso", since=3,
    ),
    _rule(
        "be-gone", "basta così, annulla, esci, uscire dalla lista, gradirei non ricevere",
        "~ {lead}* basta (cosi|ragazzi|davvero|veramente|per sempre) {tail}* % | ~ {lead}* (annulla|annullate|esci|uscire|esco|stop fine) {tail}* % | (uscire|esco|esci|fuori|tolto|tolta) (da|dalla|dal|dall) {fill}* {list} | basta (di|con)? (rompere|scocciare|disturbare|messaggiare|insistere|tormentare) | (gradirei|preferirei|preferisco|gradisco|pregherei|prego) (di)? non (essere|ricevere|venire|avere) (piu|altri|altre|vostri|vostre|disturbato|disturbata|contattato|contattata|{fill})* ({textsonly}|contattato|contattata|disturbato|disturbata|$) | (?! _* (e|per|oggi|solo|ne|non|mi|che|gia|cosi|quanto) basta) _{2,6} basta (messaggi|ora|adesso|grazie)* % | (andate|vai|va) (tutti)? a (quel paese|cagare|fanculo|farti fottere|farvi fottere)",
        "basta così", "esci", "uscire da questo elenco", "basta rompere", "preferirei non ricevere altri messaggi", "ci avete scocciato basta", since=3,
    ),
    _rule(
        "asks-how", "come mi disiscrivo, cancellate tutto, vado dai carabinieri",
        "come (mi|faccio a|faccio per|posso|si fa a|ci si|devo fare per)* (disiscrivo|disiscrivermi|cancello|cancellarmi|cancellare l iscrizione|tolgo|togliermi) {tail}* $ | ~ {lead}* (cancellate|cancella|eliminate) tutto {tail}* % | (ho|vi ho|avevo) gia detto (di)? no {tail}* $ | (vado|andro|chiamo|mi rivolgo|rivolgero) (dai|ai|i|alla|la|dalla) (carabinieri|polizia) {tail}* $",
        "come faccio a disiscrivermi", "eliminate tutto", "chiamo i carabinieri", since=3,
    ),
    _rule(
        "asks-no-more", "come faccio a non ricevere più messaggi",
        "~ {lead}* come (faccio|posso|si fa|devo fare) (a|per)* non (ricevere|avere|riceverne) piu ({texts}|{fill}|niente|nulla)* {tail}* %",
        "come faccio a non ricevere più i vostri messaggi", since=4,
    ),
    _rule(
        "slips-and-temper", "cancelazione, dimenticatevi il mio numero, basta e insulti",
        "~ {lead}* (cancelazione|cancelatemi|cancellazzione|disiscrizzione|disicrizione) {tail}* % | (dimenticate|dimenticatevi|dimentica|scordate|scordatevi|scorda) (di)? (il mio|questo) numero"
        " | ~ {lead}* basta (rompicoglioni|stronzi|scocciatori|rompiscatole|cretini|idioti|ladri) {tail}* %",
        "cancelazione", "scordatevi il mio numero", "basta scocciatori", since=4,
    ),
)  # fmt: skip

POLICY_RULES = (
    _rule(
        "wrong-person", "numero sbagliato, persona sbagliata, non sono io",
        "(numero|persona|contatto|destinatario) {wrong} | (ha|avete|hai|sta|stai|state|si) (proprio|sicuramente|il)? {wrong} (numero|persona|$|{tail}) | ^ {lead}* non sono ({name}|io|la persona|questa persona|lui|lei|il signor|la signora|quella) | non (conosco|esiste|ce) (nessun|nessuna|nessuno) | (questo|il mio) numero non (e|appartiene) | (deceduto|deceduta) | non sono io | non e il mio numero",
        "ha sbagliato persona", "non sono Giulia", "persona errata", source=POLICY,
    ),
    _rule(
        "go-away", "vi segnalo, bloccato, questo è stalking, andate via",
        "^ {lead}* (vattene|andatevene|sparisci|sparite|vaffanculo|fanculo|va via|vai via|andate via|levati|levatevi|fuori dalle palle|fottiti|fottetevi|affanculo|crepate) | ^ {lead}* (bloccato|bloccata|bloccati|segnalato|segnalati|spam|truffa|truffatori|stalking) (come|e|per|spam|bloccato|segnalato|{tail})* $ "
        " | (vi|ti|la|lo|sto|sara|siete|sei|verrete|verrai|adesso|ora) (sto|ho|siete|devo|e|stato|state|gia){0,3} (bloccato|bloccati|blocco|bloccando|blocchero|segnalo|segnalero|segnalato|segnalati|segnalando|denuncio|denuncero|denunciato|denunciati|querelo|denunciando) | (bloccare|segnalare|denunciare) (questo|il|alla|per|vi) (numero|polizia|stalking|spam|autorita) | (questo|e|questa|una|un) (e)? (una|un|vera)? (stalking|molestia|molestie|persecuzione|violazione|spam) | (mio avvocato|garante (della|privacy)?|vie legali|polizia postale|azioni legali)",
        "vi denuncio", "questa è una molestia", "numero bloccato? adesso ti blocco", source=POLICY,
    ),
)  # fmt: skip

UNLESS = (
    Unless(
        "d.it.another-channel", "wants a text rather than a call", ("c.it.dont-write",), "D",
        anywhere="(chiamatemi|chiamare|chiamarmi|chiami|chiamate|telefonare|telefonate) (per favore|grazie|al lavoro){0,2} ; (solo|meglio|piuttosto|ma|per favore|un)* (scrivetemi|scrivimi|scriva|scrivere|messaggi|messaggio|sms|whatsapp|mandate|mandatemi) (un|solo|messaggio|messaggi|sms|{tail})* $",
        since=4,
    ),
    Unless(
        "d.it.not-stop", "non smettete di: they are to go on", ("c.it.stop-doing", "c.it.dont-write"), "D",
        anywhere="non (smettete|smettere|smetta|smetti) (mai)? di", since=4,
    ),
)  # fmt: skip
