"""Italian words of closed texts, by class (words/closed_texts.py says what each class is)."""

from __future__ import annotations

from processors.opt_out.words.closed import ClosedWords
from processors.opt_out.words.language import forms

_WITH_SLIPS = {
    "not": "mai",
    "none": "nessun nessuna nessuno niente",
    "write": (
        forms(
            "mand invi contatt chiam disturb assill importun molest telefon",
            "are ate ateci atemi armi arci ando andomi",
        )
        + " scrivere scrivete scrivetemi scriveteci scrivermi scriverci scrivi scrivermi inviarmi inviare inviate inviatemi "
        "mandarmi mandate mandatemi chiamare chiamate chiamatemi ricevere insistere insistete rompere rompete "
        "scocciare "
        "scocciate scocciarmi invio"
    ),
    "texts": (
        "messaggi messaggio messaggini chiamate chiamata telefonate pubblicita promozioni notifiche offerte "
        "comunicazioni "
        "avvisi sondaggi newsletter promemoria contatti annunci"
    ),
    "stop": (
        "smettete smettetela smetterla smettere smettila smetti cessate cessare finitela finirla interrompete basta"
    ),
    "remove": (
        forms("cancell elimin rimuov tolg togli depenn disiscriv esclud", "ete ere etemi ermi eteci")
        + " cancellate cancellatemi cancellare cancellami cancellarmi eliminate eliminare eliminatemi toglietemi togliete "
        "togliere toglietelo rimuovete rimuovetemi rimuovere levate levatemi levare levami depennate depennatemi "
        "disiscrivetemi disiscrivere disiscrivermi escludetemi"
    ),
    "thing": "numero cellulare telefono lista liste elenco elenchi rubrica contatti dati archivio numeri",
}

_WITHOUT_SLIPS = {
    "got": "ricevuto avuto arrivato arrivata arrivati arrivate ho",
    "not": "non nn nemmeno neanche ne",
    "none": "zero basta stop nulla piu no bast",
    "more": "oltre piu ancora nuovamente altri altre altro altra ulteriori ulteriormente pi mai",
    "write": (
        "scriva scrivano chiami chiamino mandi inviate manda mandi chiama contatti contattino rompa rompano text "
        "sms spammare "
        "spammate scassare scassate stressare stressate messaggiare inoltrare invitare sentire sentirvi ricontattare "
        "ricontattate ricontattatemi richiamare richiamate richiamatemi riscrivere riscrivete contattato contattata "
        "contattati disturbato disturbata disturbati importunato molestato "
    ),
    "texts": (
        "sms msg msgs whatsapp mail email emails spam promo promozione offerta messagi messagio testi contatto "
        "telefonata avviso "
        "schifezze cavolate stronzate robaccia comunicazione notifica bast invii avviso buoni volantini"
    ),
    "these": "qst qsti qste questi queste questo questa quelle quei roba tutto nulla niente",
    "stop": (
        "fine stop finite piantatela piantala disattivate disattivare disattiva interrompere sospendete sospendere "
        "fermate fermare ferma fermi fermino smetta smettano cessi cessino sospenda sospendano interrompa interrompano"
    ),
    "remove": (
        "cancellazione disiscrizione rimozione eliminazione cancella elimina rimuovi togli via disattivate disattivare "
        "cancelli cancellino elimini eliminino rimuova rimuovano tolga tolgano levi levino disiscriva disiscrivano"
    ),
    "take": "levate levatemi levati togliete toglietemi toglietevi levatevi levami toglimi",
    "off": "via fuori dalle dalla dai mezzo",
    "lose": "dimenticate dimentica perdete perdi buttate butta bloccate scordate scordatevi",
    "thing": "num nr n cell tel telefonino database nome sistema nominativo recapito utenza banca",
    "my": "sto sta sti ste mio mia miei mie il la questo questa nostro nostra vostro vostra vostre vostri",
    "me": "mi me ci noi",
    "self": "io noi",
    "want": (
        "voglio vogliamo desidero desideriamo intendo autorizzo gradisco vorrei interessa interessano serve "
        "preferisco acconsento consento"
    ),
    "get": "ricevere ricevo sentire vedere leggere avere essere",
    "you": "voi lei tu vi ti le",
    "limit": "adesso oggi ora stasera",
    "instead": "solo soltanto piuttosto ma",
    "refusal": (
        "interesse interessato interessata interessa vendo vendere vendesi vendita venduta venduto casa auto "
        "macchina lavoro "
        "cliente sbagliato sbagliata persona sono ho gia compro comprato chiesto"
    ),
    "fill": (
        "per favore piacere cortesia perfavore pf grazie mille tante prego gentilmente cortesemente salve ciao "
        "buongiorno "
        "buonasera signori signora signore scusate scusi ok si no bene allora dunque e o a ad al alla ai alle agli "
        "di del "
        "della dei delle dello dall dal dalla dai dalle da in nel nella sul sulla su con il lo la i gli le un una "
        "uno l che "
        "chi se si mi me ci vi ve ti te ne questo questa questi queste quello vostro vostra vostri vostre suo sua "
        "mio mia "
        "tutto tutti tutta tutte subito immediatamente immediata immediato definitivamente assolutamente ora adesso "
        "urgente "
        "basta mai piu ancora gia davvero proprio sempre volta volte ultima ultimo detto ho chiedo chiederei prego "
        "vorrei "
        "voglio potete puo potreste potrebbe dovete deve fate faccia fare cazzo cavolo dannati maledetti stronzi "
        "stufo stufa "
        "rotto palle continui continue indesiderati pubblicitari promozionali commerciali qualsiasi ogni altro "
        "altri altre "
        "altra tipo genere parte vostra voi lei tu noi io capito chiaro ragazzi raga gente cordiali saluti distinti "
        "dovrebbe sensi art articolo gdpr legge "
        "essere venire vengano inoltre oltre nulla niente nessun saluto stanco stanca stufi dei come ho"
    ),
    "aux": "vi ti lo la ve",
    "stopit": "smettere smettete cessate disattivate disattivare disdico disdetta disdire sospendete",
    "courtesy": "grazie per favore piacere da voi",
    "report": "segnalo segnalato segnalati segnaliamo bloccato bloccati bloccata blocco denuncio",
    "spam": "spam truffa",
    "tired": "stufo stufa stanco stanca stufi",
    "disturb": "disturbare importunare assillare",
    "yet": "ancora",
    "invite": "mandatemi scrivetemi chiamatemi inviatemi mandami scrivimi chiamami",
}

_KEY = "cancellazione disiscrizione disiscrivere disiscrivermi"

_EXAMPLES = {
    "forbids": ("mai più telefonare a questo numero grazie", "Per cortesia non disturbateci"),
    "refuses": ("nessuna offerta grazie", "non desideriamo le vostre comunicazioni"),
    "stops": ("cessate subito queste telefonate", "Finitela con le notifiche per favore"),
    "removes": ("eliminate i miei dati per cortesia", "dimenticate il nostro numero"),
    "key": ("chiedo la disiscrizione grazie", "Cancellazione immediata per favore"),
    "reports": ("segnalo tutto come spam", "vi ho bloccato"),
}

WORDS = ClosedWords(_WITH_SLIPS, _WITHOUT_SLIPS, _KEY, _EXAMPLES)
