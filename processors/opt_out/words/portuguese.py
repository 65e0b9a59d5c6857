"""Portuguese requests: words by class and the patterns over these (grammar.py). Accents are off, as in the message."""

from __future__ import annotations

from processors.opt_out.rules import Unless
from processors.opt_out.words.language import POLICY, forms, rules_of

LEXICON = {
    "kw": (
        "parar pare parem sair cancelar cancela cancele cancelem basta descadastrar descadastre descadastra "
        "descadastramento descadastro remover remova removam remove excluir exclua exclui "
        "desinscrever desinscreva desinscricao desinscrito encerrar interromper interrompa desativar "
        "para-me unsubscribe cessar descadastrem descadastrar-me removerme eliminar anular "
        "cancelamento remocao optout paraa pareee "
    ),
    "kwonly": "para chega parem pare sai saia fora",
    "no": "nao n naum nunca nem jamais num ñ nn",
    "me": "me nos mim",
    "write": (
        forms(
            "mand envi lig contat contact chat import perturb incomod molest mensag avis notific telefon encaminh cham chateia",
            "em e es a ar arem ando am",
        )
        + " escreva escrevam escrevas escreve escrever escrevendo encha encham enche encher ligue liguem liguem ligues procure "
        "procurem procures procurar procura chame chamem chames entre entrem entra entrar incomode incomodem perturbe "
        "mande mandem mandes manda envie enviem envies envia insista insistam insistir aborreca aborrecam torre torrar spam "
        "repasse compartilhe responda fale falem falar convide dirija contacte contactem contate contatem envia "
        "mandeis notifique notifiquem"
    ),
    "inf": (
        "mandar enviar ligar contatar contactar escrever encher perturbar incomodar chatear mensagens importunar "
        "mandando enviando ligando notificar telefonar encher torrar molestar mandarem enviarem "
        "ligarem escreverem contactarem contatarem incomodarem chatearem perturbarem"
    ),
    "texts": (
        "mensagem mensagens sms msg msgs mensagen menssagem mensage torpedo torpedos ligacao ligacoes propaganda propagandas "
        "publicidade email emails e-mails whatsapp zap spam promocoes notificacoes ofertas textos isso isto nada "
        "contato contacto chamadas comunicacoes anuncios informacoes avisos coisa coisas disso disto"
    ),
    "textsonly": (
        "mensagem mensagens sms msg msgs torpedo torpedos ligacao ligacoes propaganda propagandas publicidade spam "
        "promocoes notificacoes chamadas anuncios emails zap menssagem"
    ),
    "more": "mais nada nenhuma nenhum nunca jamais novamente denovo",
    "number": "numero contato telefone celular nome dados contacto numeros tel cadastro whatsapp zap fone email registo",
    "list": (
        "lista listas cadastro base sistema grupo mailing registo registro contatos contactos newsletter assinatura "
        "inscricao servico disso programa banco subscricao relacao"
    ),
    "remove": (
        "tire tira tirem tirar tiraram remova remove removam remover retire retirem retira retirar exclua exclui excluam "
        "excluir delete deleta deletem apague apaga apaguem apagar descadastre descadastra descadastrem descadastrar "
        "elimine eliminem eliminar elimina desinscreva desinscrever esqueca esquece esquecam cancele cancela cancelar "
        "cancelem risque risca saia perca perde tiram bloqueie"
    ),
    "lead": (
        "por favor pf pfv pfvr sim ok ola oi bom dia boa tarde noite obrigado obrigada obg favor mas e entao ja spam numero errado chega pode podem poderia poderiam "
        "podes podeis gentileza gentilmente olha olhe olhem senhor senhora moca moco cara amigo gente pessoal pelo amor deus "
        "porra caralho merda agora so serio solicito peço peco pedi ta bem caro prezados prezado "
        "ultima vez favorzinho faz faca faça se a o te isso para bando idiotas"
    ),
    "tail": (
        "por favor pf pfv pfvr obrigado obrigada obg agora ja imediatamente isso com de mensagens mensagem msg sms tudo vez "
        "uma aqui me mim nao quero porra caralho merda valeu grato grata urgente hoje os as esse essa esses essas nunca "
        "mais enviado do meu iphone abs att cadastro lista boa tarde noite dia bom muito a o servico disso todas para "
        "sempre logo gente voces vc idiotas bye stop cancelar"
    ),
    "fill": (
        "por favor pf pfv agora ja imediatamente a o as os essa esse essas esses esta este estas estes sua seu suas seus tua "
        "teu tuas teus de da do das dos dessa desse desta deste dessas daqui disso isso isto mais todas todos toda todo "
        "qualquer tipo nenhuma nenhum essa porra com em no na nos nas e minha meu me que pra para tanta tanto ai mesmo "
        "novamente vez outra outras logo ficar estar"
    ),
    "stop": "pare parem para parar parem param deixe deixem deixa deixar cesse cessem evite evitem chega basta parando favor",
    "want": "quero desejo queremos gostaria gostava aceito autorizo autorizei pedi solicitei preciso tenho quis concordo quer queria aguento",
    "receive": "receber recebendo ver ter saber ser continuar que ouvir mais",
    "when": (
        "ate antes depois amanha hoje agora tarde cedo enquanto quando se ainda pois as durante "
        "noite segunda terca quarta quinta sexta sabado domingo "
    ),
    "wrong": "errado errada engano enganado enganada enganou equivocado trocado",
    "name": "",
}

_rule = rules_of(
    "pt",
    {
        "<lead>": "({lead}|nao obrigado|nao obrigada|nao (me)? interessa|nao (tenho|ha) interesse|sem interesse|nao estou (interessado|interessada)|"
        "(eu)? (quero|gostaria de|desejo|queria|preciso|peco|pode|podem|poderia|poderiam) (me|por favor|que)?)",
    },
)

RULES = (
    _rule(
        "keyword-clause", "uma palavra-chave sozinha na frase",
        "^ <lead>* {kw} {tail}* $ | ^ (por favor|ja|obrigado|olha)* {kwonly} (com isso|por favor|ja|agora|porra|caralho|de vez)+ $ | ~ (por favor|ja|olha)+ {kwonly} % | ~ <lead>* (pare|parem|sai|saia) %",
        "não me interessa, cancelar", "pare com isso", "descadastrar por favor",
    ),
    _rule(
        "dont-write", "não me mande mais, não entre em contato, nunca mais me ligue",
        "{no} ({me}|quero que|precisa|precisam|e para|e pra|mais|volte a|voltem a|se|por favor|voltes a|deve|devem|tornem a|torne a|a|nunca|continue|continuem|insista em|pode|podem|te|vos|pf|ouse){0,4} {write} (me|em contato|em contacto)? ({me}|{more}|{texts}|em contato|em contacto|neste|nesse|para este|para esse|pra esse|pra ca|comigo|conosco|meu saco|saco|{fill})* ({more}|{texts}|numero|comigo|saco|contato|contacto) {tail}* $"
        " | {no} {me} {write} {tail}* $ | {no} (me)? (mais|por favor)* {write} (mais|comigo|me) | (nunca|jamais) mais ({me}|entre|entrem|em)* ({write}|contato)",
        "não me ligue mais", "nao me escreva", "não entrem em contato comigo", "nunca mais me manda nada",
    ),
    _rule(
        "no-more", "chega de mensagens, sem mais mensagens, nada mais",
        "^ {lead}* (nao|sem|nenhuma|nunca|zero|chega|basta|para|pare|parem) (de|com|mais|as|os|a|o|nenhuma|essas|esses|essa|esse|suas|{fill})* {textsonly} ({tail}|mais|por|{fill})* $ | (chega|basta|parem|pare) (de|com|as|essas|esses|essa|esse|suas|dessas|os|{fill})+ ({textsonly}|spam|palhacada) | ^ {lead}* (nao mais|nada mais|nunca mais|ja chega|ja basta|chega ja) {tail}* $",
        "chega dessas mensagens", "sem mais mensagens", "já chega",
    ),
    _rule(
        "stop-doing", "pare de mandar, deixe de enviar",
        "{stop} (ja|por favor|agora|de|com|d|a|as|os|essas|esses|suas|dessas){1,3} ({me}|ficar|com|essas|esses|as|os|por)* ({inf}|{textsonly}|perturbacao|palhacada|enchecao) "
        " | ja (pedi|falei|disse|mandei|avisei|solicitei) (a voces|pra|para|que)* (parar|parem|pare|sair|nao (me|quero)|cancelar|remover) | (que|seja|sera)* (essa|esta|seja) (seja|e|sera)? a ultima (mensagem|msg|vez|ligacao) | ^ <lead>* (quero|queria|gostaria de|desejo|como)* (parar|deixar|deixo|paro) de receber | (gostaria|queria|quero|prefiro|desejo) (de|por favor)* nao (mais)? (receber|ser|ter) (mais)? ({textsonly}|nada|isso|essas|esses|contatado|contatada|incomodado|contato) | (parar|pare|parem|para) (de|com) (me|ficar)? (encher|mandar|enviar|ligar|perturbar|mensagem|torrar|isso|disso|essa|essas)",
        "já falei pra parar", "que esta seja a última mensagem", "parem de me ligar", "deixem de me mandar mensagens", "para com essas propagandas",
    ),
    _rule(
        "remove", "me tire da lista, remova meu número, quero sair",
        "^ <lead>* (me|nos) {remove} ({fill})* {list}? {tail}* $ | (me|nos) {remove} ({fill})* {list} | {remove} ({me}|{fill}|{number}|{lead})* (da|do|das|dos|de|dessa|desse|desta|deste|na|no) ({fill}|{number})* {list} | {remove} ({fill})* (o|a|os|as)? (meu|minha|meus|nosso|este|esse|nossos) {fill}* {number}"
        " | ^ <lead>* (remover|remova|removam|descadastrar|descadastre|excluir|desinscrever|remova me|exclua me|retire me|tire me) {tail}* $ | (sair|saio|fora|quero|retirado|removido|removida|excluido|excluida|descadastrado|descadastrada|desvincular) (sair|ser|estar|fora|me|retirado|removido|removida|excluido|{fill})* (da|do|dessa|desse|desta|deste|das|dos) {fill}* {list} | (quero|gostaria|desejo|preciso|solicito|queria|favor|peco) (de|me|a|o|ser|meu)* (descadastrar|descadastro|desinscrever|descadastramento|remocao|exclusao|cancelamento|desinscricao|removido|removida|excluido|excluida|descadastrado|descadastrada|cancelar (a|minha|meu|o|esse|essa|{fill})* ({list}|{texts}|servico))"
        " | (cancelar|cancele|cancela|cancelem|encerrar|suspender|suspenda) (a|o|as|os|minha|meu|esse|essa|essas|este|esta|todas|envio|de|das|{fill})* ({textsonly}|assinatura|inscricao|newsletter|cadastro|subscricao) | (coloque|ponha|coloca|bota|adicione|inclua) (me|meu|o|numero|na|em|{fill})* (lista negra|nao perturbe|lista de bloqueio|lista de exclusao|nao me perturbe)"
        " | ^ <lead>* me (descadastre|descadastra|descadastrem|exclua|exclui|excluam|tira|tire|tirem|remove|remova|removam|apaga|apague|deleta|delete|esquece|esquecam|bloqueia)",
        "me tira daí", "remova meu contato", "quero ser removido da lista", "quero me descadastrar",
    ),
    _rule(
        "dont-want", "não quero receber, não autorizo",
        "{no} (mais|te|vos|lhe|eu)* {want} (mais|ser|receber|a|que|{fill})* ({textsonly}|receber (mais|nada|isso|isto|disso|essas|esses|esse|suas|este|estas|{texts}|{tail})|mais (nada|isso|receber|suas|saber|contato|voces|ser)|contatado|contactado|incomodado|incomodada|que me (mandem|enviem|liguem|contatem|incomodem|mande|envie|ligue)|mais receber|seus contatos|saber (nada|mais|de)) "
        "| {no} (quero|desejo|queremos) (mais)? receber (mais|nada|$) | {no} (mais|eu|quero|desejo)* (ser)? (perturbado|incomodado|contatado|contactado|importunado) | {no} (dei|autorizei|autorizo|tem|tenho|concordei|me) (a|minha|nenhuma|meu|meus|com|o)* (autorizacao|consentimento|permissao|dados|uso|contato|envio|inscrevi|cadastrei|numero) | {no} me (cadastrei|inscrevi|registrei) | (retiro|revogo) (o|meu)* consentimento | ^ (eu)? {no} (autorizo|autorizei) {tail}* $ | ^ (eu)? {no} pedi (isso|isto|nada|essas|{texts}) | ~ {lead}* {no} quero mais {tail}* % | nem mais uma (mensagem|msg|ligacao) | ultima (mensagem|vez|msg) (que|de|a)",
        "não desejo receber nada", "não autorizei contato", "nao quero mais receber sms", "não me cadastrei nisso",
    ),
    _rule(
        "leave-alone", "me deixe em paz, não me incomode",
        "(me|nos) (deixe|deixa|deixem|deixar|larga|largue|larguem|erra|esquece|esqueca|esquecam) (em paz|ser|quieto|quieta|de mao|sossegado|{tail}|$) | (deixe|deixa|deixem|deixar|larga) (me|nos) (em paz|quieto|sossegado) | {no} (me|nos) (incomode|incomodem|perturbe|perturbem|chateie|chateiem|aborreca|amole|enche|encha|encham|importune) | ^ {no} (enche|encha|encham|torra|chateies|incomode|perturbe|incomodem|perturbem) {tail}*",
        "deixa-me em paz", "não me perturbem", "me erra",
    ),
    _rule(
        "be-gone", "engano, bloqueando, perde o meu número",
        "~ {lead}* (e|foi|e um|foi um)? engano {tail}* % | ^ {lead}* (bloqueando|bloqueei|denunciando|denunciei|reportando) (voces|voce|vc|este|esse|o|numero|e|{tail})* $ | (perca|perde|percam|joga fora|esquece|esquecam|esqueca) (o|esse|este)? (meu)? (numero|contato|contacto) | ^ {lead}* (ja)? (respondi|mandei|enviei|escrevi|digitei) (ja|{digits}|a palavra|o|duas|tres|varias|vezes)* (sair|pare|parar|stop|cancelar)",
        "engano", "bloqueando esse número", "esquece o meu número", "respondi sair duas vezes", since=3,
    ),
    _rule(
        "no-need", "não precisa mais mandar, como faço pra parar de receber, já falei pra parar",
        "nao (precisa|precisam|e preciso) (me|de)* (mais (me|de)* (mandar|enviar|ligar|escrever|entrar em contato|entrar em contacto|mandarem)|(mandar|enviar|ligar|escrever) (mais|{textsonly})) | como (eu)? (faco|faz|que|fazer|posso|que eu|eu|consigo)* (pra|para|a)? (sair|cancelar|cancelo|parar|descadastrar|me descadastro|remover|desinscrever|saio) (disso|isso|daqui|dessa|de receber|receber|essas|esses|a inscricao|{tail}|{list}|{texts})* $ | (larga|larguem|sai|saiam) do meu pe | (vao|vai|va) (a|pra|para|tomar|se|ao)+ (merda|puta|cu|foder|ferrar|inferno) | (falei|pedi|disse|mandei|avisei|solicitei) (ja|pra|para|que|a voces|voces|vcs)* (nao (mandar|enviar|ligar|mandarem|ligarem|me mandar|me ligar|incomodar)|parar|parem|parassem|pararem|remover|removerem|me (tirar|tirarem|remover)) | (continuam|continua|continuando) (me|a)* (mandando|enviando|ligando|escrevendo|mandar|enviar|perturbando) ({texts}|{tail})* $ | vou (na|a|pra|chamar a|ligar pra|ligar para a) policia {tail}* $",
        "não precisa mais enviar", "como faço pra cancelar isso", "falei pra pararem", "continuam mandando mensagem", since=3,
    ),
    _rule(
        "so-that-none-come", "como faço pra não receber mais, sair e cancelar, pare seus chatos",
        "como (eu)? (faco|faz|posso fazer|posso) (pra|para) (nao|deixar de) (receber|recebo|chegar) | ~ {lead}* (sair|parar|cancelar|pare|stop) (e|ou) (sair|parar|cancelar|pare|stop) {tail}* %"
        " | ~ {lead}* (pare|parem) (seus|suas|seu|sua) _{1,2} %",
        "como faço pra não receber mais nada", "sair e cancelar", "parem seus chatos", since=4,
    ),
    _rule(
        "without-commas", "não não quero me tira, cancelar o recebimento, nao manda mas mensagem",
        "~ (nao|{lead})+ (quero)? (me tira|me tirem|me remove|me remova|me retira) (dai|disso|da lista|{tail})* % | cancelar (o|os|as)? (recebimento|envio|envios) (de|das|dos|{texts})* {tail}* $"
        " | nao (me)? (manda|mande|mandem|envia|envie|enviem) mas (nenhuma|nada|{texts})+ {tail}* $",
        "não não quero me tirem", "quero cancelar o envio de SMS", "nao me mande mas mensagens", since=4,
    ),
)  # fmt: skip

POLICY_RULES = (
    _rule(
        "wrong-person", "número errado, pessoa errada, não sou ...",
        "(numero|pessoa|contato|telefone|num|contacto|zap) {wrong} | (foi|e|deve ser|por|ha|houve) {wrong} | ^ {lead}* nao (sou|e) (eu|o {name}|a {name}|{name}|esta pessoa|essa pessoa|quem|o dono|a pessoa|dessa|desse) | (voce|vc|se|voces) (esta|ta|se)? (enganou|enganado|enganada|engano|enganaram|confundiu) | (nao conheco|nao tem|nao ha|nao existe|nao mora) (nenhum|nenhuma|ninguem|essa|esse|esta) | (errou|erraram) o numero | nao e (o)? meu (numero|telefone) | (esse|este|meu) (numero|telefone) nao (e|pertence) | (ele|ela|senhor|senhora) faleceu!",
        "não sou essa pessoa", "você se enganou", "pessoa errada", source=POLICY,
    ),
    _rule(
        "go-away", "chega, vou denunciar, bloqueado, vai embora, assédio",
        "^ {lead}* some (daqui|dai|ja|agora|por favor|da minha frente|logo)+ $ | ^ {lead}* (chega|suma|sumam|vaza|bloqueado|bloqueada|denunciado|denunciada|spam|golpe|golpista|golpistas|vai se foder|vai se ferrar|vao se ferrar|vai tomar|vtnc|vsf|foda se|fodase|vai a merda|va a merda|va embora|vai embora|cala a boca|sai daqui|sai fora|cai fora|vai pro inferno|desaparece|desapareca) (daqui|por favor|ja|agora|{tail}|foder|no|cu|numero)* $"
        " | (vou|irei|vamos|te|ja|esta|estou|sera|foi|numero|voce|vc) (te|vos|voces|o|a|esse|numero|{fill}){0,3} (denunciar|denunciando|bloquear|bloqueando|bloqueado|denunciado|reportar|processar|processo|bloqueei|denunciei|reportado) | (anatel|procon|lgpd|processo judicial|meu advogado|assedio|perseguicao|importunacao) ",
        "vou te bloquear", "some daqui", "vou no procon", source=POLICY,
    ),
)  # fmt: skip

UNLESS = (
    Unless(
        "d.pt.only-sometimes", "not now, not then: a time follows", ("c.pt.dont-write",), "D", after="{when}", since=2,
    ),
    Unless(
        "d.pt.another-channel", "wants a text rather than a call", ("c.pt.dont-write",), "D",
        anywhere="(ligue|liga|ligar|liguem|ligacao|ligacoes) (pra mim|por favor|nao){0,2} ; (so|apenas|somente|por favor|pode|prefiro|me)* (manda|mande|mandem|mandar|escreve|escreva|mensagem|mensagens|msg|whatsapp|zap|texto) (mensagem|msg|whatsapp|zap|texto|{tail})* $",
        since=4,
    ),
    Unless(
        "d.pt.not-stop", "não parem de: they are to go on", ("c.pt.stop-doing", "c.pt.dont-write"), "D",
        anywhere="nao (parem|pare|para|deixem|deixe) de", since=4,
    ),
    Unless(
        "d.pt.other-number", "not there but here", ("c.pt.dont-write",), "D",
        anywhere="(no|nesse|neste|nisso|para o|pro) (meu)? (outro|antigo|email|mail|telefone antigo|numero antigo)", since=4,
    ),
)  # fmt: skip
