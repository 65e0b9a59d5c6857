"""Spanish words of closed texts, by class (words/closed_texts.py says what each class is)."""

from __future__ import annotations

from processors.opt_out.words.closed import ClosedWords
from processors.opt_out.words.language import forms

_WITH_SLIPS = {
    "not": "nunca jamas",
    "none": "ningun ninguna ninguno basta",
    "write": (
        forms("escrib", "a an as ais ir irme irnos iendo iendome e en es")
        + " "
        + forms("mand envi llam molest contact fastidi", "e en es eis ar arme arnos ando andome ame enme eme")
        + " mensajeen textear texteen texteando comuniquen comunicarse insistir insistan insista insistas contacten"
    ),
    "texts": (
        "mensajes mensaje mensajitos llamadas llamada publicidad propaganda promociones anuncios ofertas "
        "notificaciones "
        "avisos correos correo recordatorios whatsapps encuestas comunicaciones contacto"
    ),
    "stop": "dejen dejar dejad paren parar paren detengan suspendan suspender cesen cesar terminen",
    "remove": (
        forms("borr quit elimin sac retir tach suprim", "e en ar arme enme eme ad adme ame arnos enos")
        + " desuscribir desuscribanme desuscribirme desapuntar desapuntarme bajenme remuevan remover remuevanme"
    ),
    "thing": "numero telefono celular lista listas registro agenda contactos datos movil",
    "more": "nuevamente",
}

_WITHOUT_SLIPS = {
    "got": "recibi recibido llego llegado llegaron tengo habia",
    "not": "no ni tampoco",
    "none": "cero sin nada",
    "more": "mas ms nomas vuelva vuelvan vuelvas volver volvais otra vez ya",
    "write": (
        "text textee texteo mandes manda mande mandar mandando envies enviar enviando llamen llame llamar llamando "
        "llamarme jodan joder jodas jodiendo chinguen chinguen molesten moleste molestar molestando contacto "
        "llamadas "
        "comunique comunicar busquen hablen hablar hablarme hostiguen acosen recibir recibo msj sms escribais "
        "mandeis contactado contactada molestado molestada llamado llamada contactados notificado avisado avisen "
        "avise textees escribieran escriban llamaran"
    ),
    "texts": (
        "msj msjs sms whatsapp wasap wasaps guasap guasaps mensages msg msgs email emails correo spam promos texto "
        "textos "
        "pendejadas basura tonterias vacantes cupones boletin boletines oferta envios envio cosas cosa "
        "correspondencia notificacion novedades invitaciones"
    ),
    "these": "esto estos estas esos esas los las eso nada",
    "stop": (
        "deje deja dejes dejeis dejenme dejeme dejame dejadme dejenos dejadnos para pare pares pareis ya corten corta corte alto stop terminar suspendan suspender "
        "desactiven desactivar desactive detengan detener interrumpan pausen"
    ),
    "remove": "baja fuera dar den deme darme denme darnos borrame borrenme quita saca borra elimina quitame sacame",
    "take": "den dar deme denme darme darnos dame dad danme",
    "off": "baja",
    "thing": "num nro numerito tel cel base sistema bd nombre contacto",
    "my": "mi mis este nuestro nuestros nuestra su sus la esta el",
    "me": "me nos mi",
    "self": "yo nosotros",
    "want": (
        "quiero queremos deseo deseamos necesito necesitamos quisiera prefiero interesa interesan gustaria "
        "agradeceria agradezco"
    ),
    "get": "lleguen llegue llegar recibir recibiendo seguir ver saber leer oir",
    "you": "usted ustedes uds ud tu vos vosotros te les le os se los las les lo",
    "invite": (
        "escribanme escribame escribeme llamenme llameme llamame mandenme mandeme mandame envienme envieme enviame"
    ),
    "aux": "le les te se lo",
    "limit": "ahora hoy ahorita todavia",
    "instead": "solo solamente mejor sino",
    "refusal": (
        "interesado interesada interesados interes vendo vende vender vendida vendido casa carro coche auto trabajo "
        "empleo "
        "compre compro equivocado equivocada persona cliente encontre busco estoy esta vendemos"
    ),
    "fill": (
        "por favor porfavor porfa xfa x pls plis please gracias muchas mil hola buenas buenos dias tardes noches "
        "dia saludos "
        "senor senora senorita senores amigo amiga oiga oigan mire miren ok vale bueno pues entonces y o e ni a al "
        "de del "
        "en con para que q k lo la el los las le les un una unos unas su sus mi mis este esta ese esa estos estas "
        "esos aqui alla se si no ya mas hacer haga hagan favor pido rogaria ruego ruegos suplico exijo solicito "
        "quiero "
        "puede pueden podria podrian podeis podrias pueda cordialmente atentamente inmediatamente inmediato "
        "inmediata "
        "urgente definitivamente siempre nunca jamas otra vez nada nadie tanto tanta tantos tantas todo toda todos "
        "todas "
        "maldito maldita malditos puto puta putos putas pinche pinches chingados carajo cono joder hostia mierda "
        "dichoso "
        "harto harta cansado cansada ultima ultimo vez veces mismo misma dije dicho digo he sido desde mejor tipo "
        "cualquier "
        "propio tarde usted ustedes uds ud te os me nos yo adelante entiendan entiende entendido hombre d saber asi "
        "mucho mucha ninguna vuelvan numero tema les como tengo"
    ),
    "stopit": "pare paren desactiven desactivar desactive suspendan cesen detengan",
    "courtesy": "por favor porfa gracias señores x xfa",
    "report": (
        "reporto reporte reportado reportados reportada reportare bloqueo bloqueado bloqueados bloqueada bloqueando "
        "denuncio denunciado denunciados marco marcado"
    ),
    "spam": "spam fraude estafa basura",
    "tired": "harta harto cansado cansada hasta",
    "disturb": "molestar molestarlos molestarle molestarlo fastidiar",
    "yet": "todavia aun",
}

_KEY = "baja desuscribir desuscribirme desuscripcion desuscribanme eliminacion"

_EXAMPLES = {
    "forbids": ("por favor ya nunca nos escriban más", "A este celular no llamen señores"),
    "refuses": ("ningún correo más por favor", "no deseo sus ofertas gracias"),
    "stops": ("paren ya con los avisos", "Dejen de insistir por favor"),
    "removes": ("eliminen mi celular de todas sus listas", "quiten nuestros datos ya"),
    "key": ("solicito la baja, gracias", "Eliminación inmediata por favor"),
    "reports": ("ya los tengo bloqueados", "los marco como spam"),
}

_TURNS = "por que (ya)? no | (estoy|esta|doy|estaba) de baja | (pon|ponme|ponganme|anadan|agreguen)"

WORDS = ClosedWords(_WITH_SLIPS, _WITHOUT_SLIPS, _KEY, _EXAMPLES, _TURNS)
