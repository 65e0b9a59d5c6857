"""Words that rule set 5 adds: to classes that a language has, and in classes of its own.

| class | what it holds |
|---|---|
| `list`, `texts`, `no`, `lead`, `tail`, ... | more words of the classes that the language files have |
| `contents` | what senders send: messages, and what is in them |
| `others` | people who are not the reader: children, the dead, who had the number before |
| `places` | what a number may belong to |
| `office` | who hears complaints about messages |
| `kin` | family, friends, colleagues: who is told to stop by the writer |
| `asks` | how a question goes on: what stands behind it is no refusal |

None of them is looked at for slips: of so many words every other one is near.
"""

from __future__ import annotations

ADDED: dict[str, dict[str, str]] = {
    "en": {
        "list": (
            "mailout mailouts rolls roll blasts pool bulletin bulletins feed feeds broadcast broadcasts circulation "
            "outreach phonebook addressbook subscribers recipients mailshot mailshots circular circulars loop "
            "spreadsheet rotation"
        ),
        "texts": "texties messges mssgs txties notifs pings buzzes",
        "not": "dinnae dinna nuh doan dontcha",
        "lead": "mate ta abeg bruv oi cheers folks lads ladies luv pal fam yous buddy aye och ah ye right innit tbh",
        "tail": (
            "mate ta bruv fr pal luv lads ye yeah innit tbh autocorrect autocorrected typo ty lah folks fam yous "
            "bloody lady jog cheerio ciao adios"
        ),
        "number": "mob cel celly digits deets",
        "you": "yous youse ye yis una",
        "contents": (
            "texts txts txt message messages msgs sms mms spam calls emails notifications notification alerts "
            "alert notifs pings promos promo promotions promotion offers offer deals ads adverts advert advertising vouchers "
            "voucher coupons coupon discounts surveys survey polls reminders reminder newsletters newsletter updates "
            "update blasts solicitations mailings mailouts marketing junk bumf flyers leaflets campaigning "
            "canvassing invites invitations jobs vacancies listings requests msgs texties sales pitches fundraising "
            "donations nonsense crap shite rubbish garbage bollocks tat drivel propaganda shit"
        ),
        "others": "kid kids son sons daughter daughters child childs minor nephew niece grandson granddaughter toddler teenager boy girl",
        "dead": "died dead passed deceased dies",
        "places": (
            "ward hospital hospice school office police church library business company pharmacy pizzeria restaurant "
            "landline reception station hotel clinic surgery nursery garage bakery cafe takeaway salon fax warehouse "
            "switchboard embassy court prison shelter"
        ),
        "office": (
            "ico ofcom ftc fcc acma crtc tps bbb trai 7726 regulator ombudsman commissioner dpc pecr tcpa gdpr attorney "
            "accc asa"
        ),
        "asks": (
            "how can could do does did is are where what when which should would may but yet whats hows wheres just though "
            "although however"
        ),
    },
    "es": {
        "kw": "desapuntame desapuntenme desapunteme desapuntarme borradme quitadme sacadme eliminadme desapuntadme desuscribidme bajenme bajeme olvidame olvidenme olvideme desactivenme bloqueenme",
        "want": "kiero kero qiero quero",
        "kin": "hermano hermana amigo amiga primo prima novio novia marido esposo esposa hijo hija jefe jefa vecino vecina papa mama mi cunado suegra companero companera",
        "places": "hospital escuela oficina negocio clinica iglesia comisaria colegio urgencias taller empresa restaurante residencia asilo ayuntamiento hotel farmacia",
        "list": "directorios bbdd fichero ficheros padron nomina cartera listin reparto difusion envios canal",
        "texts": "recordatorios recordatorio campanas campana publi mensajitos mensajeria folletos cupones rebajas vacantes txts",
        "no": "nop nel na tampoco",
        "lead": "che tronco tio tia bro wey guey oigan veci parce mano ey eh venga anda jefe doctora licenciada caballero amable ustedes",
        "tail": "anda che porfis plis pliss tio tia bro wey guey venga vale eh ok ustedes amable bendicion gente",
        "number": "cel celu movil nro fono numerito cell",
        "contents": (
            "mensaje mensajes mensajitos texto textos sms llamada llamadas publicidad publi promo promos promociones "
            "promocion correo correos notificacion notificaciones anuncio anuncios oferta ofertas propaganda spam "
            "whatsapp whatsapps msj msjs msg msgs aviso avisos alerta alertas encuesta encuestas recordatorio "
            "recordatorios cupones folletos boletin boletines vacantes mensages mensaxes invitaciones txts campanas "
            "comunicaciones comunicados novedades rollos"
        ),
        "others": (
            "nino nina hijo hija menor hijos nieto nieta sobrino sobrina bebe chamaco chamaca peque crio cria anciana "
            "anciano"
        ),
        "dead": "murio fallecio fallecida fallecido muerto muerta fallecieron murieron",
        "office": "aepd profeco condusef robinson rgpd lopd ley indecopi sernac policia juzgado fiscalia consumo repep",
        "asks": "como cual cuando donde pero puedo pueden que cuanto hay",
    },
    "fr": {
        "write": "textez texter smsez achalez achale gossez gosse tannez tanne bombardez soulez saoulez gavez inondez spammez mailez importunez",
        "kin": "frere soeur ami amie copain copine pote mari femme fils fille mere pere collegue voisin voisine cousin cousine chef patron",
        "places": "hopital lhopital ecole lecole mairie gendarmerie pompiers urgences cabinet entreprise lentreprise garage standard pharmacie restaurant hotel creche maternelle college lycee ehpad",
        "list": "mailings registres annuaire clientele prospects destinataires envois listing listings campagnes crm",
        "texts": "rappel rappels sollicitation envoi envois bons reclames reclame prospectus enquetes sondages demarchages",
        "plus": "pu pus",
        "lead": "wesh oh bah gars frere bro mdr dis dites voila franchement serieux gentil",
        "tail": "wesh bro frere ok hein voila mdr les gars svpp quoi la",
        "number": "06 07 tel fixe numeros mobile",
        "contents": (
            "message messages sms texto textos msg msgs mms pub pubs publicite publicites appel appels dappel dappels "
            "mail mails courriel courriels notification notifications newsletter newsletters demarchage spam spams "
            "sollicitation sollicitations relance relances prospection offre offres promo promos promotions alerte "
            "alertes rappel rappels enquete enquetes sondage sondages reclame reclames envoi envois doffres dalertes "
            "denvois denquetes"
        ),
        "others": "enfant gamin gamine fils fille mineur mineure bebe petit petite ado neveu niece",
        "dead": "decede decedee mort morte deces",
        "office": "cnil bloctel rgpd dgccrf 33700 signalconso plainte arcep crtc gendarmerie",
        "asks": "comment ou quand mais combien puis peut est quel quelle",
    },
    "de": {
        "kw": "austragt loescht abmeldn deabo",
        "kin": "bruder schwester freund freundin mann frau sohn tochter mutter vater kollege kollegin nachbar nachbarin chef cousin kumpel oma opa",
        "places": "krankenhaus schule buro praxis firma notaufnahme kita kindergarten pfarramt polizei feuerwehr werkstatt kanzlei altenheim pflegeheim apotheke gasthaus hotel rathaus",
        "list": "mailverteiler rundsms adressliste interessentenliste kundenkartei werbeverteiler empfangerliste aussendung",
        "texts": "erinnerung erinnerungen rundmails werbungen gutscheine umfragen textchen nachrichtn smsen",
        "no": "net ned nimma nimmer nix nid nod nit nich nichtmehr nischt",
        "nomore": "mehr meh mea",
        "lead": "alter digga bro leute so servus moin na gell freundlicherweise gern gerne herrgott mensch hoi gruezi",
        "tail": "alter digga bro leute servus moin gell punkt jo tschuss gerne herrgott mensch merci",
        "number": "natel handynr telnr kontaktdaten mobilnr",
        "me": "mi mia ma mer",
        "contents": (
            "nachricht nachrichten sms whatsapp whatsapps werbung werbenachrichten anruf anrufe mail mails emails "
            "newsletter angebote angebot angeboten anrufen erinnerungsmails benachrichtigung benachrichtigungen erinnerung erinnerungen spam infos info "
            "werbesms werbeanrufe mitteilung mitteilungen jobangebote stellenangebote umfragen umfrage gutscheine "
            "gutschein prospekte reklame kontaktaufnahme kontaktaufnahmen zeug mist quatsch kram schrott mull"
        ),
        "others": "kind kindes sohn sohnes tochter enkel enkelin minderjahrig minderjahrige bub madchen neffe nichte",
        "dead": "verstorben gestorben tot verschieden",
        "office": (
            "bundesnetzagentur verbraucherzentrale datenschutzbeauftragten datenschutzbehorde dsgvo anzeige strafanzeige "
            "beschwerde netzagentur rtr edob wettbewerbszentrale"
        ),
        "asks": "wie wann wo aber kann konnen was welche ist sind gibt",
    },
    "pt": {
        "line": "numero contato telefone celular nome dados contacto numeros tel cadastro zap fone registo telemovel nr cel",
        "want": "qro kero quero qero qr keru quiser",
        "kin": "irmao irma amigo amiga primo prima namorado namorada marido esposa filho filha chefe vizinho vizinha pai mae colega cunhado sogra",
        "places": "hospital escola loja igreja escritorio delegacia clinica oficina quartel consultorio farmacia empresa restaurante hotel creche lar",
        "list": "cadastros listagem mailings difusao ficheiro ficheiros transmissao envios crm banco",
        "texts": "lembrete lembretes avisos aviso campanhas campanha promocao oferta anuncio torpedos msgm recados",
        "no": "num nein",
        "lead": "mano gente moco galera meu po cara pow fala querida querido amiga menina moca tio bora aff",
        "tail": "ai mano gente galera po pow cara querida querido favor favorzinho fazendo aff kkk ta ok viu",
        "number": "celular cel zap numeros nr telemovel tlm",
        "contents": (
            "mensagem mensagens sms msg msgs menssagem torpedo torpedos ligacao ligacoes chamada chamadas propaganda "
            "propagandas publicidade spam promocao promocoes promo promos notificacao notificacoes anuncio anuncios oferta "
            "ofertas emails aviso avisos alerta alertas lembrete lembretes campanha campanhas pesquisa pesquisas "
            "cupom cupons novidades vagas contatos contactos convites recados"
        ),
        "others": "filho filha crianca neto neta sobrinho sobrinha menor bebe menino menina",
        "dead": "faleceu morreu falecido falecida morto morta",
        "office": "anatel procon lgpd rgpd cnpd decon delegacia policia senacon reclame deco anacom",
        "asks": "como qual quando onde mas posso pode quanto tem",
    },
    "it": {
        "kw": "cancellateci toglieteci depennatemi disattivatemi disattivate disabilitate disabilita escludetemi dimenticatemi",
        "kin": "fratello sorella amico amica cugino cugina ragazzo ragazza marito moglie figlio figlia capo vicino vicina madre padre collega mamma papa",
        "places": "ospedale lospedale scuola ufficio lufficio azienda chiesa caserma studio officina farmacia ristorante albergo asilo comune",
        "list": "mailing indirizzari banche archivi invii diffusione elenchi crm campagne",
        "texts": "promemoria avvisi avviso offerte promo sondaggi buoni volantini notifica",
        "no": "nun nu nan nn",
        "more": "cchiu chiu ulteriori",
        "write": (
            "mannate manna mannat scassate mandarmi inviarmi scrivermi chiamarmi contattarmi inoltrare inoltrarmi"
        ),
        "lead": "raga ragazzi ue ao oh dai belli mannaggia gentili gentile spett",
        "tail": "raga ragazzi pls dai belli oh ue sti sta",
        "number": "cell cel numeretto utenza",
        "contents": (
            "messaggio messaggi sms messaggini chiamata chiamate telefonata telefonate pubblicita mail spam notifica "
            "notifiche whatsapp comunicazione comunicazioni offerta offerte promo promozione promozioni newsletter msg "
            "promemoria avviso avvisi sondaggio sondaggi volantini inviti contatti pubblicitari promozionali annunci reclame"
        ),
        "others": "bambino bambina figlio figlia minorenne minore nipote ragazzino ragazzina bimbo bimba",
        "dead": "morto morta mancato mancata deceduto deceduta scomparso scomparsa defunto defunta",
        "office": "garante agcom gdpr carabinieri polizia opposizioni avvocato antitrust postale",
        "asks": "come quale quando dove ma posso potete quanto ce",
    },
    "nl": {
        "kin": "broer zus vriend vriendin man vrouw zoon dochter moeder vader collega buurman buurvrouw baas neef nicht maat",
        "places": "ziekenhuis kantoor praktijk bedrijf huisartsenpost apotheek kerk politiebureau meldkamer receptie school restaurant hotel garage verzorgingstehuis gemeentehuis",
        "list": "verzendingen maillijst klantenbestand bellijst rondzendlijst mailings adresbestand wervingslijst",
        "texts": "herinnering herinneringen uitnodigingen enquetes folders berichtn smskes aanbieding",
        "lead": "joh gast man hee allee zeg gelieve mag hoor jongens",
        "tail": "joh gast man hee allee zeg hoor jongens graag merci pls ciao ok",
        "number": "gsm nr mobieltje nummertje telefoonnr",
        "contents": (
            "bericht berichten berichtje berichtjes sms smsjes smsje appje appjes reclame mail mails emails telefoontje "
            "telefoontjes belletjes whatsapps spam aanbieding aanbiedingen nieuwsbrief nieuwsbrieven melding meldingen "
            "notificaties herinnering herinneringen vacatures enquetes enquete uitnodigingen folders promoties promo acties "
            "alerts smsen tekstberichten verkooppraatjes rommel"
        ),
        "others": "kind zoon zoontje dochter dochtertje kleinkind minderjarig minderjarige neefje nichtje",
        "dead": "overleden gestorven dood heengegaan",
        "office": "acm avg ap politie aangifte juridisch consuwijzer autoriteit reclamecode gba bipt ombudsman persoonsgegevens",
        "asks": "hoe wanneer waar maar kan kunnen wat welke is",
    },
}
