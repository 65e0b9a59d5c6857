"""What takes a phrase's meaning away from rule set 5 on: by mistake, other things, messages are fine, told to others."""

from __future__ import annotations

from processors.opt_out.rules import Unless

_OFFS = ("b.take-me-off", "b.remove-me", "b.unsubscribe-me", "b.opt-me-out")

UNLESS = (
    Unless(
        "d.off-a-waiting-list", "off a waiting list", _OFFS, "D",
        after=r"^ (?:from |off |of |on )?(?:the |your |that |this |a )?(?:\w+ )?(?:waiting|wait|guest|standby|cancellation|reserve) ?list(?![a-z0-9])", since=5,
    ),
    Unless(
        "d.by-mistake", "was taken off by mistake, or asks what would be", ("c.want-out",), "D",
        around=r"\b(?:if|when|once|accidentally|mistakenly) (?:i )?(?:unsubscribed?|opted out|optout|unsub)\b|\bunsubscribed? (?:\w+ ){0,3}(?:by (?:mistake|accident)|accidentally)\b"
        r"|\b(?:opted out|optout) (?:by (?:mistake|accident)|accidentally)\b|\baccidentally (?:\w+ ){0,2}(?:unsubscribed?|opted out)\b", since=5,
    ),
    Unless(
        "d.texts-are-fine", "unsubscribed from something else, texts are fine", ("c.want-out",), "D",
        around=r"\b(?:but|and) (?:the |your )?(?:texts?|sms|messages|msgs) (?:are|is|r) (?:all )?(?:fine|ok|okay|good|great|welcome)\b", since=5,
    ),
    Unless(
        "d.paper", "opts out of paper", ("c.want-out",), "D",
        after=r"^ (?:of|from) (?:the |your |my )?(?:paper|printed|postal|pension|arbitration|organ)\b", since=5,
    ),
    Unless(
        "d.another-subscription", "cancels what is no message", ("c.request.es",), "D", itself=r"cancelar",
        after=r"^ (?:del?|al?)(?: las?| los| el| mi)? (?!mensajes?|sms|textos?|alertas?|avisos?|promo\w*|ofertas?|boletin\w*|newsletter|publicidad|"
        r"notificaciones|lista|sus?|tus?|este|esta|estos|ustedes|numero)\w+", since=5,
    ),
    Unless(
        "d.messages-are-fine", "no calls, but messages are fine", ("c.request.es", "c.request.fr", "c.request.de", "c.request.pt", "c.request.it", "c.request.nl"), "D",
        itself=r"(?=.*(?:llam|appel|ruf|anruf|lig|chiam|telefon|bel))",
        around=r"\b(?:por mensagem|por sms|por mensaje) (?:pode|ta bom|tudo bem|si|esta bien|va bien|sin problema)\b|\b(?:les sms|par sms|les textos) (?:ca va|cest bien|ok|cest mieux|sont)\b"
        r"|\b(?:sms|nachrichten|berichten|appen) (?:ist|sind|geht|gehen|is|zijn|mag|mogen) (?:\w+ )?(?:ok|okay|oke|gut|super|besser|prima|goed|beter|fijn|welkom)\b|\b(?:gli sms|i messaggi|per sms) (?:vanno bene|va bene|ok)\b", since=5,
    ),
    Unless(
        "d.told-to-kin", "told to somebody of the writer's, or by somebody",
        ("c.request.es", "c.request.fr", "c.request.de", "c.request.pt", "c.request.it", "c.request.nl"), "D",
        around=r"\b(?:falei|disse|pedi|falo|digo)(?: ja)? (?:pr[oa]|para [oa]|ao|com [oa]) (?:meu|minha|seu|sua)\b"
        r"|\b(?:dije|dijo|digo|pedi|pidio) a (?:mi|su) \w+|\bdit a (?:mon|ma|mes|\w+) (?:\w+ )?(?:de|d)\b|\bhat (?:meine|mein) \w+ (?:zu \w+ )?gesagt\b"
        r"|\b(?:habe?|hat)(?: ich)? (?:meine[rmn]?|dem|der) \w+ (?:schon |mal )?gesagt\b|\bmeine? \w+ hat (?:\w+ )?gesagt\b|\bdetto a (?:mio|mia) \w+|\b(?:heb|had)(?: ik)? (?:mn|m n|mijn) \w+ (?:gezegd|gevraagd)\b", since=5,
    ),
)  # fmt: skip
