"""French words of closed texts, by class (words/closed_texts.py says what each class is)."""

from __future__ import annotations

from processors.opt_out.words.closed import ClosedWords
from processors.opt_out.words.language import forms

_WITH_SLIPS = {
    "not": "jamais",
    "none": "aucun aucune",
    "write": (
        forms(
            "contact recontact sollicit derang relanc harcel embet importun ennuy rappel appel envoy renvoy achal spamm",
            "er ez e es",
        )
        + " appeler appelez appelle rappelle ecrire ecrivez ecris ecrit reecrire reecrivez recrire envoie renvoie texter textez "
        "adresser adressez demarcher demarchez insister insistez joindre communiquer mecrire mecrivez menvoyer "
        "menvoyez "
        "mappeler mappelez mappelle mecontacter mennuyer memmerder minviter mavertir mimportuner madresser"
    ),
    "texts": (
        "messages message messagerie appels publicite publicites textos notifications promotions courriels "
        "sollicitations "
        "communications relances demarchage rappels newsletters spams"
    ),
    "stop": "arretez arreter arrete cessez cesser cesse arreterez stopper stoppez finissez terminez",
    "remove": (
        forms("supprim enlev retir effac desabonn desinscri ray radi bann", "er ez e")
        + " desinscrire desinscrivez desinscris desabonnez desabonner sortez virez virer oter otez rayez rayer"
    ),
    "thing": (
        "numero liste listes telephone portable coordonnees fichier fichiers contacts donnees repertoire cellulaire"
    ),
}

_WITHOUT_SLIPS = {
    "got": "recu recus ai jai eu avons y",
    "not": "pas plus pu ni",
    "none": "zero fini finis assez marre stop plus",
    "more": "plus encore nouveau davantage jamais",
    "write": (
        "texte ecrive ecriviez contactiez envoyiez appeliez dire parler parlez recevoir soler souler saouler "
        "emmerder "
        "emmerdez emmerde gosser achaler niaiser text textos sms mails mtexter menvoyer contactee contactes "
        "recontactee sollicitee derangee appelee appele importune inviter ecrivais ecrivent contactent"
    ),
    "texts": (
        "sms texto txt txto mms mail mails email emails courriel pub pubs spam spams promo promos offres offre msg "
        "msgs appel "
        "alertes alerte whatsapp conneries merdes salades bip rappel textes texte infolettre infolettres envois "
        "envoi appel offres invitations actualites infos"
    ),
    "these": "ces cette ce ca ceci cela rien les",
    "stop": "arrete arret stop fini arretes cesses stoppes lachez lache halte mettre cessiez arretiez",
    "remove": (
        "desabonnement desinscription suppression retrait raye enleve sors vire otez decalisse rayer enlever "
        "menlever menlevez mefface meffacer meffacez msupprimer mesupprimer mefacer retirer mretirer mretirez radier desactiver "
        "desactivez disparaitre sortir sortez"
    ),
    "lose": "oubliez oublie perdez perds jetez jette bloquez decalissez crissez sacrez brulez",
    "thing": "num nr no tel cell cel gsm base nom info infos contact compte bdd banque",
    "my": "mon ma mes le la ce notre nos votre vos cette de",
    "me": "me moi m nous",
    "self": "je j jai on",
    "want": (
        "veux jveux jveu voulons veut souhaite souhaitons desire desirons besoin voudrais aimerais prefere interesse interessent"
    ),
    "get": "recevoir recois recu avoir voir entendre lire etre",
    "you": "vous tu te toi",
    "limit": "maintenant aujourdhui tantot",
    "instead": "plutot seulement juste uniquement mais",
    "refusal": (
        "interesse interessee interet vendre vends vendu vendue vente maison voiture auto emploi travail "
        "appartement terrain "
        "trompez trompe erreur personne client cliente besoin suis est ai deja nai trouve achete inutile"
    ),
    "fill": (
        "svp stp sil s il vous te plait merci bien beaucoup bonjour bonsoir salut allo hello madame monsieur mme mr "
        "messieurs "
        "cordialement bonne journee soiree oui non ok alors donc bon la le les l un une des du de d a au aux en sur "
        "par pour "
        "dans avec sans ce ces cette cet c est et ou ni que qu qui y ne n me m moi nous se tout tous toute toutes "
        "votre vos mon ma mes notre nos leur tes ton ta prie demande veuillez voulez pouvez pourriez pouvoir "
        "vouloir faut "
        "faudrait dois devez immediatement tout suite desormais dorenavant definitivement maintenant fois derniere "
        "dernier "
        "encore deja dit repete ai jai je vraiment absolument putain merde foutu foutus maudit maudite maudits "
        "calisse "
        "tabarnak crisse criss esti ostie bordel chiant chiante saoulant agacant je j quelconque aucunement cela ca "
        "comme "
        "ici meme part vers mes jamais plus pas rien autre autres futur futurs genre compris hein la lors faire "
        "etre soit "
        "cher chere excusez desole desolee pardon pls please bref enfin voila gentiment gars gens personnel "
        "commercial "
        "commerciaux commerciale publicitaires indesirables intempestifs en lai je peine inutile rien fatigue bol "
        "ras comme ai"
    ),
    "channel": "appelez appelle ecrivez telephonez",
    "aux": "ne n me t te lui leur vous",
    "stopit": "cesser cessez arreter",
    "report": "signale signalee signales signalons bloque bloquee bloques bloquons",
    "spam": "spam spams arnaque indesirable pourriel",
    "again": "jamais",
    "courtesy": "svp stp merci de votre part",
    "tired": "marre assez bol saoule fatigue",
    "disturb": "deranger embeter ennuyer importuner",
    "yet": "encore toujours",
}

_KEY = "desabonnement desinscription desabonner desinscrire"

_EXAMPLES = {
    "forbids": ("svp ne jamais nous rappeler", "Merci de ne plus nous relancer"),
    "refuses": ("aucune promo svp merci", "on ne veut pas de vos relances"),
    "stops": ("cessez donc ces envois et ces appels", "les textos il faut arreter maintenant"),
    "removes": ("effacez mes coordonnées svp", "Oubliez notre numéro définitivement"),
    "key": ("je demande la désinscription merci", "Désabonnement immédiatement svp"),
    "reports": ("signalé comme arnaque", "je vous ai bloqué"),
}

_TURNS = "(ai|nai|jai|avez|avons|as|a|ont) (pas|jamais|plus|rien) {gap}{0,2} {write}"

WORDS = ClosedWords(_WITH_SLIPS, _WITHOUT_SLIPS, _KEY, _EXAMPLES, _TURNS)
