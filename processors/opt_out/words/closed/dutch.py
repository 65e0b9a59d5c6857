"""Dutch words of closed texts, by class (words/closed_texts.py says what each class is)."""

from __future__ import annotations

from processors.opt_out.words.closed import ClosedWords

_WITH_SLIPS = {
    "not": "nooit nimmer",
    "none": "geen nergens",
    "more": "meer verder langer opnieuw",
    "write": (
        "bellen appen sturen schrijven contacteren berichten mailen smsen benaderen lastigvallen storen versturen "
        "zenden "
        "toesturen opbellen aanschrijven lastig gebeld geappt gemaild benaderd gestuurd gecontacteerd contact "
        "spammen "
        "contacteer stuur stuurt schrijf schrijft benader benadert"
    ),
    "order": "stuur stuurt sturen schrijf schrijft benader benadert contacteer contacteert",
    "texts": (
        "berichten berichtjes bericht berichtje telefoontjes telefoontje reclame aanbiedingen nieuwsbrief "
        "nieuwsbrieven "
        "meldingen whatsapps oproepen herinneringen contact uitnodigingen"
    ),
    "stop": "stoppen ophouden staken beeindigen beeindig ophoudt",
    "remove": (
        "verwijder verwijderen verwijdert verwijderd schrap schrappen schrapt wissen afmelden uitschrijven "
        "uitgeschreven afgemeld"
    ),
    "thing": (
        "nummer telefoonnummer nummers lijst lijsten gegevens bestand database telefoon adressenlijst verzendlijst"
    ),
}

_WITHOUT_SLIPS = {
    "got": "gehad ontvangen gekregen heb hebben",
    "not": "niet niks ni nie nt",
    "none": "gn nul genoeg zonder niets",
    "last": "niet",
    "notlast": "niet",
    "more": "nog weer ooit nie nooit",
    "write": (
        "bel belt app appt sms smst mail mailt stoor stoort val valt vallen text texten whatsappen zend contacten "
        "opgebeld lastiggevallen contacteert opnemen neem nemen neemt gecontacteerd lastiggevallen"
    ),
    "order": "bel belt bellen app appt appen sms smst mail mailt mailen stoor stoort val valt zend",
    "texts": (
        "sms smsjes smsen appjes app apps mail mails mailtjes emails spam rommel troep zooi onzin promo promos "
        "acties "
        "telefoon belletjes vacatures msg folders enquetes smsje mailtje whatsapp"
    ),
    "these": "dit deze die dat ze het zulke",
    "stop": (
        "stop stopt hou houd houdt houden einde kap kappen kapt genoeg opzeggen stopzetten stopgezet stopte "
        "annuleren annuleer zet uitzetten uitschakelen stopgezet"
    ),
    "remove": "wis wist eruit afmelding uitschrijving verwijdering schrijfmijuit blokkeer",
    "take": "haal haalt halen schrijf schrijft meld meldt melden gooi gooit trek laat zeg zeg",
    "off": "af uit eraf eruit weg vanaf",
    "lose": "vergeet gooi gooit wis wist",
    "thing": "nr gsm mobiel naam adres systeem abonnement inschrijving account mailinglijst lijstje abonnement",
    "my": "mijn mn m ons onze dit deze het de jullie uw je",
    "me": "me mij mijn ons",
    "self": "ik wij we k",
    "want": "wil willen wens wensen hoef hoeven gewenst zou nodig behoefte interesse",
    "get": "ontvangen krijgen horen zien lezen worden hebben",
    "you": "u jullie je jij jou uw ze",
    "limit": "nu vandaag straks vanavond",
    "instead": "alleen liever enkel maar",
    "refusal": (
        "interesse geinteresseerd interessant verkoop verkopen verkocht huis auto baan werk gevonden koop kopen "
        "verkeerd "
        "verkeerde persoon klant nee heb ben al niet voorzien behoefte"
    ),
    "fill": (
        "aub alsjeblieft alstublieft asjeblieft astublieft ajb svp a u b graag bedankt dank je wel u dankjewel "
        "dankuwel hallo "
        "hoi hey dag goedendag goedemorgen goedemiddag goedenavond beste mevrouw meneer heer mensen jongens lui "
        "gasten ja nee "
        "ok oke nou dus dan en of ook in op aan van voor vanaf met naar bij uit te tot om als dat die dit deze de "
        "het een er "
        "mij me mijn ik wij we ons jullie uw jou je ze hier daar nu direct meteen onmiddellijk per a eens even "
        "gewoon echt "
        "gewoonweg alles alle al allemaal nooit niet meer weer nog ooit wil willen zou zouden kunt kunnen kun mag "
        "mogen moet "
        "moeten wordt worden verzoek verzoeke gelieve vriendelijk vriendelijke groet groeten groetjes mvg verdomme "
        "klote kut "
        "godver verdomde stomme irritante ongewenste ongevraagde constante toekomst voortaan verder laatste keer "
        "keren gezegd "
        "heb had hou zeg hoor ff pls please merci man gast snap begrepen duidelijk enige enkele soort verzonden zo "
        "het ermee "
        "mee ervan hiermee bij dezen zeg op uwe allen eender welke enzo enz daarmee dringend stante pede geweest "
        "gelieve liefst verzoeken zat beu moe ben zijn als"
    ),
    "aux": "ook zal kan zou nog heb",
    "stopit": "stopzetten stoppen ophouden staken opzeggen annuleren",
    "again": "meer",
    "courtesy": "aub graag bedankt svp alsjeblieft alstublieft van jullie",
    "report": "gemeld geblokkeerd blokkeer blokkeren rapporteer gerapporteerd meld",
    "spam": "spam oplichting phishing",
    "tired": "zat beu moe genoeg",
    "disturb": "storen lastigvallen",
    "yet": "nog",
}

_KEY = "afmelding uitschrijving uitschrijven afmelden"

_EXAMPLES = {
    "forbids": ("graag ons nooit meer mailen", "Niet meer smsen of bellen hoor, bedankt"),
    "refuses": ("graag geen telefoontjes hoor", "wij willen deze aanbiedingen niet"),
    "stops": ("die herinneringen graag staken", "kap nou eens met die mails"),
    "removes": ("wis mijn gegevens per direct", "ons telefoonnummer graag schrappen"),
    "key": ("graag afmelding, bedankt", "verzoek tot uitschrijving per direct"),
    "reports": ("gerapporteerd als spam", "jullie zijn geblokkeerd"),
}

_TURNS = "{none} bericht (ontvangen|gekregen) | niet (gekregen|ontvangen|gehad|binnen) | (zegt|zei|zeggen|vindt|vond|wil) (dat)? ik | (heb|hebben|heeft) {free}{0,6} {not} {gap}{0,2} {write}"

WORDS = ClosedWords(_WITH_SLIPS, _WITHOUT_SLIPS, _KEY, _EXAMPLES, _TURNS)
