"""German requests: words by class and the patterns over these (grammar.py). Umlauts are bare: ä is a, ß is ss."""

from __future__ import annotations

from processors.opt_out.rules import Unless
from processors.opt_out.words.language import POLICY, forms, rules_of

_WRITE = (
    forms(
        "schreib kontaktier ruf schick send belastig belaestig nerv stor stoer texte text meld bombardier simse sms spamm whatsapp mail klingel",
        "- e en t st et est",
    )
    + " anschreiben anrufen anzurufen anzuschreiben kontaktieren schreiben schicken senden texten stoeren storen "
    "zuschicken zusenden zuzuschicken anschreibt anruft anrufst anschreibst anmailen simsen melden benachrichtigen "
    "behelligen angeschrieben kontaktiert angerufen belastigt belaestigt zuspammen spammen terrorisieren"
)

LEXICON = {
    "kw": (
        "stopp stoppen stoppt abmelden abbestellen abmeldung abbestellung austragen austragung kundigen kuendigen "
        "kundigung kuendigung aufhoren aufhoeren loschen loeschen entfernen widerruf widerrufe widerrufen "
        "unsubscribe abbestelle abmelde deabonnieren widerspruch widerspreche deaktivieren "
        "stornieren abbrechen"
    ),
    "kwonly": "ende schluss raus stornieren beenden abbrechen",
    "no": "nicht nie nichts nimmer niemals keine keinen kein keinerlei keiner",
    "nomore": "mehr wieder weiter weiterhin nochmal noch langer laenger",
    "write": _WRITE,
    "inf": (
        "kontaktieren schreiben anschreiben anrufen schicken senden melden texten storen stoeren belastigen belaestigen "
        "nerven anzurufen anzuschreiben kontaktiert angeschrieben angerufen belastigt zuschicken zusenden spammen "
        "simsen benachrichtigen behelligen belaestigt "
    ),
    "texts": (
        "nachrichten sms whatsapp whatsapps werbung werbenachrichten anrufe mails emails "
        "newsletter angebote benachrichtigungen textnachrichten kontaktaufnahme spam infos informationen texte "
        "werbesms werbeanrufe mitteilungen nachrichen kontaktversuche jobangebote stellenangebote"
    ),
    "me": "mich mir uns",
    "my": "meine meinen mein unsere diese die unser dieser",
    "number": (
        "nummer telefonnummer handynummer daten kontakt kontaktdaten handy namen nr rufnummer eintrag adresse mailadresse "
        "telefon mobilnummer account konto"
    ),
    "list": (
        "liste listen verteiler datenbank system kartei adressbuch newsletter verteilerliste mailingliste datei sperrliste "
        "robinsonliste werbeliste kontakten bestand telefonliste kundenliste emailliste gruppe verzeichnis register"
    ),
    "remove": (
        "entfern entferne entfernen entfernt losch losche loschen loescht loesche loeschen loscht streich streiche "
        "streichen streicht nimm nehmen nehmt nehm tragen trag trage austragen abmelden abmelde melden meld melde "
        "schmeiss schmeissen schmeisst rausnehmen "
        "herausnehmen werft werfen kundigen abbestellen ausgetragen entfernt abgemeldet geloscht geloescht gestrichen"
    ),
    "sie": "sie du ihr bitte endlich sofort jetzt doch mal nun gefalligst einfach umgehend verdammt mich mir uns",
    "lead": (
        "bitte danke nein ja ok hallo guten tag morgen und aber "
        "also jetzt sofort endlich doch mal sehr geehrte damen herren falsche nummer spam interessiert "
        "tut mir leid sorry hey hi nun einfach verdammt scheisse "
        "nochmals noch einmal zum letzten letztes mal idioten arschlocher lieber liebe alter mann oh ach nee ne danke "
        "nix da schon gesagt sagte hiermit wurde gern gerne fordere es reicht die service dienst lg mfg "
        "ihnen auf hort hor horen"
    ),
    "tail": (
        "bitte danke sofort jetzt endlich mir mich damit das sms nachrichten alles mfg lg gruss grusse grussen vielen "
        "dank freundlichen mit nicht mehr ihr idioten arschlocher verdammt von meinem iphone gesendet und tschuss schonen "
        "tag noch doch mal nochmal aus ab es diese texte dem den scheiss die newsletter liebe viele herzliche besten "
        "umgehend werbung stop ende asap bye danach hier heute wunsche ich"
    ),
    "fill": (
        "bitte sofort endlich jetzt doch mal einfach umgehend von aus der dem den ihrer deiner eurer ihrem deinem eurem "
        "ihren deinen euren dieser diesem diesen allen allem ihre deine eure die das alle und auch bei in auf zu vom "
        "heraus raus ab weiterhin weitere mehr so sie du ihr unaufgeforderten unerwunschte nervigen standigen "
        "verdammte blode ganzen per mit noch irgendwelche solche solchen unter an nochmal werbe"
    ),
    "want": "mochte moechte will wollen wunsche wuensche mag mochten brauche will's verzichte wollte bitte",
    "when": (
        "vor nach morgen heute bis wenn wahrend um so am abends nachts jetzt gerade wahrend weil ob dass im uber "
        "montag dienstag mittwoch donnerstag freitag samstag sonntag erst sondern"
    ),
    "wrong": "falsche falschen falscher falsch verwahlt verwaehlt verwechselt vertan irrtum",
    "name": "",
}

_rule = rules_of(
    "de",
    {
        "<lead>": "({lead}|kein interesse|keine interesse|nicht interessiert|bin nicht interessiert|(ich|wir) (will|mochte|moechte|wurde) "
        "(mich)?|(konnen|konnten|koennen|koennten) sie|kannst du|(ich|habe|hab|ich habe) (doch|schon|bereits)* gesagt)",
    },
)

RULES = (
    _rule(
        "keyword-clause", "ein Schlüsselwort als Satz für sich",
        "^ <lead>* {kw} {tail}* $ | ~ <lead>* {kwonly} {tail}* %", "Kein Interesse. Abmelden", "bitte austragen", "Stopp, danke euch",
    ),
    _rule(
        "dont-write", "schreib mir nicht mehr, nicht mehr anrufen, rufen Sie mich nicht an",
        "{write} ({sie}|{fill})* ({me}|diese nummer|hier|unter dieser nummer|diesem anschluss) ({sie}|{fill})* {no} ({nomore}|an|zu|nochmal|unter|mit|{fill}|{texts}|{tail})* $"
        " | {write} ({sie}|{fill})* ({me}|diese nummer|hier)* ({sie}|{fill})* {no} ({nomore}|jemals|an mich|an diese nummer|an meine nummer)"
        " | ^ (<lead>|{me}|diese nummer|hier)* (nicht|nie|niemals) ({me}|jemals)* {nomore} ({nomore}|{me}|{fill})* {inf} (werden|{tail}|zu|wollen)* $ | ^ bitte (<lead>|{me})* (nicht|nie) ({me}|hier|an|unter)* {inf} $ | (bitte|wunsche|mochte|moechte|will) (ich|wir|von|ihnen|euch|{me})* (nicht|nie|keine) ({nomore}|{fill})* (kontaktiert|angeschrieben|angerufen|belastigt) werden"
        " | ^ <lead>* (melden|meld|melde|meldet) (sie)? (sich|dich|euch) (bitte)? (nicht|nie) (mehr|wieder) | (nicht|nie) (mehr|wieder|weiter) {inf} | (will|mochte|moechte|wollen|mochten) (ich|wir|nicht|nie|{fill})* (nicht|nie|nichts) (mehr|weiter|wieder|langer|von ihnen)* (von ihnen|von euch|von dir|{fill})* (kontaktiert|angeschrieben|angerufen|belastigt) | (nichts|nie) (mehr|wieder)? (von ihnen|von euch|von dir) (horen|hoeren|lesen)",
        "schreib mich nie wieder an", "Rufen Sie hier nicht mehr an", "bitte nicht mehr kontaktieren", "kontaktiert mich nicht",
    ),
    _rule(
        "no-more", "keine Nachrichten mehr, es reicht",
        "^ (<lead>|{fill})* (keine|keinen|kein|keinerlei|null) (weiteren|weitere|solchen|solche|{fill})* {texts} ({tail}|mehr|schicken|senden|an|von|{inf}|erwunscht|gewunscht|diese|nummer|meine|ihnen|euch|dir|{fill})* $"
        " | (will|mochte|moechte|wollen|wunsche|bitte|schicken|schickt|schick|senden|sendet|sende) ({sie}|{me}|ich|von|ihnen|euch|dir|{fill})* (keine|keinen|kein|keinerlei|nichts) (weiteren|{fill})* ({texts} | mehr (von|erhalten|bekommen|schicken|zu|$))"
        " | ~ <lead>* (es reicht|jetzt reichts|mir reichts|genug|mir reicht es|reicht jetzt|genug jetzt|nix mehr|schluss jetzt|schluss damit) {tail}* % | (reicht|schluss|genug) (jetzt)? (mit|den|diesen|dem|euren|ihren|es|{fill})+ {texts}",
        "Keine weiteren SMS bitte", "ich möchte keine Werbung mehr", "schickt mir nichts mehr", "es reicht mit den Nachrichten",
    ),
    _rule(
        "stop-doing", "hören Sie auf, lassen Sie das",
        "~ (<lead>|jetzt)* (hor|hore|hort|horen|hoer|hoeren|hoert) ({sie}|{fill})* auf (bitte|danke|damit|jetzt|sofort)* % | (hor|hore|hort|horen|hoer|hoeren|hoert|aufhoren|aufhoeren|aufzuhoren) ({sie}|{fill})* auf? / ({me}|zu|{fill}|{texts}|an|dauernd|standig|mit)* ({inf}|{texts})"
        " | (stopp|stoppt|stoppen|unterlass|unterlassen|unterlasst|einstellen|beenden) ({sie}|{fill})* ({texts}|kontaktaufnahmen) ({tail}|{fill}|{texts}|sein|an mich)* $ | (hab|habe|hatte|haben) (ich|wir)? (doch|schon|bereits|mehrmals|mehrfach|ihnen|euch|gestern|es)* (stopp|stop|abmelden) (gesagt|geschrieben|geantwortet|gesendet|geschickt) | (mochte|moechte|will|wurde) (ich|gern|gerne|wir)* dass (das|dies|diese|die|ihre|eure|{texts})* (aufhort|aufhoren|endet|enden) | ^ <lead>* (unterlassen|unterlass|unterlasst) ({sie}|{fill})* (das|dies)",
        "hab doch stopp geschrieben", "hört auf mir zu schreiben", "stoppt diese SMS", "unterlassen Sie weitere Anrufe",
    ),
    _rule(
        "remove", "nehmen Sie mich raus, löschen Sie meine Daten",
        "(?! (ich|wir)) {remove} ({sie}|{fill})* ({me}|{my} {number}) ({sie}|{fill}|telefon|mailing|und|emailliste)* (raus|heraus|{list}) | ^ <lead>* (entfern|entferne|entfernen|entfernt|losch|losche|loschen|loscht|loesch|loesche|streich|streiche|streichen|melden|meld|trag|tragen|abmelden) {sie}* ({me}|{my} {number}) (bitte|sofort|ab|aus|danke|wieder|{tail})* $"
        " | ({remove}|vergiss|vergessen|vergesst) ({sie}|{fill})* (alle|meine|meinen|diese|unsere) ({fill})* {number} | ^ (<lead>|{sie})* ({me}|{my} {number}) ({sie}|{fill}|{list})* (loschen|loeschen|entfernen|streichen|austragen|abmelden|rausnehmen|herausnehmen|sperren|nehmen|abbestellen)"
        " | ~ {lead}* (daten|nummer|kontakt) (loschen|entfernen|streichen|sperren) {tail}* % | ^ <lead>* (melde|meld|meldet) (mich|uns) (bitte)? (ab|aus) | ^ (ich|wir)? (kundige|kuendige) (hiermit|den|das|mein|meinen|diesen|die|ihren|euren)* (service|abo|dienst|newsletter)? {tail}* % | (auf|in) (die|ihre|eure|deine)? (sperrliste|robinsonliste|blacklist|schwarze liste) | (raus|entfernt|geloscht|gestrichen|ausgetragen|abgemeldet|runter) (aus|von) {fill}* {list} | (von|aus) {fill}* {list} (streichen|entfernen|loschen|nehmen|runter|raus|gestrichen|entfernt|geloscht|austragen)"
        " | (abmelden|abbestellen|kundigen|kuendigen|abmeldung|austragen) (vom|von|aus|der|den|dem|{fill})* ({list}|{texts}) | ({list}|abo|newsletter) (abmelden|abbestellen|kundigen|kuendigen) | (will|mochte|moechte) (ich|mich|{fill})* (abmelden|austragen|abbestellen|abgemeldet werden|(raus|runter) (aus|von))",
        "nehmt mich aus dem Verteiler", "lösch meine Nummer", "möchte mich abmelden", "streichen Sie uns von Ihrer Liste",
    ),
    _rule(
        "dont-want", "kein Einverständnis, Widerruf, nie angemeldet",
        "(widerrufe|widerruf|widerspreche|untersage|verbiete|widerrufen) ({fill}|{my}|ich|hiermit|ihnen|der|jeder|jede)* (einwilligung|zustimmung|erlaubnis|einverstandnis|nutzung|speicherung|verwendung|kontaktaufnahme|{texts}|{number}|$)"
        " | (nie|keine|niemals) (meine|zum|zu|{fill})* (angemeldet|zugestimmt|eingewilligt|einwilligung (gegeben|erteilt)|zustimmung (gegeben|erteilt)|erlaubnis (gegeben|erteilt)|abonniert|registriert|angefordert) | letzte (nachricht|sms|mal) | ~ (ich|das) (will|mochte|moechte|wunsche) ((das|ich|dies|diese {texts}) nicht|keinen kontakt|keine kontaktaufnahme) (mehr)? {tail}* % | (wunsche|mochte|will) (ich)? keinen kontakt (mehr)? $ | ~ {lead}* (unerwunscht|unerwuenscht) {tail}* %",
        "ich widerrufe meine Einwilligung", "dem habe ich nie zugestimmt", "habe mich nie angemeldet",
    ),
    _rule(
        "leave-alone", "lassen Sie mich in Ruhe, nerv nicht",
        "(lass|lasst|lassen|lasse) (sie|du|ihr)? {me} ({sie}|{fill})* (in)? (ruhe|frieden|zufrieden) | ^ {lead}* (nerv|nervt|nerven|storen|stor|stort|belastigen|belastigt|stoeren) ({sie}|{fill})* (nicht|nie|nimmer) {tail}* $ | (will|mochte) (ich|nur|endlich)* meine (ruhe) (haben|$)",
        "lass uns endlich in Ruhe", "nerv nicht", "ich will meine Ruhe haben",
    ),
    _rule(
        "be-gone", "Ruhe jetzt, keine weiteren Kontakte, würden Sie meine Nummer löschen, spart euch das",
        "(wunsche|mochte|moechte|will|wollen|brauche) (ich|wir)? (keine|keinen|keinerlei) (weiteren|weitere|weiterer|mehr)? (kontakte|kontakt|kontaktaufnahme|anfragen|nachrichten|belastigungen|sms) (mehr|von|{fill}|wunschen|haben)* $ | ~ {lead}* (ruhe|aufhoren|schluss) (jetzt|bitte|endlich|{tail})+ % | (wurden|wuerden|konnten|koennten|konnen|koennen|wollen|kannst|konntest) (sie|du|ihr) ({fill}|{me}|{my}|{number})* (loschen|loeschen|entfernen|streichen|abmelden|austragen|herausnehmen|rausnehmen|aufhoren|unterlassen) {tail}* $ | (spart|spar|sparen) (euch|dir|sie sich|sich) {fill}* ({texts}|muhe|nachrichten|das)",
        "ich möchte keine weiteren Anfragen", "Ruhe jetzt", "könnten Sie bitte meine Daten löschen", "spart euch die SMS", since=3,
    ),
    _rule(
        "ignored", "hab dreimal Stopp geschrieben, ich melde mich ab, das ist nicht meine Nummer",
        "(hab|habe|hatte|haben) _{0,4} (stop|stopp|abmelden) (geschrieben|gesagt|gesendet|geschickt|geantwortet|getippt) | ~ {lead}* (ich)? melde mich (hiermit|bitte|jetzt)* ab {tail}* % | (geht|geh|gehen sie|gehst) mir (nicht|nur|langsam|echt)* auf (die nerven|den sack|den geist|den keks|den wecker) | (das|dies) ist nicht (meine|seine|ihre|die richtige|deren) (nummer|handynummer|telefonnummer) | (nie|niemals|nicht) (meine|die|eine)? (nummer|einwilligung|zustimmung|erlaubnis|telefonnummer|handynummer) (gegeben|erteilt|mitgeteilt) | ~ {lead}* ich (melde|zeige) (das|es|dies) (der|bei der|jetzt|hiermit)* (bundesnetzagentur|polizei)? (an)? {tail}* % | (gehe|geh|schalte|rufe|informiere) (ich)? (jetzt|damit)* (zur|die) polizei {tail}* $",
        "hab schon zweimal stopp gesendet", "ich melde mich ab", "geht mir nicht auf die Nerven", "das ist nicht seine Nummer", "ich habe Ihnen nie meine Nummer gegeben", since=3,
    ),
    _rule(
        "asks-how", "wie melde ich mich ab, es reicht jetzt wirklich, will das nicht mehr bekommen, schon gesagt: keine SMS",
        "~ {lead}* wie (kann|konnte|koennte|komme|melde|bestelle|trage|kundige|kuendige|werde) ich (mich|das|die|diese|den|dieses|hier|{texts}|{fill})* (ab|aus|abmelden|abbestellen|austragen|kundigen|kuendigen|los|loswerden|raus|{list})+ {tail}* %"
        " | ~ {lead}* (jetzt|mir|langsam|nun)* (reicht|reichts) (es|mir|jetzt|wirklich|langsam|endlich|aber|{tail})* %"
        " | ~ {lead}* (ich|wir)? (will|mochte|moechte|wollen) (das|die|diese|so|was|sowas|solche|{texts})+ nicht (mehr)? (bekommen|erhalten|haben|lesen|kriegen|sehen) {tail}* %"
        " | (gesagt|geschrieben|erklart|mitgeteilt) (dass)? (ich|wir)? (keine|keinen|nichts|nie) (weiteren|weitere|{fill})* ({texts}|kontakt) (mehr|will|mochte|wollen|haben|bekommen|{tail})* $",
        "wie melde ich mich hier ab", "mir reicht es jetzt wirklich", "ich will diese SMS nicht mehr bekommen", "hab doch gesagt ich will keine SMS", since=4,
    ),
    _rule(
        "run-on", "wer ist das stopp, niemals hört auf",
        "~ (?! _{0,8} (am|zum|beim|der|den|dem|einen|ein|kurzer|kurzen|im|vom|non|ohne|nachste|nachsten|nachster|naechste|naechster|letzte|letzter|letzten|zweite|zweiter|erste|erster) stopp) _{1,7} stopp {tail}* % | ~ (niemals|nein|nie|nee|ne) (jetzt)? (hor|hort|horen|hoer|hoert) (sie|endlich|bitte)* auf {tail}* %",
        "wer ist das stopp", "nein hört auf", since=4,
    ),
    _rule(
        "nothing-more", "schick mir nix mehr, hab mich abgemeldet und krieg sie immer noch, schalte den Anwalt ein",
        "{write} ({me}|{sie})* (nix|nichts) (mehr|weiter) | (hab|habe|hatte|haben) (mich|ich|uns|wir)* _{0,3} (abgemeldet|ausgetragen|abbestellt) (und|aber) _{0,5} (noch|wieder|trotzdem|weiter|weiterhin)"
        " | schalte (ich)? (jetzt|nun)? (meinen|einen|unseren|den|die) (anwalt|rechtsanwalt|polizei) (jetzt)? ein",
        "schickt mir nix mehr", "ich hab mich schon abgemeldet und bekomme immer noch SMS", "dann schalte ich meinen Anwalt ein", since=4,
    ),
)  # fmt: skip

POLICY_RULES = (
    _rule(
        "wrong-person", "falsche Nummer, falsche Person, das bin ich nicht",
        "~ {lead}* (verwahlt|verwaehlt) {tail}* % | ^ {lead}* hier ist (nicht|kein|keine) _ {tail}* % | {wrong} (nummer|person|nr|verbunden|kontakt|ansprechpartner|empfanger|adressat|frau|mann) | (haben|hast|habt|sie|du) (sich|dich|euch|sie|mich|da|wohl)* (verwahlt|vertan|verwechselt|geirrt|verwaehlt|falsche) | ^ {lead}* (ich bin|hier ist) nicht ({name}|herr|frau|die richtige (person|ansprechpartnerin)|diese person|derjenige) | ^ {lead}* das bin ich nicht $ | (kenne|gibt es) (hier)? (keinen|keine|niemanden) (hier)? ({name}|mit|namens|herrn|frau|der)? | (ist|sind) (leider|schon|bereits)* verstorben!",
        "Sie haben sich verwählt", "ich bin nicht Stefan", "falsche Person", source=POLICY,
    ),
    _rule(
        "go-away", "ich melde Sie, blockiert, verpiss dich, Anwalt, Belästigung",
        "(ich|werde|wir) (werde|werden|hab|habe|jetzt|die|diese|das|ihre|bereits|schon|muss){0,3} (sie|dich|euch|nummer|ihre nummer|diese nummer) (jetzt|bereits|schon|der|bei|als|spam){0,3} (melden|gemeldet|blockieren|blockiert|anzeigen|angezeigt|verklagen|blocken|geblockt|sperren) | ich zeige (sie|euch|dich) an | ich (jetzt)? (melde|blockiere|blocke|sperre|verklage) (sie|dich|euch|diese|die|ihre) | (du|sie|ihr|nummer|ihre nummer|deine nummer) (bist|sind|seid|ist|wird|wurde|wurden|hiermit|jetzt)+ (bei mir)? (blockiert|gemeldet|geblockt|gesperrt|angezeigt) | (ich werde) (dich|sie|euch) (melden|blockieren|blockiere|blockiert|blocke|geblockt|anzeigen|anzeige|angezeigt|verklagen|verklage|sperre|gesperrt|blocken)"
        " | ^ {lead}* (blockiert|gemeldet|geblockt|gesperrt|spam|abzocke) {tail}* $ | ^ {lead}* (verpiss|verpisst|verschwinde|verschwindet|hau ab|haut ab|verzieh dich|verzieht euch|leck mich|fick dich|fickt euch|halt die fresse|halt die klappe %|das ist spam %) "
        " | (erstatte|erstatten|stelle|stellen|mache) (ich)? (anzeige|strafanzeige) | (mein|unser) (anwalt|rechtsanwalt) (wird|meldet|kontaktiert|hort) | (von|an|mit) (meinem|meinen|unserem|unseren) (anwalt|rechtsanwalt) | (bundesnetzagentur|verbraucherzentrale|belastigung|belaestigung|abmahnung|unterlassung|datenschutzbehorde|dsgvo) | rechtliche schritte",
        "ich werde Sie anzeigen", "du bist blockiert", "das ist Belästigung", source=POLICY,
    ),
)  # fmt: skip

UNLESS = (
    Unless(
        "d.de.only-sometimes", "not now, not then: a time follows", ("c.de.dont-write",), "D", after="{when}", since=2,
    ),
    Unless(
        "d.de.they-dont", "somebody else does not write", ("c.de.dont-write",), "D",
        before="(du|ihr|sie|er|es|man|tom|{name}|warum|der|die|wer|leute|firmen) $", since=2,
    ),
    Unless(
        "d.de.another-channel", "wants a text rather than a call", ("c.de.dont-write",), "D",
        anywhere="(anrufen|anzurufen|anrufe|an) {0,1} ; (nur|lieber|besser|bitte|sondern)* (per|eine|via|mir)* (schreib|schreiben|schreibt|sms|whatsapp|texten|mail|nachricht|nachrichten) (lieber|bitte|mir|schicken|senden|{tail})* $",
        since=4,
    ),
)  # fmt: skip
