"""English requests beyond the tier table's phrases, as patterns over the classes of english.py."""

from __future__ import annotations

from processors.opt_out.rules import Rule
from processors.opt_out.words.english import expand

_LAW = "47 CFR 64.1200(a)(10): any wording that a reasonable person reads as a stop"
_REPLIES = "replies to campaign and real-estate texting in court decisions and complaints"
_POLICY = "our own decision: a person looks, see docs/opt-outs.md"

#: Slips of STOP that say nothing by themselves beside another word: the letters around each on a keyboard.
_SLIPS = "|".join(
    "stop"[:at] + neighbour + "stop"[at + 1 :]
    for at, letters in enumerate(("adwxz", "ryfg", "iplk", "ol"))
    for neighbour in letters
)
_POLITE = "please", "pls", "now"
#: Requests of several words that people write as one: beginning, verbs, ends.
_GLUED_PARTS = (
    ("stop", "texting calling messaging spamming contacting sending bothering harassing emailing txting", ("me", "us")),
    ("dont", "text call contact message txt email bother", ("me", "us")),
    ("donot", "text call contact message txt email disturb", ("me", "us")),
    ("quit", "texting calling messaging spamming bothering", ("me", "us")),
    ("nomore", "texts spam messages calls texting msgs", ()),
    ("leave", "mealone usalone", ()),
    ("please", "stop removeme unsubscribe unsubscribeme removeus quit optmeout", ()),
    ("", "stopnow stopit quitit stoppls quitnow endnow removeme optmeout unsubscribe unsubscribeme", ()),
)
_GLUED = "|".join(
    dict.fromkeys(
        beginning + verb + end + polite
        for beginning, verbs, ends in _GLUED_PARTS
        for verb in verbs.split()
        for end in ("", *ends)
        for polite in ("", *_POLITE)
        if beginning or polite or verb not in ("unsubscribe",)
    )
)


def rule_of(name: str, says: str, pattern: str, *examples: str, source: str = _LAW, since: int = 2) -> Rule:
    """A pattern rule of English; `pattern` may name <glued> words and <slips> of STOP."""
    return Rule(
        f"c.en.{name}",
        "C",
        "pattern",
        says,
        pattern=expand(pattern).replace("<glued>", _GLUED).replace("<slips>", _SLIPS),
        since=since,
        source=source,
        examples=examples,
    )


RULES = (
    rule_of(
        "keyword-clause", "a keyword is a clause of its own, with courtesy, temper or a refusal",
        "^ {lead}* {stop} ({tail}|{stop}|{laugh})* $ | ^ ({refusal}|{lead})* {stop} ({abuse}|{tail})* $ | ^ (u r|{you} are|youre|ur|thats|this is|just|not)* {scorn} {refusal}* {stop} {tail}* $ | ^ (im|i am|this is) not _ _? {stop} {tail}* $",
        "Sold it in May. Stop", "ugh unsubscribe", "STOP now you idiots", source=_REPLIES,
    ),
    rule_of(
        "keyword-last", "a short run-on sentence with STOP at its end",
        "^ (?! _* ({before-stop}|ill|well|id|youll|theyll|hell|shell|im) {stop}) (?! {lead}* (why|when|where|did|does|didnt|doesnt)) (?! _* (make|made|makes|let|lets|saw|help|hear|watch|see|had|get|got|tell|told|want|wants) _ _? stop) _{1,6} (stop|unsubscribe|optout|stopall) {tail}* %",
        "moved away stop", "Go vote blue stop", source=_REPLIES,
    ),
    rule_of(
        "quit-clause", "END, QUIT, CANCEL or REMOVE is a clause of its own",
        "~ ({refusal}|{lead})* {quit} ({tail}|{quit}|{stop})* $ | ^ ({refusal}|{lead})* {quit} ({tail}|{quit}|{stop})* (; {tail}+){0,2} % | ^ (u r|{you} are|youre|ur|thats|this is) ({heat}|{refusal}|my|our|time|a|{number})* (quit|end) {tail}* $",
        "Not for me. End", "nope cancel", "Quit\nSent from my tablet", source=_REPLIES,
    ),
    rule_of(
        "quit-and-temper", "END or QUIT and abuse, or a sentence about the writer",
        "^ {lead}* (quit|end) ({refusal}|{abuse}|{you}|{i}|no|wrong|{heat}) | ^ {lead}* (quit|end) or {i}",
        "QUIT I am broke", "end you clowns", source=_REPLIES,
    ),
    rule_of(
        "two-keywords", "two keywords joined: copied from \"text STOP to END\"",
        "({stop}|{quit}) (to|2|too|two|t|4|3|and|or|for|n|means|is|equals)? ({stop}|{quit}) (to|2|too) ({stop}|{quit})"
        " | ^ (<howto>|{lead}|{refusal})* ({stop}|{quit}) (to|2|too|two|t|3|4|equals|means)? ({stop}|{quit}) ({tail}|{abuse})* "
        " | ^ (<howto>)* ({stop}|{quit}) (to|2|too|two|t|3|4) ({stop}|{quit})",
        "Quit to stop", "cancel 2 end", "Stop end", source=_REPLIES,
    ),
    rule_of(
        "text-stop", "the word beside the keyword: \"text stop\", \"1 STOP\"",
        "^ ({lead}|text|txt|send|type|press|say|the|word|period|1|2|3|option|number|my|answer|is|response|and|say|vote)* "
        "{stop} (to (end|quit|stop|unsubscribe|optout|out)|{tail}|{digits}|{refusal})* $",
        "1 stop", "text stop", "my answer is stop",
    ),
    rule_of(
        "already-said", "complains that a stop was ignored",
        "what part of ({lead}|the word)* {stop} | ({i}|have|{lead}|already|and|{you}|{not}|multiple|several)* {took} (you|u|yall|them)? (already|before|you|u|the|word|it|is|to|please|"
        "in|a|times|many|multiple|several|yesterday|last|week|month|back|fucking|again|just|{digits}|with|out|of|all)* "
        "{stop}",
        "I texted STOP twice", "already told you to stop", "I've replied unsubscribe three times",
    ),
    rule_of(
        "already-out", "says that it opted out",
        "^ (({i}|have|has|had|already|just|{lead}|was|am|thought|been|should|be|asked|to)* )"
        "(unsubscribed|optout|unsub|unsubscribe|unsubbed|opted out) (already|before|from|of|to|last|ages|weeks|{tail}|{your}|{list}|{digits}|times|several|multiple|everything|all)* $"
        " | {i} (have|had|already|thought|just)+ (unsubscribed|optout|opted out|unsubbed)",
        "I opted out last week", "already unsubscribed",
    ),
    rule_of(
        "asked-removal", "asked to be removed, wants to be off the list",
        "({want}|{took}|{not}|please|been|keep|supposed|again) (to|and|you|u|yall|was|that|i|for|{fill}|{heat}|kept)* (be|being|get|stay|am|are|have been) {fill}* ({removed}|off (of|{your}|{heat})* ({list}|{texts}|{phone}))"
        " | (honor|respect) (my|our|the) (request|optout|opt out|wishes|unsubscribe) | (how|can|could|may) (do|can|would)? i? (be|get) (removed|unsubscribed|taken off|off (this|your|the))  | ~ {lead}* (i|we) want (out|off|removed|unsubscribed|deleted) {tail}* % | (leave|keep) {my} {number} (out of|off) (this|it|that|{your}* {list}) {tail}* $ | (<not>|stop|quit) (using|use) (my|this|our) {number} {tail}* $ | (request|requesting|requested|demand|want|asked|asking for) {fill}* (removal|off {your} {list}) | ^ {lead}* (be|get) removed "
        "| (want|wants|wanted|get) (off|out|removed|outta) (of|{your}|{heat})* {list}"
        " | (shouldnt|should not|{not}) (want|like|wish|need|be|supposed|to|even|wanna)* (be|being)? (on|in|part of) ({your}|{heat})+ ({heat}|{texts}|political|call)* ({list}|{texts})",
        "I asked to be taken off twice", "I want off this list", "please request removal", "i dont want to be on your list",
    ),
    rule_of(
        "take-off", "take, keep, get this number or name off",
        "(take|get|keep|leave|strike|cross|scratch|pull|kick|knock|move|put|tame|tak) ({fill}|{heat}|{my}|and|{number}){0,5} ({me}|{number}|names|numbers|ours|wifes|husbands|mine|moms|family|everyone) "
        "({fill}|{heat}|and|{number})* (off|out|outta) ({fill}|{heat}|of)* ({your}|{heat}|{texts}|call|calling|mailing|text|contact|the|all)* ({list}|{texts})"
        " | (take|get|keep|leave|strike|cross|scratch|pull|kick|knock|put) ({heat}|please|my|our|this|{number}|{me}|and|all|of)+ (off|out) {tail}* $"
        " | {mine} {number} (off|out) {tail}* $ | ^ {lead}* (take|get) ({heat}|please)* off ({your}|{heat}|of)* {list}"
        " | (off|outta) ({your}|{heat}|of)+ ({heat}|{texts}|call|calling|mailing|text|contact|email|marketing|damn|fucking)* {list} {tail}* $ ",
        "keep our names off your call list", "take this number off please", "my name off now",
    ),
    rule_of(
        "remove", "remove, delete, drop: with or without an object",
        "{remove} ({fill}|{heat}|that)* ({me}|{mine} ({heat}|cell|phone|family|whole)* {number}|<mynumber>) ({fill}|{heat}|and|{number})* (from|off|of|out|frm|form|fro) ({heat}|{your}|{texts}|call|mailing|contact|of|future)* ({list}|{texts})"
        " | ^ ({lead}|{you})* (remove|delete|unsubscribe) ({fill}|{heat}|{tail})* (from ({your}|{heat}|{texts}|contact|call)* ({list}|{texts}))"
        " | ^ {lead}* (remove|delete|unsubscribe) (now|please|asap|immediately|thanks|pls|already|from|this|me|us|plz|thx|thank|you|number|phone) {tail}* $"
        " | ^ {lead}* (remove|removal|rmv) {tail}* $ | ~ {lead}* delete {tail}* % | ^ {lead}* (rmv|remove|rmove|rem) (me|m|my {number}|us|this {number}) {tail}* $"
        " | (remove|delete|erase|unsubscribe|scrub|drop|purge) ({fill}|{heat})* ({mine}|this|the) ({heat}|cell|phone|mobile|contact)* {numberonly} {fill}* {tail}* $",
        "Remove from list", "please remove", "delete my name from your records", "scrub this number",
    ),
    rule_of(
        "lose-number", "lose, forget, get rid of this number",
        "forget (that)? {you} (ever)? (have|had|got|knew) (my|this|our) {number} | ^ ({lead}|{refusal})* ({lose}|get rid of|throw away|throw out|hang up on) ({fill}|{heat})* ({mine}|{your}|{heat}|the|that|this)+ ({heat}|cell|phone|mobile|contact|damn|whole)* {numberonly}"
        " | ^ {lead}* scratch my number | ({lose}|rid of) {heat}* (my|this|our) ({heat}|cell|phone)* {numberonly} {fill}* {tail}* $",
        "Loose this number", "get rid of my number", "could you forget my number",
    ),
    rule_of(
        "dnc", "asks for the do-not-call list",
        "{put} <onto>* {dnc}"
        " | {put} <onto>* (do not|dont|don t|no|not) (call|contact|text|disturb|message|solicit) (list|registry|number|database|please)?"
        " | (national|federal|state) (do not call|dnc) | ^ {lead}* do not (call|contact|text|solicit) (list|registry)? {tail}* $ | ^ {lead}* do not disturb (list|registry) {tail}* $ | ^ {lead}* dnc (list|registry)? {tail}* $",
        "add this number to your dnc", "im on the do not call registry", "put us on your do not text list",
    ),
    rule_of(
        "dont-write", "don't, never text or call: me, this number, again",
        "({took} {you}? not to|(didnt|did not|never) (tell|ask|allow|want) ({you}|anyone) to) (ever|please)? {write} | (can|could|would|will|please|pls|plz|kindly) {you}? (please|just|kindly)* not ({ever}|{heat}){0,3} {write} ({me}|at|this {number}|my {number}|here|{again}|$) | (<not>|not to|quit|no longer|no one|nobody) ({ever}|{heat}|{fill}){0,5} ({write} (or|and|nor|n) ({ever}){0,2}){0,2} {write} ({heat}|{fill}|or|and|{write}){0,3} "
        "({me}|({my}|{your}) ({heat}|cell|phone|fucking)* {number}|at {heat}* {your} {number}|on {your} {number}|my {phone}|from {your} {number}|this|here|{again}|any)",
        "don't u ever ring me", "do not text at this number", "never ever contact us again",
    ),
    rule_of(
        "dont-write-bare", "don't text, do not call: nothing else in its clause",
        "~ {lead}* (<not>) (ever|please|even|bother)* (reply|respond|answer me) (to (me|this)|back|again|{tail})* % | no (need|reason) (to|for you to) {write} {me} (again|any|{tail})* | ~ ({lead}|{refusal})* / (<not>) ({ever}|{heat})* {write} (or {write}|{tail}|{again}|{me}|{heat}|back)* % | ^ ({lead}|{refusal})* (<not>) ({ever}|{heat})* (text|txt|message|msg|contact|texting) (or {write}|{tail}|{again}|{me}|{heat}|back)* $"
        " | (<not>|never) (ever|please|again|even|bother|try|to|you){0,3} (reach out|follow up|get in touch|hit me up|blow up my|try (and|to) {write}|keep (texting|messaging|calling|contacting|sending|harassing|emailing|bothering) (me|us|my|this|these)|bother me|contact me)",
        "don't email", "Never reach out", "do not follow up",
    ),
    rule_of(
        "dont-send", "don't send any, send no more",
        "(<not>|never) ({ever}|{fill}|{heat}){0,5} {send} ({me}|{fill}|{heat}|{any}|{your}|one|single){0,6} ({texts}|{again}|anything|nothing|nada|these|this|those)"
        " | {send} ({me}|{fill}|{heat})* (no more|nothing|zero|no further|no other) | ^ {lead}* no ({send}|{write}|{receive}) {me}? {any} | ^ {lead}* no {send} ({me}|{any}|{fill}){0,3} {texts} "
        " | (dont|don t|do not|donot) ({ever}|{heat})* send ({me}|{tail})* $",
        "don't send me any of those", "send nothing further", "no send any more",
    ),
    rule_of(
        "no-more", "no more texts, no texts please, enough",
        "~ ({lead}|{refusal}|(this is)? not _|its not _)* / (no|zero) ({heat}|more|of|your|these|those|this|any|text|political|sales|marketing|campaign|robo|job|phone){0,4} (texts|calls|messages|msgs|sms|spam|emails|texting|text (please|pls|plz|msgs|messages|me)|contact|contacting|solicitations|soliciting|txts) (please|pls|plz|thanks|thank you|{again}|to (my|this) {number}|allowed|wanted|from {you}|period|ok|asap|now|{abuse})* % | ^ {lead}* no ({heat}|more|of|your|these|those){0,3} (texts|messages|txts|sms|calls|contact) ({again}|please|pls|plz|allowed|wanted|to (my|this) {number})+ {tail}* $ | repeat no {texts} | ~ {lead}* no (text|txt|sms|msg|message|texts) {tail}* %"
        " | (no|zero) <more> ({heat}|of|your|these|those|this|from|text|political|phone|{texts})* ({texts}|{texting}|contact|contacting|outreach) "
        "({tail}|{again}|from|to|{your}|{number}|my|{phone}|for|about|me|us|ever|please|or {texts}|and {texts}|$)"
        " | ~ <just> no (more|mo) (<thanks>* % | <thanks>+ ; | ; ({refusal}|{stop}|{not})) | ~ <just> (nomore|enough (is enough|already)?|thats enough) (<thanks>* % | <thanks>+ ; | ; ({refusal}|{stop}|{not})) | ~ <just> (had|ive had|have had) enough (of {your} {texts})? <thanks>* % | ^ {lead}* enough (already|of|these|this|your|with|the|{heat}){1,4} ({texts}|crap|bs|already) {tail}* $ | ^ {lead}* send no more {tail}* $ "
        " | ^ ({lead}|{refusal}|im|i am|so|very|really|getting)* (enough|sick|tired|fed up) (is enough|already|with|of|and|tired|your|the|these|all|this|{heat}|getting|receiving|from|so|many|constant|being|to|up){1,8} ({textsonly}|({texting} me)|spam) ",
        "no more of these texts", "No texts please", "enough with the messages", "no more calls",
    ),
    rule_of(
        "dont-want", "doesn't want the texts, to be contacted, to hear from the sender",
        "({not}|do not|don t|no longer|didnt|did not|dont|never|not|nolonger) (ever|really|even|i|just|longer){0,3} (wish|want|wanna|need|care|interested|agree|consent|like|wanting|authorize|appreciate|asking|looking) (for|to|in|you|u|yall|any|it|at|of){0,3} "
        "({receive}|{fill}|{heat}|{any}|{your}|being|continue|keep|of){0,7} ({textsonly}|contacted|texted|messaged|bothered|called again|emailed|harassed|spammed|solicited|disturbed|{texting} ({me}|$)|{texts} ({again}|from (you|yall|this|your)|$))"
        " | (<not>|no longer|not|dont|no) ({ever}|{want}|wish|care|to|interested|in|like|really|i|wanting){1,4} ({hear}|talk|speak|communicate|deal|contact|associated) ({again}|anything|with|{fill}|more|to|or|see|back|else)* (from|with|to|of) ({you}|yall|this|your|any {texts})"
        " | ~ {lead}* (i|we) (<not>|no longer) (want|need|wish for) (these|this|any of this|your crap|your messages|your spam) ({again}|{tail})* % | (rather|prefer|appreciate) (if)? (you|u|yall) (would|could|did)? (not|didnt|stop|stopped|dont) ({write}|{texting}) | (rather|prefer|appreciate|appreciated|glad|happy|grateful|thankful|nice|great) (it)? (if|that)? {you} (would|could|can|will|just|please)* (stop|stopped|quit|ceased) {tail}* $ | (rather|prefer) (to)? not (to)? (get|receive|be) ({heat}|{your}|any|{fill})* ({texts}|these|texted|contacted|called|this) | (<not>|no longer|not) ({ever}|{want}|wish|care|to|interested|in|like|really|i|wanting){1,4} (to)? (receive|receiving|recieve|get|getting|see|have|these) ({fill}|{heat}|{any}|{your}|kind|of|or){0,5} (these|those|anything from|(this|your|that) (stuff|crap|shit)|any of (these|this|your)|of (these|those)) ({again}|{tail}|from)* $ | ^ {lead}* (i)? (<not>|no longer) (want|need) (any)? more ({again}|please|thanks|of (these|this))* $"
        ,
        "I no longer wish to be contacted", "dont wanna hear from u", "do not want to receive these", "we never want calls",
    ),
    rule_of(
        "texts-to-stop", "wants the texts to stop, makes it the last one",
        "({textsonly}|{texting} me|text messages) ({heat}|please|really|just|would|now|need|needs|have|has|must|better|gotta|got|should|can|please|want|from|you|me|{want}|to|all|already){1,6} (be)? (stop|end|cease|stopped|halt|ceased) ({tail}|immediately|and|asap)* $ | ~ {lead}* (i|id|we|just|would)* (make|want|need|like) (it|this|these|them|that) (to)? (stop|end) {tail}* % | ^ {lead}* (i|we|id|please)* {want} (all|your|these|this|the)* ({textsonly}|harassment|spam) (to)? (stop|end|cease|stopped)"
        " | do (me|us|yourself|everyone) a (favor|favour) and (just|please)* {stopping} | (done|finished|through) (with|getting|receiving) ({your}|{heat}|all|getting|receiving)* {textsonly} | when (will|do|are|is) ({your}|{heat}|all)* {textsonly} (going to|gonna|ever|finally)* (end|stop|cease) | (sick|tired|fed up) (and tired)? (of|with) (getting|receiving|seeing) ({fill}|{heat})* (these|this|them|{textsonly}) {tail}* $ | (way|how) (for me|i can|can i|do i)* to (stop|end|cancel|quit) (this|these|it|{your} {textsonly}) {tail}* $"
        " | (want|like|need|wish|would|please|trying|how do i|how can i|how to) (to|please|just|u|you|yall|i){0,3} (stop|end|cancel|quit|discontinue|terminate|get out of) (this|these|the|your|all|getting|receiving|any|my|{heat}|with){1,4} ({textsonly}|{receive} {your}* {texts}|service|subscription|list|conversation|{receive}|text|membership|program|harassment|thread|madness|nonsense)"
        " | (last|final) ({heat})* ({textsonly}|time) (i|you|u|yall|ever|that|want|{fill}|should|better)* (you|u|yall|i) (ever|want|should|better|to|get|get from|will)* ({send}|{write}|from (you|u|yall))"
        " | ~ {lead}* (this is)? (the|your|ur|my)? (last|final) warning | last time (i|im|i am|ill|i will) (will|gonna|going to|am)* (tell|telling|ask|asking|say|saying|warn|text|texting) | ({want}|would|like) (to)? {stopping} {receive} (these|this|them|{your}* {textsonly}) {tail}* $ | (let|make|better) (this|that|it|be)* (be)? (the|your|ur) last (one {tail}* $|{texts}|time {you} {write}|{heat} {texts})",
        "I need these messages to stop", "do us a favor and stop", "I'm so done with your texts", "tired of getting these", "this better be the last text you send me", "I want to end this service",
        "how do i stop these",
    ),
    rule_of(
        "stop-doing", "stop or quit doing what concerns messages, and stop this",
        "^ ({lead}|{refusal})* {stopping} ({heat}|{fill}|of|ever|{any})* ({texting} ({me}|my|us|this|{your}|{heat}|please|$)|{textsonly}|{heat} {texts}|contact|using {my} {number}|bothering|following up|reaching out|blowing|hitting me|communication|correspondence) | (?! (to|i|we|they|he|she|never)) {stopping} ({heat}|{fill}|of|ever|{any})* {texting} ({heat}|{fill})* (me|us|my|this number|here)"
        " | (please|pls|plz|kindly|must|need to|asap|now|immediately) (just|fucking|do|and)* {stopping} ({heat}|{fill}|of|ever|{any})* ({texting}|{texts}|contact|all)"
        " | ~ {lead}* (discontinue|terminate) (this|service|it|all|now|immediately|the service|my service|messages)* {tail}* % | (cease|desist|discontinue|terminate|refrain) (from|all|any|further|{heat}|and|your|contact|desist|the|immediately|these|sending|with|future)* ({texting}|{texts}|contact|communication|desist|$)"
        " | ~ {lead}* (cut|knock) (it|this|that) (out|off) {tail}* % | cut the {heat}* {texts} out | ~ {lead}* give it a rest {tail}* %",
        "pls quit harrassing us", "cease all communication", "cut it out", "discontinue all messages",
    ),
    rule_of(
        "leave-alone", "get off my phone, out of my texts, leave us alone, don't bother me",
        "(get|stay|keep|fuck|f|stop|piss) ({heat}|the|your|right|{you}){0,3} (off|out|outta|outa|away) (of|from)? {heat}* (my|our|this) {heat}* ({phone}|{number}|messages)"
        " | ^ {lead}* (off|out|outta) (of)? (my|our) {heat}* {phone} {tail}* $ | leave ({me}|{my} {heat}* ({phone}|family|husband|wife|kids|mother|house|number)|people|my mom|everyone) {heat}* (alone|be|tf alone)"
        " | ~ {lead}* let me (be|alone) {tail}* % | ~ {lead}* stay (the|{heat})* away from (me|us|my _) {tail}* % | (<not>|stop|quit) ({ever}|{heat})* (bother|disturb|harass|bug|pester|annoy|harrass) ({me}|my|anyone|people) ({tail}|{again}|with|{texts}|{your}|family)* $ | ~ ({lead}|{refusal})* (<not>|stop|quit) ({ever}|{heat})* (disturb|harass|bug|pester|annoy|harrass) ({tail}|{again})* %",
        "get out of my inbox", "stay off my phone", "leave my family alone", "dont ever bug me",
    ),
    rule_of(
        "never-asked", "never signed up, takes back consent",
        "({not}|did not|didnt|have not|havent|never|dont|was not|do not|nor|neither|wasnt|not|no) (ever|even|i|you|want|have|to|give|gave|given|remember|recall|just|knowingly|once|my|any|get){0,4} ((sign|signed) up (for (this|these|your|it|that|any|ur|the)* ({texts}|{list}|this|these|it|that)|to (receive|get|be|your|this)|with (you|u))|(subscribed|subscribe|consented|consent to|authorized|enrolled|enroll|optin|registered for (this|these|your)|requested (this|these|your|{texts})|(agreed|agree) to (this|these|receive|get|be|your|{texts})|(opted|opt) in)|ask for ({textsonly}|this $|these|any of|(your|ur) {texts})|asked for ({texts}|this|these|any|{your} {texts})|(give|gave|giving|given) ({you}|anyone|anybody)? ((my|any|the|our|written|express)* {consent}|(my|our|this) {number})) (me|up|in|to|for|you|u|permission|my|consent|any|the|this|these|it|be|on|with|your|receive|receiving|getting|contact|contacted|texted|{textsonly}|{list}|number|#|anything|either|of|from|texts){0,8}"
        " | ~ {lead}* (i|we)? (never|i didnt|i did not) (even|ever)? (sign|signed) up {tail}* % | ~ {lead}* i (dont|do not|didnt|did not|never) (consent|consented) {tail}* % | {you} (dont|do not|never|didnt) (have|had|got|get) (my|our) {consent} | i (didnt|did not|never) request (this|these|any|{texts}) | who gave you (the)? permission (to)? ({write}|$) | (without (my|any|prior|express|written|our)+|no (prior|express|written)*|{not} have (my|any|our)*|dont have (my|any|our)*|lack) (consent|permission|authorization|authorisation) | {consent} (is|has|hereby|been|was)* {revoked}"
        " | {revoked} (my|all|any|our|prior|express|previous)* {consent} | (unsolicited|unwanted) ({heat}|and|phone|text|political|sales)* ({textsonly}|calls|contact|texting|emails)",
        "I did not sign up for this", "My consent is withdrawn", "we never subscribed to your texts",
        "without my consent", "unsolicited texts are illegal",
    ),
    rule_of(
        "please-no", "short forms of a wish to be left out",
        "^ ({lead}|{refusal})* (unlist|deregister|unenroll|delist|removeme|blacklist|disenroll) ({me}|{tail}|{my}|{number})*"
        " | ^ ({refusal}|{lead})* (opt ({me}|{my} {number})? (the fuck|tf)? out|opt out|opting out|optout) ({tail}|of|{your}|{texts}|{list}|all|{me}|everything)* $"
        " | ^ ({lead}|{refusal})* (exclude|omit|withdraw|drop) ({me}|{my} {number}) (from ({your}|{heat}|{texts})*)? {list}? {tail}* $ | ~ {lead}* (({your}|{heat})* {textsonly} (are|is)?)? (not wanted|unwanted|not welcome|unwelcome|not appreciated) (here|at all|anymore|{tail})* %"
        " | (want|like|wish|need|please|kindly|choose|decided|id|prefer) (to|please|just|now|would){0,3} (opt out|optout|unsubscribe|unsub|opted out|be left alone|be optout)",
        "opt us out", "kindly opt out now", "i choose to opt out",
    ),
    rule_of(
        "out", "OUT, halt or done as a clause beside a refusal", "(no|not|never|dont|nothing|nope|{refusal}|{stop}) _{0,8} ; (out|count me out) {tail}* % | ~ {lead}* (out|halt|desist) {tail}* % | ~ {lead}* count me out {tail}* % | ~ {lead}* (leave|keep) me out {tail}* %",
        "Not for sale. OUT", "halt", source=_REPLIES,
    ),
    rule_of(
        "would-rather", "would like it better without, hopes that it was the last one",
        "(appreciate|appreciated|love|grateful|thankful|nice|great|good|prefer|rather|glad|happy) (it|that|this|to|be|if|when|{you}|would|could|can|please|just|i|really|much|greatly){0,6} (<not>|not|no longer|didnt|did not|wouldnt|would not|didn t) (to|be|being|get|getting|receive|receiving|have|ever|just|{heat}|{your}|any|more|{send}|{me}){0,5} ({write} ({me}|{my}|this|$)|({receive}|{your}|any|more|{send}) {heat}* ({textsonly}|these)|{texting}|contacted|texted|messaged|bothered) "
        "| (appreciate|love|like|prefer|want) (being|getting|to be|to get) (removed|taken off|taken out|unsubscribed|left alone|left out|off ({your}|of)* {list}) | (prefer|want|rather have|rather get) no (more|further|other)? ({heat}|more){0,2} {textsonly} "
        "| ^ {lead}* (i|we)? (really|just|so)? (wish|hope) (that)? {you} (guys|people|all)* (would|could|will|just|please|finally)* (stop|quit|cease|go away|leave me alone) {tail}* $ | (hope|hoping|trust|assume) (that)? (this|that|it|its) (is|was|will be|to be|be)* (the|your|my)* (last|final) ({texts}|one|time $|contact) "
        "| ~ {lead}* {you} (can|may|could|should|must) (please|just|now|all|both|go ahead and)* (stop|quit|cease) (now|it|this|that|already|please|thanks|thank you|anytime)* %",
        "would be nice if you guys didn't message me", "I'd prefer being left alone", "wish you people would quit", "I hope this was your last text", "you can quit now please", source=_REPLIES, since=3,
    ),
    rule_of(
        "not-on-it", "does not want to be on the list, or somebody near is to be taken off it",
        "<not> (want|wish|like|care|need|wanna|belong|supposed) (to|be|being|get|stay|remain)* (on|in) ({your}|{heat}|{textsonly}|of|political|call|mailing)* {list} | ~ ({lead}|{refusal})* (i|we) <not> (want|wish|care|wanna) (to)? be (a)? (part of|involved in|included in|in|on) ({your}|{heat})* (this|that|it|these|{list}|{texts})? {tail}* % "
        "| {remove} ({fill}|{heat})* (my|our|his|her|their|the) ({heat}|late|elderly|old|ex|deceased)* (husband|wife|mom|mother|dad|father|son|daughter|sons|daughters|husbands|wifes|moms|dads|mothers|fathers|brother|sister|grandmother|grandfather|parents|kid|kids|child|family|friend|company|business|office|store|employees|staff|daughter in law) ({number}|{fill}|s|{heat})* (from|off|out) (of)? ({your}|{heat}|{textsonly}|call|mailing)* ({list}|{texts}) "
        "| (get|take|remove|pull|drop) ({me}|us) (the|{heat})* (off|out|from|outta) (of)? ({your}|{heat})* (this|that|it|thing|these|here|whatever this is|crap) {tail}* $",
        "we do not wish to be on any list", "i dont want to be part of this", "take my late mother off your list", "get me off of this thing", source=_REPLIES, since=3,
    ),
    rule_of(
        "enough-texts", "no calls or texts, cut out the texts, text no more",
        "~ ({lead}|{refusal})* (no|zero) (more|{heat})? {textsonly} (or|and|no|nor|n){1,2} (more|{heat})? {textsonly} {tail}* % | ~ {lead}* enough (already|with|of|{your}|{heat}){0,3} {textsonly} {tail}* % | ^ {lead}* (cut|knock) (it|out|off) (with|out)? ({your}|{heat}|all)+ {textsonly} {tail}* $ "
        "| ~ {lead}* ({write}|call) (me|us)? (no more|nevermore) (please|thanks)? % | ~ {lead}* (go)? (bother|spam|harass|annoy|pester|bug) (someone|somebody) else {tail}* % | ^ {lead}* (make|get) ({your}|{heat}|all)* {textsonly} (to)? (stop|end) {tail}* $ | (how|what) (do|can|could|must|would|should|to)? (i|we)? (have to|need to)? (do)? (to)? (make|get) ({your}|{heat}|all)* ({textsonly}|it|this|them) (to)? (stop|end) {tail}* $",
        "no texts and no calls", "enough with the texts", "text me no more", "go spam somebody else", "how do I get these texts to stop", source=_REPLIES, since=3,
    ),
    rule_of(
        "ignored", "complains that a stop, a no, was ignored, and that it goes on",
        "{took} ({you}|guys|people|all|folks){1,3} (already|to|please|once|twice|just)* ({stop}|quit) ({tail}|{texting}|{me}|already|before|several times|{digits} times)* $ | how many times _{0,5} ({stop}|remove|optout|opt out|no|{not}) | (what|which) part of ({lead}|the word|my)* ({stop}|no|{not}) (_){0,2} (you|u|yall) | ^ ({your}|{lead}|replying|texting|the|your|sending)* ({stop}|optout|opt out) (button|link|thing|option|feature|request|text|word|command|function)? (clearly|obviously|apparently|still|just)? (doesnt|does not|isnt|is not|aint|didnt|never|wont|dont|not) (even|really|ever|seem to)? (work|working|worked|do anything|doing anything) "
        "| ^ {lead}* (i|ive|we|weve) (have|already|just)* (told|said) ({you}|guys|people)+ no {tail}* % | (did|do) {you} (not|even)* (see|get|read|receive|understand) my ({stop}|request|optout) | why (do|are|r|is|did|have|would) ({you}|guys|people|folks|i){1,3} (keep|still|constantly|continue|continually|am|being){1,3} (on|to|getting|receiving|get|being)? ({texting} (me|us|this|my)?|{textsonly}|these|texted|contacted) (after|if|when|even though) (i|we|{you}) | still (getting|receiving|seeing|sending) ({me}|{your}|{heat}|{fill})* {textsonly} "
        "| {you} (do not|dont|never|did not|didnt|have|had|still|guys|people)* (have|had|no|my|any|our|get|got|lack)+ {consent} to ({write}|use|contact|send|be) | ^ {lead}* (i|we)? (<not>|did not|didnt|never) (ever|even)? (authorize|authorise|authorized|authorised|approve|approved|consent to|agree to|agreed to|request|requested|sign up for|signed up for) (any of|to)? (this|these|it|that|your|{textsonly}) ({textsonly}|{tail})* $",
        "told you guys to stop already", "how many more times must I say stop", "which part of no don't you get", "your stop button doesn't work", "why are you still texting me after I said no", "you have no permission to text me", "we did not authorize this", source=_REPLIES, since=3,
    ),
    rule_of(
        "keyword-and-more", "a keyword at the end of a long sentence, or before what a mail program adds",
        "_ _* (?! (to|not|dont|never) so) so (please|just|kindly|pls)? (stop|unsubscribe|optout|quit) (now|please|already|it|texting|thanks|thank you)* % | ^ {lead}* ({stop}|{quit}) (thanks|please|thank you)* (sent (from|with|via|using|by)|get _ for) _{1,6} % | ~ {howto} {stop} (please)? % "
        "| ~ {lead}* (remove|delete|unsubscribe|take) (ne|mw|mr|m3|em|meee|mee) (off|now|please)* % | ~ {lead}* opt (oit|put|our|ouy|iut|ot|outt|oout|pit|oyt|uot) {tail}* % | ~ {lead}* (<slips>) ({texting}|{textsonly}|it|this) ({me}|{tail}|{your})* % | ~ {lead}* leave (me|us) (alne|aloen|aln|lone|alonr|alonee|aloone|aline|alome) {tail}* % | ~ {lead}* (edn|nde|unsuscrib|unsubscrib|unsubscrb|usubscribe|unsubscirb|unsub scribe|un subscribe) {tail}* %",
        "no clue who you are so stop", "Quit Get Outlook for Android", "reply stop", "opt oit", source=_REPLIES, since=3,
    ),
    rule_of(
        "asks-how", "asks for a way out, or that somebody take the number off",
        "(way|ways|option|button|link) (for me|i can|can i)? to (optout|opt out|unsubscribe|get off|be removed|get removed|get out of (this|these|your)) | (who|what|where|what number) (do|can|should|must)? (i|we) (talk|call|speak|contact|text|need|have|do|go|write|to|with|about|email){1,4} (get|be|getting|being) (removed|unsubscribed|taken off|off ({your}|of)* {list}) | (looking|trying|like|attempting|wishing|asking) to (unsubscribe|optout|opt out|be removed|get removed|be taken off) | would {you} (please|kindly)? mind not {texting} "
        "| {want} (my|our|this|the) ({heat}|cell|phone)* {numberonly} (to be|to get)? ({removed}|off|gone|out) | (cancel|flag|mark|list|register|code|note|label) ({me}|(my|this|our) ({heat}|cell|phone)* {number}|this) (as|to|on|for|a)* ({dnc}|do not (contact|call|text|disturb)|no contact) | ^ {lead}* (chuck|bin|burn|trash|junk|cancel|ditch) (my|our) ({heat}|cell|phone)* number {tail}* $ | (get|take|keep|leave) (my|our|this) {numberonly} (out|off) (of)? ({your}|{heat})* ({list}|phone|phones|head) | hands off (of)? (my|our) {phone} | ^ {lead}* (no call|no contact|no text) (list|registry) {tail}* $ "
        "| (appreciate|appreciated|love|nice|great|grateful|thankful) (it|to|be|if|when|{you}|would|could|can|please|just){0,6} (took|take|remove|removed|delete|deleted|drop) ({me}|my {number}|our {number}) | ^ {lead}* (i|we) (kindly|respectfully|politely|formally|hereby|now|just|must)* (request|ask|demand|insist|require) (that)? {you} (please|all|kindly)* ({stopping}|remove|delete|take) | ~ {lead}* (i|id|we|wed) (would|had|much)* rather {you} (didnt|did not|dont|not|wouldnt) {tail}* % | (would|can|could|will) {you} (all|please|guys)* (quit|cease|stop) (this|it|that) (already|please|now|asap)+",
        "is there some way to opt out", "who do I call to get taken off", "would you mind not calling me", "we want our number deleted", "flag me as do not contact", "hands off my phone", "would be great if you removed me", "I respectfully request that you stop", "I'd rather you didn't", source=_REPLIES, since=3,
    ),
    rule_of(
        "tired-of-it", "no more of what is sent, too many, no need of it, done with it",
        "~ ({lead}|{refusal})* no more (donations|donation requests|jobs|job offers|job alerts|offers|requests|asks|politics|political|alerts|ads|surveys|updates|reminders|marketing|deals|promos|promotions|polls|solicitations|fundraising|begging) {tail}* % | ~ {lead}* not (another|one more|a single|1 more|one single) ({heat}|damn)* (text|message|msg|txt|call) {tail}* % | no need (for|of) ({your}|{heat}|any)+ {textsonly} | (no longer|<not>) (need|require|want|wish for) (of)? ({your}|the)+ (service|services|assistance|{textsonly}) ({again}|{tail}|or {texts})* $ | ~ ({lead}|{refusal})* (way|far|just|getting|i get)* too many ({heat}|of|{your})* ({textsonly}|these) {tail}* % | {you} (text|message|contact|txt|msg) (me|us)? (way|far)? (too much|too often|too many times) "
        "| ^ ({lead}|i|im|i am|so|just|really|getting)* (done|sick|tired|fed up|over) (with|of)? (and tired of)? (getting|receiving|all)* (of)? (these|your {heat}* {textsonly}|these {heat}* {textsonly}) {tail}* $ | (this is|its|thats|is)? (the|my|now|like)* (second|third|fourth|fifth|sixth|2nd|3rd|4th|5th|6th|10th|tenth|umpteenth|millionth|hundredth) time (i|ive|im|we|weve) (have|has|am)? (asked|asking|told|said|telling|saying|requested|requesting|replied|texted|unsubscribed|opted out) ({you}|{tail}|to be removed|to stop|to optout|that)* $ | <not> (ever)? (use|using) (it|my {number}|this {number}|our {number}) ({again}|ever|{tail})+ $ "
        "| ~ {lead}* (no|and|but|please)* (stop|quit) (asking|begging|soliciting|pestering|trying|bothering) {tail}* % | ~ {lead}* (go)? (find|get|text|spam|bother) (someone|somebody|anyone) else to (bother|spam|harass|text|annoy|bug|pester) {tail}* %",
        "no more job alerts", "not one more message", "no need for these texts", "I no longer need your services", "way too many texts", "you message me too often", "so tired of your texts", "second time I've asked you to stop", "never use my number again", "go find somebody else to spam", source=_REPLIES, since=3,
    ),
    rule_of(
        "declared", "declares that this is the stop, or that consent is denied",
        "^ {lead}* (my|the|our) (reply|answer|response|choice|final answer|request) (is|remains|again|still|to|this)* (a|big|loud)* {stop} {tail}* $ | (consider|take|treat) this (to be|as|is)? (my|a|our|an|the|your|notice|official|formal|written|final)* ({stop}|request|notice|notification|unsubscribe) (to|that|as|request|notice|$) | consider this (my|a|our|an)+ (official|formal)* {stop} | ^ {lead}* this is (my|a|an|our|your|the)* (official|formal|final|last|legal|written|only)* ({stop} (request|notice)|optout|opt out|unsubscribe request|(notice|request|notification) to (stop|cease|be removed|optout|unsubscribe|remove)) | consider (me|us|this number|my number) (as)? (unsubscribed|removed|opted out|optout|out|gone) "
        "| {consent} (is|was|has been|hereby|to contact)* (denied|refused|not given|not granted|expired|rejected) | ~ {lead}* (this is|its|another)? (an|a|your)* (unauthorized|unauthorised|unsolicited|unwanted) (text|message|contact|communication|messages|texts|spam)* {tail}* % | (never|not|nor|{not}) (ever|even)? (recall|remember) (ever)? (signing up|subscribing|opting in|agreeing|giving {you}|enrolling|consenting) | never (ever|once)? (signed up|subscribed|opted|optin|agreed|registered|enrolled|consented) (in|into|for|to|with)+ (anything|any of|any|this|these|it|that|your|be|receive|get) "
        "| ^ {lead}* (i|ive|we|weve)? (have|had)? (already)? (opted out|optout|unsubscribed|unsubbed) (like|at least|already|of this|from this)* (twice|thrice|once|repeatedly|_ times|many times|before) {tail}* $ | (keep|keeps|kept|still) (getting|receiving|sending|texting) ({your}|{fill}|{heat}|{me})* ({textsonly}|these)* (after|even though|despite|even after|since) _{0,6} (stop|stopping|optout|opt|opting|opted|unsubscribed|unsubscribing|removed|no) | (was|am|were|be|been|being) (told|supposed|promised|assured) (i|we|to|was|that|would|be|have|had|been|am|is|it){1,5} (removed|taken off|unsubscribed|opted out|optout|off (of|{your})* {list}) | ~ {lead}* (why wont|when will|when do|when are) (these|this|{you} guys|{you} people|the {textsonly}) (ever|finally|going to|gonna)* (stop|end) {tail}* % | ~ {lead}* {you} (wont|will not|refuse to) stop ({texting}|{me}|{tail})* %",
        "my answer is still stop", "please take this as my request to be removed", "this is my formal opt out", "consider me unsubscribed", "permission denied", "another unsolicited text", "I don't remember signing up", "never opted into this", "opted out three times already", "keep getting texts after opting out", "I was told I was removed", "you refuse to stop texting", source=_REPLIES, since=3,
    ),
    rule_of(
        "glued", "a whole request without its blanks", "~ {lead}* (<glued>) {tail}* %",
        "stopspammingme", "donttextus", "nomorespam", "leaveusalone", source=_REPLIES, since=3,
    ),
)  # fmt: skip

POLICY = (
    rule_of(
        "wrong-person", "the wrong person, or nobody of this name",
        "{wrong} (phone|cell|mobile) (number|#|num) | {wrong} number for ({name}|him|her|them|that|me) | {wrong} / (#|{person}|{person} {tail}|phone # |num|nbr|digits|family|tony|contact for|{numberonly} (?! (of|on|for|in|to|or)))"
        " | (not|isnt|aint) the (guy|person|one|right person) (you|u) (are|re|want|think|need|looking)? | (not|no longer) (his|her|their) (number|phone|cell) "
        " | (there is|theres) (no|not|nobody) (one)? (called|by|named|with)? ({name} _? (here|at this|on this)|_ _? (at|on) this ({number}|{phone})|(by|of|with) (that|this) name) "
        " | (this|it|thats|its|that) (is|isnt|aint)? (not|isnt|no longer|aint) _ _? (number|phone|cell)"
        " | (no one|nobody|noone) (here)? (by|with|named) (that|the|this)? (name|{name}) "
        " | (new|different|another) (owner|person) (has|of|with|now) (this)? (number|phone) | (changed|have a new|got a new|just got this|new) number (and|im|i|who|sorry|wrong|not) (not)?"
        " | (dont|do not) know (who)? (you|this|u) (are|is)? (so|and|please)* (stop|remove|lose)"
        " | who ever (this|you) _{0,3} (looking|trying) (for|to) _{0,3} not | mistaken identity | {you} (have|got|texted|reached|contacted) the wrong $"
        " | ~ (no|sorry|hi|hello|please|pls|nope|hey|wrong|number|person|k|ok)* ((that|thats|this) (is)?|its|im|i am)? not me ({tail}|{lead})* % | ^ {lead}* (that|this) (isnt|aint|wasnt|was not) me $",
        "wrong guy", "there is no Pat at this number", "you've reached the wrong woman", "that's not me",
        source=_POLICY,
    ),
    rule_of(
        "not-here", "nobody of this name lives here, has this number or is alive",
        "^ {lead}* ({name}|he|she|they) {name}? (doesnt|does not|dont|do not|no longer|didnt) (live|lives|stay|work|works|reside) (here|at this|there anymore)? {tail}* $ | (im|i am|this is) not (the|that|your) ({person}|guy|one) (youre|you are|{you} (are|were|re|r)?|who|that) (are|is|looking|trying|after|want|need|think) | {you} (have|got|texted|reached|hit|dialed|messaged)+ the {wrong} (one|dude|lady|fella|house|phone|contact|human) {tail}* $ | ^ {lead}* ({name}|he|she) {name}? (has|had|just)? (passed away|passed on) (in|on|last|back|over|a|few|_){0,3} $ "
        "| (ill|im|i will|i am|we will|well|will|gonna|going to|about to) (be)? (call|calling|contact|contacting|notify|notifying|report|reporting) ({you} to|this to|it to|to)? (the|my|local)* (police|cops|authorities|fbi|sheriff|attorney general|law enforcement) (on you|on yall|if {you} _{0,6}|about (this|you)|next|{tail})* $ | {you} (will|are going to|are gonna|gonna) (be|get|getting) reported | (youre|{you} (are|re|r)|this is|its|thats) breaking the law",
        "Dana doesn't live here", "I'm not the person you want", "you texted the wrong one", "Ruth passed away in June", "I'll be contacting the authorities", "you're breaking the law", source=_POLICY, since=3,
    ),
    rule_of(
        "not-name", "says that it is somebody else",
        "~ ({lead}|pretty|sure|afraid|but)* ((this|im|i|my name) (is|am)*)? (not|isnt|aint) ({name}|mr|mrs|ms|miss) ({name}|{lead}|{tail}|{refusal}|and|dont|i|wrong|but|he|she|his|her|phone|number)* $"
        " | ^ {lead}* (this is|im|i am) (not|isnt) {name} | (dont|do not|never) know (a|any|anyone|who|no) (named|called|is)? {name}"
        " | (dont|not|no) (know)? {name} (here|is|lives|at|does) | {name} (is|has|no|does|doesnt) (not|no|longer) _{0,4} ({number}|{phone}) | (he|she|they|{name}) (doesnt|does not|no longer|dont) (have|has|use|own|uses) this ({number}|{phone})!",
        "This is not Megan", "im not brian", source=_POLICY,
    ),
    rule_of(
        "died", "the person has died",
        "(~|^) (?! _* ; _* ; _) ({lead}|my|mom|dad|husband|wife|father|mother|brother|sister|son|unfortunately|sadly|he|she|hes|shes|they|{name}|person|the|is|was|has|had|have|been|owner|of|this|number|that)* (passed away|deceased|he passed on|she passed on) "
        "({tail}|last|ago|years|year|month|week|in|two|three|several|{digits}|on|away|months|weeks|recently|yesterday|a|few)* $",
        "she passed away last year", "my husband is deceased", source=_POLICY,
    ),
    rule_of(
        "go-away", "go away, get lost, abuse that sends somebody off",
        "^ ({lead}|{refusal}|{you}|can|could|i|will|just|{texts}|spam)* ({off-verb} (right|the|all)? off|get (the|{heat})* lost {tail}* $|go (the|{heat})* away {tail}* $|buzz off|go to hell {tail}* $|fuck (you|u|yourself|yourselves) ({tail}|{abuse}|all)* $|f (you|u) $|stfu|gtfo|foad|screw (you|u) $|suck my|go fuck|go f) | ~ {lead}* ((back|bug|shove|jog) off|scram|beat it|take a hike|kick rocks|get bent|drop dead|shut (the|{heat})* up|up yours|back off) {tail}* % | ~ {lead}* get away from me {tail}* % | ~ {lead}* get (out|outta) (of)? here {tail}* % | ^ ({lead}|{refusal}|{you})* eat shit | ^ ({lead}|{refusal}|{you})* kiss my (ass|a)"
        " | {off-verb} off (with|and|you|stop|quit|{your}|{texts}|of|idiots|asshole|now|please|$)",
        "go away", "Get lost!", "f off already", "Fuck u all", source=_POLICY,
    ),
    rule_of(
        "blocked", "blocked, or about to be",
        "(u r|you r) blocked | ^ ({lead}|{refusal})* (blocked|blocking) ({tail}|{lead}|and|this|number|delete|deleted|report|reported|{number}|you|u|{digits})* $ | ~ {lead}* block (and|this|delete|report|it|you|u|{number}|{tail})* %"
        " | (you|u|youre|ur|youve|yours|your number|this number|now) (are|is|now|been|being|getting|be|will|have|going|to|about|number|has|all|just|hereby|officially){0,4} blocked"
        " | ({i}|will|going to|gonna|gotta|am|have|just|about|ima|imma|and|or|already|be|were|time|to) (to|be|have|just|already|am|will|now|definitely|gonna|going){0,4} (block|blocking|blocked) (you|u|your|ur|this|it|yall|the (number|sender)|all|these|them|and (report|delete)|$)",
        "I'm blocking you", "blocked and deleted", "your number has been blocked", source=_POLICY,
    ),
    rule_of(
        "reported", "reported, or about to be: as spam, to an authority",
        "^ ({lead}|{refusal}|and)* (report (as|this|to|spam|junk|it|you|and|block|for)|reported|reporting) (as|this|to|spam|junk|it|you|{tail}|number|for|and|{number}|block|blocked|deleted|delete|ftc|bbb|scam|phishing|{spam}|harassment|fcc)* $"
        " | ({i}|will|going to|gonna|am|have|just|about|ima|imma|already|and|or|you|been|be|being|is|has|get|are|were|getting|number|this|me) (to|be|have|just|already|am|will|now|gonna|been|being|going|getting|has|hereby|you|or|block|and|him){0,4} (report|reporting|reported) (you|u|your|ur|yall|(this|it|these) ({number}|{texts}|as|to|$)|as|to (the)? (bbb|ftc|fcc|police|authorities|att|verizon|my|whatsapp)|spam|for|these|all)"
        " | report (as|you|u|this) ({spam}|number|to|text|phone|$) | (bbb|ftc|better business bureau|attorney general|do not call violation)",
        "reported as junk", "I will report you to the FTC", "I've reported you", source=_POLICY,
    ),
    rule_of(
        "legal", "a legal step against the sender",
        "((see|take|taking|meet) you (all)? (in|to) court|^ {lead}* (this|its|that|it) is (so|very|totally|completely)* (illegal|against the law|unlawful|harassment) ({tail}|and)*|tcpa|fcc|cease (and|n) desist|harassment|harrassment|lawsuit|restraining order) | class action | legal action | small claims"
        " | ({you}|youre|ur|keep|quit|stop|are|is|been|being|feel|were|this|constant|feeling|me|by) (are|all|is|constantly|keep|just|literally|been|being){0,3} (harassing|harassed|harass|harrassing) (me|my|us|our|{you}|people|$|by|this|and|{texts})? | (you|u|youre|ur|keep|quit|stop) (are|is|keep|been|all){0,2} stalking (me|us)"
        " | (my|our|an|the)? (lawyer|lawyers|attorney|attorneys) (will|is|are|to|about|gonna|going|you|and|has|have|contact) _{0,5} (you|u|your|ur|touch|this|sue|these|contacting|involved|action|damages|company|suit|hearing|notified)"
        " | (im|ill|am|will|gonna|we|well|were|ima|imma|have) (be)? (calling|call|contact|contacting|getting|get|involve|involving|notify|notifying|consulting|hire|hiring|retain|retained|contacted|notified) (my|a|an|our) (lawyer|lawyers|attorney|attorneys) $ | (from|to|with|by) (my|a|our) (lawyer|lawyers|attorney|attorneys) (if (you|u|this|i)|unless|next|about (you|this|these|harassment|your)|over this|for harassment) | (hear|hearing|letter|call) from (my|our) (lawyer|lawyers|attorney|attorneys)"
        " | (want|if|will|ill|gonna|going to|can|could|may|might|must|would|should|im|i|we|well|ima|imma|to|shall|lets|happily|gladly) (to)? (sue|suing) (you|u|ya|yall|your|ur|the|this|for|if|$|over|every|and|unless|all)"
        " | (you|youll|u|ull|yall) (will|gonna|going to|are going to)? (be|get|getting) sued | (sue|suing|prosecute) (you|u|ya|yall|your|ur|for harassment|the shit|the pants|the hell)"
        " | (violating|violation|violates|violate) (of|the|my|federal|state|law|tcpa|privacy|rights|{fill}|dnc|do not call)+ | (illegal|unlawful|against the law) (to)? ({write}|{texts}|{texting}|{send}|contact)",
        "This is harassment", "I'll sue you", "my lawyer will contact you", "you are violating the law",
        source="the tier table of docs/opt-outs.md, aimed at the sender: our own decision",
    ),
    rule_of(
        "spam", "calls it spam, a scam", "~ (total|{lead}|youre|you are|a|this is|its|what|fucking)* (scam|scammer|scammers|spammer|phishing|fraud) {tail}* % | ^ ({lead}|{refusal}|this|its|is|just|more|looks|like|a|another|enough|with|of|the|your|all|these|{heat}|it|thats|no|smells)* (spam|spammer|spammers|spamming) ({tail}|{refusal}|{texts}|{heat}|and|me|please|number)* $",
        "spam", "enough of the spam", source=_POLICY,
    ),
)  # fmt: skip
