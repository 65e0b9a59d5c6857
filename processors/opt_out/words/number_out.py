"""What rule set 6 adds for letters and complaints: the number is not to be used, is to be deleted, has asked before."""

from __future__ import annotations

from processors.opt_out.words.kinds import in_each_language
from processors.opt_out.words.language import POLICY

RULES = (
    *in_each_language(
        "not-to-be-used", "the number is not to be used any more", since=6,
        en=(
            "(dont|do not|never|stop|quit) (use|using|dial|dialing) (this|my|our) (phone|cell)? {number} (again|anymore|any more|ever|for (this|your|ads|marketing|texts))",
            "do not use this number again", "stop using my number for your ads",
        ),
        es=("no (usen|use|uses|utilicen|utilice|marquen|marque) (mas|nunca mas|ya)? (este|mi|nuestro) (numero|telefono|celular)", "no usen más mi número"),
        fr=("(plus|pas) (utiliser|composer|employer) (ce|mon|notre) (numero|telephone|portable)", "veuillez ne plus composer notre numéro"),
        de=("(diese|meine|unsere) (nummer|handynummer|telefonnummer|rufnummer) (bitte|ab sofort|kunftig)* (nicht|nie) (mehr|weiter|weiterhin|wieder)? (zu)? (verwenden|benutzen|nutzen|verwendet|benutzt)", "unsere Nummer bitte nicht weiter verwenden"),
        pt=("nao (use|usem|utilize|utilizem|disque|disquem) mais (este|esse|o meu|meu|o nosso) (numero|telefone|celular)", "não utilizem mais o meu telefone"),
        it=("non (usate|usi|usino|utilizzate|utilizzi|fate|faccia) piu (questo|il mio|il nostro|mio) (numero|telefono|cellulare)", "non utilizzate più il nostro numero"),
        nl=("(dit|mijn|ons) (nummer|telefoonnummer) (aub|graag|alstublieft)? niet (meer|langer|verder) (te)? (gebruiken|gebruik|bellen)", "ons nummer niet langer gebruiken"),
    ),
    *in_each_language(
        "asks-for-deletion", "asks for deletion, as letters do", since=6,
        en=(
            "(my|our|this) (phone|cell)? ({number}|name|info|details) (should|must|has to|needs to|had better|better|is to) (come|be|get|go) (taken|removed|deleted|pulled|struck)? (off|out of|from) (your|the|that|this|every|all)"
            " | (take|taking|taken|get|getting|pull|pulling) (my|our|this) (phone|cell)? {number} (out of|off of|off|outta|from) (your|the|whatever|that|this|any|all|every|whichever)"
            " | (make sure|ensure|see that|see to it) (that)? (i|we|my number|our number) (am|is|are|get|gets|has been|have been) (removed|deleted|off|taken off|unsubscribed)"
            " | (appreciate|prefer|like|love|grateful for) (it|to)? (not|never) (hearing|hear|getting|get|receiving) _{0,5} (again|anymore|any more|any longer|further)"
            " | (want|need) {you} (people|guys|all|folks)? (out of|off|outta) (my|our) (inbox|phone|texts|messages|cell|life|line)",
            "our number has to come off that list", "kindly get my number out of whichever file", "we want you people off our line",
        ),
        es=("(solicito|pido|exijo|requiero|solicitamos|pedimos|exigimos) (la|que se|una)? (baja|cancelacion|eliminacion|supresion|borrado) (inmediata|definitiva|de|del) | me opongo (a|al) _{0,2} (envio|tratamiento|recibir|recepcion|mensajes)", "exijo la supresión de mis datos"),
        fr=(
            "(menlever|menlevez|meffacer|meffacez|msupprimer|mretirer|mretirez|msortir|me retirer|me sortir|me radier|me rayer|disparaitre) (de|du|des) (la|votre|vos|cette|toutes|fichier|fichiers|liste|listes|base|banque|repertoire)"
            " | (je|j)? (demande|exige|requiers|sollicite) (la|ma|mon|leffacement|le)? (suppression|desinscription|radiation|retrait|leffacement|effacement) (de|du|des|immediate|immediat)",
            "me sortir de cette liste", "j'exige la radiation de mon nom",
        ),
        de=(
            "(ich|wir)? (beantrage|verlange|fordere|fordern|verlangen|wunsche|wunschen) (hiermit|ich|wir|die|eine|um)* (loschung|entfernung|abmeldung|streichung|austragung) (meiner|meines|aus|von|der|unserer|aller) | (ich)? widerspreche (hiermit|ich)* (der|dem|jeder|weiteren|allen|ihrer) _{0,2} (werbung|nutzung|zusendung|zusendungen|kontaktaufnahme|nachrichten|verwendung|verarbeitung)",
            "hiermit fordere ich die Streichung meiner Nummer", "wir verlangen die Entfernung aller Daten",
        ),
        pt=("(solicito|peco|exijo|requeiro|solicitamos|pedimos) (a|o|que)? (exclusao|remocao|cancelamento|descadastramento|retirada|eliminacao) (imediata|do|da|dos|das|de)", "solicito a exclusão dos meus dados"),
        it=("(chiedo|richiedo|chiediamo|richiediamo|esigo|pretendo) (la|l|limmediata|lo)? (cancellazione|rimozione|eliminazione|disiscrizione|leliminazione) (immediata|del|dei|dal|dai|di|della|dalla|dalle) | (mi oppongo|ci opponiamo) (a|al|all|allinvio|alla|ai) _{0,2} (invio|comunicazioni|trattamento|ricezione|messaggi|commerciali)", "esigo la rimozione dei miei dati"),
        nl=("(verzoek|vraag|eis|verzoeken|eisen) (u|jullie|om|ik|wij|hierbij|bij deze|de|mijn|tot)* (verwijdering|uitschrijving|afmelding|gegevens te (verwijderen|wissen)|nummer te (verwijderen|wissen)) | ~ {lead}* (ik)? wil (er|hier)? (eraf|ervanaf|vanaf|van de lijst|van die lijst) {tail}* %", "hierbij verzoek ik om verwijdering"),
    ),
    *in_each_language(
        "asked-before", "has asked for it to stop, or will have it stop", since=6,
        en=(
            "(asked|told|begged|ordered|instructed) {you} _{0,4} to (stop|quit|cease|unsubscribe|knock it off) ({tail}|texting|it|this|messaging|calling)* ($|%)"
            " | (make|making) (it|this|them|these) (all)? stop {tail}* %"
            " | {you} (are|r) (hereby)? (not|not allowed|not permitted|forbidden|prohibited) (to|from) (ever)? ({texting}|{send}|contact|contacting|text|call|calling|message|write|reach) (me|us|this|my|out)"
            " | (this|that|it)* (better|had better|should|must|will|is) (be)? (the)? (last|final) (time|one|text|message|call) (that)? {i} (ever)? (hear|get|see|receive) _{0,3} from {you}"
            " | ~ {lead}* stop i (work|sleep|dont|do not|already|never|live|have) _"
            " | _{1,8} (thank you|thanks|thx|ty|sorry|dear|sir|maam|hun|honey|god bless|already) (stop|unsubscribe|end|quit) %"
            " | (for (gods|god|christs|petes|heavens|goodness|fucks) sake|goddammit|dammit|ffs|jesus) (stop|quit|end|unsubscribe|cancel) ({tail}|it)* %"
            " | (not|never|no|nope|aint|wont|dont) _{0,4} (selling|sell|interested|buying|moving|looking|voting|hiring|available) (stop|end|quit|cancel|unsubscribe) {tail}* %"
            " | (nobody|no one|noone) (at|on|with) this (phone|cell)? ({number}|phone|address|house|line) (should|wants|needs|ever|is|asked|has|can)",
            "I told you all last week to quit", "somebody make these stop please", "no one on this line wants offers",
        ),
        es=("(deja|dejad|dejen|deje|dejadme|dejenme|dejame|dejeme|dejenos) (me|nos|ya|de una vez)* (tranquilo|tranquila|tranquilos|tranquilas) {tail}* ($|%) | (ya)? no (me|nos) (marque|marquen|marques) (ya|mas|por favor|{tail})* ($|%)", "déjenos ya tranquilos"),
        fr=("(lache|lachez) (moi|nous) ({tail}|avec|donc|un peu|maintenant)", "lâchez-nous un peu"),
        de=(
            "(hor|hort|horen) (sie)? (bitte|endlich|doch|sofort|mal|jetzt|bloss|gefalligst)* damit (bitte|endlich|sofort)* auf"
            " | (will|mochte|mag|wollen|mochten) (nichts|nix|nie|niemals) (mehr|wieder)? von (euch|ihnen|dir|diesem verein) (horen|lesen|wissen|haben)"
            " | von (weiteren|zukunftigen|solchen|diesen)? (anfragen|nachrichten|anrufen|sms|zusendungen|kontaktversuchen|angeboten) (bitte|kunftig)* (absehen|abzusehen|abstand)"
            " | ~ {lead}* (stellt|stellen sie) (das|den mist|den scheiss|den quatsch|den unsinn|diesen mist) (bitte|endlich|sofort|mal|jetzt|gefalligst)* (ab|ein) {tail}* %",
            "horcht, hört gefälligst damit auf", "stellt den Quatsch endlich ab",
        ),
        it=("(desidero|desideriamo|vorrei|vorremmo|preferisco|gradirei|chiedo di|prego di) non (essere|venire|ricevere|esser) piu | ~ {lead}* (mi|ci) (disiscrivo|cancello|tolgo|disiscriviamo) (subito|da qui|da questa lista|{tail})* %", "gradirei non essere più chiamato"),
        nl=("~ {lead}* (deze|die|jullie|de)* (meldingen|berichten|sms|appjes|reclame) (graag|aub|direct|nu)* (uitzetten|uitschakelen|stopzetten|beeindigen) {tail}* % | (dit|deze|die|ze) _{0,2} niet (meer|langer) (wil|willen|wens) (ontvangen|krijgen|hebben|zien)", "die meldingen graag uitzetten"),
    ),
    *in_each_language(
        "of-somebody", "the number is somebody else's, or of somebody who has died", since=6, source=POLICY,
        en=(
            "(phone|number|cell) (belongs to|is for|is of) (a|an|my|his|her)? (child|kid|minor|son|daughter|grandson|granddaughter|mother|father|patient|student|school)"
            " | {you} (must have|must|probably|may have|might have)? (meant|mean|wanted|were looking for|are looking for) (someone|somebody) else ({tail})* ($|%)"
            " | (died|passed away|passed on|deceased|passed) _{0,6} ; _{0,2} (this|that|it) (is|was) (his|her|their) (phone|number|cell|line)",
            "this number belongs to a minor", "I guess you wanted somebody else", "Mom passed away in May, this was her number",
        ),
        es=("(este|ese) (celular|numero|telefono) no es (de|del) _", "este teléfono no es del señor Paz"),
        pt=("~ ({lead}|desculpa)* aqui nao (e|eh) (mais)? (a|o|da|do) (dona|seu|senhor|senhora|sr|sra|d) _ {tail}* %", "aqui não é o seu Antônio"),
    ),
)  # fmt: skip
