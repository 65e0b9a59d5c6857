"""What rule set 6 adds in open texts: somebody else, go away, a complaint, and wishes in words that no class has."""

from __future__ import annotations

from processors.opt_out.words.kinds import in_each_language
from processors.opt_out.words.language import POLICY

RULES = (
    *in_each_language(
        "somebody-else", "the reader is somebody else", since=6, source=POLICY,
        en=(
            "my (name isnt|name aint|name was never|names not|name is not|names never) _{1,2} {tail}* ($|%) | {you} (have|got|ve|are texting|texted|reached) (someone|somebody) elses {number} | (phone|number|cell) belongs to (someone|somebody|a stranger|another) | (im|i am|am) not (who (youre|you are|ur|u) looking|who you (want|think|need)|the (person|one|owner|guy|girl|lady|man|woman)) {you} _{0,4} ($|%)"
            " | ~ ({lead}|whos|who is|who){1,4} {name} ; (not|never|aint) (me|here|heard of) _{0,3} % | (im|i am) not the (owner|one you want|person you want|person youre looking for) ($|%|;)",
            "my name isnt Derek", "this phone belongs to somebody else", "I'm not the owner",
        ),
        es=("(ese|este|aquel) no es mi (nombre|apellido) | (yo)? no (soy|me llamo) (el|la)? (senor|senora|sr|sra|don|dona) _{1,2} ($|%)", "ese no es mi apellido", "no soy la señora Lobo"),
        fr=("~ ({lead}|il|ny|n y|y|ya)* (a)? (pas de|pas d|aucun|aucune) ({name}|monsieur|madame|mr|mme) _? (ici|a ce numero|chez nous|a cette adresse)* %", "y a pas de Gilles ici", "il n'y a aucune madame Roux ici"),
        de=("(hier|da|bei uns) (ist|gibt es|gibts|wohnt|lebt|arbeitet) (kein|keine|keinen) (herr|herrn|frau|{name}) _? | ~ {lead}* (das|dies) (ist|is) nicht (mehr)? die nummer von _{1,2} %", "hier gibt es keine Frau Vogel", "hier ist kein Anton"),
        pt=("~ ({lead}|desculpa)* (aqui|quem fala|isso aqui|esse aqui) nao (e|eh) (mais)? (a|o|da|do) (_|{name}) ({lead}|{tail}|nao)* % | (esse|este) nao e o meu nome", "aqui não é o Anselmo", "quem fala não é a Odete"),
        it=("~ ({lead}|qui)* non ce (nessun|nessuna|la signora|il signor)? {name} (qui)? {tail}* % | (qui|questo) non (e|e piu) (la|il)? (signora|signor)? {name} {tail}* %", "qui non c'è Marco", "qui non c'è nessuna Silvia"),
        nl=("~ ({lead}|nee)* (ik)? (ben|heet) (?! er|erbij|daar|hier|thuis|klaar|ziek|vrij|zeker) _ niet (hoor|meer|sorry|{tail})* %", "ik ben Hanneke niet", "nee ik heet Joost niet hoor"),
    ),
    *in_each_language(
        "be-off", "go away, in words of its own", since=6, source=POLICY,
        en=("(~|;) {lead}* (go)? beat it (buddy|pal|loser|idiot|;|{tail})* % | (~|;) {lead}* (go)? (scram|shoo) (buddy|pal|loser|idiot|;|{tail})* % | (~|;) {lead}* (go)? (pound sand|kick rocks) (buddy|pal|loser|idiot|;|{tail})* % | (~|;) {lead}* (go)? take a hike (buddy|pal|loser|idiot|;|{tail})* % | (~|;) {lead}* (go)? jog on (buddy|pal|loser|idiot|;|{tail})* % | (~|;) {lead}* (go)? buzz off (buddy|pal|loser|idiot|;|{tail})* %", "Never asked for this. Scram", "go pound sand, pal"),
        es=("~ ({lead}|ya)* (larguese|larguense|largate|esfumese|esfumense|esfumate|pierdanse|pierdete|esfumese|largo de aqui|largo|vayase|vayanse|vete) (ya|de aqui|al diablo|al demonio|a la porra|al cuerno|al carajo|{tail})* %", "¡Esfúmense!", "lárgate de aquí"),
        fr=("(~|;) {lead}* (decampez|decampe|foutez le camp|fichez le camp|du vent|hors de ma vue|ouste) {tail}* %", "allez, décampez"),
        de=("(~|;) {lead}* (verzieh dich|verziehen sie sich|verzieht euch|zieht leine|macht euch vom acker|mach dich vom acker|verpisst euch) {tail}* %", "Macht euch vom Acker"),
        pt=("(~|;) {lead}* (desaparece|desaparecam|desapareca|rala|rala daqui|vaza|vazem|pica a mula|some da minha vida) {tail}* %", "desapareçam!"),
        it=("(~|;) {lead}* (sparite|sloggiate|levatevi|levatevi di torno|levati|levatemi di torno|fuori dai piedi) (di mezzo|di torno|{tail})* %", "levatevi di torno"),
        nl=("(~|;) {lead}* (maak dat je wegkomt|hoepel (nou|toch|maar)? op|scheer je weg|sodemieter op|opzouten|opgehoepeld) {tail}* %", "hoepel nou op", "scheer je weg"),
    ),
    *in_each_language(
        "will-complain", "a complaint or a suit against the sender", since=6, source=POLICY,
        en=("~ ({lead}|im|i am|will be|now|{tail})* (filing|lodging|making|submitting) (a|an|my|another)? (formal|official)? (complaint|report|grievance) ({tail}|about|against|you|these|this|texts)* %", "lodging a formal complaint"),
        es=("~ ({lead}|o|si|mensaje)* (los|te|les|lo|la|os) (voy a)? (demando|demandare|denuncio|denunciare|denunciar|demandar|reporte|bloquee) (ya|como spam|{tail})* %", "los denunciaré", "ya los bloqueé"),
        it=("~ {lead}* (io)? (denuncio|querelo|denuncero|querelero) (tutti|voi|tutto|{tail})* %", "denuncerò tutti"),
        de=("~ ({lead}|sie|ihr|nummer)* (wird|werdet|werden|wirst) (jetzt|hiermit|sofort|nun)* (blockiert|gesperrt|gemeldet|angezeigt) {tail}* %", "ihr werdet jetzt gemeldet"),
        nl=("(sleep|slepen|breng|brengen) (jullie|u|je) voor de rechter | (dien|dienen) (ik|wij|een|nu|bij|de|klacht)* klacht in | (ik)? dien _{0,3} klacht in", "ik sleep u voor de rechter", "ik dien een klacht in"),
    ),
    *in_each_language(
        "by-other-words", "has had enough, somebody else may be asked, it need not be written", since=6,
        en=(
            "~ {lead}* (reply|text|send|respond|replying|texting) (with)? stop {tail}* % | (st p|s t o p|s t p|sto p) ({texting}|{send}|it|this|now) ({me}|{tail}|{contents}|it)* | ~ ({lead}|go)* (text|bother|call|message|harass|pester|bug|annoy|spam|contact) (someone|somebody|some1|anyone) else ({tail}|instead|with this|about it)* %"
            " | (reply|replied|replying|texted|text|sent|send|say|said) stop (and|but) (here (we|you) are|still|yet|nothing|{you}|it keeps|they keep) | last (one|text|message|time|thing) (that)? {you} (send|text|message|write|contact|call|bother|email) _{0,3} ($|%)"
            " | (appreciate|prefer|like|love|grateful for|thankful for) (it|to)? not (hearing|hear) (back)? from {you} | (stop|quit) (lighting|blowing|buzzing|ringing|pinging|hitting|burning|melting) (up)? (my|our) {phone} | {you} (dont|do not|neednt|need not) (have|need)? (to)? {write} {me} (anymore|any more|again|ever|no more)"
            " | ~ ({lead}|{i}|ve)* had enough of {you} (people|all|guys|lot|folks)? {tail}* %",
            "text stop thanks", "pester somebody else with this", "I sent stop and nothing", "st*p messaging me", "I'd appreciate not hearing from you people", "quit burning up my phone",
        ),
        es=("~ ({lead}|ya)* no quiero saber (nada|mas|de|ustedes|nada de)* ({tail}|ustedes|usted|vosotros)* % | no (volver|vuelvan) a (recibir|saber|escribir|molestar) _{0,2} ({contents}|nada|{tail}) | no me (las|los|lo|la) (envie|envien|mande|manden|envies|mandes|envieis|mandeis) mas", "no quiero saber más de ustedes", "estos avisos no me los mande más"),
        fr=("~ ({lead}|j|jen|j en|je|n|nen)* (en)? (veux|veut) (plus|pu) {tail}* % | (inutile|pas la peine|plus la peine|ca sert a rien|ce nest pas la peine|rien ne sert) (de|d|dinsister|decrire|dappeler|me|nous|m|men)+ (insister|ecrire|reecrire|rappeler|relancer|appeler|recontacter|texter|{tail}|$) | (pouvez|pouvez vous|pourriez vous|peux tu|peut on) (menlever|moter|meffacer|me rayer|me radier|menlever) | ~ ({lead}|je)* (moppose|refuse) {tail}* % | ne plus (m|me|nous|madresser|menvoyer|adresser|envoyer|mecrire|mappeler)+ (de|d|aucun|aucune|vos)* {contents}",
            "inutile d'écrire", "pouvez-vous m'effacer", "je m'oppose", "veuillez ne plus m'adresser de relances"),
        de=("unterlassen sie es (bitte|kunftig|in zukunft|ab sofort|endlich)* (mich|uns|mir) | stellen (sie)? (das|dies|die|diese|den|bitte)* ({contents}|versand)? (bitte|sofort|endlich|umgehend)* ein {tail}* $ | ~ {lead}* (nerven|nerv|nervt|belastigen|belastigt) (sie|ihr|du)? (doch|bitte|lieber)? (jemand|jemanden|wen|wem) (anderen|anders|anderes) {tail}* % | ~ {lead}* (ihr|sie|du) (nervt|nerven|nervst) (nur|so|total|echt|langsam|einfach|{tail})* % | ~ ({lead}|kein|keinen|bedarf|interesse)* bitte (streichen|loschen|loeschen|austragen) {tail}* %",
            "stellen Sie den Versand bitte ein", "nervt doch jemand anderen", "ihr nervt nur noch", "kein Bedarf, bitte austragen"),
        pt=("~ ({lead}|ja)* (to|tou|estou|tamos) (de saco cheio|cheio|cheia|sem paciencia) (disso|com isso|de voces|{tail})* % | ~ {lead}* (vao|va|vai)? (procura|procurem|procurar|perturba|perturbar|encher|incomodar) outro ({tail}|pra encher|cliente|idiota|otario)* % | ~ {lead}* (desliga|desligue|desliguem|cancela|cancele) (isso|isto|essa (coisa|porcaria)) {tail}* % | ~ {lead}* naum (quero|qro) (mais|isso|{tail})* %",
            "tô sem paciência com isso", "procurem outro otário", "desliguem isso"),
        it=("(mi|ci) (lasci|lascino) (in pace|stare|perdere|tranquilla|tranquillo) | (toglietevi|levatemi|levatevi|togliti|levati|toglimi|toglietemi) (di mezzo|dai piedi|dalle scatole|dai coglioni|di torno) | come si (disattiva|disdice|annulla|cancella|blocca) (tutto|questo|questa roba|il servizio|{tail})* % | ~ ({lead}|io)* (non|mai) (autorizzo|autorizzato|autorizzata|acconsento|acconsentito) (niente|nulla|nessuno|{tail})* % | non (autorizzo|acconsento|acconsentiamo) (a|all|allinvio|linvio|lutilizzo|al)",
            "ci lascino in pace", "come si disdice il servizio", "non acconsento"),
        nl=("laat (me|mij|ons) (nou|nu|verder|dan|eens|gewoon|alsjeblieft|aub|toch)+ met rust | schrijft (u|je)? (me|mij|ons) (aub|a u b|a ; u ; b ;|alsjeblieft|alstublieft|graag|maar|nu|direct)* uit | (stuur|app|schrijf|bel|sms|mail) (die|de|dat|dit|je|jullie|maar|rommel|troep)* (naar)? iemand anders ;? (niet|en niet) (naar|aan)? (mij|ons|hier) | hoe kom ik (hier|daar|ervan|er|van)+ (van|af|vanaf)* (af|vanaf) | ~ {lead}* (nu|zo)? (het|dit) (is|was) (nu|nou|wel|zo)* genoeg (geweest)? {tail}* % | (dit|dat|die|deze) ({contents})? hoef (ik|ik echt) (allemaal)? niet (meer)? {tail}* % | ~ ({lead}|mijn)* abonnement (graag|per direct|nu)* (opzeggen|stoppen|stopzetten|beeindigen) {tail}* % | ~ ({lead}|liever|dan)* liever niet (meer)? {tail}* % | nooit (ergens)? (om|voor) (gevraagd|getekend|opgegeven) {tail}* % | zeg (ik)? (mijn|ons|het|dit) abonnement _{0,4} op",
            "laat ons nou eens met rust", "mail maar iemand anders, niet mij", "abonnement graag stopzetten", "deze berichten hoef ik niet meer"),
    ),
)  # fmt: skip
