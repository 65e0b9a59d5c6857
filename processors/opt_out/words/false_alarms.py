"""What rule set 6 takes back of older patterns: words that ordinary texts of these languages are full of."""

from __future__ import annotations

from processors.opt_out.rules import Unless


def _of(
    name: str, says: str, rules: str, *, itself: str = "", anywhere: str = "", before: str = "", after: str = ""
) -> Unless:
    """An exception of the rules whose names stand in `rules`, all of one language: `es.remove es.dont-write`."""
    code = rules.partition(".")[0]
    return Unless(
        f"d.{code}.{name}",
        says,
        tuple(f"c.{rule}" for rule in rules.split()),
        "D",
        itself=itself,
        anywhere=anywhere,
        before=before,
        after=after,
        since=6,
    )


UNLESS: tuple[Unless, ...] = (
    _of("none-came", "says that none has come", "it.no-more", anywhere="(arrivato|arrivata|arrivati|ricevuto|avuto) (alcun|alcuna|nessun|nessuna)"),
    _of("stuck", "stands in traffic", "fr.go-away", anywhere="(suis|etais|sommes|reste|coince) (bloque|bloquee|bloques) (dans|sur|a|au|aux|en|chez|par|devant)"),
    _of("in-the-spam-folder", "found it among the spam", "fr.go-away", anywhere="(in|dans|en) (de|le|les|mes|la|el|mijn|het)? (spam|spams)"),
    _of("a-card", "a card or an account is blocked", "pt.go-away", anywhere="(cartao|conta|acesso|senha|carro|garagem|estrada|rua|aplicativo) _{0,2} (foi|esta|ta|estava) (bloqueado|bloqueada)"),
    _of("asks-on", "never was there, and asks something", "pt.stranger", anywhere="; (onde|como|qual|quanto|quando|tem|posso) _"),
    _of("asks-on", "never was there, and asks something", "nl.stranger", anywhere="; (waar|hoe|wat|welke|wanneer|kan|kunnen|mag) _"),
    _of("not-now", "not now", "it.dont-write", anywhere="(non|no) _{0,2} {write} (adesso|ora|stasera|stamattina|domani)"),
    _of("not-now", "not now", "nl.dont-write", anywhere="niet (nu|vandaag|vanavond|vanmiddag|morgen)"),
    _of("told-him", "what somebody else has said", "fr.leave-alone", anywhere="(dit|demande|demandait|disait) (de|d) (le|la|les|lui) (laisser|lacher|oublier)"),
    _of("call-instead", "another channel for now", "en.dont-write", anywhere="{not} {write} me (call|ring|phone) (the|my|her|his|him|instead) _"),
    _of("left-at-a-number", "a place, not a telephone", "en.wrong-person", before="(left|leave|delivered|dropped|parked|went|stopped|came) _{0,3} (at|to|in front of) (the|a)?"),
    _of("ever-bored", "a question about the other", "en.went-on", itself="do you ever get (bored|tired|lonely|hungry|angry|sad) %"),
    _of("in-long-speech", "a word of a long sentence", "es.keyword-clause", anywhere="~ _{9,9} | _{9,9} ; (para|pare|basta|alto|baja)"),
    _of("garante", "guarantees, as a verb", "it.go-away", itself="garante", anywhere="~ (?! _{0,24} (privacy|al|segnalo|segnalato|segnalero|denuncio|scrivo|scritto|reclamo|esposto|vi|spam))"),
    _of("a-subject", "what the talk is about", "pt.go-away", itself="(procon|assedio|perseguicao|golpe|suma|foi denunciado)", anywhere="~ (?! _{0,24} (vou|voces|vcs|voce|vc|denunciar|denuncio|denunciei|reclamar|reclamei|isso|isto|seu|seus|spam|mensagens|mensagem))"),
    _of("speech-of-a-minor", "says what the writer is", "fr.of-another", itself="(je)? suis %"),
    _of("remembers", "does not remember", "fr.dont-write", itself="(je|on|tu|il|elle)? (ne|n)? (me|se|te|m)? (en)? rappelle (plus|pas|pu|jamais)", before="(~|;)? _{0,8} (je|on|j|il|elle|ils|tu) (ne|me|m|se|men)*"),
    _of("last-time-that", "when it was last", "de.dont-want", before="(wann|als|seit|beim|wie|fur) _{0,6}", itself="(das)? letzte mal"),
    _of("there-are-none", "asks or says that there are none", "de.wrong-person", itself="(doch)? gibt es (keine|keinen|kein) %", after="(?! {name}|herrn|herr|frau|dr) _"),
    _of("there-are-none", "asks or says that there are none", "pt.wrong-person", itself="nao (ha|tem) (nenhuma|nenhum|esse|essa|ninguem) %", after="(?! {name}|seu|dona|senhor|senhora|pessoa) _"),
    _of("none-who", "there is nobody who", "it.wrong-person", itself="non (ce|conosco) (nessuno|nessun|nessuna) %", after="(che|altro|altra|altri|modo|problema|bisogno)"),
    _of("does-not-matter", "it does not matter", "it.dont-write", itself="(non|no|nn) (mi|me|ci|gli|le|ti) importa"),
    _of("goes-on-giving", "something goes on giving trouble", "es.went-on", itself="(sigue|siguio|siguen) dando"),
    _of("a-time-instead", "another time", "nl.dont-write", anywhere="maar (na|om|tussen|vanaf|pas|wel|voor) _"),
    _of("go-on", "is not to stop", "es.stop-doing", before="(nao|nunca)"),
    _of("missed", "somebody is missed", "fr.dont-write", anywhere="(pourquoi|comment ca se fait) _{0,4} {write} (pas|plus|pu)"),
    _of("cannot-now", "cannot write now", "fr.dont-write", before="(je|j|on) (ne|n)? (peux|pourrai|pouvais|sais|ai)?", itself="(peux|pourrai|pouvais|ai|sais|veux)? (pas|plus|jamais) (deranger|ecrire|appeler|rappeler|envoyer)"),
    _of("not-to-forget", "is not to forget it", "fr.dont-write", anywhere="(oublie|oubliez|oublies|noublie|noubliez) (pas|surtout pas)"),
    _of("until-then", "not on that day", "es.dont-write", anywhere="no me (llames|llame|escribas|escriba|llamen) (el|manana|hoy|antes|ahora|hasta|en|esta|este) _ _? ; (estoy|tengo|voy|ando)"),
    _of("did-not", "says what the writer did not do", "es.dont-write", itself="no (te|le|les|lo|la|se)* (mande|envie|escribi|llame|conteste) (?! mas|a este|al)", anywhere="(no) (te|le|les)* (mande|envie|escribi|llame) (el|la|los|las|un|una|todavia|aun|ayer) _ | no (te|le|les) (mande|envie|escribi|llame)"),
    _of("keeps-calling", "somebody of the writer's keeps on", "es.stop-doing", before="(mi|mis|su|la|el) _ (no)?"),
    _of("onto-the-list", "wants to be on the list", "es.remove", itself="(pon|ponme|ponganme|pongame)"),
    _of("why-not", "somebody is missed", "pt.dont-write", anywhere="por que _{0,3} (nao|nunca) me"),
    _of("no-mail-list", "says that it is not on the list", "it.wrong-person", itself="(il)? mio numero non e", after="(nella|sulla|in|nel) (lista|rubrica|elenco|sistema)"),
    _of("missed", "somebody is missed", "nl.dont-write", anywhere="(~|;) (je|jij|ze|hij) (belt|appt|schrijft|sms|stuurt) me (nooit|niet) meer | waarom _{0,2} me"),
    _of("no-data-of-others", "does not have somebody's number", "pt.dont-want", itself="nao tenho (o|a)? (contato|contacto|numero|endereco)", anywhere="nao tenho (o|a)? (contato|contacto|numero|endereco) (de|da|do|dela|dele)"),
)  # fmt: skip
