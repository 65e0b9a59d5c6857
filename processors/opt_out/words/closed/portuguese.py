"""Portuguese words of closed texts, by class (words/closed_texts.py says what each class is)."""

from __future__ import annotations

from processors.opt_out.words.closed import ClosedWords
from processors.opt_out.words.language import forms

_WITH_SLIPS = {
    "not": "nunca jamais",
    "none": "nenhum nenhuma",
    "write": (
        forms("mand envi lig cham contat contact incomod perturb import encher", "ar em ando arem")
        + " mandem mande enviem envie liguem ligue chamem contatem contactem incomodem perturbem escrever escrevam escreva "
        "escrevendo encher enchendo enviando mandando ligando receber recebendo importunar insistir insistam"
    ),
    "texts": (
        "mensagem mensagens ligacoes ligacao chamadas propaganda propagandas publicidade promocoes promocao "
        "notificacoes "
        "anuncios ofertas avisos lembretes campanhas contatos contactos torpedos recados novidades"
    ),
    "stop": "parem parar cessem cessar deixem deixar interrompam suspendam encerrem",
    "remove": (
        forms("tir remov apag delet exclu elimin retir descadastr cancel", "ar em a e")
        + " remover removam remova excluir excluam exclua descadastrar descadastrem descadastre descadastramento apague "
        "apaguem risquem riscar anular anulem desinscrever"
    ),
    "thing": (
        "numero telefone celular lista listas cadastro contato contacto telemovel agenda dados subscricao assinatura"
    ),
}

_WITHOUT_SLIPS = {
    "got": "recebi recebido chegou chegaram tenho veio",
    "not": "nao n naum nem nn",
    "none": "zero sem chega basta nada nehuma",
    "last": "nenhum nenhuma nao",
    "more": "mais novamente dnv voltem volte volta voltar vez",
    "write": (
        "contactassem contatassem manda mande mandes mandei mandem envia envie liga ligue ligues chama chame chamem fala falar falem enche "
        "encham "
        "encha amola amolem perturba perturbe perturbem incomoda incomode incomodem text sms zap torra torrar "
        "spammar escreve contatado contactado contatada contactada incomodado incomodada importunado parassem "
        "parassem escrevessem mandassem ligassem insista insistem contatar contactar contactem"
    ),
    "texts": (
        "msg msgs sms zap zaps whats whatsapp email emails spam promo promos torpedo recado aviso cupom cupons "
        "vagas oferta "
        "porcaria porcarias lixo merda merdas chamada texto textos contato contacto mensagen mensagens menssagem "
        "mensage"
    ),
    "these": "isso isto esse essa esses essas este esta estes estas as os nada",
    "stop": (
        "para pare parem pra chega basta parou desativem desativar desative desliga desligar desliguem interromper "
        "parassem pare"
    ),
    "remove": (
        "tira tire tirem sai saia sair fora remocao exclusao apaga exclui deleta risca cancela cancelamento cancele "
        "cancelem anulacao"
    ),
    "take": "tira tire tirem tirar sai saia saiam sair some suma sumam",
    "off": "fora",
    "lose": "esquece esqueca esquecam perde perca bloqueia joga jogue joguem",
    "thing": "num nr cel tel zap whats base sistema nome grupo fone conta",
    "my": "meu minha meus minhas o a este esse deste desse do da nosso nossa seu sua",
    "me": "eu me mim nos",
    "self": "eu nos",
    "want": (
        "quero queremos desejo desejamos preciso precisamos gostaria gostava prefiro interessa autorizo qro pretendo "
        "pretendemos quer"
    ),
    "get": "receber recebendo ver ler ouvir ter ser continuar",
    "you": "voces voce vcs vc tu vos te lhe",
    "limit": "agora hoje amanha",
    "instead": "so somente apenas melhor mas",
    "refusal": (
        "interesse interessado interessada vendo vender vende vendi venda vendida casa carro trabalho emprego tenho "
        "compro "
        "comprei engano enganado enganada pessoa errada errado cliente estou esta ja"
    ),
    "fill": (
        "dessa desta agradecia agradeceria por favor pf pfv pfvr pls pff favorzinho obrigado obrigada obg brigado brigada vlw valeu ola oi bom boa "
        "dia tarde noite "
        "senhor senhora senhores moco moca amigo amiga querido querida mano cara gente pessoal galera ei olha olhe "
        "ok ta "
        "sim entao pois e ou a o as os um uma uns umas de da do das dos d em no na nos nas neste nesse deste desse "
        "este esse "
        "esta essa estes esses estas essas com para pra pro p ao aos me mim te lhe se que q la ca ai aqui ja mais "
        "nunca "
        "jamais nada nem isso isto tudo todo toda todos todas seu sua seus suas vosso vossa vossos vossas meu minha "
        "peco "
        "pedia pedir solicito exijo quero gostaria podem pode poderia poderiam podiam fazer faca facam faz agradeco "
        "imediato "
        "imediatamente urgente definitivamente de vez outra ultima ultimo vezes disse falei pedi sempre tanto tanta "
        "tantas "
        "chato chata chatos porra caralho merda saco cacete droga puta maldito malditos viu hein kkk rs uai po pow "
        "tb tambem "
        "novo tipo qualquer muito muita bem voces voce vcs vc nos eu vou ir ser sejam lado atencao cumprimentos "
        "cordialmente favor que agradecia outro alguem algum farto farta cansei cheio to destas dessas desses "
        "destes estou como comigo"
    ),
    "aux": "te lhe vos lhes",
    "stopit": "desativem desativar desative cessem suspendam parassem",
    "courtesy": "por favor obrigado obrigada de voces vcs",
    "report": "denunciei denuncio denunciado denunciando bloqueei bloqueio bloqueado bloqueando reportei reportado",
    "spam": "spam golpe fraude lixo",
    "tired": "farto farta cansei cansado cansada cheio saturado",
    "disturb": "incomodar perturbar importunar",
    "yet": "ainda",
    "invite": "manda mande escreve escreva chama chame liga ligue",
}

_KEY = "descadastramento descadastrar desinscrever desinscricao descadastro"

_EXAMPLES = {
    "forbids": ("nunca mais liguem pra este número por favor", "Não nos escrevam, obrigada"),
    "refuses": ("avisos nenhum mais por favor", "não desejo essas novidades"),
    "stops": ("parem já com as campanhas", "suspendam esses avisos por favor"),
    "removes": ("apaguem meu contato da vossa lista", "anular a assinatura por favor"),
    "key": ("solicito o descadastro, obrigada", "Descadastramento imediato por favor"),
    "reports": ("reportei como golpe", "já bloqueei vocês"),
}

_TURNS = "por que {gap}{0,3} {not} | (outro|outra) {thing} | {not} (mandei|liguei|enviei|escrevi|recebi|chamei)"

WORDS = ClosedWords(_WITH_SLIPS, _WITHOUT_SLIPS, _KEY, _EXAMPLES, _TURNS)
