"""English requests beyond the tier table's phrases, as patterns over the classes of english.py."""

from __future__ import annotations

from processors.opt_out.rules import Rule, Unless
from processors.opt_out.words.english import expand

_LAW = "47 CFR 64.1200(a)(10): any wording that a reasonable person reads as a stop"
_REPLIES = "replies to campaign and real-estate texting in court decisions and complaints"
_POLICY = "our own decision: a person looks, see docs/opt-outs.md"


def _rule(name: str, says: str, pattern: str, *examples: str, source: str = _LAW) -> Rule:
    return Rule(
        f"c.en.{name}", "C", "pattern", says, pattern=expand(pattern), since=2, source=source, examples=examples
    )


RULES = (
    _rule(
        "keyword-clause", "a keyword is a clause of its own, with courtesy, temper or a refusal",
        "^ {lead}* {stop}! ({tail}|{stop}|{laugh})* $ | ^ ({refusal}|{lead}|{you})* {stop}! ({abuse}|{tail})* $",
        "Sold it in May. Stop", "ugh unsubscribe", "STOP now you idiots", source=_REPLIES,
    ),
    _rule(
        "quit-clause", "END, QUIT, CANCEL or REMOVE is a clause of its own",
        "^ ({refusal}|{lead})* {quit}! ({tail}|{quit}|{stop})* $",
        "Not for me. End", "nope! cancel", "Quit\nSent from my tablet", source=_REPLIES,
    ),
    _rule(
        "quit-and-temper", "END or QUIT and abuse, or a sentence about the writer",
        "^ {lead}* (quit!|end!) ({refusal}|{abuse}|{you}|{i}|no|wrong|{heat})",
        "QUIT I am broke", "end you clowns", source=_REPLIES,
    ),
    _rule(
        "two-keywords", "two keywords joined: copied from \"text STOP to END\"",
        "({stop}|{quit}) (to|2|too|two|t|4|3|and|or|for|n|means|is|equals)? ({stop}!|{quit}!) (to|2|too) ({stop}|{quit})"
        " | ^ (<howto>|{lead}|{refusal})* ({stop}|{quit}) (to|2|too|two|t|3|4|equals|means)? ({stop}!|{quit}!) ({tail}|{abuse})* "
        " | ^ (<howto>)* ({stop}|{quit}) (to|2|too|two|t|3|4) ({stop}!|{quit}!)",
        "Quit to stop", "cancel 2 end", "Stop end", source=_REPLIES,
    ),
    _rule(
        "text-stop", "the word beside the keyword: \"text stop\", \"1 STOP\"",
        "^ ({lead}|<howto>|the|word|period|1|2|3|option|number|my|answer|is|response|and|full|to|i|want|say|vote|choose)* "
        "{stop}! (to (end|quit|stop|unsubscribe|optout|out)|{tail}|{digits}|{refusal})* $",
        "1 stop", "text stop", "my answer is stop",
    ),
    _rule(
        "already-said", "complains that a stop was ignored",
        "({i}|have|{lead}|already|and|{you}|{not}|multiple|several)* {took} (you|u|yall|them)? (already|before|you|u|the|word|it|is|to|please|"
        "in|a|times|many|multiple|several|yesterday|last|week|month|back|fucking|again|just|{digits}|with|out|of|all)* "
        "({stop}!|{quit} {tail}* $|quit!)",
        "I texted STOP twice", "already told you to stop", "I've replied unsubscribe three times",
    ),
    _rule(
        "already-out", "says that it opted out",
        "^ (({i}|have|has|had|already|just|{lead}|was|am|thought|been|should|be|asked|to)* )"
        "(unsubscribed!|optout!|unsub!|unsubscribe!|unsubbed!|opted! out) (already|before|from|of|to|last|ages|weeks|{tail}|{your}|{list}|{digits}|times|several|multiple|everything|all)* $"
        " | {i} (have|had|already|thought|just)* (unsubscribed!|optout!|opted! out|unsubbed!)",
        "I opted out last week", "already unsubscribed",
    ),
    _rule(
        "asked-removal", "asked to be removed, wants to be off the list",
        "({want}|{took}|{not}|please|been|keep|supposed|again)! (to|and|you|u|yall|was|that|i|for|{fill}|{heat}|kept)* (be|being|get|stay|am|are|have) {fill}* ({removed}|off)"
        " | (request!|requesting!|requested!|demand!|want!|asked!|asking! for) {fill}* (removal|off {your} {list}) | ^ {lead}* (be|get) removed! "
        "| (want|wants|wanted|get)! (off|out|removed|outta) (of|{your}|{heat})* {list}"
        " | (shouldnt|should not|{not}) (want|like|wish|need|be|supposed|to|even|wanna)* (be|being)? (on|in|part of) ({your}|{heat})+ ({heat}|{texts}|political|call)* ({list}!|{texts}!)",
        "I asked to be taken off twice", "I want off this list", "please request removal", "i dont want to be on your list",
    ),
    _rule(
        "take-off", "take, keep, get this number or name off",
        "(take|get|keep|leave|strike|cross|scratch|pull|kick|knock|move|put|tame|tak)! ({fill}|{heat}|{my}|and|{number}){0,5} ({me}|{number}|names|numbers|ours|wifes|husbands|mine|moms|family|everyone) "
        "({fill}|{heat}|and|{number})* (off!|out!|outta!) ({fill}|{heat}|of)* ({your}|{heat}|{texts}|call|calling|mailing|text|contact|the|all)* ({list}|{texts})"
        " | (take|get|keep|leave|strike|cross|scratch|pull|kick|knock|put)! ({heat}|please|my|our|this|{number}|{me}|and|all|of)+ (off!|out!) {tail}* $"
        " | {mine} {number} (off!|out) {tail}* $ | ^ {lead}* (take|get) ({heat}|please)* off ({your}|{heat}|of)* {list}!"
        " | (off!|outta!) ({your}|{heat}|of)+ ({heat}|{texts}|call|calling|mailing|text|contact|email|marketing|damn|fucking)* {list} {tail}* $ ",
        "keep our names off your call list", "take this number off please", "my name off now",
    ),
    _rule(
        "remove", "remove, delete, drop: with or without an object",
        "{remove}! ({fill}|{heat}|that)* ({me}|{mine} ({heat}|cell|phone|family|whole)* {number}|<mynumber>) ({fill}|{heat}|and|{number})* (from!|off!|of!|out!|frm!|form!|fro!) ({heat}|{your}|{texts}|call|mailing|contact|of|future)* ({list}!|{texts}!)"
        " | ^ ({lead}|{you})* (remove|delete|unsubscribe)! ({fill}|{heat}|{tail})* (from ({your}|{heat}|{texts}|contact|call)* ({list}!|{texts}!))"
        " | ^ {lead}* (remove|delete|unsubscribe)! (now|please|asap|immediately|thanks|pls|already|from|this|me|us|plz|thx|thank|you|number|phone) {tail}* $"
        " | ^ {lead}* (remove|removed|removal)! {tail}* $"
        " | (remove|delete|erase|unsubscribe|scrub|drop|purge)! ({fill}|{heat})* ({mine}|this|the) ({heat}|cell|phone|mobile|contact)* {numberonly} {fill}* {tail}* $",
        "Remove from list", "please remove", "delete my name from your records", "scrub this number",
    ),
    _rule(
        "lose-number", "lose, forget, get rid of this number",
        "^ ({lead}|{you}|could|can|go|time|to|{refusal})* ({lose}!|get rid! of|throw away!|throw out!|hang! up on) ({fill}|{heat})* ({mine}|{your}|{heat}|the|that|this)+ ({heat}|cell|phone|mobile|contact|damn|whole)* {numberonly}"
        " | ({lose}!|rid! of) {heat}* (my|this|our) ({heat}|cell|phone)* {numberonly} {fill}* {tail}* $",
        "Loose this number", "get rid of my number", "could you forget my number",
    ),
    _rule(
        "dnc", "asks for the do-not-call list",
        "(put|add|place|include|get|register|enter|want|mark|list|move|im|i am|am|are|is|set|log|already|be|been|have|keep)! ({fill}|{me}|{my}|{number}|{heat}|i|we|are|am|{your}|on|as|to)* "
        "({dnc}!|(do not|dont|don t|no|not) (call|contact|text|disturb|message|solicit)! (list|registry|number|database|please)?)"
        " | (national|federal|state) (do not call|dnc)! | ^ {lead}* (do not (call|contact|text|disturb|solicit)!|dnc!) (list|registry)? {tail}* $",
        "add this number to your dnc", "im on the do not call registry", "put us on your do not text list",
    ),
    _rule(
        "dont-write", "don't, never text or call: me, this number, again",
        "(<not>|not to|quit|no longer|no one|nobody) ({ever}|{heat}|{fill}){0,5} ({write} (or|and|nor|n) ({ever}){0,2}){0,2} {write}! ({heat}|{fill}|or|and|{write}){0,3} "
        "({me}|({my}|{your}) ({heat}|cell|phone|fucking)* {number}|at {heat}* {your} {number}|on {your} {number}|my {phone}|from {your} {number}|this|here|{again}|any)",
        "don't u ever ring me", "do not text at this number", "never ever contact us again",
    ),
    _rule(
        "dont-write-bare", "don't text, do not call: nothing else in its clause",
        "^ ({lead}|{you}|{refusal})* (<not>) ({ever}|{heat})* {write}! (or {write}|{tail}|{again}|{me}|{heat}|back)* $"
        " | (<not>|never) (ever|please|again|even|bother|try|to|you){0,3} (reach! out|follow! up|get in touch!|hit! me|blow! up|try! and {write}|keep {texting}!|come! to me|bother! me|talk! to me|speak! to me|contact! me)",
        "don't email", "Never reach out", "do not follow up",
    ),
    _rule(
        "dont-send", "don't send any, send no more",
        "(<not>|never) ({ever}|{fill}|{heat}){0,5} {send}! ({me}|{fill}|{heat}|{any}|{your}|one|single){0,6} ({texts}!|{again}|anything|nothing|nada|these|this|those)"
        " | {send}! ({me}|{fill}|{heat})* (no more|nothing|zero|no further|no other)! | ^ {lead}* no ({send}|{write}|{receive})! {me}? ({any}|no) "
        " | (<not>) ({ever}|{heat})* send! ({me}|{tail})* $",
        "don't send me any of those", "send nothing further", "no send any more",
    ),
    _rule(
        "no-more", "no more texts, no texts please, enough",
        "^ ({lead}|{refusal})* (no|zero|not) <more>? ({heat}|{texts}|more|of|your|these|those|this|from|any|text|political|sales|marketing|campaign|robo|job|spam|phone){0,4} ({textsonly}!|{texting}!|contact!|contacting!|outreach!) ({tail}|{again}|{heat}|from|to|{your}|{number}|at|allowed|ok|wanted|at|on|my|{phone}|unless)* $"
        " | (no|zero) <more> ({heat}|of|your|these|those|this|from|text|political|phone|{texts})* ({texts}!|{texting}!|contact!|contacting!|outreach!) "
        "({tail}|{again}|from|to|{your}|{number}|my|{phone}|for|about|me|us|ever|please|$)"
        " | ^ ({lead}|{refusal})* (no! more|no! mas|nomore!|enough!) ({tail}|already|is|enough|ok|guys|of|these|this|your|with|the|{heat}|{texts})* $ "
        " | ^ ({lead}|{refusal})* (enough|sick|tired|fed up) (is enough|already|with|of|and|tired|your|the|these|all|this|{heat}|getting|receiving|from|so|many|constant|being|to|up){1,8} ({texts}!|{texting}!|spam!) ",
        "no more of these texts", "No texts please", "enough with the messages", "no more calls",
    ),
    _rule(
        "dont-want", "doesn't want the texts, to be contacted, to hear from the sender",
        "({not}|do not|don t|no longer|didnt|did not|dont|never|not|no|nolonger) ({ever}|really|even|wish|{want}|i|care|interested|to|agree|consent|like|any|in|longer|wanting|welcome|authorized|allowed|appreciate){1,5} (for)? (to)? "
        "({receive}|{fill}|{heat}|{any}|{your}|being|be|continue|keep|to|from|of|bothered|you|u){0,7} ({textsonly}!|contacted!|texted!|messaged!|bothered!|called! again|emailed!|harassed!|spammed!|solicited!|disturbed!|{texting}!|{texts} ({again}|from|please|{tail}|$)!)"
        " | (<not>|no longer|not|dont|no) ({ever}|{want}|wish|care|to|interested|in|like|really|i|wanting){1,4} ({hear}!|talk!|speak!|communicate!|deal!|contact!|associated!) ({again}|anything|with|{fill}|more|to|or|see|back|else)* (from|with|to|of) ({you}|yall|this|your|any|anyone)"
        " | (<not>|no longer|not) ({ever}|{want}|wish|care|to|interested|in|like|really|i|wanting){1,4} ({receive}!|getting!|these!|this! anymore) ({fill}|{heat}|{any}|{your}|kind|of|or|stupid){0,5} ({again}|these|those|anything|from|them|any|more|stuff|crap|shit|things|$)"
        ,
        "I no longer wish to be contacted", "dont wanna hear from u", "do not want to receive these", "we never want calls",
    ),
    _rule(
        "texts-to-stop", "wants the texts to stop, makes it the last one",
        "({texts}|{your}|it|this|these|make|all|you|u|yall|{want})! ({texts}|{heat}|all|{you}|guys|people|please|really|just|to|would|i|now|id|like|need|needs|have|has|must|better|gotta|got|should|can|please|want|from|your|the|me|{want})* (to|it|this|these|them|must|should|need|please|that|better|gotta|all|can|texts|messages|would|now|shit|texting) (be)? (stop!|end!|cease!|stopped!|halt!|ceased!) ({tail}|immediately|and|before|from|{texting}|{texts}|being|coming|{me}|asap|sending)* $"
        " | (want|like|need|wish|would|please|trying|how do i|how can i|how to)! (to|please|just|u|you|yall|i){0,3} (stop|end|cancel|quit|discontinue|terminate|get out of)! (this|these|the|your|all|getting|receiving|any|my|{heat}|with){1,4} ({texts}|service|subscription|list|conversation|{receive}|text|membership|program|harassment|thread|madness|nonsense)"
        " | (last|final)! ({heat})* ({texts}|time) (i|you|u|yall|ever|that|from|want|get|send|text|contact|{fill}|should)* ({send}|{write}|{receive}|from you|get|texting)"
        " | (let|make|better|hope|should) (this|that|it|be)* (be)? (the|your|ur) last!",
        "I need these messages to stop", "this better be the last text you send me", "I want to end this service",
        "how do i stop these",
    ),
    _rule(
        "stop-doing", "stop or quit doing what concerns messages, and stop this",
        "^ ({lead}|{refusal}|{you}|can|could|will|would|for|the|{took}|to)* {stopping}! ({heat}|{fill}|of|ever|{any})* ({texting}!|{textsonly}!|{heat} {texts}|contact|using {my} {number}|bothering|following up|reaching out|blowing|asking|hitting|all|this|it|communication|correspondence)"
        " | (please|pls|plz|kindly|must|need to|asap|now|immediately)! (just|fucking|do|and)* {stopping}! ({heat}|{fill}|of|ever|{any})* ({texting}!|{texts}|contact|all)"
        " | (cease|desist|discontinue|terminate|refrain)! (from|all|any|further|{heat}|and|your|contact|desist|the|immediately|these|sending|with|future)* ({texting}|{texts}|contact|communication|desist|$)"
        " | (cut|knock) (it|this|that|the {heat}* {texts}) (out|off)! | give! it a rest",
        "pls quit harrassing us", "cease all communication", "cut it out", "discontinue all messages",
    ),
    _rule(
        "leave-alone", "get off my phone, out of my texts, leave us alone, don't bother me",
        "(get|stay|keep|fuck|f|stop|piss)! ({heat}|the|your|right|{you}){0,3} (off|out|outta|outa|away)! (of|from)? {heat}* (my|our|this|me) {heat}* ({phone}|{number}|life|messages|family)?"
        " | leave! ({me}|{my} {heat}* ({phone}|family|husband|wife|kids|mother|house|number)|people|my mom|everyone) {heat}* (alone|be|tf alone)"
        " | let me be! $ | (<not>|stop|quit) ({ever}|{heat})* (bother|disturb|harass|bug|pester|annoy|harrass)! ({me}|my|anyone|people)? ({tail}|{again}|with|{texts}|{your}|family)* $",
        "get out of my inbox", "stay off my phone", "leave my family alone", "dont ever bug me",
    ),
    _rule(
        "never-asked", "never signed up, takes back consent",
        "({not}|did not|didnt|have not|havent|never|dont|was not|do not|nor|neither|wasnt|not|no) (ever|even|i|you|want|have|to|give|gave|given|remember|recall|just|knowingly|once|my|any|get){0,4} ({signed}!|ask for|asked for|giving|given|give|gave) (me|up|in|to|for|you|u|permission|my|consent|any|the|this|these|it|be|on|with|your|receive|receiving|getting|contact|contacted|texted|{textsonly}!|{list}|number|#|anything|either|of|from|texts){1,8}"
        " | (without|no|{not} have|dont have|lack)! (my|any|prior|express|written|our)* {consent}! | {consent} (is|has|hereby|been|was)* {revoked}!"
        " | {revoked}! (my|all|any|our|prior|express|previous)* {consent} | (unsolicited!|unwanted!) ({heat}|and|phone|text|political|sales)* ({textsonly}|calls|contact|texting|emails)",
        "I did not sign up for this", "My consent is withdrawn", "we never subscribed to your texts",
        "without my consent", "unsolicited texts are illegal",
    ),
    _rule(
        "please-no", "short forms of a wish to be left out",
        "^ ({lead}|{refusal})* (unlist!|deregister!|unenroll!|delist!|removeme!|blacklist!|disenroll!) ({me}|{tail}|{my}|{number})*"
        " | ^ ({refusal}|{lead})* (opt! ({me}|{my} {number})? (the fuck|tf)? out|opt! out|opting! out|optout!) ({tail}|of|{your}|{texts}|{list}|all|{me}|everything)* $"
        " | (want|like|wish|need|please|kindly|choose|decided|id|prefer)! (to|please|just|now|would){0,3} (opt out|optout|unsubscribe|unsub|opted out|be left alone|be optout)",
        "opt us out", "kindly opt out now", "i choose to opt out",
    ),
    _rule(
        "out", "OUT, halt or done as a clause beside a refusal", "^ ({refusal}|{lead})* (out!|halt!|desist!) {tail}* $",
        "Not for sale. OUT", "halt", source=_REPLIES,
    ),
)  # fmt: skip

POLICY = (
    _rule(
        "wrong-person", "the wrong person, or nobody of this name",
        "{wrong}! / (#|{person}|{person} {tail}|phone # |num|nbr|digits|family|tony|contact for|{numberonly} (?! (of|on|for|in|to|or)))"
        " | (not|isnt|aint|no)! (longer|his|her|their|the|your|who|a|that|this) (guy|person|owner|{number}|{phone}|right person|one you|you think|you are looking)! (any|anymore|{number}|person|who|you|looking|$)"
        " | (there! is|theres|is) (no|not|nobody)! (one)? (called|by|named|with)? _ _? (that name|here|at|on|by)! (this|that|the|my)? ({number}|{phone}|address|here|name|$)"
        " | (this|it|thats|its|that)! (is|isnt|aint)? (not|isnt|no longer|aint) _ _? (number|phone|cell|line|or)!"
        " | (no! one|nobody!|noone!) (here)? (by|with|named|called|of) (that|the|this)? (name|_) "
        " | (new|different|another) (owner|person)! (has|of|with|now) (this)? (number|phone)! | (changed|have a new|got a new|just got this|new) number! (and|im|i|who|sorry|wrong|not) (not)?"
        " | (dont|do not|never|didnt) (know|recognize) (who)? (you|this|u) (are|is)? (or)? (dont)? (stop|remove|lose|never|text)!"
        " | who! ever (this|you) _{0,3} (looking|trying) (for|to) _{0,3} not! | (mistaken! identity|got the wrong!|have the wrong!|texted the wrong!|reached the wrong!)"
        " | ^ {lead}* ((that|thats|this) (is)?|its|im|i am)? (not me!|not him!|not her!|not them!) ({tail}|{lead})* $ | ^ {lead}* (that|this) (isnt|aint|wasnt|was not)! me $",
        "wrong guy", "there is no Pat at this number", "you've reached the wrong woman", "that's not me",
        source=_POLICY,
    ),
    _rule(
        "not-name", "says that it is somebody else",
        "^ ({lead}|pretty|sure|afraid|but)* ((this|it|that|im|i|my|its|thats) (is|am|name|names)*)? (not|isnt|aint)! ({name}|mr|mrs|ms|miss) ({name}|{lead}|{tail}|{refusal}|and|dont|i|wrong|but|he|she|his|her|phone|number)* $"
        " | ^ {lead}* (this|it|im|i|its|my) (is|am|name)* (not|isnt)! {name}! | (dont|do not|never) know! (a|any|anyone|who|no) (named|called|is)? {name}"
        " | (dont|not|no) (know)? {name} (here|is|lives|at|does)! | {name} (is|has|no|does|doesnt) (not|no|longer)! _{0,4} ({number}|{phone})",
        "This is not Megan", "im not brian", source=_POLICY,
    ),
    _rule(
        "died", "the person has died",
        "^ ({lead}|my|mom|dad|husband|wife|father|mother|brother|sister|son|unfortunately|sadly|he|she|hes|shes|they|{name}|person|the|is|was|has|had|have|been|owner|of|this|number|that)* (passed! away|passed! on|deceased!|dead!|died!|has passed!|she passed!|he passed!) "
        "({tail}|last|ago|years|year|month|week|in|two|three|several|{digits}|on|away|months|weeks|recently|yesterday|a|few)* $",
        "she passed away in June", "my husband is deceased", source=_POLICY,
    ),
    _rule(
        "go-away", "go away, get lost, abuse that sends somebody off",
        "^ ({lead}|{refusal}|{you}|can|could|i|will|just|{texts}|spam)* ({off-verb}! (right|the|all)? off|get! (the|{heat})* lost|go! (the|{heat})* away|buzz! off|get! (out|outta) (of)? here|scram!|beat! it|take! a hike|kick! rocks|get! bent|leave! me|shoo!|go! to hell|drop! dead|eat! shit|kiss! my (ass|a)|shut! (the|{heat})* up|get! a life|fuck! (you|u|yourself|yourselves|outta|right|this|ur)|f! (you|u)|fu!|stfu!|gtfo!|foad!|screw! (you|u)|suck! (my|it|a)|up! yours|bug! off|go! fuck|go! screw|go! f|back! off|get! away from me)"
        " | {off-verb}! off (with|and|you|stop|quit|{your}|{texts}|of|idiots|asshole|now|please|$)",
        "go away", "Get lost!", "f off already", "Fuck u all", source=_POLICY,
    ),
    _rule(
        "blocked", "blocked, or about to be",
        "^ ({lead}|{refusal})* (block|blocked|blocking)! ({tail}|{lead}|and|this|number|delete|deleted|report|reported|{number}|you|u|{digits})* $"
        " | (you|u|youre|ur|youve|your|number|been|are|getting|be|is|its|this|now) (are|is|now|been|being|getting|be|will|have|going|to|about|number|has|all|just|hereby|officially){0,4} blocked!"
        " | ({i}|will|going to|gonna|gotta|am|have|just|about|ima|imma|and|or|already|be|were|time|to) (to|be|have|just|already|am|will|now|definitely|gonna|going){0,4} (block!|blocking!|blocked!) (you|u|your|ur|this|it|yall|the|all|these|them|and|number|$)",
        "I'm blocking you", "blocked and deleted", "your number has been blocked", source=_POLICY,
    ),
    _rule(
        "reported", "reported, or about to be: as spam, to an authority",
        "^ ({lead}|{refusal}|and)* (report|reported|reporting)! (as|this|to|spam|junk|it|you|{tail}|number|for|and|{number}|block|blocked|deleted|delete|ftc|bbb|scam|phishing|{spam}|harassment|fcc)* $"
        " | ({i}|will|going to|gonna|am|have|just|about|ima|imma|already|and|or|you|been|be|being|is|has|get|are|were|getting|number|this|me) (to|be|have|just|already|am|will|now|gonna|been|being|going|getting|has|hereby|you|or|block|and|him){0,4} (report!|reporting!|reported!) (you|u|your|ur|this|it|yall|as|to (the|bbb|ftc|fcc|police|authorities|att|verizon|my|whatsapp)|spam|for|these|all)"
        " | report! (as|you|u|this) ({spam}|number|to|text|phone|$) | (bbb!|ftc!|better! business bureau|attorney! general|do not call! violation)",
        "reported as junk", "I will report you to the FTC", "you've been reported", source=_POLICY,
    ),
    _rule(
        "legal", "a legal step against the sender",
        "(tcpa!|fcc!|cease! (and|n) desist|harassment!|harrassment!|lawsuit!|class! action|legal! action|small! claims|restraining! order)"
        " | ({you}|youre|ur|keep|quit|stop|are|is|been|being|feel|were|this|constant|feeling|me|by) (are|all|is|constantly|keep|just|literally|been|being){0,3} (harassing!|harassed!|stalking!|harass!|harrassing!) (me|my|us|our|{you}|people|$|by|this|and|{texts})?"
        " | (my|our|an|the)? (lawyer!|lawyers!|attorney!|attorneys!) (will|is|are|to|about|gonna|going|you|and|has|have|contact)! _{0,5} (you|u|your|ur|touch|this|sue|these|contacting|involved|action|damages|company|suit|hearing|notified)"
        " | (talk|speak|contact|contacting|call|calling|get|getting|consult|consulting|hire|hired|hiring|involve|involving|notify|notified|retain|retained|forward|forwarding|hear|hearing|see|send|sending|sent|turn|turning|with|to) _{0,4} (from|to|my|a|an|our) (lawyer!|lawyers!|attorney!|attorneys!) (if|about|on|regarding|for|unless|next|and|or|$|over|will|you|today|now|then|because|to) (you|u|this|these|the|your|sue|keep|unless|if|next|stop|harassment|texts|damages)?"
        " | (want|if|will|ill|gonna|going to|can|could|may|might|must|would|should|im|i|we|well|ima|imma|to|shall|lets|happily|gladly) (to)? (sue!|suing!) (you|u|ya|yall|your|ur|the|this|for|if|$|over|every|and|unless|them|all|for|whoever)"
        " | (sue!|suing!|prosecute!) (you|u|ya|yall|your|ur|for harassment|the shit|the pants|the hell)"
        " | (violating|violation|violates|violate)! (of|the|my|federal|state|law|tcpa|privacy|rights|{fill}|dnc|do not call)+ | (illegal!|unlawful!|against the law!) (to)? ({write}|{texts}|{texting}|{send}|contact)",
        "This is harassment", "I'll sue you", "my lawyer will contact you", "you are violating the law",
        source="FACTS' tier table, aimed at the sender: our own decision",
    ),
    _rule(
        "spam", "calls it spam, a scam", "^ ({lead}|{refusal}|this|its|is|just|more|looks|like|a|another|enough|with|of|the|your|all|these|{heat}|it|thats|no|smells)* (spam!|spammer!|spammers!|spamming!) ({tail}|{refusal}|{texts}|{heat}|and|me|please|number)* $",
        "spam", "enough of the spam", source=_POLICY,
    ),
)  # fmt: skip

#: Of the patterns above. `before` and `after` are patterns over the same clause, `anywhere` over the whole text.
_ALL_REQUESTS = tuple(rule.id for rule in RULES)
_KEYWORDS = ("c.en.keyword-clause", "c.en.quit-clause")

UNLESS: tuple[Unless, ...] = ()
