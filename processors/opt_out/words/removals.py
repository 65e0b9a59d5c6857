"""Removal in seven languages: off whatever the sender keeps, and the rights of data protection."""

from __future__ import annotations

from processors.opt_out.words.kinds import in_each_language

RULES = (
    *in_each_language(
        "off-what-you-keep", "off, out of, deleted from what the sender keeps",
        en=(
            "({remove}|bin|boot|axe|chop|untick|nuke|bump|shift|ditch|scrap|lose|wipe|strip|cull|pluck|yank|rub) ({fill}|{heat})* ({me}|it|that|him|her|them|mine|everything|my _{1,2}) ({fill}|{heat}|right|straight|clean)* (off|from|out of|outta|of) {heat}* (your|ur|yer|yur) ({heat}|_){0,2} ({list}|{contents}|radar)"
            " | {remove} ({fill}|{heat})* my (mobile|phone|cell|telephone|contact|ph|mob)? (no|num) ; from (your|ur|the) _{0,2} {list}"
            " | (be|being|get|getting|been|was|were) (left|taken|dropped|kept|struck|removed|excluded|omitted|crossed|wiped|scratched|skipped) (off|from|out of|out) ({heat}|next|future|any|all|your|ur|these|yer){1,4} ({list}|{contents})"
            " | {you} (can|may|could|should|might) (as well|now|just|please|safely|go ahead and)* (remove|delete|cross|strike|lose|forget|scratch|unsubscribe|unlist|erase|bin) ({me}|{my} {number}) (off|out|now|too|again|{tail}|then)* $ | {you} (can|may|could|should)? (drop|take|leave|strike|cross|scratch|knock) ({me}|{my} {number}) (off|from|out of) ({heat}|{your})* {list}"
            " | feel free to (remove|delete|drop|lose|forget|bin|erase|scrub|scratch|unsubscribe|cross) ({me}|my|our|this) | (no longer|<not>) (interested in|want|wish) (to)? (being|be|remaining|remain|stay|staying|part|a) (part|on|in|of|a|member)* (your|ur|yer) _{0,2} {list} | (be|being|remain) (a)? part of (your|ur|yer) _{0,2} {list} (any|anymore|no|{tail})* $"
            " | (lose|forget|bin|ditch|torch|shred|delete|erase) (the|that)? (contact|entry|file|profile) (you have|youve|you hold|you keep|of mine|for me|under my)",
            "wipe it off your system", "being dropped from your blasts", "feel free to delete my details", "you can cross me off your mailout",
        ),
        es=(
            "(me|nos) (pueden|puede|podrian|podria|podeis|puedes|podrias|hacen el favor de|haga el favor de) ({remove}|quitar|borrar|sacar|eliminar|dar de baja|retirar|tachar|excluir|desapuntar) (ya|{lead}|{tail})* ((de|del) (su|la|tu|sus|esta|esa|ese|este|vuestra|ahi|aqui|el|{fill}){0,3} ({list}|$)|$) | (quitad|borrad|sacad|eliminad|dad|desapuntad|desapunten|desapunta|desapunte|desapuntar|desapuntame|desapuntenme|desapunteme|desapuntarme|quitadme|borradme|sacadme|eliminadme|desapuntadme|tachenme|tacheme|tachame|bajenme|bajeme|desuscribidme|sacarme|quitarme) ({fill})* (de|del) ({fill}|vuestra|vuestro)* {list}"
            " | ^ ({lead})* (desapuntame|desapuntenme|desapunteme|desapuntarme|quitadme|borradme|sacadme|eliminadme|desapuntadme|desuscribidme|bajenme|tachenme|olvidadme|dadme de baja) (de|ahi|aqui|ya|{tail})* $ | (quiten|quita|quite|quitad|apaguen|apaga|apague|corten|corta|corte|desactiven|desactiva|desactive|suspendan|suspenda|frenen|frena|detengan|retiren|retira) (ya|de una vez|por favor)* (los|las|el|la|sus|tus|estos|estas|esos|esas|tanto|tanta|todos|todas|mis)+ (mensajes|mensajitos|textos|sms|avisos|aviso|alertas|notificaciones|recordatorios|publicidad|publi|propaganda|llamadas|anuncios|promociones|correos|mensages|msjs|spam) {tail}* ($|;)",
            "me pueden tachar de su padrón", "desapúntenme por favor", "quiten esos avisos",
        ),
        fr=(
            "(virez|vire|degagez|otez|ote|sortez|sors|rayez|enlevez|effacez|retirez|supprimez|barrez|barre|jetez|radiez|balayez|zappez|zappe|eliminez) ({fill})* (mon|ma|mes|nos|notre) ({number}|nom|fiche|dossier|adresse|profil|ligne) | (virez|vire|degagez|otez|ote|zappez|zappe|barrez|barre|sortez|sors) (moi|nous) ({fill})* (de|des|du|d|la) ({fill})* ({list}|la)"
            " | (lien|bouton|option) (pour|de|d) (se|me|la)? (desabonner|desabonnement|desinscription|desinscrire) _{0,3} (pas|plus|rien|mort|casse|bug) | faites le vous meme",
            "virez-moi de vos envois", "barrez mon nom", "le bouton de désinscription ne marche pas",
        ),
        de=(
            "(konnen|koennen|konnt|koennt|kannst|durfen|durft|darfst|mochte|wurde|will) (sie|ihr|du)? (mich|uns|mi|meine {number}|meinen {number}|meine) (also|dann|gerne|gern|ruhig|jetzt|damit|aus|ab|von|der|ihrer|eurer|dem|ihrem|eurem|deiner|{list}|vom|{fill})* (rausnehmen|herausnehmen|streichen|austragen|rausschmeissen|vergessen|rauswerfen|aussortieren|herausstreichen|rausstreichen|entfernen|loschen|loeschen) {tail}* $"
            " | (schmeisst|schmeiss|schmeissen|werft|werfen|kickt|kick|streicht|streichts|nehmts|nehmt|tuts|tut|haut) (sie)? (mich|uns|mi|mei) (bitte|da|hier|dort|{fill})* (raus|heraus|weg|runter|aus) | (vergessen|vergiss|vergesst|vergessts|verlegt|verliert|schreddert|zerreisst) (sie|bitte)? (meine|mei|die|diese) {number} | (bin|war|steh|stehe) (ich)? (nicht|kein|keine|nimmer|langst) (mehr|langst)? (kunde|kundin|mitglied|mandant|patient|patientin|bei euch|bei ihnen|interessiert) (mehr|bei|ihnen|euch|also|bitte|und)* ({remove}|keine|bitte)",
            "Sie dürfen mich dann gerne austragen", "kickt mich da raus", "vergesst meine Nummer",
        ),
        pt=(
            "(podem|pode|podes|poderia|poderiam|favor|queiram|queira) (me|nos|de|por favor|ja|fazer o favor de)* (tirar|retirar|excluir|apagar|remover|riscar|eliminar|desinscrever|descadastrar|esquecer|deletar) (me|nos)? ({tail}|da|dai|daqui|dessa|desta|de|do|o meu|a minha|meu|minha|os meus|meus|vossa|sua|{fill}|{list}|{line})* $ | (risquem|risca|risque|tirem|tira|excluam|apaguem|apaga|deleta|deletem|limpem|esquecam|some com|sumam com) (ai)? (o|a|os|as)? (meu|minha|meus|minhas|esse|este) (nome|{line}|dados|contacto|contato|ficha|registo|registro|cadastro) | (tira|tirem|tire|remova|removam|retirem) (eu|a gente|nois|nos) (dai|dessa|disso|desse|da|de) ({fill}|{list})* {tail}* $",
            "podem riscar o meu nome", "apaguem os meus dados, favor remover", "tira eu dessa lista",
        ),
        it=(
            "(potete|puo|puoi|potreste|potrebbe|potresti|vogliate|voglia|prego di|chiedo di|pregati di) (gentilmente|per favore|anche|cortesemente)* (cancellarmi|togliermi|rimuovermi|eliminarmi|depennarmi|escludermi|disiscrivermi|scordarvi|dimenticarvi|depennare|cancellare|rimuovere) (dal|dalla|dai|dalle|da|il|i|mio|miei|vostro|vostra|{fill}|{list}|{number}|{tail})* $ | (depennate|depenna|stralciate|buttate|butta|scordatevi|dimenticatevi|gettate|toglietevi|cestinate) ({fill}|via|di)* (il mio|i miei|la mia|questo) ({number}|nome|scheda|profilo|contatto) | (levatemi|levami|toglietemi|cacciatemi|escludetemi|depennatemi) ({fill})* (da|dal|dalla|dalle|dai) ({fill}|li|qui)* ({list}|{contents}|qui|li)",
            "potete gentilmente depennarmi", "cestinate il mio numero", "levatemi da questi invii",
        ),
        nl=(
            "(mag|mogen|kan|kunnen|kunt|kun|wil|wilt|zou|moogt) (u|je|jullie|ge|willen)* ({me}|mijn {number}|mijn gegevens) ({fill}|{list}|gerust|maar|dan|wel|hoor)* (schrappen|verwijderen|wissen|uitschrijven|afmelden|weghalen|eraf halen|eruit halen|vergeten|overslaan|doorhalen|deleten) {tail}* $ | (gooi|kieper|smijt|knikker|pleur|flikker|kegel|zwier|smeer) ({me}|mijn {number}) ({fill}|er|eruit|eraf|weg|uit|van|jullie|maar|gerust)* ({list}|eruit|eraf|weg|af|uit) | (doe|doet|haal|haalt|gooi) (mij|me|mn {number}|mijn {number}|m) (er|daar|hier|maar|nu|dan|even|alsjeblieft|aub)* (uit|af|eruit|eraf|vanaf|tussenuit) {tail}* $"
            " | (sms|bericht|berichten|alerts)? (dienst|smsdienst|service|alerts|alert) (opzeggen|stopzetten|beeindigen|annuleren|uitzetten|afmelden) | (opzeggen|stopzetten|beeindigen|annuleren|uitzetten|zet|stop) ({fill}|mijn)* (smsdienst|berichtendienst|sms alerts|smsalerts|sms service|smsservice|berichtenservice|meldingen|notificaties) (uit|stop|stopzetten|{tail})* $",
            "u mag mij gerust schrappen", "kieper mij maar uit jullie bestand", "smsdienst stopzetten",
        ),
    ),
    *in_each_language(
        "data-rights", "erasure, objection and the law on personal data",
        en=(
            "(right|request|requesting|demand|exercise|exercising) (to|of|for|my|an|a)* (be forgotten|erasure|objection|data deletion|data erasure|deletion of my) | (erase|delete|destroy|purge|stop processing) (all|any)? (of)? (my|our) (personal)? (data|info|information|details) (under|as per|per|in line with|pursuant|in accordance|within|or (i|we)|and confirm)"
            " | (under|per|breach of|breaching|violation of|violating|violates|against|pursuant to|comply with|section _ of) (the|uk|eu|s)* (gdpr|dpa|pecr|can spam|popia|popi|pdpa|ccpa|dpdp|casl|spam act|data protection) | (no|without|any|zero) (lawful|legal) (basis|grounds|right) (to|for|in)? ({write}|{texting}|be|hold|store|process|my|me|you|$)",
            "I'm exercising my right to be forgotten", "delete my details as per GDPR", "you have no lawful basis to be texting me",
        ),
        es=("(derecho|derechos|ejerzo|ejercer|solicito|exijo|pido) (mi|mis|la|el|de|al|a|los)* (derecho|derechos|la|de|al|a)* (supresion|oposicion|olvido|arco|cancelacion de mis datos|eliminacion de mis datos|borrado de mis datos) | (ley de proteccion de datos|(segun|conforme|por|art|articulo|cumplan|violando|infringiendo) (a|al|la|el|con|del)* (rgpd|lopd|lopdgdd|proteccion de datos))", "ejerzo mi derecho de oposición", "conforme al RGPD bórrenme"),
        fr=("(droit|demande|exerce|exige|demander) (mon|de|d|a|l|la|le|au)* (droit)? (a|d|de|l|au|la)* (oubli|loubli|opposition|dopposition|effacement|leffacement|deffacement|suppression de (mes|toutes mes) donnees) | (selon|conformement|vertu|au nom|violation|titre|respectez|article|art|non respect) (a|du|au|le|de|l|la|loi|17|21|15)* rgpd", "j'exerce mon droit d'opposition", "conformément au RGPD, effacez tout"),
        de=("(loschung|loeschung|entfernung|sperrung) (aller|all|samtlicher|meiner|unserer|der|von|mich betreffenden|personenbezogenen|gespeicherten|personlichen){1,4} (daten|nummer|handynummer|telefonnummer|kontaktdaten) | (recht|berufe|auskunft|antrag|verlange) (auf|mich|ich|die|nach|gemass|gem|uber|{fill})* (vergessenwerden|loschung meiner|loeschung meiner|vergessen zu werden|dsgvo|art _)", "ich beantrage die Löschung aller gespeicherten Daten", "Recht auf Vergessenwerden"),
        pt=("(direito|direitos|exijo|solicito|peco|requeiro|exercer|exerco) (o|ao|a|de|meu|do|da)* (direito)? (ao|de|a|da|do)* (esquecimento|oposicao|apagamento|eliminacao (dos|de) (meus)? dados|exclusao (dos|de) (meus)? dados|apagamento (dos|de) (meus)? dados) | (conforme|segundo|nos termos|termos|lei|com base|artigo|art|violacao|cumpram) (o|a|do|da|na|no|geral|de)* (lgpd|rgpd|protecao de dados)", "solicito o apagamento dos meus dados", "nos termos do RGPD apaguem tudo"),
        it=("(diritto|esercito|chiedo|richiedo|pretendo) (il|la|mio|al|all|di|l|alla)* (diritto)? (all|al|di|alla|la|l|d)* (oblio|alloblio|opposizione|dopposizione|alla cancellazione|cancellazione (dei|di tutti i) (miei)? dati|rimozione dei miei dati) | (ai sensi|secondo|art|articolo|violazione|rispetto|base) (del|il|l|al|della|dell|{fill})* (gdpr|codice privacy|regolamento (ue|europeo)|privacy)", "esercito il diritto di opposizione", "ai sensi del GDPR cancellate tutto"),
        nl=("(verzoek|recht|beroep|verwijdering|wissing|verwijderen|wissen|vergetelheid) (tot|op|om|van|al|mijn|alle|{fill})* (persoonsgegevens|vergetelheid|mijn gegevens te (wissen|verwijderen)|gegevens uit jullie) | (volgens|conform|krachtens|onder|grond van|beroep op|ogv|v) (;)? de avg", "verzoek tot wissing van mijn persoonsgegevens", "volgens de AVG moet u mij verwijderen"),
    ),
)  # fmt: skip
