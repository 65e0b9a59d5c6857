"""English replies as people send them: run-on sentences, slips within phrases, complaints, what the sender has of them."""

from __future__ import annotations

from processors.opt_out.words.english_requests import rule_of as _rule

RULES = (
    _rule(
        "asks-for-the-end", "you people need to stop, end this chat, that's enough texts, don't ask me again, how do I cancel this",
        "~ ({lead}|{refusal})* {you} (all|guys|people|folks|clowns|idiots)* (need|have|got|ought|better|must|gotta|should) (to)? (really|just|please|fucking)* (stop|quit|cease) (this|it|now|already|please|{texting} {me}|{tail})* %"
        " | ~ ({lead}|{refusal})* (end|close) (this|the|our|your|these)* (chat|convo|conversation|thread|communication|communications|notifications|alerts|contact) {tail}* %"
        " | ~ {lead}* (thats|that is|this is)? (enough|too many) (of)? (your|these|the|{heat})* {textsonly} ({tail}|now|already|today)* %"
        " | ~ {lead}* (thats|that is) enough (now|already) {tail}* % | ~ {lead}* (i|we)? (<not>) (want|need) (these|them|any of these|any of them) ({again}|{tail})* %"
        " | ~ ({lead}|{refusal})* (<not>) {ever}* (ask|try) (me|us)? again {tail}* % | ~ {lead}* how (do|can|would) i (cancel|quit|stop|end|get out of|get off|leave) (of|off)? (this|these|it) {tail}* %",
        "you people need to stop", "end this chat", "that's enough texts", "don't ever ask me again", "how do i cancel this",
        since=4,
    ),
    _rule(
        "turn-off", "turn these off, exit, leave this group, no notifications please",
        "~ ({lead}|{refusal}|how|do|can|i|to)* (turn|shut|switch) (off)? ({heat}|{your}|the|all)* (this|these|those|them|{textsonly}|notifications|alerts) (off)? {tail}* %"
        " | ~ ({lead}|{refusal})* (exit|mute) (this|the|group|chat|list|thread|{tail})* %"
        " | ~ ({lead}|{want}|to|i|we|let me|id|like)* (leave|exit|quit) (this|the|your)* (group|chat|gc|thread|list) (chat|text)? {tail}* %"
        " | ~ {lead}* no (more)? (notifications|alerts|reminders) {tail}* %",
        "turn these off please", "exit", "I want to leave this group", "no notifications please", since=4,
    ),
    _rule(
        "wants-nothing", "stop asking, asked twice to be taken off, wants nothing to do with the sender",
        "^ ({lead}|{refusal})* {stopping} asking (me|us|about (my|our|the|this) _{1,2}|again|already|{tail})* %"
        " | (asked|requested|told) ({you}|twice|thrice|now|already|before|times|several|multiple|{digits}|two|three|many|{fill})* to (be (taken off|removed|deleted|unsubscribed|left alone)|{remove} {me})"
        " | (passed away|deceased|died|dead|passed) (;|so|and|please|pls|in|last|years|ago|{digits}){0,4} {remove} (her|him|them|it|this|{me}|{mine} {number})"
        " | (want|wants) (nothing|no part|none) (to do)? (with|of|in) ({you}|this|these|your|any of)+ {tail}* $"
        " | ~ {lead}* (forget (about)? me|ignore me|forget (that)? i exist) {tail}* %",
        "not selling, stop asking", "asked twice now to be taken off", "Dad passed away please remove him", "I want nothing to do with you", since=4,
    ),
    _rule(
        "keyword-last-long", "a long run-on sentence about the sender or the texts, with STOP at its end",
        "^ (?! _{0,15} ({before-stop}|ill|well|id|youll|theyll|hell|shell|im) {stop}) (?! {lead}* (why|when|where|did|does|didnt|doesnt)) (?! _{0,15} (make|made|makes|let|lets|saw|help|hear|watch|see|had|get|tell|told) _ _? stop)"
        " _{0,12} ({you}|your|{texts}|these|this|{number}|smh|ugh|spam|wrong|work) _{0,6} (stop|unsubscribe|optout|stopall) {tail}* %",
        "I have no idea who you are or how you found my number stop", "got three of these already this morning smh stop", since=4,
    ),
    _rule(
        "refusal-and-request", "doesn't want it, and a request behind it without a stop between them",
        "(<not>|no) (want|need|interested in) (it|this|that|them|these|any|{your} _) (please|pls|so|just|now)* (take me off|{remove} {me}|unsubscribe me|{stopping} (asking|{texting})|opt me out)"
        " | ~ (negative|nada|nein|nope|nah|no|never|pass|hard pass|hard no|{refusal})+ {quit} {tail}* %",
        "no dont want it take me off", "negative remove", since=4,
    ),
    _rule(
        "slips-in-phrases", "slips of STOP, TEXT and OPT beside what they are about",
        "^ ({lead}|{refusal})* (<slips>|stoop|{stop}) (txtn|txtin|texin|{texting}|{textsonly}) ({me}|mee|{heat}|{your}|this|my|{number}|{tail})* $"
        " | (<not>) ({ever}|{heat})* (tex|texr|tect|txtn|texy|rext|testing|mesage|messge) (me|mee|us|again|this {number}|my {number})"
        " | ~ {lead}* (otp|ipt|opf|opr|oot) (me|us)? out {tail}* %",
        "stoop texting me", "dont tex me again", "otp out", since=4,
    ),
    _rule(
        "out-of-the-pool", "out of the pool, the pipeline; no need to keep checking in; does not do texts",
        "(take|remove|pull|get|drop|leave|keep) ({me}|{mine} _{1,2}) (out of|off of|out|off|from) ({your}|{heat}|of|candidate|talent|applicant|contact|calling|texting|email|mail)* (pool|pipeline|crm|rotation|campaign|campaigns|outreach|contacts|directory|queue|distribution|blast|blasts|system|systems)"
        " | no need (for you)? to (keep|continue) ({texting}|checking in|reaching out|following up|asking|trying) | ~ _{0,4} (i|we) (dont|do not) do (texts|texting|text messages|sms) {tail}* %",
        "please take me out of your candidate pool", "no need to keep reaching out", "I don't do texts", since=4,
    ),
    _rule(
        "still-ignored", "said STOP every time, was told of a removal, opted out on another number",
        "({i}|have|already|keep|kept) (have|already|keep|kept|just|literally)* (hit|pressed|sent|texted|typed|replied|said|put|entered|selected|answered|responded) (with)? (the word)? stop (every|each|on|in|to|and|but|for|like|{digits}|multiple|several|many|last|a|so|time|times)"
        " | {you} (said|told me|claimed|promised|swore) (that)? i (was|am|had been|would be|was being|have been) (removed|off|taken off|unsubscribed|opted out|optout|deleted)"
        " | already (optout|opted out|unsubscribed|unsubbed) (with|on|from|for|under|using|in|through)"
        " | ({i}|have) sued (companies|people|others|a company|somebody|someone) (for|over) | (documenting|recording|saving|logging|screenshotting) (every|each|all|any) (single)? (one|of|these|your|this|{texts})+",
        "I've hit stop each time and they come back", "you told me I was removed", "already opted out on my other phone", "I've sued people over this", since=4,
    ),
    _rule(
        "asks-the-sender", "I'm asking you nicely to stop, how do I make these stop, I said no more",
        "(asking|telling|begging|ordering|warning) ({you}|all|nicely|politely|again|kindly|one|last|time|for|the|please)* to (stop|quit|cease|leave me alone) {tail}* $"
        " | how (do|can) (i|we|you) (make|get) (these|this|them|{your} {textsonly}|the {textsonly}) (to)? stop {tail}* %"
        " | i (already|just)? said (no more|end|quit|cancel|enough|unsubscribe|leave me alone) (like|already|multiple|several|a|thousand|{digits}|times|{tail})* %"
        " | ~ (never heard of (you|u)|who (is|are|r) (this|you|u|dis)|i? (dont|do not) know (you|u)|no idea who (this is|you are)) {stop} {tail}* %"
        " | (i|we) need (off|out of|removed from|taken off) ({your}|{heat})* ({list}|{texts})",
        "I'm asking you politely to stop", "how do I make these stop", "can't you read I said no more", "never heard of you stop", "I need off this list", since=4,
    ),
    _rule(
        "what-they-hold", "you have my number: get it off; no more offers; not this line; no soliciting by text",
        "(got|found|have|has|getting) (my|our) ({number}|cell|phone|info) _{0,7} (get it off|take it off|lose it|delete it|forget it|remove it) {tail}* %"
        " | (do not|dont|don t|stop|quit) (use|using) (it|this|this {number}|this line) for (this|that|these|{textsonly}|texting|spam|ads|marketing|soliciting) {tail}* %"
        " | (<not>|no longer) {send} (me|us|any|more|further|{your}){1,4} (offers|offer|jobs|deals|ads|coupons|promotions|surveys|polls|alerts|opportunities|solicitations|invites|listings)"
        " | (<not>) (want|need) (no|any)? more (of)? (yalls|yall|{your}|{heat})* {textsonly}"
        " | ~ {lead}* no (soliciting|solicitation|solicitations|solicitors) (by|via|over|through)? (text|phone|sms|message|here)? {tail}* %"
        " | ~ {lead}* not interested (now|today)? (or|nor|not)? (now|not)? ever {tail}* % | ~ ({refusal}|{lead}|not selling|not voting)* (<not>) (contact|text|message) {tail}* %"
        " | ~ (cancel|end|quit|remove) {tail}* (im|i am|we are|not|were)+ (interested|intrested|intersted|selling|looking|voting) {tail}* %"
        " | ~ {lead}* (nostop|stopnotinterested|notinterestedstop|stopthanks|stopthankyou) {tail}* %"
        " | had this ({number}|phone) (for|over|about|almost|like)* ({digits}|a|two|three|four|five|many|several) (years|year|months|yrs)"
        " | ~ {lead}* (f|fuck|screw) (u|you|yall) and (your|ur|the) _{1,3} %",
        "no clue where you got my number but lose it", "this is an office line do not use it for marketing", "do not send me any more offers", "i dont need no more of your texts", "no soliciting by text", "cancel pls not interested", "I've had this number for five years", since=4,
    ),
)  # fmt: skip
