"""French requests: words by class and the patterns over these (grammar.py). Accents and apostrophes are off."""

from __future__ import annotations

from processors.opt_out.rules import Unless
from processors.opt_out.words.language import POLICY, forms, rules_of

_ER = (
    forms(
        "contact appel appell envoi envoy derang harcel spamm recontact rappel rappell relanc sollicit texot embet "
        "emmerd demarch mail bombard telephon",
        "ez e er es ons",
    )
    + " ecris ecrivez ecrire ecrit ecrives ecrivaient ecrive recrivez reecrivez transmettez transmettre joindre joignez"
)

LEXICON = {
    "kw": (
        "arret arrets arreter arretez arrete arretes desabonner desabonnez desabonne desabonnement "
        "desinscrire desinscription desinscrivez desinscris supprimer supprimez supprime annuler "
        "cesser cessez cesse unsubscribe stope stoppez stoppe basta suffit resilier resiliation resiliez "
        "opposition radier radiez desabo terminer terminez "
        "desabonnez-moi stopp"
    ),
    "ne": "ne n pas plus jamais",
    "plus": "plus pas jamais rien aucun aucune point davantage",
    "write": _ER
    + " "
    + forms(
        "m",
        "ecris ecrivez ecrire ecrit envoyez envoie envoyer appelez appelle appeler importunez harcelez embetez ecrivez ennuyez derangez",
    ),
    "texts": (
        "sms messages texto textos msg msgs appels dappels dappel pub pubs publicite publicites mails "
        "courriel courriels notification notifications newsletter newsletters demarchage spam spams sollicitations "
        "sollicitation relance relances prospection communications offres promos "
        "alertes alerte mms infos"
    ),
    "me": "moi me m nous mon mes notre",
    "number": "numero num tel telephone portable contact coordonnees nom donnees numeros mobile infos",
    "list": (
        "liste listes fichier fichiers base bases repertoire contacts newsletter mailing diffusion registre systeme "
        "carnet donnees envoi envois service abonnement inscription compte"
    ),
    "remove": (
        forms("supprim retir enlev effac ray desabonn desinscri sort elimin radi oubli", "ez e er s vez re")
        + " desinscrivez desinscrire desinscris sortez sors sortir otez ote oter oublie oubliez desabonnez desabonner perdez "
        "annulez supprimez supprime rayez raye radiez enlevez enleve retirez retire effacez efface virez vire virer exclure"
    ),
    "stop": (
        "arretez arreter arrete arretes cessez cesser cesse stoppez stopper darreter darret finissez fini evitez "
        "eviter priere arretes-moi"
    ),
    "lead": (
        "merci s te plait svp stp bonjour bonsoir salut non oui ok interesse interessee "
        "interesses veuillez voulez pouvez pourriez peux pourrais prier prie priere et donc alors deja "
        "spam pour la derniere fois bon la mec monsieur madame desole desolee encore une bordel putain merde "
        "ras le bol marre stop maintenant immediatement "
        "demandons exige dis d a bien vouloir pardon connards connard bande oh he ho ben allez tout nan faux "
        "numero mauvais plus jamais hello toujours jai dit desabonnement cordialement"
    ),
    "tail": (
        "merci svp stp s il vous te plait maintenant immediatement tout de suite deja ca cela cordialement et nous "
        "messages sms ces vos tout bonne journee soiree tous au revoir d avance beaucoup envoye mon iphone depuis "
        "bordel putain merde connards connard bande ok maintenant fois toutes publicite pub appels aux textos "
        "monsieur madame enfin jamais stop arret spam une bonne pour urgent"
    ),
    "fill": (
        "svp stp merci s il vous te plait immediatement maintenant le la les ce ces cette de des du d votre vos ta ton tes "
        "mon ma mes a au aux en tout tous toutes toute vraiment encore plus jamais sur par sans arret deja l autre autres "
        "moi nous bien que vouloir etre deux"
    ),
    "want": "veux souhaite voudrais desire souhaitons voulons veut veulent souhaiterais souhaites accepte aimerais",
    "when": "avant apres demain ce aujourdhui pendant quand si tant jusqua lundi mardi mercredi jeudi vendredi encore tard tot ",
    "apart": "jarrete jarretais jarreterai larret sarrete sarreter narrete narretez narreter tarrete larrete quarrete lannulation jannule jenvoie jappelle jecris",
    "wrong": "mauvais mauvaise faux fausse trompe trompez trompes tromper erreur trompee errone",
    "name": "",
}

_rule = rules_of(
    "fr",
    {
        "<lead>": "({lead}|(je ne|je|ne|suis)* pas interesse|(je ne|je|ne|suis)* pas interessee|pas interesses|cest du spam|c est du spam|merci de|"
        "je (vous)? (demande|souhaite|voudrais|veux|prie) (de|d)?|(vous)? (pouvez|pourriez) vous|peux tu|il faut|faut)",
    },
)

RULES = (
    _rule(
        "keyword-clause", "un mot-clé seul dans sa phrase", "^ <lead>* {kw} {tail}* $", "C'est du spam. Arrêtez", "cessez svp", "désinscription",
        "Pas intéressée, stop",
    ),
    _rule(
        "dont-write", "ne m'écrivez plus, ne me recontactez pas",
        "(ne|n|plus|jamais)? (me|m|nous|plus|pas|jamais|de|surtout|svp|merci|veuillez|pas)* {write} (moi|nous|a nouveau)? (plus|jamais|rien|aucun|aucune)"
        "| (ne|n) (plus|jamais) (me|m|nous|jamais)? {write} | (ne|n) pas (me|m|nous) {write} | (ne|n) (me|m|nous) {write} (pas|plus|jamais|rien|{texts}|de) | (ne|n) (mappelez|mecrivez|menvoyez|mappelle|mecris|menvoie) (pas|plus|rien) | (ne|n) (plus|jamais|pas) (etre|jamais)* (contacte|contactee|appele|appelee|derange|derangee|sollicite|sollicitee|importune|demarche|harcele)"
        " | (plus|pas) (la peine|besoin|m|me|de|jamais)* (m|me)? (contacter|recontacter|ecrire|appeler|rappeler|deranger|envoyer|mecrire|mappeler|menvoyer|mecrivez|mappelez|menvoyez)",
        "ne m'appelez plus jamais", "merci de ne plus me recontacter", "m'envoyez plus de textos",
    ),
    _rule(
        "stop-doing", "arrêtez de m'écrire, cessez vos messages",
        "{stop} (donc|svp|s il vous plait|immediatement|tout de suite)* (de|d|avec|ces|vos|les|tes|a|aux|cette|votre|tout|le|la|toute) (me|m|nous|tous|toute|ces|vos|les|tes|tout|le|la)* ({write}|{texts}|harcelement|spammer|relancer|prospection|communication)"
        " | {stop} ({write}|{texts}) | (aimerais|voudrais|souhaite|veux|faut|voudrait) que (ces|vos|les|tous|tout|ca|cela)* ({texts}|messages|message|ca|cela)? (cesse|cessent|sarrete|sarretent|s arrete|s arretent|arretent) | (merci|svp|veuillez|priere) (de|d|bien|vouloir|en){0,3} (arreter|cesser|stopper|darreter)",
        "j'aimerais que vos sms cessent", "cessez vos appels", "arrête de m'envoyer des sms", "merci de stopper les messages", "stop aux textos",
    ),
    _rule(
        "no-more", "plus de messages, plus d'appels, aucun message",
        "^ <lead>* (plus|aucun|pas|zero|assez) (de|d|jamais|aucun|ces|vos|des)* {texts} {tail}* $ | plus (jamais|aucun|de|d|un seul)+ {texts} (svp|merci|s il|de votre part|de vous|$) | ~ {lead}* (ne)? plus recevoir (de|vos|ces|rien|cela|ca|{texts}|{tail})* % | ~ {lead}* (ca suffit|suffit|assez|stop ca|y en a marre|yen a marre|plus jamais) {tail}* % | (ca suffit|assez) (de|ces|vos|les|avec)+ {texts} | (marre|assez|ras le bol) (de|d|des) (ces|vos|tous|toutes|recevoir|{fill})* {texts}",
        "plus d'appels merci", "ça suffit les sms", "plus jamais",
    ),
    _rule(
        "remove", "retirez-moi, désabonnez-moi, supprimez mon numéro",
        "^ <lead>* (supprimez|supprime|retirez|retire|enlevez|enleve|desabonnez|desabonne|desinscrivez|desinscris|effacez|efface|rayez|raye|radiez|desinscrire) (moi|nous) {tail}* $ | {remove} (moi|nous) {fill}* (de|des|du) {fill}* {list} | {remove} ({fill})* {number} | (me|m|nous) {remove} {fill}* (de|des|du) {fill}* {list} "
        "| {remove} ({fill}|{number}|moi|nous)* (de|des|du|a|d) ({fill})* {list} | (plus|pas) (faire partie|etre sur|figurer|etre dans|apparaitre) {fill}* {list} | (etre|soit|sois) (retire|retiree|supprime|supprimee|desabonne|desabonnee|desinscrit|desinscrite|enleve|raye|radie)"
        " | (me|m) (desabonner|desinscrire|retirer|desabonne|desinscris|desabonnez|desinscrivez|supprimer|enlever|oppose|opposer) | (desabonnez|desabonne|desinscrivez|retirez|supprimez|enlevez|rayez) moi | (mettez|ajoutez|inscrivez|mets) (moi|mon numero|{fill})* (liste noire|liste rouge|bloctel|liste d opposition|opposition)"
        " | (annuler|resilier|annulez|resiliez|arreter|arretez) (mon|l|cet|cette|ma|{fill})* (abonnement|inscription|labonnement|linscription|service)",
        "retirez-moi svp", "enlevez mon nom de votre fichier", "je veux me désabonner", "supprime mon numéro",
    ),
    _rule(
        "dont-want", "je ne souhaite plus recevoir, ne plus être contacté",
        "(ne|n)? {want} (ne)? (plus|pas|rien|jamais)+ (rien|plus|pas|jamais|de|d|recevoir|etre|avoir|entendre|que|{fill})* (recevoir|contacte|contactee|contactes|{texts}|sollicite|sollicitee|derange|derangee|appele|appelee|harcele|entendre parler|de vos nouvelles)"
        " | (jamais|pas) (donne|autorise|consenti|accepte|demande) (mon|l|mes|ma|a|son)? (accord|autorisation|consentement|numero|recevoir|etre|permission|vos|ces) | ^ {lead}* (je|jai|j ai) (nai|n ai)? rien demande {tail}* $ | (jai|j ai|vous ai|deja) (demande|dit) d (arreter|cesser) | (jai|vous ai) (demande|dit) darreter | rien recevoir | (retire|revoque) mon consentement | (jamais|pas) (inscrit|inscrite|abonne|abonnee) | dernier (message|sms|appel|texto)",
        "je ne veux plus rien recevoir", "je souhaite ne plus être sollicitée", "je n'ai jamais donné mon accord",
    ),
    _rule(
        "leave-alone", "laissez-moi tranquille, lâchez-moi, foutez-moi la paix",
        "(laissez|laisse|fichez|fiche|foutez|fous|lachez|lache|laisser|lacher|foutre|foute) ({lead}|moi|nous|{me}|donc|un peu)* (tranquille|tranquilles|paix|la paix|la grappe|les baskets|en paix)"
        " | ~ {lead}* (lachez|lache) (moi|nous) {tail}* % | ~ {lead}* oubliez moi {tail}* % | (oubliez|oublie|ignorez) mon numero | (degagez|sortez|sors|dehors) de (mes|mon) (messages|telephone|portable)",
        "lâche-moi", "foutez-nous la paix", "laisse-moi en paix",
    ),
    _rule(
        "ignored", "j'ai déjà répondu stop trois fois",
        "(jai|j ai|ai|que je|je vous|vous ai|deja|on a) (deja|bien|vous|pourtant|ai)* (envoye|dit|ecrit|repondu|mis|tape|demande|reponds|ecris|envoie|dis|met|mets) (deja|le mot|le|a|{digits}|deux|trois|plusieurs|fois|un)* (stop|arret|desinscription)",
        "j'ai répondu stop deux fois", "trois fois que je dis stop", since=3,
    ),
    _rule(
        "be-gone", "se désabonner, cessez vos envois, ne plus recevoir, lâchez l'affaire",
        "~ {lead}* (se|me)? (desabonner|desinscrire|desabonne|desabonnee) {tail}* % | ~ {lead}* (annulez|fin|quitter|quittez|terminer|sortir|stop fin) {tail}* % | {stop} (tout|toute|vos|ces|les|tes|tous|d|de|ce|cette|le|la)* (envois|envoi|relances|contacts|harcelements|demarches|cirque|conneries|courriers) | (lachez|lache|laissez|laisse) (moi)? (laffaire|l affaire|tomber svp|tomber merci) | (ne|n)? plus (jamais)? (recevoir|avoir) (de|d|vos|ces|rien|aucun|les|ce type de|ce genre de|des)* ({texts}|message) | (possible|peut on|comment|moyen|voudrais|souhaiterais) (d|de|faire pour|puis je|est ce)* (arreter|stopper|ne plus|me desabonner|desabonner|desinscrire)",
        "se désinscrire", "annulez", "cessez ces envois", "lâchez l'affaire", "est-il possible de ne plus avoir vos messages", since=3,
    ),
    _rule(
        "no-need", "plus besoin de vos messages, inutile de me recontacter, ce n'est plus son numéro",
        "(plus|pas) besoin (de|d) (recevoir|vos|ces|tes|etre contacte|etre contactee|{texts}|{fill})* ({texts}|recevoir|contacte|contactee) | inutile (de|d) (me|m|nous)? (recontacter|contacter|ecrire|rappeler|appeler|envoyer|relancer|mecrire|mappeler|menvoyer|insister) | ~ {lead}* (aucun|aucune|pas|plus|zero) (d|de)? ({texts}|message|appel|mail|dappel) (ni|et|ou) (d|de)? ({texts}|message|appel|mail|dappel) {tail}* % | ~ {lead}* (aucun|pas de|zero) ({texts}|message) {tail}* % | ~ {lead}* (il)? (faut|faudrait) (arreter|cesser|stopper) (la|ca|maintenant|tout|{tail})* % | (ce|c|ca) (n est|nest|est|n) (pas|plus) (mon|son|le bon|ton|celui de) (numero|num|tel|telephone|{name}) "
        "| (jai|j ai|ai|avais|deja) (deja|bien)* demande (d|de|a) (arreter|etre (retire|retiree|supprime|enleve)|cesser|stopper|ne plus) | (jai|j ai|ai|deja) (deja|bien)* demande darreter | fois que je (vous)? (le)? (demande|dis|repete|signale) {tail}* $ | (jamais|pas) demande (ca|cela|a recevoir|vos {texts}|ces {texts}) | (j|jappelle|jappele|vais|je) (appelle|appeler|contacter|contacte|previens|prevenir)? (la) (police|gendarmerie) {tail}* $",
        "plus besoin de vos textos", "inutile de me rappeler", "aucun message merci", "ce n'est plus son numéro", "j'ai déjà demandé d'arrêter", "deuxième fois que je le demande", since=3,
    ),
    _rule(
        "asks-how", "comment se désabonner",
        "~ {lead}* comment (je|peux|puis|peut|on|faire|pour|fait|doit|dois|se|me|est ce que)* (desabonner|desinscrire|desabonne|desinscrit|desabonnes) (de|d|a|ces|cette|vos|votre|{texts}|{list})* {tail}* %",
        "comment se désabonner", "comment faire pour se désinscrire de vos messages", since=4,
    ),
    _rule(
        "times-asked", "trois fois que je vous demande d'arrêter",
        "fois que (je|j) (vous|te)? (le)? (demande|dis|repete|ecris) (d|de)? (arreter|darreter|cesser|stop|stopper|me retirer|ne plus)",
        "trois fois que je vous demande d'arrêter", since=4,
    ),
)  # fmt: skip

POLICY_RULES = (
    _rule(
        "wrong-person", "mauvais numéro, vous vous trompez, ce n'est pas moi",
        "{wrong} (de)? (numero|personne|num|tel|contact|destinataire|interlocuteur|telephone) | (vous|te|t|tu|se|s|m|avez|etes|es) (vous|etes|es|avez|fait|du|une|d|t|de)* (trompez|trompes|trompe|erreur|tromper|trompee) | ^ {lead}* (je ne suis|je suis|suis|cest|c est|ce n est|ce nest) pas (moi|{name}|cette personne|la bonne personne|le bon numero|monsieur|madame|mr|mme)"
        " | vous faites erreur | vous avez fait erreur | pas le (bon numero|bon destinataire) | pas la bonne personne | (connais|connait) pas (de|d)? ({name}|cette personne|cet|personne) | (il|elle) est (decede|decedee)",
        "mauvaise personne", "vous faites erreur, mauvais destinataire", "je ne suis pas Camille", source=POLICY,
    ),
    _rule(
        "go-away", "je vous bloque, je vais porter plainte, dégagez",
        "(je|j|vais|on|vous|te|t|es|etes) (vais|vous|te|t|ai|le|les|je|bloque|suis|numero|ce){0,4} (bloque|bloquer|bloquee|bloques|signale|signaler|signales|denonce|denoncer|denonces|spammes) | ^ {lead}* (harcelement|bloque|bloquer|bloquee|signale|signalement|spam|spams|arnaqueur|arnaqueurs) {tail}* $ | ^ {lead}* (degage|degagez|casse toi|cassez vous|barre toi|fous le camp|foutez le camp|va te faire|allez vous faire|ta gueule|vos gueules|nique|ntm|fdp|va chier|allez chier) "
        " | (porter|porte|depose|deposer) plainte | (cnil|signal spam|33700|bloctel) | (cest|c est|est|du|de) (du|de|un)? (harcelement|spam|illegal) | mon avocat | poursuites (judiciaires)?",
        "je vais vous signaler", "bloqué", "c'est du harcèlement", source=POLICY,
    ),
)  # fmt: skip

UNLESS = (
    Unless(
        "d.fr.only-sometimes", "not now, not then: a time follows", ("c.fr.dont-write",), "D", after="{when}", since=2,
    ),
    Unless(
        "d.fr.another-channel", "wants a text rather than a call", ("c.fr.dont-write", "c.fr.no-more"), "D",
        anywhere="(mappelez|mappelle|mappeler|dappel|dappels|appelez|appelle|appeler|appel|appels|telephonez) (pas|svp|merci|au travail){0,2} ; (mais|que|juste|seulement|plutot|merci de|des|un|par|le)* (envoyez|envoie|ecrivez|ecris|texto|textos|sms|message|messages|mail) (un|des|moi|par|texto|textos|sms|message|messages|plutot|seulement|{tail})* $",
        since=4,
    ),
    Unless(
        "d.fr.not-stop", "n'arrêtez pas: they are to go on", ("c.fr.dont-write", "c.fr.stop-doing"), "D",
        anywhere="(narretez|narrete|n arretez|n arrete|ne cessez|ne cesse|narreter) (surtout|jamais)? pas? (de|d)", since=4,
    ),
    Unless(
        "d.fr.other-number", "not there but here", ("c.fr.dont-write",), "D",
        after="(sur|a|au) (mon|le|l|la|cet)* (ancien|ancienne|lancien|autre|lautre|vieux) (numero|telephone|adresse|mail|ligne)", since=4,
    ),
)  # fmt: skip
