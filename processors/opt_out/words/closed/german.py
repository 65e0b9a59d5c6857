"""German words of closed texts, by class (words/closed_texts.py says what each class is)."""

from __future__ import annotations

from processors.opt_out.words.closed import ClosedWords
from processors.opt_out.words.language import forms

_WITH_SLIPS = {
    "not": "nicht niemals nimmer",
    "none": "keine keinen keiner keinerlei keines",
    "more": "mehr weiter wieder weitere weiteren weiterhin nochmal erneut kunftig zukunftig",
    "write": (
        forms("kontaktier schreib belastig belaestig behellig benachrichtig", "en t e st")
        + " anschreiben anrufen anzurufen anzuschreiben kontaktiert kontaktieren schicken senden zusenden zuschicken "
        "angeschrieben angerufen geschrieben anschreibt anruft melden texten antexten antextet anmailen schreibn schreim schickt sendet"
    ),
    "order": forms("schreib kontaktier schick belastig belaestig", "en t - e") + " sendet sende senden",
    "texts": (
        "nachrichten nachricht textnachrichten anrufe anruf werbung werbeanrufe werbenachrichten mitteilungen "
        "kontakt "
        "kontaktaufnahme kontaktaufnahmen kontaktversuche newsletter angebote benachrichtigungen erinnerungen "
        "zusendungen"
    ),
    "stop": "aufhoren aufhoeren einstellen unterlassen unterlasst unterlassung beenden stoppen unterbinden",
    "remove": (
        "entfernen entferne entfernt entfernung loschen loeschen losche loescht loeschung loschung streichen "
        "streiche "
        "streicht abmelden abmelde austragen rausnehmen herausnehmen"
    ),
    "thing": "nummer telefonnummer handynummer rufnummer verteiler datenbank liste daten kontaktdaten",
}

_WITHOUT_SLIPS = {
    "got": "bekommen erhalten gekriegt gehabt habe hab",
    "not": "nie nich net ned nit ni nimma nid nod",
    "none": "kein koane koa kei kene keene nix nichts null ohne genug",
    "more": "mer meh mea noch ab jemals je nimmer",
    "write": (
        "schreib schreibt schreiben ruf ruft rufen rufe anruf angerufen klingel klingeln klingelt nerv nerven nervt "
        "stor "
        "storen stort stoeren text textet simsen simst mail mailen mailt meld meldet melde spammen spammt zuspammen "
        "sms "
        "kontakt kontaktiern whatsappen texte zumullen belagern geschickt gesendet zugeschickt kontaktiert "
        "behelligt belastigt informiert bewerben zugetextet zugespammt genervt"
    ),
    "order": (
        "ruf ruft rufen rufe klingel klingelt nerv nerven nervt stor storen stort stoert text textet mail mailt "
        "mailen "
        "meld meldet melden spam spamt spammt simst sms kontaktiern schreibn schreibts schickts"
    ),
    "texts": (
        "sms smsen whatsapp whatsapps mail mails emails email texte text spam werbesms anrufen info infos post "
        "quatsch mist "
        "kram mull scheiss scheisse zeug msg msgs jobangebote stellenangebote umfragen gutscheine telefonate "
        "reklame anfragen anfrage einladungen meldungen spamnachrichten werbemails anschreiben"
    ),
    "these": "das dies diese dieses die den so sowas solche solchen es",
    "stop": (
        "stopp stop schluss lasst lass lassen aufhort horen hort hor ende lassts stoppt stoppe beendet kundigen "
        "kuendigen abbestellen abbestellt"
    ),
    "kopf": "hor hort horen hoer hoert hoeren horts hoerts",
    "remove": (
        "raus losch trag austragung abmeldung geloscht geloescht gestrichen entfernt ausgetragen abgemeldet sperren "
        "sperrt kundigen beenden abbestellen"
    ),
    "take": (
        "nimm nehmt nehmen nehm nimmt tragt tragen trag meld meldet melden schmeiss schmeisst schmeissen holt hol "
        "streich"
    ),
    "off": "raus ab aus heraus rausnehmen austragen",
    "thing": (
        "nr handy listen system kartei namen adresse handynr telefonnr mobilnummer telefon tel nummern eintrag "
        "konto abo abonnement abo"
    ),
    "my": "meine mein meinen unsere unser diese dieser die das",
    "me": "mich mir uns",
    "self": "ich wir i",
    "want": (
        "will mochte moechte wollen mag wunsche wuensche wunschen wuenschen brauche brauchen mogen wollte mocht "
        "erwunscht gewunscht unerwunscht"
    ),
    "get": "bekommen kriegen bekommen erhalten kriegen kriegn horen hoeren lesen empfangen haben sehen werden",
    "you": "sie ihr du euch ihnen dich dir eure ihre deine eurer ihrer leute",
    "notlast": "nicht nich net ned",
    "aux": "auch werde wurde kann darf habe hab",
    "limit": "jetzt heute gerade grad vorerst momentan",
    "instead": "nur lieber stattdessen sondern bloss erst",
    "refusal": (
        "interesse interessiert kein verkauf verkaufe verkaufen verkauft haus wohnung auto job arbeit stelle "
        "gefunden bedarf "
        "falsch falsche person falscher kunde nein nee ne no bereits schon habe hab haben steht nicht zu zum "
        "versorgt bin"
    ),
    "fill": (
        "bitte bitt danke dank vielen besten lieber liebe grusse gruss mfg lg vg pls plz hallo hi hey guten tag "
        "morgen abend "
        "sehr geehrte damen herren ja nein nee ne ok okay also so nun dann mal doch halt einfach endlich sofort "
        "umgehend "
        "ab und oder auch an auf zu zum zur von vom aus in im um der die das den dem des ein eine einen einer mit "
        "fur fuer "
        "per uber ueber bei es man hat hab habe habt haben gesagt schon bereits sollt sollen soll sollst solltet "
        "konnen "
        "konnt kann konnte konntet konnten koennen wurde wurden werden wird gebeten gerne gern freundlich "
        "freundlichen "
        "kunftig zukunft verdammt verdammte verdammten scheiss blode bloden nervigen standig standigen dauernd immer "
        "ganze ganzen alle allen allem ihren euren eurem ihrem meinem meiner meines unserem diesem dieser diesen "
        "dieses "
        "unerwunschte unerwunschten private privat geschaftlich werbliche absolut gar uberhaupt bin ist sind war "
        "danach "
        "hiermit fordere verlange wunsch nochmals letztes letzte mal jetzt nachsten wenn dass ob wegen reicht genug "
        "mann "
        "ey alter leute ihr sie du mir mich uns nie wieder stopp stop verstanden klar kapiert unter lasst lassen "
        "lass "
        "darum darf erwarte erbitte ersuche etwas irgendwelche irgendwas einzige mein meine hier aufs beim bzw ihr "
        "sollt sollte sollten mussen muss musst genug satt leid seid wurde worden als sagte habt gesagt"
    ),
    "stopit": "aufhoren aufhoeren einstellen unterlassen stoppen unterbinden",
    "again": "wieder mehr",
    "unwanted": "unerwunscht unerwuenscht",
    "courtesy": "bitte danke sie",
    "report": "gemeldet melde meldet blockiert blockiere blockieren gesperrt",
    "spam": "spam betrug junk",
    "tired": "satt genug leid",
    "disturb": "storen stoeren nerven belastigen",
    "yet": "noch",
}

_KEY = "abmeldung austragung loschung loeschung abbestellung austragen abbestellen deabonnieren abmelden"

_EXAMPLES = {
    "forbids": ("mich bitte nie wieder anrufen danke", "Schreibt uns künftig nicht mehr, Leute"),
    "refuses": ("bitte keinerlei Mails mehr", "wir wünschen keine Anrufe"),
    "stops": ("diese Mails bitte sofort einstellen", "Unterlassen Sie bitte diese Anrufe"),
    "removes": ("Nummer bitte umgehend löschen danke", "nehmt uns endlich aus dem Verteiler raus"),
    "key": ("Um Löschung wird gebeten, danke", "Abbestellung sofort, danke"),
    "reports": ("das wurde als Betrug gemeldet", "ihr seid blockiert"),
}

_TURNS = "(hab|habe|haben|hat) {free}{0,6} {not} {gap}{0,2} {write} | (muss|werde) {gap}{0,6} {remove} | (hab|habe|haben) {gap}{0,3} {none} {gap}{0,2} {texts} | ^ (ihr|du) {order} | ^ (das|es|dies) (stort|stoert|nervt)"

WORDS = ClosedWords(_WITH_SLIPS, _WITHOUT_SLIPS, _KEY, _EXAMPLES, _TURNS)
