"""Spanish requests: words by class and the patterns over these (grammar.py). Accents are off, as in the message."""

from __future__ import annotations

from processors.opt_out.rules import Unless
from processors.opt_out.words.language import POLICY, forms, rules_of

_AR = forms(
    "mand envi contact llam molest text texte mensaje mensaj habl insist acos hostig fastidi spame dej marque "
    "contacte remit notifi pas recontact incomod import",
    "es e en ar arme arnos ando",
)
_IR = forms("escrib jod insist remit compart recib", "as a an ir irme irnos iendo")

LEXICON = {
    "kw": (
        "alto parar pare paren parale parenle baja cancelar cancela cancele cancelen cancelacion detener detente "
        "detengan detenganse detengase deten basta suficiente eliminar eliminarme borrar borrarme salir "
        "salirme salirse desuscribir desuscribirme desuscribirse desuscribeme desuscribanme desinscribir "
        "desinscribirme unsubscribe quitar quitarme quiteme quitenme quitame remover removerme anular callate callese "
        "callense cancelame cancelenme sacame saquenme saqueme eliminame eliminenme elimineme borrame borrenme borreme "
        "bajame desactivar desactivame removerme remueveme remuevanme removeme dejenme detenerse optout "
        ""
    ),
    "kwonly": "para paren paro pare parenle parale nomas finalizar",
    "no": "no nunca jamas ni nomas",
    "me": "me nos",
    "write": f"{_AR} {_IR} envies envie envien mandes manden llames llamen vuelvan busques busquen busque toques",
    "write-now": "escribes mandas envias llamas contactas molestas escriben mandan envian llaman contactan escribe manda",
    "inf": (
        forms(
            "mand envi llam contact molest text texte mensaje acos spame insist hostig marc",
            "ar arme arnos ando andome",
        )
        + " "
        + forms("escrib jod", "ir irme irnos iendo iendome")
    ),
    "texts": (
        "mensaje mensajes mensajitos texto textos sms llamada llamadas publicidad promociones promocion correos correo "
        "notificaciones anuncios ofertas propaganda spam whatsapp whatsapps mensages mensage msj msjs msg msgs avisos "
        "alertas contacto comunicacion comunicaciones encuestas informacion cosas"
    ),
    "more": "mas nada ningun ninguna ya nunca jamas tampoco otro otra otros otras",
    "number": "numero numeros telefono celular cel contacto datos nombre num tel informacion fono movil nro",
    "list": (
        "lista listas base sistema registro registros servicio suscripcion subscripcion contactos directorio grupo "
        "programa boletin datos agenda listado cadena publicidad"
    ),
    "lead": (
        "por favor porfavor porfa porfis pls please hola buenas buenos dias tardes noches gracias si ok okey oye "
        "oigan mira miren senor senora señores amigo pero y entonces favor pueden puede podrian podria puedes podrias solicito pido les le te ruego spam "
        "numero equivocado asi bueno pues la verdad disculpe disculpen perdon solo mejor en serio estoy x f fa ya "
        "cabrones carajo mierda idiotas puta madre joder coño chingado pinche pinches pendejos estafadores "
        "estupidos malditos hartos harto harta jamas nunca gustaria"
    ),
    "tail": (
        "por favor porfavor porfa porfis gracias ya ahora mismo de una vez inmediatamente urgente mensajes mensaje "
        "todo todos esto eso mas me los las estos esos vez buen dia bendiciones saludos enviado desde mi iphone "
        "cabrones carajo mierda idiotas puta madre joder pendejos please ok x f fa muchas tarde aqui servicio "
        "suscripcion la el este publicidad llamadas textos sms"
    ),
    "fill": (
        "ya mas por favor porfa porfavor favor de el la los las este esta esos estos sus su tu tus mi mis a en al del "
        "otra vez nunca a este esa inmediatamente ahora mismo malditos pinches putos tantos todos todo me con y tanto "
        "tanta ese estas tal que"
    ),
    "remove": (
        forms(
            "elimin borr quit sac remov remuev saqu retir cancel tach",
            "ar arme arnos e a en an eme ame enme anme enos anos emos",
        )
        + " quitame quiteme quitenme sacame saqueme saquenme saque borrame borreme borrenme eliminame elimineme eliminenme "
        "remuevanme remueveme remuevame darme dame denme deme dennos darnos desuscribanme desuscribirme desuscribeme "
        "olviden olvide olvida olvidense olvidate pierdan pierda retirenme retireme"
    ),
    "stop": (
        "deje deja dejen dejar dejes pare para paren parar parenle cesen cese cesar basta detengan detener eviten evite "
        "evitar dejese dejense abstenganse abstengase dejemos"
    ),
    "want": "quiero queremos deseo deseamos necesito gustaria quisiera autorizo acepto pedi solicite quise interesa",
    "receive": "recibir recibiendo que ver tener saber sus sigan seguir mas estar oir",
    "when": (
        "hasta antes despues manana hoy ahorita tarde luego mientras cuando si tan temprano noche porque pero lunes "
        "martes miercoles jueves viernes sabado domingo todavia aun "
    ),
    "wrong": "equivocado equivocada equivoco equivocaste equivocaron erroneo equivocados equivocas",
    "name": "",
}

_rule = rules_of(
    "es",
    {
        "<lead>": "({lead}|no gracias|(no|ya no)? me interesa|no estoy (interesado|interesada)|(quiero|deseo|necesito|quisiera|gustaria|solicito) (que)?|ya)",
        "<me>": "({me}|les|le|te)",
        "<to>": "(a|con|al|en|este|mi|mis|{number})",
    },
)

RULES = (
    _rule(
        "keyword-clause", "a keyword as a clause of its own", "^ <lead>* {kw} {tail}* $ | ^ (por favor|porfa|ya|favor)+ {kwonly} {tail}* $ | ^ (para|pare|paren|paro) (ya|por favor|porfa|de una vez|todo|con esto|ahora|eso)* $",
        "No me interesa. Cancelar", "ya basta por favor", "suficiente",
    ),
    _rule(
        "dont-write", "no me escriban, no vuelvan a llamar: with or without más",
        "{no} ({me}|se|le|les|quiero|quiero que|deseo que|quisiera que|vuelva|vuelvan|vuelvas|volver|sigan|siga|sigas|deben|deberian|mas|por favor|a|que|nunca|te|gustaria que|autorizo|autorizo que|es necesario){0,6} ({write}|{inf}) "
        "| {no} {me} {write-now} (mas|nunca|nada|mensajes|otra vez) | (dije|dicho|pedi|pedido) que no ({me}|mas)* {write} ",
        "no me escribas", "No vuelvan a contactarme", "nunca mas me llamen",
    ),
    _rule(
        "no-more", "no más mensajes, ni un mensaje más",
        "^ <lead>* (no mas|ni un|ni una|no quiero (mas)?|no me (manden|envien) (mas)?) {fill}* {texts} (mas|por favor|porfa|gracias|{tail}|de ustedes|de|a este {number})* $ | (no|nunca) mas (de|estos|esos|sus|tus|los|las|{fill})* {texts} "
        "| ^ {lead}* (no mas|no mas {tail}+|nunca mas|ya no mas|ya no {tail}+|ya no me interesa recibir) {tail}* $ | (basta|suficiente|alto|stop|no) (ya|a|de|con|al|los|las|sus|tantos|tanto|estos|esos|{fill})+ {texts}!",
        "no mas llamadas", "basta con estos textos", "ni un mensaje más",
    ),
    _rule(
        "stop-doing", "dejen de mandar, paren de llamar",
        "{stop} (ya|por favor|porfa)* de (estar)? ({me}|estar|andar|joder|chingar|{fill})* ({inf}|{texts}|molestar|joder|chingar|mandando|fregar|acosar|fastidiar|fastidiarme|insistir|chingarme)"
        " | (dejen|paren|pare|detengan|eviten|basta|detener|parar|cesen) (de mandar|con|el|la|los|las|sus|tus|estos|esos|ya|de){1,3} {texts} | (cesen|cese) (toda|todo|de|la|los|el|{texts})* {texts}",
        "dejen ya de mandar textos", "paren de llamarme", "deje de enviarme publicidad",
    ),
    _rule(
        "remove", "quítenme de la lista, denme de baja, borren mi número",
        "{remove} ({fill}|{lead})* (de|del) (la|su|tu|sus|esta|esa|el|estas|vuestra|vuestro|{fill})* {list} | (dar|den|da|dame|denme|deme|darme|darnos|dennos|demos|doy|darse|darte|dar de) (me)? (de)? baja"
        " | {remove} ({fill})* (mi|mis|nuestro|este|ese) ({fill})* {number} | ^ <lead>* (eliminarme|eliminame|eliminenme|elimineme|borrame|borrenme|borreme|borrarme|quitame|quitenme|quiteme|quitarme|sacame|saquenme|saqueme|sacarme|desuscribanme|desuscribirme|desuscribeme|remuevanme|remueveme|removerme|retirenme|eliminar|desuscribir) {tail}* $ | (sacame|saquenme|saqueme) de (ahi|aqui|esto|esa) | (ya)? (dije|pedi|dije ya) que no $ | (les|te|le|ya) (dije|pedi|dicho) que (pararan|pararas|pare|paren|dejaran|dejen|dejes|no me) | me (quitan|quiten|quite|borran|borren|borre|saquen|sacan|saque|eliminan|eliminen|elimine|remuevan|dan|den|da|retiran|retiren) ({fill}|baja|de)* ({list}|baja)"
        " | (salir|fuera|salirme|salgo|estar) (de|en|del) (la|esta|su|tu|{fill})* ({list}) | (pon|ponme|pongan|ponganme|agreguen|agreguenme|agregame|incluyanme|pongame|anotenme|anadanme|inscribanme|pongan mi) ({fill}|mi|{number})* (lista|registro) (negra|de|robinson)? (no|exclusion)? (llamar|molestar|contactar|llamadas|robinson)?"
        " | (cancelar|cancelen|cancele|cancela|anular|anulen|cancelacion|terminar) (de)? (la|mi|esta|el|este|los|estos|sus|todos|{fill})* (suscripcion|subscripcion|servicio|{texts})",
        "sáquenme de su lista", "quiero darme de baja", "borren este número", "pónganme en la lista de no molestar",
    ),
    _rule(
        "dont-want", "no quiero recibir, ya no deseo sus mensajes",
        "({want}|como|puedo|favor de) (dejar|parar) (de|con) (recibir|esto|eso|estos|sus|los|las|{texts})+ | (ya estuvo|estoy harto|estoy harta|cansado|cansada|harto|harta) (bueno|ya)? (de|con) {fill}* {texts} | {no} ({me}|les|le|mas|ya)* {want} ({receive}|{fill}|nada)* ({texts}|recibir|recibirlos|que me contacten|ser (contactado|contactada|molestado|molestada)|saber (nada)? de (ustedes|usted|ti)|hablar con ustedes|nada de ustedes|su publicidad)"
        " | {no} (me)? (interesa|interesan) (recibir|sus|que me|estos|tus|seguir) | {no} (di|he dado|doy|tienen|tiene|autorice|autorizo|autorizado) (mi)? (permiso|consentimiento|autorizacion) | (retiro|revoco|retirar|revocar) (mi)? (consentimiento|permiso|autorizacion) | {no} (me)? (suscribi|inscribi|registre|apunte) | ^ (yo)? {no} (autorizo|autorice|autorizado) (esto|nada|{texts}|{tail})* $ | ^ (yo)? {no} (pedi|solicite) (esto|estos|esta|nada|{texts}) | como (me doy|puedo|hago para|dejo|le hago para) (darme|dejar|cancelar|de|cancelo|parar|no|salir|cancelo)* (baja|recibir|cancelar|parar|salir|esto|estos|{texts})"
        " | (ultimo|ultima) {texts} | (sea|seria|es) (el|la) (ultimo|ultima) (mensaje|texto|vez|llamada|sms) ",
        "quisiera dejar de recibir sus mensajes", "no deseo recibir nada", "no quiero saber nada de ustedes", "retiro mi consentimiento", "nunca me suscribí",
    ),
    _rule(
        "leave-alone", "déjame en paz, no molesten",
        "(dejame|dejenme|dejeme|dejennos|dejanos|deja me|dejen me) (ya|de|una|vez|por favor)* (en)? (paz|tranquilo|tranquila|tranquilos|quieto|solo|sola)"
        " | {no} ({me}|nos|por favor|ya)* (molestar|molesten|molestes|moleste|moles|jodan|jodas|joda|friegues|chingues|chinguen|fastidien|fastidies|acosen) | ^ {lead}* (callate|callense|callese|dejen|ya dejen|dejeme|dejenme|dejame) {tail}* $",
        "déjenme tranquila ya", "no me molesten", "cállense",
    ),
    _rule(
        "ignored", "ya pedí que me borren, ya puse alto y siguen mandando",
        "(pedi|dije|solicite|pedido|dicho|solicitado) (ya|les|le|te)* que (me|nos) ({remove}|dejen|deje|dejes) | (puse|envie|mande|escribi|dije|respondi|conteste|puesto|enviado|mandado|respondido) (ya|{digits}|dos|tres|varias|veces|la palabra)* ({kw}|stop) | (y|siguen|sigues|sigue|continuan) (siguen|sigues|sigue|todavia)? (mandando|enviando|llamando|molestando|escribiendo|insistiendo|mandandome|llamandome|escribiendome|enviandome) (mensajes|textos|{me}|me|y|lo|sms|igual|{tail})* $",
        "ya pedí que me quiten", "puse stop dos veces", "y siguen llamando", since=3,
    ),
    _rule(
        "run-on", "una frase corrida que acaba en bórreme, paren, basta",
        "_{1,8} (borreme|borrenme|borrame|quiteme|quitenme|quitame|elimineme|eliminenme|eliminame|saquenme|saqueme|sacame|desuscribanme|desuscribeme|remuevanme|remueveme) (ya|de|la|su|tu|lista|por favor|porfa|gracias|ahi|{tail})* % | _{1,4} (ya|porfa|favor|mejor|estuvo|mismo) (paren|basta|parenle) {tail}* % | ~ (por favor|porfa|porfavor|xfa) ya no (mas)? % | (pierde|pierda|pierdan|tira|tiren|bota|boten|rompan|rompe) (ya)? mi numero | {no} (autorizo|autorice|consiento|permito|doy (mi)? (permiso|consentimiento|autorizacion)) (el|al|que|para|a|de)* (uso|usen|use|usar|utilizar|utilicen|tratamiento|me|contacto)",
        "ya encontré casa bórrenme por favor", "ya estuvo paren", "no autorizo que usen mis datos", since=3,
    ),
    _rule(
        "no-need", "no me estén molestando, harto de sus mensajes, no se comuniquen conmigo, cómo cancelo esto",
        "{no} (quiero|deseo|m|kiero)+ (q|k|que)? (m|me|nos)? {write} | {no} m {write} | {remove} de (ahi|aqui|eso|esto) | {no} (me|nos)? (este|esten|estes|estan|estas|sigan|siga|sigas|anden|ande) (mandando|enviando|escribiendo|molestando|llamando|texteando|fastidiando|marcando|jodiendo|chingando|insistiendo) | {no} (kiero|kero|qiero|quero) (recibir|ver|saber|nada|mas|tus|sus|{fill})* ({texts}|recibir|nada|mas) | (canse|cansado|cansada|harto|harta|hartos|hartas|fastidiado|fastidiada|aburrido) (ya)? (de|con) (sus|tus|estos|los|tanto|tantos|tantas|que (me|nos))+ ({texts}|{write}|{inf}) | (parenle|parale|bajenle|cortenle|corten|corta) (ya|a|con|de|los|las|sus|tus){1,3} {texts} | ^ <lead>* baja (inmediata|ya|total|definitiva|urgente|inmediatamente) {tail}* $ | {no} se (comuniquen|comunique|contacten|contacte|pongan en contacto|ponga en contacto) (mas)? (conmigo|con nosotros|mas) "
        "| (agradeceria|agradezco|agradeceriamos|pido|pedimos|ruego|exijo|solicito|exigimos) (que)? (me|nos|dejen|deje|no|ya)+ ({remove}|{write}|de) | ^ {lead}* como (cancelo|me salgo|me borro|quito|paro|detengo|elimino|desactivo) (de)? (esto|esta|estos|la suscripcion|los {texts}|sus {texts}|{tail})* $ | ya (me di|me habia dado|me dieron) de baja | {no} (les|le|te|yo)* (di|he dado|dimos|doy) (mi|el|ningun|ningún)* (permiso|consentimiento|autorizacion|numero) | ya no es (su|mi|el|el numero de) (numero|telefono|{name}) | (poner|levantar|presentar|meter|interponer) (una)? (queja|denuncia|demanda) $ | (voy a|vamos a) (llamar|ir|avisar|hablar) (a|con) la policia $",
        "no me estén llamando", "harta de que me escriban", "no se comunique conmigo", "agradecería que me eliminen", "cómo cancelo esto", "nunca les di permiso", "voy a llamar a la policía", since=3,
    ),
    _rule(
        "so-that-none-come", "cómo le hago para que ya no me lleguen, preferiría que no me escriban",
        "(para|pa) que (ya)? no (me|nos) (lleguen|llegue|manden|envien|escriban|llamen|contacten) | como (le)? (hago|puedo hacer|puedo|se hace) (yo)? (para|pa) (ya)? (no|dejar) (de)? (recibir|recibirlos|recibo)",
        "cómo le hago para que ya no me lleguen", "cómo puedo hacer para dejar de recibir", since=4,
    ),
    _rule(
        "plural-you", "dejad de enviarme, cuántas veces tengo que decirlo, alto y baja",
        "(dejad|parad|cesad) (ya)? de ({write}|molestar|molestarme|mandarme|enviarme|escribirme|llamarme) | cuantas veces (mas)? (tengo que|hay que|les|te|lo|he de)* (decir|decirles|decirte|decirlo|pedir|pedirlo|repetir|repetirlo|digo|pido)"
        " | ~ {lead}* (alto|baja|parar|pare|cancelar|stop) (y|o|e) (alto|baja|parar|pare|cancelar|stop) {tail}* %",
        "dejad de mandarme mensajes", "cuántas veces tengo que repetirlo", "parar y cancelar", since=4,
    ),
)  # fmt: skip

POLICY_RULES = (
    _rule(
        "wrong-person", "número o persona equivocada, no soy ...",
        "(numero|persona|contacto|telefono|celular) (es|esta)? {wrong} | (se|te|estan|esta|estas) ({wrong}|confundio|confundiste) ((de|del)? (numero|persona|telefono)|{tail}* $) | ~ {lead}* {wrong} {tail}* % | ^ {lead}* yo? no soy ({name}|esa persona|el|ella|quien|la persona|yo|esa|ese|su|tu|{lead}) | ^ {lead}* (no soy yo|no es {name}|este no es|aqui no (es|vive|hay)) | no (conozco|hay ningun|hay ninguna) (a|nadie|{name}|con ese|ese|esa) | no es mi (numero|telefono) | (este|mi) (numero|telefono) (no es|ya no es|no pertenece|es de otra)"
        " | (otra persona|persona incorrecta|numero incorrecto|contacto incorrecto) | (el|ella|senor|senora|esa persona) (fallecio|falleció)",
        "se equivocó de número", "no soy esa persona", "persona equivocada", source=POLICY,
    ),
    _rule(
        "go-away", "vete, bloqueado, te voy a reportar, acoso",
        "^ {lead}* (vete|largate|larguense|vayanse|chinga tu|chinguen|que te jodan|jodete|jodanse|vete a|a la mierda|pudrete|pudranse) | ^ {lead}* (fuera|bloqueado|bloqueada|bloqueados|bloqueo|reportado|reportados|spam|denunciado|no molestar) {tail}* $"
        " | (voy a|vamos a|te|los|les|lo|la|procedere a|tendre que|ya|he|quedas|estas|estan|sera|sere) (voy|vamos|a|he|estoy|bloquear|{lead}){0,3} (bloquear|bloqueare|bloqueo|bloqueado|bloqueada|bloqueados|bloqueando|reportar|reportarte|reportarlos|reportare|reportado|reportando|denunciar|denunciarte|denunciarlos|denunciare|denuncio|denunciado|demandar|demandarlos|demandare|demandarte)"
        " | (bloquearte|bloquearlos|reportarte|reportarlos|denunciarlos|denunciarte|demandarlos|demandarte) | (esto|eso|es|un|puro) (es)? (un)? (acoso|hostigamiento|spam|ilegal) | mi abogado (los|le|les|se|te|va|hablara|contactara|sabra) | acciones legales | (nunca|no) (di|dado) mi (numero|telefono)",
        "los voy a denunciar", "esto es acoso", "bloqueado", source=POLICY,
    ),
)  # fmt: skip

UNLESS = (
    Unless(
        "d.es.only-sometimes", "not now, not then: a time follows", ("c.es.dont-write",), "D", after="(mas)? (?! por favor) {when}", since=2,
    ),
    Unless(
        "d.es.another-channel", "wants a text rather than a call", ("c.es.dont-write",), "D",
        anywhere="(llames|llamen|llame|llamar|llamadas|llaman) (por favor|gracias|al trabajo){0,2} ; (solo|mejor|por favor|mas bien|pero|un|por)* (mandame|mandenme|mande|manda|escribanme|escribeme|escriba|escribe|mensaje|mensajes|texto|textos|texteame|whatsapp) (un|por|solo|mensaje|mensajes|texto|whatsapp|{tail})* $",
        since=4,
    ),
    Unless(
        "d.es.not-there", "not at work, not at home", ("c.es.dont-write",), "D",
        after="(al|en el|en la|en mi|a la|a mi) (trabajo|oficina|casa|escuela|clase|hora)", since=4,
    ),
    Unless(
        "d.es.not-stop", "no dejen de: they are to go on", ("c.es.stop-doing", "c.es.dont-write"), "D",
        anywhere="(no|nunca) (me|nos|por favor)* (dejen|deje|dejes|paren|pare|pares) de", since=4,
    ),
    Unless(
        "d.es.other-number", "not there but here", ("c.es.dont-write",), "D",
        after="(al|a|en) (mi|el|la|ese|este|otro|otra)* (otro|otra|viejo|vieja|anterior|antiguo) (telefono|numero|celular|correo|linea)", since=4,
    ),
)  # fmt: skip
