"""Dutch requests: words by class and the patterns over these (grammar.py)."""

from __future__ import annotations

from processors.opt_out.rules import Unless
from processors.opt_out.words.language import POLICY, rules_of

LEXICON = {
    "kw": (
        "stoppen afmelden afmelding uitschrijven uitschrijving opzeggen "
        "unsubscribe opgezegd uitgeschreven afgemeld ophouden "
        "stopp afzeggen opt-out optout deactiveren opzegging"
    ),
    "no": "niet nooit geen niets niks nimmer nergens",
    "nomore": "meer weer langer verder ooit nog",
    "write": (
        "stuur sturen stuurt app appen appt bel bellen belt schrijf schrijven schrijft contacteer contacteren contacteert "
        "benader benaderen benadert mail mailen mailt sms smsen text texten bericht berichten stoor storen stoort lastigvallen "
        "bericht whatsapp whatsappen spam spammen spamt zend zenden verstuur versturen toesturen opbellen aanschrijven "
        "benaderd gebeld geappt gemaild contact zeur zeuren lastig val vallen berichtjes"
    ),
    "inf": (
        "sturen appen bellen schrijven contacteren benaderen mailen sms'en smsen texten storen lastigvallen zenden versturen "
        "toesturen opbellen aanschrijven benaderd gebeld geappt gemaild whatsappen spammen ontvangen krijgen contact  "
    ),
    "texts": (
        "bericht berichten berichtjes berichtje sms smsjes smsje sms'jes appjes app apps reclame mails mail emails telefoontjes "
        "belletjes whatsapps whatsappjes whatsapp spam aanbiedingen nieuwsbrief nieuwsbrieven contact meldingen notificaties "
        "oproepen smsen vacatures info sms-jes communicatie tekstberichten"
    ),
    "me": "mij me ons m",
    "number": "nummer telefoonnummer gegevens naam mobiel nr telefoon contactgegevens 06 emailadres account contact",
    "list": (
        "lijst lijsten bestand bestanden database systeem verzendlijst mailinglijst nieuwsbrief adressenlijst contacten "
        "contactenlijst adresboek mailinglist groep register verzendlijsten abonnement mailing"
    ),
    "remove": (
        "verwijder verwijderen verwijdert haal halen haalt schrap schrappen schrapt schrijf schrijven wis wissen meld melden "
        "meldt gooi gooien gooit vergeet vergeten uitschrijven afmelden delete deleten neem uitgeschreven verwijderd afgemeld "
        "geschrapt uithalen blokkeer verlies zet"
    ),
    "lead": (
        "aub a u b alsjeblieft alstublieft ajb graag bedankt dank u wel nee ja ok hallo hoi dag goedemiddag goedemorgen "
        "geinteresseerd maar en dus nu dan gewoon eens even spam verkeerd nummer sorry "
        "kunnen verdomme kut godverdomme s v p svp nogmaals laatste keer "
        "al gezegd verzoek hierbij gaarne idioten klootzakken fuck nou heren mevrouw meneer beste "
        "hou houd "
    ),
    "tail": (
        "aub a u b alsjeblieft alstublieft ajb graag bedankt dank u wel nu meteen direct onmiddellijk ermee hiermee "
        "dit deze berichten alles svp s v p mvg groet groeten groetjes verstuurd vanaf mijn iphone doei fijne "
        "dag verdomme kut idioten klootzakken nog verder eens even lijst de sms reclame spam stop per nou jullie "
        "allemaal hoor zo snel mogelijk vriendelijke"
    ),
    "fill": (
        "aub alsjeblieft alstublieft svp direct meteen onmiddellijk nu dan eens even a u b uit van de het jullie uw je jouw "
        "deze dit die dat alle al mijn nog graag gewoon ook met op in naar aan voor ongevraagde vervelende irritante "
        "verdere verdomme per stomme ermee meer en te om er jij altijd steeds"
    ),
    "want": "wil willen wens wensen wenst hoef hoeven zou heb verzoek",
    "when": "voor na morgen vandaag vanavond als tot tijdens nu even wanneer omdat maandag dinsdag woensdag donderdag vrijdag zaterdag zondag pas want ",
    "wrong": "verkeerd verkeerde foute fout foutief vergist vergissing",
    "name": "",
}

_rule = rules_of(
    "nl",
    {
        "<lead>": "({lead}|geen interesse|niet geinteresseerd|(ik)? (wil|wou|wens) (me|mij|graag|nu)*|(kunt|kun|kan|wilt) (u|je|jullie)|verzoek (om)?)",
    },
)

RULES = (
    _rule("keyword-clause", "een trefwoord als eigen zin", "^ <lead>* {kw} (ermee|hiermee|met dit|met deze berichten|{tail})* $ | ~ <lead>* (genoeg|verwijder|verwijderen|annuleren) {tail}* %", "Geen interesse. Afmelden", "graag stoppen", "Genoeg!"),
    _rule(
        "dont-write", "niet meer bellen, stuur me niets meer, bel dit nummer niet",
        "{write} (aub|alsjeblieft|alstublieft|je|jij|u|svp|{fill})* ({me}|dit nummer|hier|deze nummer) (aub|alsjeblieft|alstublieft|{fill})* {no} ({nomore}|{texts}|{fill})* ({nomore}|op|$|aub|alsjeblieft|alstublieft|svp)"
        " | {no} ({nomore}|{me}|{fill})* ({nomore}|{me}) ({fill}|{me}|{no})* {inf} ({tail}|worden|opnemen|willen|te|met|{me})* $ | neem ({fill}|{me})* (geen|nooit|niet) ({nomore}|{fill})* contact ({nomore}|{fill}|{me}|op|opnemen)* | {write} ({fill}|{me})* (nooit|niet|niks|niets|geen) ({fill}|{texts})* (meer|weer)"
        " | (wil|willen|wens|zou) (ik|we|graag|{fill})* (niet|nooit|geen|niks|niets) ({nomore}|door|jullie|{fill}|{texts})* (benaderd|gebeld|gecontacteerd|lastig|horen|ontvangen|geappt|gemaild|krijgen)",
        "bel mij niet meer", "stuur niks meer", "Niet meer bellen svp", "ik wil niet meer benaderd worden",
    ),
    _rule(
        "no-more", "geen berichten meer, genoeg",
        "^ {lead}* (geen|niet|nooit) ({fill}|meer|verdere)* {texts} (meer|aub|alsjeblieft|{tail}|sturen|ontvangen|naar|{fill}|{me}|nummer|willen)* $ | (wil|wens|hoef|stuur|ontvang|krijg) (ik|{me}|{fill}|liever)* (geen|niets|niks|nooit) ({fill}|meer)* ({texts}|meer van) ({nomore}|{fill}|{tail}|ontvangen|krijgen|sturen|hebben)* $ | (genoeg|stop) (nu|met|van|{fill}){0,4} {texts} | ^ {lead}* (nu is het genoeg|niet meer|zo is het genoeg|genoeg zo) {tail}* $",
        "geen sms meer", "ik wil geen reclame meer", "stop met die berichten",
    ),
    _rule(
        "stop-doing", "stop met sturen, hou op",
        "(stop|stopt|hou|houd|kap|ophouden|stoppen) ({fill}|toch)* (op)? (met|om|deze|die) ({fill}|{me}|te|dat)* ({inf}|{texts}|berichten|dit|zo|stalken|spam|spammen|te appen|te bellen|te sturen) | (heb|had) (ik)? (al|reeds|toch|jullie|u|je|gisteren|meermaals)* (stop|stoppen|afmelden|nee) (gezegd|gestuurd|geschreven|gemeld|geantwoord|getypt) | ^ {lead}* (hou|houd|houdt|kap|schei) ({fill}|toch)* (op|ermee|ermee op|uit) (ermee|nu|{tail})* $",
        "ik had toch stop gestuurd", "hou op met bellen", "stop alstublieft met appen", "kap ermee",
    ),
    _rule(
        "remove", "haal mij van de lijst, verwijder mijn nummer, meld mij af",
        "{remove} ({fill}|{me})* ({me}|mijn {number}|onze {number}|dit {number}) ({fill}|{number}|en)* (van|uit|af) ({fill})* {list}? (af|halen)? | (meld|schrijf|melden|schrijven) ({fill})* ({me}) ({fill}|voor|{list})* (af|uit) ({tail}|van|voor|{fill}|{list})* $ | (verwijder|schrap|wis|delete|vergeet|blokkeer) ({fill})* (mijn|dit|onze|deze) ({fill})* {number} | (verwijder|schrap|wis|delete) ({fill})* {me} {tail}* $"
        " | ({me}|mijn {number}|ik wil) ({fill})* (van|uit) ({fill})* {list} (verwijderen|halen|schrappen|af|verwijderd|uitgeschreven|afhalen) | (van|uit) ({fill})* {list} (af|verwijderen|verwijderd|halen|gehaald|schrappen|worden)+ | ^ <lead>* {me} ({fill}|voor|{list})* (afmelden|uitschrijven) {tail}* $ | (afmelden|uitschrijven|opzeggen|afmelding) (voor|van|uit|{fill})* ({list}|{texts}) | (verwijderen|schrappen|halen|uitschrijven|verwijder|wissen) (graag|aub|{fill})* (uit|van) ({fill}|uw)* {list} | (gooi|smijt) ({fill})* (mijn|dit|ons) {number} weg | haal (me|mij|ons|mijn nummer) ({fill})* (eraf|weg|eruit|er uit) | ^ (ik)? zeg op {tail}* % | (zet|plaats) (mij|me|mijn nummer|{fill})* (zwarte lijst|bel me niet|blacklist|bel-me-niet|niet bellen)",
        "haal ons uit jullie bestand", "schrijf mij uit", "verwijder dit nummer", "ik wil me afmelden",
    ),
    _rule(
        "dont-want", "geen toestemming, nooit aangemeld",
        "(geen|nooit|niet|trek|intrekken) (mijn|hiervoor|{fill})* (toestemming|aangemeld|ingeschreven|akkoord|opgegeven|geabonneerd|toestemming in) | laatste (bericht|sms|keer) (dat|wat|je|van)",
        "ik heb hier nooit toestemming voor gegeven", "nooit aangemeld",
    ),
    _rule(
        "leave-alone", "laat me met rust, val me niet lastig",
        "(laat|laten) ({fill}|{me}|mijn familie|mijn man|mijn vrouw)* (met rust|me rust|gerust) | (val|vallen) ({fill}|{me})* (niet|nooit)? ({fill}|{me}|meer)* lastig | ^ {lead}* (stoor|storen) ({fill}|{me})* niet {tail}* $",
        "laat ons met rust", "val me niet meer lastig", "niet lastig vallen? val mij niet lastig",
    ),
    _rule(
        "ignored", "ik heb al drie keer stop gestuurd, al vaker gevraagd te stoppen",
        "(heb|al|reeds|keer|vaker|eerder) _{0,4} (stop|afmelden|stoppen) (gestuurd|gezegd|geschreven|geantwoord|gevraagd|geappt|verstuurd|doorgegeven) | gevraagd (om)? (te stoppen|(mij|me|ons)? (te verwijderen|uit te schrijven|af te melden)|hiermee te stoppen|verwijderd te worden) | ^ {lead}* (gemeld|gerapporteerd|aangemeld) als spam | (rapporteer|meld) (je|u|jullie|dit|dit nummer)? als spam",
        "heb al twee keer stop geantwoord", "vaker gevraagd om te stoppen", "gemeld als spam", since=3,
    ),
    _rule(
        "be-gone", "kappen, einde, mijn nummer verwijderen, ik hoef dit niet meer, stuur maar niks meer",
        "~ {lead}* (einde|kappen|kap|beeindigen|beeindig|annuleren|annuleer) (nu|ermee|ermee nou|met|deze|dit|jullie|{texts}|{tail})* % | ^ {lead}* (mijn|ons|dit|deze) {fill}* {number} {fill}* (verwijderen|wissen|weghalen|schrappen|deleten|verwijderd|vergeten) {tail}* $ | ~ {lead}* (ik|wij|we)? (hoef|hoeven|wil|willen|wens) (dit|deze|die|jullie|het|berichten|{texts})* (niet|geen|niks|niets) (meer|langer|te)? ({texts}|ontvangen|hebben|te ontvangen|{tail})* % | (niet|nooit) (meer|langer|weer) (lastig vallen|lastigvallen|storen|sms en|benaderen) | (zou|zouden|kunt|kun|kan|kunnen|wilt|willen|wil|graag|verzoek) (u|je|jullie|mij|me|ons|willen|kunnen|om|{fill})+ (verwijderen|uitschrijven|schrappen|verwijderd worden|uitgeschreven worden) {tail}* $ | (stuur|app|sms|mail|schrijf) (maar|gewoon|dan|mij|me|ons|aub)* (niks|niets|geen|niet) (berichten|berichtjes|smsjes|sms|appjes)? meer",
        "kappen nu", "graag mijn gegevens wissen", "ik hoef dit niet meer", "zou u mij willen uitschrijven", "stuur maar niks meer", "niet meer lastig vallen", since=3,
    ),
    _rule(
        "asks-how", "kunt u mijn nummer verwijderen, hou hiermee op, ik heb me al afgemeld",
        "(kunt|kun|kan|kunnen|wilt|wil|zou|zouden) (u|je|jullie) ({fill}|{me}|{number}|willen|kunnen)* (verwijderen|wissen|schrappen|weghalen|uitschrijven|afmelden) {tail}* $ | (hou|houd|houdt|hou nou) (hiermee|daarmee|ermee|er mee|hier mee) op | ~ {lead}* ik wil (hier|er)? (eruit|eraf|uit|af) {tail}* % | dit is niet (zijn|haar|mijn|hun|het) (nummer|telefoonnummer|juiste nummer) | (heb|had|ben) (ik|me|mij)* al (afgemeld|uitgeschreven|opgezegd) | (heb|had) (ik|dit|hier|deze|me|mij|daar)* (nooit|niet) (dit|hier)? (aangevraagd|om gevraagd|voor aangemeld|voor ingeschreven|ingeschreven)",
        "kunt u mijn nummer verwijderen", "hou hiermee op", "ik heb me al afgemeld", "heb dit nooit aangevraagd", since=3,
    ),
    _rule(
        "how-to-leave", "hoe meld ik me af, hoe stop ik dit, hoe kom ik van deze lijst af",
        "~ {lead}* hoe (kan|moet|meld|schrijf|stop|kom|zeg) ik (me|mij|mijzelf|mezelf|dit|deze|hier|hiermee|van|{texts}|{list}|{fill})* (af|uit|op|afmelden|uitschrijven|opzeggen|stoppen|mee|{texts}|dit|hiermee) {tail}* %",
        "hoe meld ik mij af", "hoe stop ik dit", "hoe kom ik van deze lijst af", since=4,
    ),
    _rule(
        "rather-not", "liever geen contact meer",
        "~ {lead}* (ik|wij)? (heb|hebben|wil|zou)? (liever|graag) geen ({fill}|verdere)* (contact|{texts}|telefoontjes) (meer|{tail})* %",
        "liever geen berichten meer", since=4,
    ),
    _rule(
        "stop-with-it", "stop hiermee, ik ben ... niet, aangifte",
        "^ {lead}* stop (hiermee|daarmee|ermee) {tail}* $ | ~ {lead}* ik ben {name} niet {tail}* % | (ik|wij|we) (ga|doe|zal|gaan) (hier|hiervan|bij|de|politie|van|nu)* aangifte",
        "stop hiermee", "ik ben Daan niet", "ik ga hier aangifte van doen", since=4,
    ),
)  # fmt: skip

POLICY_RULES = (
    _rule(
        "wrong-person", "verkeerd nummer, verkeerde persoon, ik ben ... niet",
        "{wrong} (nummer|persoon|verbonden|telefoonnummer|contact|geadresseerde|nr) | (u|je|jij) (bent|hebt|heb|heeft|zit) {fill}* {wrong} | ^ {lead}* (ik ben|dit is|dat ben) (niet|ik niet) ({name}|de|die|degene|mij|mijn|ik|meneer|mevrouw) | dat ben ik niet | (ken|woont) (hier)? (geen|niemand) | (overleden)",
        "u bent verkeerd verbonden", "ik ben niet Sanne", "verkeerde persoon", source=POLICY,
    ),
    _rule(
        "go-away", "ik ga je melden, geblokkeerd, rot op",
        "(ik|ga|we|u|je|jullie|wordt|zijn|bent|nummer|word|heb) (ga|je|u|jullie|dit|nummer|wordt|zal|is|heb|zijn|bent|nu|het|meteen){0,4} (blokkeren|blokkeer|geblokkeerd|melden (bij|als)|gemeld (bij|als)?|rapporteren|gerapporteerd|aangeven|aangifte|blocken|geblockt|rapporteer|aanklagen) | ik ga (je|u|jullie|dit|dit nummer) (melden|aangeven|rapporteren) | ^ {lead}* (intimidatie|geblokkeerd|geblockt|gemeld|oplichters|oplichting|spam) {tail}* $ | ^ {lead}* (rot op|rot toch op|opgerot|oprotten|donder op|flikker op|sodemieter op|tyf op|krijg de|val dood|ga weg|wegwezen|opdonderen|opzouten|fuck (off|you|op)) | (dit is|is) (intimidatie|stalking|spam|belaging|strafbaar|illegaal) | mijn advocaat | (juridische stappen|autoriteit persoonsgegevens|(van|wet|volgens) de avg|avg wet|avg verzoek) ",
        "ik ga dit nummer blokkeren", "rot op", "dit is stalking", source=POLICY,
    ),
)  # fmt: skip

UNLESS = (
    Unless(
        "d.nl.only-sometimes", "not now, not then: a time follows", ("c.nl.dont-write",), "D", after="{when}", since=2,
    ),
    Unless(
        "d.nl.not-received", "says that no message has come", ("c.nl.no-more",), "D",
        itself="geen (bericht|berichtje|sms|mail|mailtje|reactie) (ontvangen|gekregen|gehad|gezien)", since=4,
    ),
    Unless(
        "d.nl.another-channel", "wants a text rather than a call", ("c.nl.dont-write",), "D",
        anywhere="(bel|bellen|belt) (me|mij|ons|niet|aub|alsjeblieft){0,3} ; (alleen|liever|gewoon|maar|graag)* (app|appen|stuur|sms|mail|bericht|berichten|whatsapp|appje) (me|mij|een|via|bericht|berichtje|sms|{tail})* $",
        since=4,
    ),
    Unless(
        "d.nl.not-stop", "niet stoppen met: they are to go on", ("c.nl.stop-doing",), "D", before="niet $", since=4,
    ),
)  # fmt: skip
