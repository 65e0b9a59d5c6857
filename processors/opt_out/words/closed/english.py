"""English words of closed texts, by class (words/closed_texts.py says what each class is)."""

from __future__ import annotations

from processors.opt_out.words.closed import ClosedWords
from processors.opt_out.words.language import forms

_WITH_SLIPS = {
    "not": "never donot",
    "write": (
        forms(
            "text contact message email call phone whatsapp spam annoy pester disturb solicit follow reach", "- ing in"
        )
        + " bother bothering botherin harass harassing messaging massage texting write writing calling send sending "
        "bugging pinging asking chasing hounding badger badgering nagging notify notifying blasting pursue approach "
        "buzzing lighting telephone telephoning"
    ),
    "texts": (
        "texts messages whatsapps emails calls alerts followups promos offers reminders notifications newsletters "
        "updates communications communication solicitations contact spam surveys adverts marketing robocalls blasts"
    ),
    "stop": "cease halt desist discontinue terminate refrain",
    "remove": "remove removed delete deleted erase erased unsubscribe unsubscribed exclude scrub purge unlist delist",
    "thing": "number numbers phone cellphone mobile database contacts subscription directory details",
    "more": "anymore again further longer",
}


_WITHOUT_SLIPS = {
    "got": "got have had received there are is were",
    "not": "dont dnt dun dunt not nvr nevr doont",
    "none": "no zero nomore without none enough",
    "more": "more another additional future ever agin agian nomore anymor evermore mo",
    "write": (
        "txt txting txtin textin textn msg msging msgs massage dm dms sms bug ping ring ringing ask askin try "
        "trying hit "
        "hitting hittin bombard bombarding blow blowing blast buzz light nag chase hound mail mailing contactin "
        "messagin "
        "callin emailin send sent spammin botherin contacted texted messaged called emailed bothered harassed "
        "disturbed rung messaged telephoned pinged notified"
    ),
    "texts": (
        "text txt txts msg msgs message sms mms emails email whatsapp ads ad promo junk spam dms voicemails ups "
        "followup crap garbage bs stuff campaigns blasts invites mailers texting calling messaging emailing stuff "
        "mms whatsapp campaigns blast outreach notices letters invitations offers requests inquiries"
    ),
    "these": "these those this that them it em any anything nothing such",
    "stop": "stp stop stopp quit stahp stops",
    "remove": "removal rmv unsub opt optout out",
    "lose": (
        "lose loose forget throw toss trash ditch dump bin burn shred destroy scratch strike cross wipe drop clear "
        "rid block"
    ),
    "thing": (
        "num nums nbr nmbr nr cell # list lists contact info information data name names system systems records "
        "record "
        "file files rolodex sheet crm line landline digits phones inbox account device"
    ),
    "take": "take taking get getting put pull kick leave keep knock cut want rip be have bump",
    "off": "off outta out from away",
    "my": "my ny mi our this the mine that all whatever",
    "me": "me mee us myself meh",
    "self": "i we im ive id ill weve were am",
    "want": "want wanna need wish wishing wan like care desire interested wanting",
    "get": "receive receiving get getting hear hearing see seeing read reading be been have having accept",
    "you": "you u ya yall youse ye guys people folks company team",
    "never": "dont dnt dun dunt never nvr",
    "weak": (
        "bother bothering ask asking askin try trying send sending follow reach massage phone light lighting blow "
        "chase buzz "
        "phoning ring hit write writing mail approach pursue disturb call calling disturb disturbing"
    ),
    "aux": "shall do am will would really just still also can could did ll",
    "channel": "call text email ring phone whatsapp message msg txt mail dm",
    "limit": "now yet today tonight",
    "instead": "just only instead rather but",
    "refusal": (
        "interested interest sale sell selling sold house home property properties land lot condo car truck vehicle "
        "bought "
        "buying buy hired found new job working retired position role vendor vendors set good fit match vote voted "
        "voting donate donating donated answer elsewhere somewhere wrong person isnt arent aint wont already have "
        "nope nah available selling listing moved signed covered provider happy loan insurance money great sorted "
        "covered"
    ),
    "fill": (
        "trash garbage belongs dear hun hon honey sir maam madam buddy folks sweetie darling opt please pls plz plss pleas plse plea kindly just now asap immediately once thanks thank thx ty tks tysm "
        "cheers "
        "regards sir maam madam hi hello hey ok okay k yes yeah yea yep lol right so and or nor n & but then to "
        "on at of for from in with by about up back off a an the is are was am do does will would can could may "
        "should must lets told said say saying asked im we ur your yours yo ya damn "
        "dammit damned goddamn fucking fuckin fuking fking effing freaking frickin bloody fuck f hell shit shitty "
        "stupid "
        "annoying constant unwanted unsolicited political random silly useless sick tired really seriously literally "
        "absolutely totally permanently completely definitely respectfully politely honestly already over last time "
        "times first appreciate grateful glad would love if that thats its it what whole any every each other others "
        "kind sort way all both day days anyone people man dude bro buddy lady jeez omg ugh god jesus christ wtf "
        "ffs smh "
        "understand understood hear here there sent requested request requesting sincerely very much too also ever "
        "even still keep "
        "keeps effective immediatly shut period sent again today everyone like many off one ones bother make making "
        "whoever whomever this wherever people theres there no1 smh k thankyou thanku lots bunch bit either anyway "
        "anyways btw idk well oh nah haha lol hahaha as gotta let got"
    ),
    "again": "again anymore ever further",
    "courtesy": "please pls plz thanks thank thx ty you u from of this these sir maam ok okay",
    "report": "reported reporting report flagged flagging marked marking blocked blocking",
    "spam": "spam junk scam fraud phishing",
    "tired": "tired sick fed exhausted annoyed had enough",
    "disturb": "bother bothering disturb disturbing annoy annoying",
    "yet": "yet still",
}

_KEY = "removal unsubscription unsubscribe optout deletion"

_EXAMPLES = {
    "forbids": ("pls dont ever text this number thx", "Never message us again, guys"),
    "refuses": ("no further emails or calls thank you", "we really dont want ur promos sir"),
    "stops": ("cease these messages immediately please", "the emails must stop now ok"),
    "removes": ("erase my details from all ur lists asap", "Toss our number please"),
    "key": ("deletion please, thanks", "Requesting removal asap"),
    "reports": ("flagging this as spam", "Reported and blocked, thanks"),
}

_TURNS = "{not} (bother|bothering) (with|about) | {not} (got|gotten) | (from|in|off|at|on) (the|my|ur|your) (truck|car|house|home|vehicle|property|condo|job|new) | (wont|did {you}) {gap}{0,2} {lose} | (will receive|are unsubscribed|been unsubscribed) | (get|got|getting|see|saw|seen) {gap}{0,2} {texts} (about|from) | (phone|it|app|computer|update) (deleted|removed|erased|wiped)"

WORDS = ClosedWords(_WITH_SLIPS, _WITHOUT_SLIPS, _KEY, _EXAMPLES, _TURNS)
