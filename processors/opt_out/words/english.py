"""English requests: the words that people use, by class, and the patterns over these classes (grammar.py).

A word may be in several classes. Sources: see each rule; the words themselves are those of replies to texts of
companies, campaigns and buyers of houses as published in court decisions, complaints and corpora (November 2026).
"""

from __future__ import annotations

LEXICON = {
    "stop": "stop stopall unsubscribe unsub unsubscribed optout stopp stahp stawp halt desist cease revoke",
    "stopping": "stop quit cease halt discontinue end cancel terminate desist refrain",
    "quit": "quit end cancel remove",
    "send": "send sending give giving forward share deliver push shoot drop leave submit",
    "write": (
        "text txt texting txting message messaging msg msging contact contacting call calling email emailing mail dm "
        "sms write writing bother bothering harass spam bug pester hound annoy disturb solicit ping ring phone telephone "
        "communicate recontact badger stalk harrass blast buzz facetime whatsapp reach trouble approach"
    ),
    "texting": (
        "hitting hittin pinging textn txtn messagin callin harassin bugging buggin contactin mailing sendin blowin "
        "texting txting textin messaging msging messagin contacting sending calling callin emailing writing bothering "
        "harassing spamming pestering bugging annoying hounding soliciting stalking blasting ringing phoning dming "
        "badgering disturbing harrassing communicating bombarding flooding pinging reaching spammin "
        "botherin sms trolling hassling polluting wasting"
    ),
    "texts": (
        "texts txts text txt message messages msg msgs mesg mesgs sms mms spam calls emails email mail notifications alerts "
        "notification alert solicitations solicitation solicitings communications communication contact "
        "correspondence contacts ads advertising adverts promos promotions blasts newsletters reminders junk garbage "
        "crap bullshit bs shit stuff nonsense trash offers offer marketing updates updated requests outreach "
        "campaigns surveys advertisement advertisements inquiries bull"
    ),
    "textsonly": (
        "texts txts text txt message messages msg msgs mesg sms mms spam notifications alerts solicitations emails "
        "solicitation communications communication correspondence junk calls mailings"
    ),
    "me": "me us mee myself ourselves ne mme",
    "my": "my our this the these mine that are",
    "mine": "my our this mine",
    "number": (
        "number numbers num nums nbr nmbr nr digits # cell cellphone phone mobile contact contacts info information "
        "name telephone details landline line infos data phonenumber no"
    ),
    "numberonly": "number numbers num nbr nmbr # digits phonenumber contact info information name details data",
    "phone": "phone cell cellphone mobile line inbox phones texts messages dms number telephone",
    "list": (
        "list lists database databases data base system systems records record directory rolodex mailing files file "
        "contacts books registry program subscription distribution register llist campaign campaigns service queue "
        "crm group thread chat roster texting texts messages mailings newsletter blast sms email emails messaging"
    ),
    "put": "put add place include get register enter want mark list move im am are is set log already be been have keep",
    "dnc": "dnc donotcall donotcontact blacklist blocklist nocall",
    "your": "your ur yur yor yours the this that these those ya yalls any all every our such other further",
    "you": "you u ya yall youse yous y'all yo them they guys people company team",
    "i": "i im ive id ill we weve were",
    "any": "any anymore more all such another additional further future other",
    "not": "dont dnt don donot dont't never nevr nvr dun doont dontt cannot",
    "again": "again anymore anymor more further longer ever agin agian nomore evermore furthermore henceforth whatsoever",
    "ever": (
        "ever even again please just you u ya keep to try and attempt be dare bother not wanna want need continue "
        "start fucking really ever personally directly"
    ),
    "heat": (
        "fucking fuckin fukin fkn fking fuckn f fn effing freaking freakin frickin friggin damn damned goddamn goddam "
        "dang bloody fuck fck fuk hell shit shitty stupid dumb ridiculous annoying unwanted unsolicited unwelcome "
        "constant endless silly useless idiotic crazy insane random political these such incessant relentless tf af"
    ),
    "fill": (
        "please pls plz plss pleas kindly just the all of from with to and at for out these those this that your ur my "
        "now so any more further such already me us in on really also immediately asap ever here it yalls entire "
        "whole entirely completely totally permanently forever immediatly politely respectfully our a is personal back "
        "number name cell phone mobile email address info"
    ),
    "lead": (
        "please pls plz plss pleas plea plese kindly just now ok okay k no nope nah naw yes yeah yea yep yup so but and "
        "hi hello hey sorry thanks thx thank ty sir maam madam dude bro guys people folks seriously "
        "really well listen hmm uh um ugh ughh omg wtf lord jesus christ god oh man damn dang crap fucking fuckin "
        "fuck fck fuk effing freaking f off idiots idiot assholes asshole bitch bitches moron morons loser losers "
        "scammer scammers scum creep jerk jerks bastards bastard absolutely definitely "
        "immediately asap right way said "
        "more already once respectfully also hell heck alright fine good bye goodbye regards gracias por favor "
        "anyway ffs smh gosh geez jeez enough wrong number person spam scam liar liars lies shit bullshit bs "
    ),
    "tail": (
        "please pls plz plss pleas plea plese kindly now right away immediately asap already forever "
        "all thanks thank thx ty tks again anymore ever ok okay sir maam guys people bro dude yall idiots idiot "
        "assholes asshole bitch bitches moron morons loser losers scammers scammer fuckers fucker fucking fuck off fck "
        "damn dammit damnit goddammit man lol and bye goodbye today day nice cheers texting "
        "messages texts contact end quit cancel unsubscribe means seriously really period "
        "more sincerely regards god bless jerk jerks scum creep creeps ass dumbass sent "
        "ffs wtf 1 2 3 everything both them those instantly effective bs hell once lady buddy pal"
    ),
    "refusal": (
        "no nope nah naw interested absolutely uninterested hell fuck fucking fuckin ugh ughh wtf "
        "ridiculous idiots idiot assholes asshole bitch bitches wasting waste scam scammers scammer spam enough stupid "
        "annoying harassment sick tired unsolicited unwanted illegal leave liar liars creep ffs disgusting rude "
        "republican democrat maga trump liberal voter vote donate money wrong person number bullshit shit bs pathetic "
        "yeah yea yes yep yup ok okay k please pls plz actually alright seriously already omg fine"
    ),
    "scorn": (
        "nope nah ugh ughh absolutely hell fuck fucking fuckin wtf ridiculous idiots idiot assholes asshole bitch bitches wasting "
        "scam scammers scammer spam harassment sick disgusting illegal liar liars creep creeps rude pathetic interested clowns "
        "clown fck moron morons losers"
    ),
    "abuse": (
        "fuck fucking fucker fuckers fuckin asshole assholes bitch bitches idiot idiots moron morons loser losers jerk "
        "jerks scum creep creeps bastard bastards dumbass scammer scammers yall forever now and i im "
        "we this it all wrong already no not pls please thanks liars liar"
    ),
    "laugh": "haha hahaha hahahaha hehe hehehe lol lmao lmfao rofl wahaha wahahaha hihi jaja jajaja lolol jk xd",
    "kin": "mom mum mama mommy mummy dad daddy papa babe baby honey hun sweetie bestie sis grandma grandpa love auntie uncle",
    "visit": (
        "appointment appt appointments tomorrow tmrw tmr today tonight meeting interview shift reservation booking "
        "order reschedule resched monday tuesday wednesday thursday friday saturday sunday sick flight trip lesson "
        "class event delivery delivered movie vacation week class subscription make busy dinner lunch kids"
    ),
    "took": (
        "said say told texted replied sent typed wrote asked written responded messaged repeated answered requested "
        "saying asking sending txted put begged"
    ),
    "howto": "reply text txt send type texting say press respond write sms txting",
    "lose": (
        "lose loose forget delete erase ditch dump trash toss scrub discard purge drop lost block burn shred destroy "
        "clear eliminate wipe strike unlist deactivate expunge remove unsave blacklist"
    ),
    "remove": (
        "remove rmv rmove rem del delete erase unsubscribe scrub strike drop exclude purge unenroll unlist eliminate withdraw unsub opt "
        "take get keep pull cross scratch kick knock leave rid clear expunge disenroll deregister unregister"
    ),
    "removed": (
        "removed deleted unsubscribed erased excluded unenrolled taken unlisted scrubbed unsubbed optout dropped "
        "deregistered blacklisted"
    ),
    "off": "off out outta from offa of offf odf ofd pff",
    "want": (
        "want wants wanted wish need needs needed would like prefer demand request asking ask asked wanna trying require "
        "id expect insist please desire hope hoping begging beg "
    ),
    "receive": "receive receiving get getting see seeing have hear hearing read recieve recieving accept accepting be",
    "hear": "hear hearing heard",
    "signed": (
        "signed sign subscribed subscribe consented consent agreed agree authorized authorize opted enrolled enroll "
        "requested registered permission authorised approved opt subscribing optin"
    ),
    "sue": "sue suing report reporting prosecute reported",
    "revoked": "revoked withdrawn rescinded revoke withdraw rescind revoking withdrawing retract retracted",
    "consent": "consent permission authorization authorisation approval agreement",
    "wrong": "wrong worng wromg wrongg incorrect mistaken",
    "person": (
        "person guy lady man woman girl dude individual persons ppl people human chick party gal people contact recipient "
        "candidate fella lad somebody someone"
    ),
    "digits": "0 1 2 3 4 5 6 7 8 9 10",
    "last": "last final",
    "spam": "spam spamming scam phishing junk",
    "before-stop": (
        "to when if until till will would can could should must may might shall wont dont didnt doesnt do does did cant never "
        "ever always i we they he she you a an the next last first bus train truck pit full non one my your our "
        "his her each every any second final same another tram metro subway rest gas fuel door at by for of in near from "
        "than cannot lets gotta wanna gonna is was with quick short sudden whistle doc back and or not as on make made let "
        "help go went going started got also then finally wouldnt couldnt people them him everything everyone things nonstop "
        "layover wouldn couldn shouldnt emergency hard dead f abrupt more ur d dun miss missed overslept 1 2 3 4 1st 2nd 3rd coffee lunch potty bathroom early traffic unless once "
        "had has have before after because so dead complete screeching work what where why how who whos which whats wheres "
        "text txt reply send type press prochain le un el proximo nachste volgende prossimo der die das de het een il ultimo dernier cuando si wann quando tour bus's city station taxi elevator exit grocery shopping drop delivery key t water"
    ),
    "when": (
        "tomorrow tmrw today tonight until till til before after during while when whenever monday tuesday wednesday "
        "thursday friday saturday sunday unless if yet later between at because cause bc except without instead about "
        "this so too right in on over past as first then i"
    ),
    "nouns": (
        "car truck desk invoice order schedule shift roster payroll resume application job position interview meeting "
        "appointment calendar cart account bag box items item product products shipment delivery production machine "
        "story drama bleeding rain noise music game tv worrying crying laughing playing lying whining eating drinking "
        "smoking overthinking talking joking fighting arguing complaining working gossiping freeloading acting being "
        "looking making pretending teasing procrastinating stressing zeuren acting payment car oven printing line "
        "growing growth violence war cheating screaming yelling thinking"
    ),
    "fuck": "fuck fck fuk f eff fuq screw",
    "off-verb": "fk feck piss bugger sod buzz bugger naff bog fuck fck fuk f eff fuq screw fack pis",
    "dead": "dead deceased died passed",
    "block": "block blocked blocking blocks",
    "report": "report reported reporting",
}

MACROS = {
    "<lead>": (
        "({lead}|not interested|im not interested|(can|could|will|would|wont|cant) {you}|({you} )?(need|have) to|you must|{you} better|"
        "i (want|need) you to|i said|for the last time|last time|one (last|more) time|right now|stop|unsubscribe|quit|end|again|no more|"
        "(absolutely|definitely|certainly|hell|probably|fuck|of course) (fucking)? not|not interested)"
    ),
    "<tail>": (
        "({tail}|thank you|i said|i mean it|it|this|that|these|to me|{you} {abuse}|you people|have a (good|great|nice|blessed) (day|one|night|evening|weekend)|"
        "(sent )?from my _ _?|no more|no texts|right now|once and for all|for good|for ever|all of (it|this|these)|stop|quit|end|me|on my phone|from now on)"
    ),
    "<not>": "({not}|do not|don t|do t|do nt|do bot|do nothing|do never|do nit|does not|not ever|no one should)",
    "<more>": "(more|mor|anymore|further|additional|other|another)",
    "<object>": "({me}|({my}|{your}|{heat})+ {number}|this|at this {number}|here)",
    "<mynumber>": "({heat}* {mine} {heat}* (damn|cell|phone|mobile|contact|personal|old)? {number}|the {heat}* {numberonly})",
    "<onto>": "({fill}|{me}|{my}|{number}|{heat}|i|we|are|am|{your}|on|as|to)",
    "<just>": "(please|pls|ok|stop|no|just|omg|ugh)*",
    "<thanks>": "(is|enough|already|please|pls|plz|thanks|thank you|of (this|these)|ok|guys)",
    "<howto>": "({howto} (with|back)?|press)",
}


def expand(pattern: str) -> str:
    """`pattern` with its macros spelled out."""
    pattern = pattern.replace("{lead}", "<lead>").replace("{tail}", "<tail>")
    for name, meaning in MACROS.items():
        pattern = pattern.replace(name, meaning)
    return pattern
