"""Refusals of the channel in seven languages: nothing more, none wanted, no need of it, the last one, not this number."""

from __future__ import annotations

from processors.opt_out.words.kinds import in_each_language

RULES = (
    *in_each_language(
        "not-one-more", "no more of what is sent, not one more",
        en=(
            "^ ({lead}|{refusal}|lets|have|i|said|want|done|finished)* ((no|nae|zero) (more|mo|mair|further)|not (another|one more|one|a single|1 more) (more|single)?) ({heat}|{your}|of|bloody|damn|political|sales|job|marketing|promo|text|wee)* ({contents}|text) ({tail}|{again}|please|to {me}|to (my|this) {number}|on (my|this|me) {number}?|for {me}|from {you}|at all|yeah|right|ok)* $"
            " | (begging|beg|pleading|cant take|cant handle|cant cope with|cannot take) ({you}|for)* (any|no)? more (of)? (these|them|this|{your} {contents}|{contents})"
            " | (told|asked|said|enough|done|finished|begged) _{0,6} ; no more (;|%) | ^ no more ; (none|zero|nada|never|ever|enough|finished|done|zilch|period)"
            " | ^ {lead}* (let that be|thats|that is|call it|and thats) (the end of|it for|me done with|curtains for) ({your}|the|these){0,2} {contents} {tail}* $",
            "Had my fill. Not one more voucher", "zero further newsletters please", "I'm begging you no more of these",
        ),
        es=(
            "^ ({lead}|{stop}|de|quiero|recibir)* (ni (un|una) (solo|sola|puto|puta)? (mas)?|(no|ya no|nunca|cero|sin) mas|ni media|cero|basta ya de|se acabaron (ya)?) ({fill}|mas)* {contents} (mas|{tail}|a este {number}|al {number}|en mi {number}|para mi|de ustedes|suyos|suyas)* $",
            "ni un recordatorio más", "cero folletos por favor", "se acabaron las ofertas",
        ),
        fr=(
            "^ ({lead}|ne|je|veux|de)* (plus (aucun|aucune|jamais|un seul|une seule|le moindre|la moindre) (de|d|autre)?|plus jamais (de|d)|aucun autre|aucune autre|pas un (seul)?|pas une (seule)?|fini les|finies les|finis les|marre des|marre de|assez de|ni) {fill}* {contents} ({tail}|sur|a|ce|cet|mon|mes|ma|{number}|pour moi|chez moi|de votre part|de vous|de plus|ni {contents})* $",
            "plus aucune relance sur ce numéro", "pas un seul rappel de plus", "fini les promos",
        ),
        de=(
            "^ ({lead}|ich|will|mag|mog|und|auch|dann|also)* (keine|keinen|kein|koane|koa|kei|kene|keene) (einzige|einzigen|{fill}|von|euren|ihren)* {contents} ({tail}|an|auf|{my}|{me}|{number}|diese|dieses|fur|von|ihnen|euch|dieser|mein|meinem)* (mehr|meh|mea|nimmer|nimma) {tail}* $"
            " | ^ ({lead}|ich|will|mag|und|auch)* (keine|keinen|nicht eine|nicht noch eine|nicht ein|nie wieder|nie mehr) (einzige|einziges|weitere|weiteren|weiterer|solche|solchen|eine|einen|so|irgendwelche)+ ({fill})* {contents} (mehr|{tail}|an|auf|{my}|{me}|{number}|diese|fur|von|ihnen|euch)* $",
            "keine Gutscheine auf dieses Handy mehr", "nie wieder so einen Quatsch", "nicht eine weitere Umfrage",
        ),
        pt=(
            "^ ({lead})* (nem mais (um|uma)|mais (nenhum|nenhuma)|nenhum outro|nenhuma outra|chega de|basta de|sem mais|nada de|acabou|acabaram|acabem com|deu de|cansei de|farto de|farta de) (mais|as|os|o|a|{fill})* {contents} ({tail}|pra mim|para mim|neste|nesse|{line}|{fill}|de voces)* $",
            "nem mais um aviso", "nada de cupons para este número", "cansei dessas propagandas",
        ),
        it=(
            "^ ({lead}|voglio|e|quindi)* (nessunaltra|nessunaltro|(niente|nessun|nessuna|mai|basta|non|zero|stop) (piu|altro|altra|altri|altre|ulteriore|ulteriori|con|di)) (nessun|nessuna|con|di|{fill})* {contents} ({tail}|per|lui|lei|me|noi|a|questo|{number}|da|voi|{fill}|verso)* $",
            "mai più sondaggi su questo numero", "basta con le promozioni per favore", "nessun'altra telefonata",
        ),
        nl=(
            "^ ({lead}|ook|wil|ik|dus|en|er)* (geen|nooit|niet) (enkel|enkele|een|{fill})* {contents} ({fill}|op|mn|m|n|{number}|naar|{me}|voor|van|jullie)* (meer|langer) ({tail}|op|mn|m|n|{number}|naar|{me}|voor|dit|deze|{fill}|mijn|van)* $"
            " | ^ ({lead}|en)* (geen|niet) (een|verdere|andere|nog een|1)+ {fill}* {contents} ({tail}|meer|{fill})* $",
            "geen acties op mijn gsm meer", "niet nog een enquête", "geen verdere herinneringen graag",
        ),
    ),
    *in_each_language(
        "wants-none", "does not want them, has no use for them, is sick of them",
        en=(
            "{contents} (;)? (i|we|and|so|but)* (dont|do not|no longer|dnt|never) (want|need) (em|them|those|any) {tail}* $"
            " | ~ {lead}* (please)? (only|just)? (email|write|call|phone)? (me)? ;? (i|we) (dont|do not|dnt|never) (do|use|read|take|accept|answer) (texts|texting|sms|text messages|txts|messages) {tail}* %"
            " | changed my mind (about|on|re) ({your}|the)+ {contents} | (nuh|doan|dun|dinnae|dinna|nae) (want|wan|need) (no|nae|any|nuh)? mair? (more)? _? (dis|dem|dese|this|these|o)"
            " | (no longer|<not>|rather not|prefer not|want not) (wish|want|care|wanna|like)? (to)? (be|remain|stay|continue) (a|as|part|member|on|in|of|included)* (your|ur|yer|any of your) _{0,2} ({list}|{contents}|community|programme|club|panel|scheme|tribe)"
            " | (sick|tired|fed up|bored|weary|cheesed off|hacked off|browned off|had enough|had it|had my fill) (to death|to the back teeth|up to here|and tired)? (of|with|wi|o) (the|your|these|all|getting|receiving|constant|endless|bloody|{heat})+ {contents} {tail}* $"
            " | (no use|no interest|zero interest|got no time|no appetite|no desire|couldnt care less) (at all)? (for|in|about) (your|these|ur|any of your) _? {contents} | (can|could) (do|live) without (your|these|ur|the constant) _? {contents}",
            "the coupons, I don't want them", "changed my mind about your newsletter", "had it up to here with the constant surveys", "I've no use for your offers",
        ),
        es=(
            "{contents} _{0,12} ya (no|ni) (los|las|lo|la) (quiero|leo|abro|necesito|miro|veo) | cambie de (opinion|idea) (con|sobre|de|en cuanto a) (lo|los|las|sus|el|la|de)* {contents}"
            " | (no tengo|ningun|cero|no hay|nulo) interes (alguno)? (en|por) (sus|tus|estos|estas|recibir) _? {contents} | {no} (me)? (interesan|sirven|gustan|hacen falta|apetecen) (ya|mas|nada)? (los|las|sus|tus|estos|estas|esos)+ {contents} (mas|{tail})* $"
            " | (paso|paso ya|me aburren|me cansan|me molestan|me tienen (harto|harta|cansado|cansada|hasta la|hasta el|hasta los)) (de|con|gorro|coronilla|mono|los|las|sus|tus|estos|tanto|tanta|tantos|tantas|{fill})* {contents} {tail}* $",
            "esos avisos ya no los leo", "no tengo interés en sus cupones", "me tienen hasta el gorro con tanta propaganda",
        ),
        fr=(
            "(aucun|pas|plus aucun|zero) (dinteret|interet) (pour|a) (vos|ces|recevoir|tes|les) {contents} | {contents} (cest|c est|ca|sont) (est)? (termine|fini|stop|finis|termines|over|trop|non) (ok|svp|merci|pour moi|compris|maintenant|{tail})* $"
            " | (changer|change) davis (pour|sur|concernant) (les|vos|ces) {contents} | (jen ai|jai|y en a|on en a|je suis) (marre|ras le bol|plein le dos|assez|plein les bottes|soupe|jusque la|saoule|soule) (de|des|par|d) (vos|ces|tous|toutes|tes|{fill})* {contents} | (je)? (me)? (passe|passerai|passerais) (bien|volontiers) (de|d) (vos|ces|tes) {contents}"
            " | {contents} (ne)? (minteressent|m interessent|me servent|me concernent|minteresse) (pas|plus|pu)",
            "aucun intérêt pour vos promos", "les relances c'est terminé", "j'en ai plein le dos de ces pubs", "vos offres ne m'intéressent plus",
        ),
        de=(
            "(keinen|kein|null|koan) (bock|lust|interesse|bedarf) (mehr)? (auf|an) ({fill}|eure|ihre|deine|solche)* {contents} | (will|mog|mag|mecht|wui|wott|moecht|mocht|mochte|moechte|brauch|brauche) (i|ich|ma)? (das|des|dat|dit|die|diese|so|sowas|den|eure|eire|ihre|solche|{contents}|nachrichten)+ (nicht|net|ned|nimma|nimmer|nid|nod|nit|nich) (mehr|meh|mea) {tail}* $"
            " | (will|mog|mag|mecht|wui|wott|moecht|mocht|mochte|moechte|wollen) (i|ich|wir|das|des|dat|die|diese|so|sowas|eure|ihre|auch|von|euch|ihnen|dir|{contents})* (nimma|nimmer|(nicht|net|ned|nix|nichts|nid|nod|nut) (mehr|meh|mea)?) (zugeschickt|geschickt|gesendet)? (kriagn|kriegen|bekommen|uberko|ubercho|erhalten|lesen|horen|hoeren|empfangen|zugeschickt) {tail}* $"
            " | (mir|mich) (langts|langt es|reichts|reicht es|nerven|nervt|gehen|hangen) (mit|auf|die|den|eure|eurem|euren|ihren|ihre|diesen|diese|der|dem|zum|hals){1,6} {contents} | {contents} (hangen|gehen) mir (zum hals|auf) | (hab|habe|haben) (die)? (schnauze|nase|faxen|schnauz) (gestrichen)? (voll|dicke|dick) (von|mit) _? {contents}"
            " | ~ ({lead}|ich|i)* (will|mog|mag|mecht|wui|mochte|moechte) (i|ich)? (das|des|dat|die) (net|ned|nicht|nimma|nimmer|nich|nit) (mehr|meh|mea)? {tail}* %",
            "null Bock auf eure Newsletter", "mag diese Infos nicht mehr", "von euch will ich nichts mehr lesen", "mir langts mit euren Angeboten",
        ),
        pt=(
            "(nao tenho|sem|nenhum|zero) interesse (nenhum|algum)? (em|nas|nos|por) (receber|suas|seus|essas|esses|vossas|{fill})* {contents} | mudei de (ideia|opiniao) (sobre|quanto a|com) (as|os|esses|essas|o)* {contents} | {contents} (ja)? nao me (interessam|interessa|servem) (mais)? {tail}* $"
            " | (farto|farta|cansado|cansada|cheio|cheia|enjoei|cansei|saco cheio|pela ponta dos cabelos|de saco cheio) (ja)? (de|dessas|desses|das|dos|com) (tanta|tanto|tantas|tantos|vossas|suas|seus|receber|as|os|{fill})* {contents} {tail}* $ | {contents} (ja)? (nao|n) (as|os|leio|abro|vejo|quero){1,2} (mais)? {tail}* $",
            "sem interesse em receber campanhas", "mudei de ideia sobre os alertas", "de saco cheio dessas mensagens",
        ),
        it=(
            "(nessun|zero|non ho|alcun) interesse (per|a|alle|ai|nelle|nei|verso) (le|i|ricevere|vostre|vostri|queste|questi|{fill})* {contents} | {contents} non (mi|ci) (interessano|servono|piacciono) (piu)? {tail}* $ | ho cambiato idea (su|sulle|sui|sugli|riguardo) (alle|ai|{fill})* {contents}"
            " | (stufo|stufa|stanco|stanca|stufi|pieno|piene|scocciato|scocciata) (di|delle|dei|con) (tutte|tutti|queste|questi|ricevere|vostre|vostri|le|i|{fill})* {contents} {tail}* $ | (le palle piene|piene le scatole|le scatole piene|fin sopra i capelli|non ne posso piu) (di|dei|delle|con) (questi|queste|vostri|vostre|tutti|tutte|i|le|sti|ste)* {contents}",
            "nessun interesse per le vostre offerte", "sono stufa di queste telefonate", "non ne posso più dei vostri sms",
        ),
        nl=(
            "niet (echt|meer)? (te)? wachten op ({fill}|{contents})* {contents} | (geen|nul) (interesse|behoefte|trek|zin) (meer)? (in|aan) ({fill}|jullie|die|dat)* {contents} | van gedachten veranderd over ({fill})* {contents} | ~ ({lead}|ik|ben|nu)* (klaar|gehad|zat|beu) (ermee|mee|het|met|ik|ben)* ({fill}|met|van|{contents})* {contents} {tail}* %"
            " | (ik)? (ben|heb|word) (jullie|die|deze|al|het|er|de|dat|{fill})* {contents} (zat|beu|gek|moe|spuugzat|kotsbeu) | (gek|moe|ziek|niet goed) van ({fill}|al|jullie|die|dat)* {contents} {tail}* $ | (hoef|wil|lees|open) (ik|we)? ({fill}|jullie)* {contents} (echt|helemaal|gewoon)? niet (meer)? {tail}* $",
            "zit niet te wachten op jullie folders", "geen behoefte aan die enquêtes", "ik ben jullie reclame beu",
        ),
    ),
    *in_each_language(
        "no-need-of-it", "you need not write any more, you can stop now",
        en=(
            "~ ({lead}|so)* why are {you} (still|always|constantly|even|now) {texting} (me|us|this number) {tail}* % | ~ {lead}* removed {tail}+ % | ({number}|sheet|file|{list}) ; (get|take|have) (it|me|us) off (it|there|of it)? {tail}* %"
            " | ^ ({lead}|{i}|so|and|but)* {you} (can|may|could|should|might|both|all|really|as well|just|please){1,4} (stop|quit|give it up|knock it off|leave off|give up|pack it in|cease|stop it) (now|it|anytime|trying|please|already|tho|then|{tail})* {laugh}* %"
            " | (no point|no sense|no use|pointless|waste of (time|credit|effort|breath)|wasting ({your} (time|breath|credit|texts)|texts)) (in|to|on|of|by)? ({texting}|{send}|keep|{contents}|{write}) ({me}|{contents}|trying|my|here|this|$)"
            " | ^ ({lead}|and|so|but|just)* (save|spare|spare me|spare us|ditch|scrap|axe|nix|silence|stick|shove|stuff|bin) (your|the|these|those|all|{heat}|with|ur){1,3} {contents} (where|somewhere|up|away|{tail}|for|someone|somebody|else|thanks)* $"
            " | {you} (dont|do not|neednt|need not|shouldnt) (have|need|ought)? (to)? (keep|continue|bother|carry on|go on|waste) ({texting}|{write}|{send}|on|about|with|to|money|time|texts|credit)+ ({me}|$|about|on {me}|anymore|any more|{contents})",
            "you can stop now lol", "no point texting me", "spare me the promos", "you needn't keep texting me",
        ),
        es=(
            "(no hace falta|no es necesario|no hay necesidad|no tiene caso|no tiene sentido|no hace ninguna falta|prefiero|preferiria|agradeceria|mejor|pierden el tiempo|no pierdan tiempo|no vale la pena|ya no) (de|si|en|con)? (que)? (ya)? (no)? (me|nos|le|les)? (sigan|siga|sigas|sigais|seguir|continuen|esten)? (escribiendo|mandando|enviando|llamando|contactando|molestando|insistiendo|(escriban|escriba|manden|mande|envien|envie|llamen|contacten|molesten) mas|escribiendome|mandandome|enviandome|avisandome)"
            " | (ya)? (pueden|puede|puedes|podeis) (dejar|parar|cesar|ahorrarse|ahorraros|ahorrarte) (ya)? (de|con|sus|los|las|esos|mandar|tus){0,2} ({inf}|{contents}) | (ahorrense|ahorrate|ahorrese|ahorraos|guardense|guardate|guardense) (ya)? (los|las|sus|tus|esos|el|la|tanto)+ {contents}",
            "no hace falta que me sigan mandando nada", "ya pueden dejar de enviar cupones", "ahórrense los mensajes",
        ),
        fr=(
            "(si|merci|faudrait|serait|sympa|gentil|mieux) (vous|tu|de|d|bien|ca|que|il)* (pouviez|pouvez|pourriez|pouvais|peux|voulez|vouliez|arretiez|arretez)? (bien)? (ne|n) (plus|pas|pu) (rien|jamais|me|m|nous|men)* (envoyer|envoyez|menvoyer|ecrire|mecrire|contacter|recontacter|solliciter|appeler|mappeler|texter|relancer|menvoyez|deranger)"
            " | (pouvez|peux|pourriez) (vous)? (arreter|cesser|stopper|garder|remballer|economiser) (maintenant|la|vos|les|tes|de|d|ces|avec)* ({contents}|menvoyer|mecrire|mappeler|{tail}|%) | (gardez|remballez|economisez|epargnez moi|epargne moi|garde) (donc)? (vos|tes|ces|les|votre|ton) {contents} | (vous)? (perdez|perds|gaspillez) (votre|ton) (temps|forfait) (a|avec|en) (mecrire|menvoyer|{write}|ces|vos)",
            "ce serait sympa de ne plus me contacter", "gardez vos promos", "vous perdez votre temps à m'écrire",
        ),
        de=(
            "(braucht|brauchen|brauchst|musst|mussen|muesst|muessen|brauchts) ({sie}|{me}|{fill}|ihr|es)* (nicht|nix|nichts|net|ned|keine {contents}) (mehr|weiter|langer|nochmal) (zu|zu)? ({inf}|{write}) | (konnen|koennen|konnt|koennt|kannst|durft|darfst) (sie|ihr|du|es)? (sich|euch|dir) ({fill}|eure|ihre|deine|die|das)* ({contents})? (sparen|schenken|schenkn|sonstwohin stecken|in die haare schmieren|an den hut stecken) | (spart|spar|sparen|schenkt|schenk|behaltet|behalten|behalt) (sie|euch|dir|sich|bitte|eure|ihre|deine|die)* {contents}"
            " | (konnen|koennen|konnt|koennt|kannst) (sie|ihr|du) (jetzt|nun|damit|bitte|gerne|gern|also|langsam|auch)* (aufhoren|aufhoeren|einstellen|lassen|bleiben lassen|sein lassen|abstellen) {tail}* $ | (sehen|sehe|seht|sieh|absehen|bitte|nehmen|nehmt) (sie)? (bitte|kunftig|zukunftig)* (von|davon) ({fill}|weiteren|weiterer|jeglichen|jeglicher)* {contents} (ab|abstand|absehen|abzusehen|zu nehmen)",
            "ihr braucht mir nicht mehr zu schreiben", "können Sie sich sparen, behalten Sie Ihre Werbung", "sehen Sie von weiteren Mails ab",
        ),
        pt=(
            "(pode|podem|podes|ja pode|ja podem) (ja|por favor)? (deixar de|parar de|parar com|parar com as|parar as|poupar|guardar) (me|nos|as|os|essas|esses|suas|de|com)* ({inf}|mandar|enviar|escrever|ligar|contactar|{contents}|isso|isto) | (poupe|poupem|guardem|guarda|poupa) (me|as|os|suas|seus|vossas|essas|das)* {contents} | (perdem|perde|perdendo|perca|percam) (o|seu|vosso)* tempo (comigo|a (mandar|escrever|ligar)|me (mandando|ligando)|mandando)"
            " | (ja)? (nao (e preciso|precisa|precisam|ha necessidade|vale a pena|faz sentido)|escusam|escusa|escusam de|dispenso|dispensamos|prefiro que nao|preferia que nao|agradecia que nao|agradeco que nao|agradeceria que nao) (de|que|me|nos|mais|as|os|suas|vossas|essas|continuem|continuar|a)* ({inf}|{write}|{contents}) (mais|{tail}|me|a)* $",
            "já podem parar com as propagandas", "dispenso essas mensagens", "agradecia que não me contactassem, escusam de ligar",
        ),
        it=(
            "(non (serve|occorre|e necessario|ce bisogno|ha senso)|inutile|evitate|evita|eviti|evitare|evitassi|evitaste|potete evitare|preferirei|gradirei|vi sarei grato|vi sarei grata|piacere) (piu|che|di|a|mi|ci|se|non|per favore)* (mandarmi|scrivermi|scriviate|mandiate|contattiate|chiamiate|inviarmi|contattarmi|inviate|continuare|continuiate|telefonarmi|disturbarmi|messaggiarmi|scriverci|mandarci) | (potete|puoi|puo|potreste) (anche|pure|ormai|benissimo|gia|ora)* (smettere|smetterla|piantarla|finirla|fermarvi|risparmiarvi|evitare) (di|i|le|con|vostri|vostre|questi|queste|mandare|scrivere|mandarmi|scrivermi|{contents}|{tail})* $"
            " | (risparmiatevi|risparmiatemi|risparmiami|tenetevi|tieniti) (pure)? (i|le|gli|vostri|vostre|questi|queste)+ {contents} | (perdete|perdi|sprecate) (solo|il vostro|il tuo)* tempo (a|con) (scrivermi|chiamarmi|mandarmi|contattarmi|me)",
            "potete pure smetterla", "risparmiatemi le offerte", "non serve che mi scriviate",
        ),
        nl=(
            "(hoef|hoeft|hoeven|moet|moeten|moogt) (je|u|jullie|ge|{me}|dit|deze|hier|{fill})* (niet|geen {contents}|niks|niets|nooit) (meer|langer) (te)? ({inf}|{texts}|{write}) | (bespaar|spaar|hou|houd) (u|je|jullie|me|mij|ons)? (zich|de|die|jullie|je|uw)* {contents} (maar|voor je|bij je|{tail})* $ | ((je|u|jullie|ge) (kunt|kan|kunnen|mag|mogen)|(kunt|kun|kan|kunnen|mag|mogen|moogt) (je|u|jullie|ge)) (er|nu|dus|wel|gerust|hiermee|ermee|daarmee|rustig)* (mee)? (stoppen|ophouden|kappen|mee ophouden|uitscheiden|mee stoppen) (met|{fill}|{texts}|{inf}|{tail})* $"
            " | (zinloos|nutteloos|tijdverspilling|verspilde moeite) (om|mij|me|te|nog)+ (te)? ({inf}|{write}) | ^ {lead}* (ik|wij)? (heb|wil|zou)? (liever|graag) geen ({fill}|verdere)* (contact|{contents}|telefoontjes) (meer|{tail})* $ | ~ ({lead}|{me})* (gelieve|verzoek|verzoeke|liever|graag) ({me}|ons|u|om|{fill})* (niet|nooit|geen {contents}) (meer|langer|verder|te|nog|{fill})* ({inf}|{write}|contacteren) {tail}* %",
            "jullie hoeven mij niks meer te sturen", "bespaar me die aanbiedingen", "jullie kunnen ermee stoppen",
        ),
    ),
    *in_each_language(
        "the-last-one", "let this be the last one, last warning",
        en=(
            "(let|make|hope|hoping|may|trust|pray|better) (this|that|it|these|todays|to|is|was|god)* (be|is|was) ({your}|the|my|very|absolute)* (last|final) (one|of them|of these|{contents})? (you|u|ye|i (ever)? (get|hear|see|receive|have)|we (get|hear|see|receive)|from|off {you}) | (never|dont ever|not) (want to|wish to|need to|care to|hope to|wanna) (hear|see) (from|of) (you|your) (lot|people|company|shower)? (again|ever|any)",
            "let that be the last one you send", "hope this is the last I hear from you", "never want to hear from you lot again",
        ),
        es=("(que|ojala|espero) (que)? (este|esta|ese|esa|esto|eso|el|la|de hoy)* (sea|fuera|fuese|es) (el|la) (ultimo|ultima) ({contents}|vez que|que (me|nos|mandan|envian|recibo)) | ^ {lead}* (ultimo aviso|ultima advertencia|ultima vez que (les|te|lo|se lo|os)) ({tail}|digo|pido|repito|aviso|lo)* $", "espero que este sea el último recordatorio", "última vez que se lo digo"),
        fr=("(que|espere|esperons) (que)? (ce|cet|cette|celui ci|celui la|ca)* (soit|sera|etait) (bien)? (le|la|votre) (dernier|derniere) ({contents}|fois|que) | ^ {lead}* (dernier avertissement|derniere sommation|dernier rappel avant plainte|derniere fois que (je|on) (vous|te|le)*) (dis|demande|repete|previens|{tail})* $", "que ce soit le dernier rappel", "dernier avertissement"),
        de=("(war|ist|sei|bleibt|soll|moge) (das|dies|hoffentlich|jetzt|nun|bitte|es)* (die|das|eure|ihre|deine|der) (letzte|letzter|letzter) (warnung|{contents}|mal dass) | ^ {lead}* (letzte warnung|letzte aufforderung|letzte mahnung|zum letzten mal|ein letztes mal) {tail}* $", "das war hoffentlich die letzte Werbung", "letzte Warnung"),
        pt=("(que|espero|tomara) (que)? (essa|esta|esse|este|isso)* (seja|foi|e) (a|o) (ultima|ultimo) ({contents}|vez que (me|nos|recebo)|que (me|nos|voces|mandam|recebo)) | ^ {lead}* (ultimo aviso|ultima vez que (eu)? (peco|falo|digo|aviso|vou)) ({tail}|pedir|falar)* $", "espero que este seja o último aviso que me mandam", "última vez que eu peço"),
        it=("(che|spero) (che)? (questo|questa|quello|quella)* (sia|fosse|e) (lultimo|lultima|l ultimo|l ultima) ({contents}|volta che|che (mi|ci|ricevo)) | ^ {lead}* (ultimo avviso|ultimo avvertimento|ultima volta che (ve|te)? (lo)? (dico|chiedo|ripeto)) {tail}* $", "spero che questa sia l'ultima notifica", "ultimo avvertimento"),
        nl=("(laat|hopelijk|hoop|dat) (dit|dat|is|was|het|meteen|dan)* (het|de|jullie) laatste ({contents}|keer dat|wat (ik|jullie)) | ^ {lead}* (laatste waarschuwing|voor de laatste keer) {tail}* $", "hopelijk was dit de laatste aanbieding", "laatste waarschuwing"),
    ),
    *in_each_language(
        "not-this-number", "this number is not for that, its use is refused",
        en=(
            "(my|this) ({heat}|own|work|personal|cell|mobile|phone)* ({number}|{phone}) (is not|isnt|aint|is no longer|not) (for|to be used for|there for|a place for|meant for|your) ({your}|{heat}|any|receiving)* ({contents}|billboard|noticeboard|companies|businesses|strangers) | (off limits|no go) (for|to) ({your}|any)* ({contents}|marketers|companies)"
            " | (not to|never|cant|cannot|may not|mustnt|must not|<not>|no longer) (be)? (ever|again)? (use|using|used|store|keep|hold|share|sell) (my|this|our) ({heat}|cell|mobile|phone|personal)* ({number}) (for|to|in|as|with) (marketing|ads|advertising|promos|promotions|promotional|sales|campaigns|campaigning|spam|solicit)"
            " | (i|we) (formally|hereby|strongly)? object to (the|your|any|being|receiving|further|all|my)+ ({contents}|contacted|texted|processing|use|marketing|data)",
            "my phone is not for adverts", "you may not use my number for marketing", "I object to your marketing",
        ),
        es=("(este|mi|ese) {number} no es para ({contents}|ventas|esto|eso|negocios|que) | (me opongo|prohibo|niego|les prohibo|desautorizo|no consiento|retiro mi) (a|al|que|el|la|de|mi|mis|recibir|sus|toda|cualquier)* (uso|tratamiento|usen|utilicen|{contents}|datos|contacto|contacten|recibir)", "este celular no es para propaganda", "me opongo al uso de mis datos"),
        fr=("(mon|ce) ({number}) (nest|n est|est) pas (fait|la|prevu)? (pour|destine|une) (a|de|la|les|recevoir|vos|des)* ({contents}|boite) | (oppose|moppose|refuse|interdis|nautorise|nautorise|desautorise|proscris|conteste) (vous|pas|plus|a|au|formellement|que|de|d|toute|tout|la|l|le|mes|mon|ce)* (utilisation|lutilisation|exploitation|lexploitation|usage|lusage|utiliser|utilisiez|prospection|demarchage|traitement|conserviez|conservation|{contents}|contact|contacts|donnees)", "mon portable n'est pas fait pour vos pubs", "je m'oppose à l'usage de mon numéro pour la prospection"),
        de=("(meine|diese|dieses|mein) ({number}) (ist|sind) (nicht|kein|keine|ned|net) (fur|fuer|da fur|dafur da|werbeflache|ort) ({contents}|werbung|ihre|eure|solche|werbezwecke)* | (widerspruch|widerspreche|widersprechen|untersage|verbitte|verbiete|verwehre|verweigere) (ich|mir|wir|gegen|hiermit|ihnen|euch|der|die|das|jede|jeder|jeden|jegliche|jeglicher|weitere|weiteren|weiterer|zu|ausdrucklich|solche|{fill})* ({contents}|werbung|nutzung|verarbeitung|datennutzung|speicherung|direktwerbung|werbezwecken|kontakt)", "dieses Handy ist nicht für Werbung", "ich verbitte mir weitere Anrufe"),
        pt=("(este|esse|meu) {line} nao (e|serve) (para|pra) ({contents}|vendas|isso|isto|negocios) | (nao autorizo|ja nao autorizo|proibo|recuso|oponho me|me oponho|desautorizo|nao permito|nao consinto) (mais|o|a|ao|as|vos|que|com|uso|de|meu|do|vosso|{fill})* (uso|utilizacao|tratamento|usem|{contents}|dados|{line}|contato|contacto)", "este número não é para vendas", "não permito o uso do meu contato para campanhas"),
        it=("(questo|il mio) {number} non (e|serve) (per|fatto) (per|la|le|i|vostre|vostri)* ({contents}|vendite|pubblicita|questo) | (mi oppongo|nego|vieto|diffido|vi diffido|non autorizzo|non acconsento|non presto|rifiuto) (formalmente|piu|al|all|a|il|dal|dall|di|allo|ogni|qualsiasi|ulteriori|ulteriore|uso|del|{fill})* (trattamento|uso|utilizzo|consenso|dati|numero|contatto|{contents}|scrivermi|contattarmi|inviarmi|marketing|luso|lutilizzo)", "questo cellulare non è per la pubblicità", "mi oppongo al trattamento dei miei dati"),
        nl=("(dit|mijn) {number} is niet (voor|bedoeld voor|bestemd voor) ({fill}|jullie)* ({contents}|verkoop|reclame) | (maak|maken|teken|dien|tekenen) (ik|wij|hierbij|formeel)* bezwaar (aan|in)? tegen | (verbied|weiger|sta niet toe|geen toestemming) (ik|u|jullie|hierbij|dat|om|voor|het|elk|verder|{fill})* ({contents}|gebruik|nummer|gegevens|contact)", "dit nummer is niet voor reclame", "hierbij maak ik bezwaar tegen het gebruik van mijn nummer"),
    ),
    *in_each_language(
        "spoken-refusal", "do not write, as it is said in dialects and chats",
        en=(
            "(abeg|biko|oya|una|nuh|noh|nor|dey) (no|nor|nuh|make|una|dey|fi|go|de|ever|you|come|gimme|again){0,4} ({write}|{send}|worry|trouble) ({me}|mi|my|any|message|text|dis) | (gonnae|gonny|gonna|wid ye|wud ye|would ye|could ye) (no|nae|not|please no) ({write}|{texting}|{send}|dae that)"
            " | (<not>|quit|stop|never|yous) (you|ye|yous|u|go|ever)* (be|been|keep on|go on|going on|go) {texting} ({me}|mi|my|this|here|at|wi) | (<not>|stop|quit) (ever|you|u)? (hmu|hml|msgin|textin) | ~ ({lead}|{you})* (would|will|could|can) {you} (ever|please|just|all|kindly|mind|not)* (give over|leave off|lay off|pack in|pack up|jack in|knock off|hold off|ease off|quit|cease|desist|stop) ({texting}|{send}|with|at|wi|the|these|this|it|{contents}|bothering|annoying|{me}|{tail}|your)* %"
            " | (lay off|allow it|pack in|jack in|knock off|hold off|ease off|ease up|chill|chillax|calm down|calm it|rein it in|give it a rest|pack it in|knock it off|cut it out|jog on|sling your hook|pipe down) (on|with|wi|wit|w|from)? (all|all the|sending|your|the|these|those|ya|yer|with|{heat}|me|us|texting|ur){1,3} ({contents}|these|them) {tail}* $",
            "abeg make una no dey text me", "dinnae be textin me", "lay off the promos", "would ye ever give over",
        ),
        es=("{no} (me|m|nos) ({write}|{write-now}|hagan|haga|vengan|venga|anden|ande|vuelvas|vuelvan|vuelva|jalen|tiren|den|des|deis|mandeis|escribais|llameis|molesteis|envieis|rayen|rayes|hinchen|hinches|rompas|rompan|calienten|moleste) (a|con|mas|na|nada|ya|la lata|la brasa|la vara|la tabarra|la paliza|las pelotas|los huevos|la cabeza|mensajes|sms|tanto|tanta|estas|esas|pinches|de|eso|esto|sus|tus|los|las){1,5} {tail}* $ | (dejate|dejense|dejaos|dejese|deja|dejen|dejad) (ya)? de (tanto|tanta|mandadera|tonterias|rollos|dar|joder|una|mensajitos|la lata|la tabarra|dar la){1,3} {contents}? | (corten|corta|cortala|cortenla|acabala|acabenla|parale|parenle|bajale|bajenle|afloja|aflojen|terminala|terminenla|cortad|parad) (ya|con|el rollo|a|los|las|sus|tus|el|tanto|tanta|{fill}){1,3} {contents} {tail}* $", "no me den la lata con sus mensajes", "córtenla con los avisos"),
        fr=("(textez|textes|achalez|achale|gossez|tannez|spammez|gavez|soulez|saoulez|bombardez|embetez|emmerdez|bassinez|relancez) (moi|nous|me)? (pu|pus|plus|pas|jamais|avec vos {contents}) | (arretez|arrete|cessez|cesse|stop|finissez) (donc|un peu|la)? (moi)? (avec|de|d|les|vos|tes) (vos|tes|ces|les|tous|toutes|me|m|nous)* ({contents}|tanner|achaler|gosser|gaver|saouler|souler|bassiner|bombarder|inonder|emmerder|embeter|texter|spammer)", "achalez-moi pus", "arrêtez de me gaver"),
        de=("(schreibts|schickts|rufts|ruafts|schreib|schick|schicked|schriibed|schribed|lutet|texted|schreibt|schickt|sendt|ruf|ruft) (ma|mia|mer|mir|mi|mich|uns|me) (bitte|blos|bloss)? (nimma|nimmer|nix|nut|nuet|num|numme|net|ned|koane|kei|nid|nod) | (lassts|losst|lass|lasst|lasts|lond|lahnd|loh|lah) (mi|mich|mia|uns|ma|me) (doch|endlich|bitte)? (in)? (ruah|ruh|ruhe|rueh|friede|frieden|fried|rua) | (hor|hort|hert|horts|herts|horen|hored|hered) (sie|endlich|doch|jetzt|amal|mal|bitte)* auf (mit|mim) ({fill}|eire|eure|ihren|ihrer|euren)* ({contents}|zeug|schmarrn|schmarren|gedons) | (verschon|verschone|verschont|verschonen|verschonts) (sie|bitte)? (mich|mi|uns) (bitte|kunftig)* (mit|vor) | (us|vo|aus|ab|von) (dere|dera|dr|euere|eurer|d|da|de|der) (lischte|listn|datebank|verteiler|kartei) (neh|nah|nemme|striche|streiche|losche|use|nemma|raus|rausnehma|nehma|loschn|abe)", "schreibts ma nimma", "verschont mich mit eurer Reklame", "hörts auf mit dem Schmarrn"),
        pt=("{no} (me|nos) (volte|voltem|voltes|torne|tornem|tornes|venha|venham|fique|fiquem|fica|manda|mande|mandem|enche|encha|torra|torre|atazana|atormente|aporrinha|aporrinhe|perturba|azucrine|azucrina) (a|mais|com|o saco|a paciencia|mandando|enviando|ligando|esse|essas|essa|esses|as|{contents}|{write}|{inf}|nada|nao|n)+ {tail}* $ | (nem|n|num|nao) (me)? (manda|mande|mandem|liga|envia|envie|escreve|chama|vem) (mais|de novo|mais nao|com) | (larga|largue|larguem|para|pare|parem|sossega|sosseguem) (mao|de mao|de ser|com esse|com isso|com essa|de encher|de torrar|de atazanar|de aporrinhar|com as|com os){1,2} (chato|chata|chatos|{contents}|negocio|palhacada|saco)?", "nem me manda mais nada", "não me venham mais com promoções"),
        it=("{no} (mi|ci|me|ce|rompete|rompermi|rompeteme|scassate|stressate|stressatemi|assillate|tediate|bombardate) (mannate|manna|scassate|rompete|scocciate|stressate|tediate|assillate|bombardate|inviate|mandate|scrivete|chiamate|cercate|stressare|tormentate) (piu|cchiu|chiu|niente|nulla|mai|con|i|le|vostri|vostre|{contents}|{tail}|a|cazzo|palle)* $ | (dacci|dateci|diamoci|datevi) un taglio (con|ai|alle)? ({fill}|{contents})* {tail}* $ | (fermatevi|fermati|piantatela|piantala|finitela|finiscila|smettetela|smettila|chiudetela) (subito|un po|una buona volta)? (con|coi|colle) (sti|ste|questi|queste|i|le|gli|tutti|tutte|{fill})* {contents}", "nun ce scrivete cchiù", "dateci un taglio con le offerte", "finitela con ste promo"),
        nl=("(stuur|stuurt|app|appt|bel|belt|schrijf|schrijft|mail|mailt|zend|zendt) (mij|me|ons|mie|mi|mich|mn|m) (asjeblieft|aub|gewoon|maar|toch|a u b)* (nie|niet|niks|nix|nooit|nimmer|geen|gene|nikske|niets) (meer|mieer|mer|mir|nie|ni) | (laat|loat|lot|leat) (mij|me|mie|mich|ons) (toch|nu|asjeblieft|eens|nou)* (gerust|gewoon met rust|me rust|mee rust|met vrede) | (kap|kappen|stop|schei|schee|hou|houd|ophouden|kapt|stopt|dimmen|effe dimmen) (nou|nu|toch|is|eens|even|es|ff|uit|op)* (ermee|met|mee|uit met) ({fill}|die|dat|al|jullie|da|dieje)* ({contents}|gezeik|gezeur|gedoe|gespam|gestuur|gestalk|onzin|zooi)", "stuur mij nikske nie meer", "kap nou met die folders"),
    ),
)  # fmt: skip
