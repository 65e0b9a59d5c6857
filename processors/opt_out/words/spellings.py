"""Requests whose blanks are left out, and keywords spelled letter by letter, in the languages beside English."""

from __future__ import annotations

from processors.opt_out.words.kinds import in_each_language

#: Requests as people write them in one word: beginnings and ends.
_GLUED: dict[str, tuple[tuple[str, str], ...]] = {
    "es": (
        ("nomas yanomas nimas basta altoa", "mensajes textos sms llamadas spam publicidad correos"),
        ("nome yanome porfavornome", "escriban llamen manden envien molesten contacten escribas llames mandes molestes escribanmas mandenmas"),
        ("noquiero yanoquiero noquieromas", "mensajes textos sms nada recibirmas recibirmensajes"),
        ("", "dejenmeenpaz dejameenpaz darmedebaja darsedebaja dardebaja damedebaja quierodarmedebaja bajaporfavor stopporfavor altoporfavor paraya pareya parenya bastaya numeroequivocado quitenmedelalista sacamedelalista borrenminumero borraminumero cancelarsuscripcion"),
    ),
    "fr": (
        ("stop arretez arreter plusde finiles", "sms pub pubs messages textos appels svp merci spam mail"),
        ("", "neplusmecontacter nemecontactezplus nemappelezplus nemecrivezplus laissezmoitranquille laissemoitranquille foutezmoilapaix desabonnezmoi retirezmoi mauvaisnumero fauxnumero arretezdemecrire stopmerci stopsvp arretsms desabonnersvp supprimezmonnumero"),
    ),
    "de": (
        ("keine keinemehr stopp stop nichtmehr nie niewieder", "sms werbung nachrichten anrufe mails schreiben anrufen melden bitte kontaktieren anschreiben spam newsletter"),
        ("", "lassmichinruhe lasstmichinruhe lassenmichinruhe schreibmirnichtmehr schreibtmirnichtmehr abmeldenbitte bitteabmelden bitteloschen nummerloschen hortauf horauf falschenummer keinesmsmehr keinewerbungmehr ausdemverteiler nehmtmichraus stoppbitte stopbitte"),
    ),
    "pt": (
        ("chegade parecom paracom semmais naoquero naoqueromais basta", "mensagens mensagem sms propaganda spam ligacoes nada isso receber"),
        ("nao naome nuncamais", "mandamais mandemais mandemmais liguemais ligamais escrevamais mande mandem perturbe incomode incomodem envie envieis"),
        ("", "mandamaisnao mandemaisnao parademandar paredemandar paremdemandar metiradalista metira sairdalista mechadalista pareporfavor stopporfavor deixemeempaz medeixaempaz numeroerrado cancelarporfavor descadastrarme"),
    ),
    "it": (
        ("basta stop nientepiu nonvoglio nonvogliopiu", "messaggi sms spam chiamate pubblicita grazie telefonate niente notifiche"),
        ("non nonmi maipiu", "scrivetemi scrivetemipiu chiamatemi chiamatemipiu scrivetepiu chiamatepiu contattatemi mandatemi rompete disturbate scrivere contattare"),
        ("", "lasciatemiinpace lasciamiinpace toglietemidallalista cancellatemidallalista cancellatemisubito numerosbagliato bastagrazie bastacosi stopgrazie smettetelasubito"),
    ),
    "nl": (
        ("geen geenmeer stopmet nietmeer nooitmeer", "berichten sms smsjes reclame bellen sturen appen spam mails contact berichtenmeer smsmeer reclamemeer"),
        ("", "stopermee stophiermee stopaub stopdaarmee laatmemetrust laatmijmetrust haalmevandelijst haalmijvandelijst verkeerdnummer afmeldenaub afmeldengraag uitschrijvenaub verwijdermij verwijdermijnnummer kapermee houop houdop"),
    ),
}  # fmt: skip
#: Keywords that are spelled with stops or blanks between the letters.
_SPELLED = {
    "es": "stop alto baja parar cancelar", "fr": "stop arret", "de": "stop stopp abmelden", "pt": "stop sair parar cancelar",
    "it": "stop basta cancella", "nl": "stop stoppen afmelden",
}  # fmt: skip


def _glued(code: str) -> str:
    return "|".join(
        dict.fromkeys(
            beginning + end
            for beginnings, ends in _GLUED[code]
            for beginning in beginnings.split() or [""]
            for end in ends.split()
        )
    )


def _spelled(code: str) -> str:
    return " | ".join(f"~ {{lead}}* {' / '.join(word)} (/ {{tail}}+)? %" for word in _SPELLED[code].split())


RULES = (
    *in_each_language(
        "glued", "a whole request without its blanks",
        es=(f"~ {{lead}}* ({_glued('es')}) {{tail}}* %", "nomasllamadas", "yanomemanden"),
        fr=(f"~ {{lead}}* ({_glued('fr')}) {{tail}}* %", "stoptextos", "plusdepub merci"),
        de=(f"~ {{lead}}* ({_glued('de')}) {{tail}}* %", "keinewerbung", "niewiederanrufen"),
        pt=(f"~ {{lead}}* ({_glued('pt')}) {{tail}}* %", "chegadesms", "naomandemmais"),
        it=(f"~ {{lead}}* ({_glued('it')}) {{tail}}* %", "bastachiamate", "nonscrivetemipiu"),
        nl=(f"~ {{lead}}* ({_glued('nl')}) {{tail}}* %", "geenreclame", "stophiermee aub"),
    ),
    *in_each_language(
        "spelled", "a keyword spelled letter by letter",
        es=(_spelled("es"), "P A R A R", "b.a.j.a gracias"), fr=(_spelled("fr"), "A R R E T", "s.t.o.p svp"), de=(_spelled("de"), "S t o p p", "S.T.O.P bitte"),
        pt=(_spelled("pt"), "P.A.R.A.R", "s a i r por favor"), it=(_spelled("it"), "B.a.s.t.a", "s.t.o.p grazie"), nl=(_spelled("nl"), "S t o p p e n", "s.t.o.p graag"),
    ),
)  # fmt: skip
