"""What a text says about stopping: its tier, the rule that found it, and what follows.

A text that holds none of the rules' words is done after one look at its words; only the others meet the rules, in
this order: is a keyword (A, in), a keyword and courtesy (B), a precise phrase (B), what a person decides about (C),
anything else (D). Whatever they find in a reaction, which quotes us, counts for nothing (D). Nothing here looks at
the clock, the sender or an earlier message.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from processors.opt_out.compiled import END, CompiledPhrase, CompiledUnless
from processors.opt_out.needs import Needing, Needs
from processors.opt_out.normalise import clauses, plain, spread
from processors.opt_out.rules import (
    ACTIONS,
    ALWAYS,
    LANGUAGES,
    VERSION,
    Action,
    Kind,
    Rule,
    RuleSet,
    Tier,
    Unless,
    rule_set,
)
from processors.opt_out.typos import collapsed, slips_of
from processors.opt_out.wider import Candidates, Wider
from processors.opt_out.word_kinds import WordKinds
from processors.opt_out.words import after_stop, keywords, reactions

#: Courtesy is short: more words than this beside a keyword are a message of their own.
_COURTEOUS_WORDS = 16
#: Texts that are remembered, and the most characters of one: a few megabytes together.
_REMEMBERED, _SHORT = 16_384, 80
#: What a word says: it is in a keyword, a slip or drawn out, "opt". Above: what phrases need, then `Wider.belongs`.
_KEYWORD, _UNUSUAL, _OPT, _FIRST_BIT = 1, 2, 4, 3
#: How far beside a phrase its meaning is looked for.
_AROUND = 60


@dataclass(frozen=True, slots=True)
class Decision:
    """What one text says, and why."""

    tier: Tier
    rule: str  #: the id of the rule that decided
    matched: str  #: the normalised words that it saw; empty where nothing was found
    rule_set: int = VERSION  #: the version of the rules

    @property
    def action(self) -> Action:
        """What follows: `out` at once, `hold` until a person decides, `in`, or `none`."""
        return ACTIONS[self.tier]


def classify(text: str, languages: frozenset[str] = LANGUAGES) -> Decision:
    """What `text` says in `languages`; English is always among them. Raises ValueError for an unknown language."""
    return classifier(languages).classify(text)


@functools.lru_cache(maxsize=16)
def classifier(languages: frozenset[str] = LANGUAGES, number: int = VERSION) -> Classifier:
    """The classifier for `languages` by rule set `number`, made once."""
    return Classifier(languages, number=number)


class Classifier:
    """The rules of some languages, compiled. It holds nothing but what it remembers of words and texts: any number of
    threads may share it."""

    # Longer than 50 lines: a table a line, in the order in which they are asked.
    def __init__(
        self, languages: frozenset[str] = LANGUAGES, held: RuleSet | None = None, *, number: int = VERSION
    ) -> None:
        unknown = languages - LANGUAGES
        if unknown:
            raise ValueError(f"no opt-out language: {', '.join(sorted(unknown))}; there are {_listed(LANGUAGES)}")
        self.languages = languages | {ALWAYS}
        self.number = number
        rules, unless = held or rule_set(number)
        spoken = [rule for rule in rules if self.languages.intersection(rule.languages)]
        by_kind = {rule.kind: rule for rule in spoken}
        self._rest = Decision("D", by_kind["rest"].id, "", number)
        self._reaction, self._courtesy, self._several = by_kind["reaction"], by_kind["courtesy"], by_kind["several"]
        self._typo, self._spelled = by_kind["typo"], by_kind["spelled"]

        self._whole: dict[str, Decision] = {}
        for rule in _of(spoken, "whole"):
            for word in rule.words:
                self._whole.setdefault(word, Decision(rule.tier, rule.id, word, number))
        self._stops = frozenset(word for word, decision in self._whole.items() if decision.tier == "A")
        own = frozenset(word for language in self.languages for word in keywords.OWN_WORDS.get(language, ()))
        self._typos = slips_of(self._typo.words, own | self._stops)

        named = {rule.id for rule in _of(spoken, "phrase")}
        compiled = [CompiledUnless.of(exception) for exception in unless if named.intersection(exception.of)]
        self._phrases = [
            CompiledPhrase(
                rule,
                re.compile(rule.pattern),
                tuple(exception for exception in compiled if rule.id in exception.asks.of),
            )
            for rule in _of(spoken, "phrase")
        ]
        needing = [Needing(at, phrase.needs) for at, phrase in enumerate(self._phrases)]
        self._phrase_needs = Needs(needing, _FIRST_BIT)
        self._courtesies = re.compile(_words(keywords.COURTESIES))
        opener = rf"^(?:(?:{'|'.join(keywords.OPENERS)})[ \n]){{0,4}}"
        self._firsts = [
            (rule, re.compile(rf"{opener}({'|'.join(rule.words)})(?=[ \n]){rule.pattern}"))
            for rule in (*_of(spoken, "first"), *_of(spoken, "object"))
        ]
        self._calls_in = re.compile(after_stop.PATTERN)
        self._other_things = re.compile(after_stop.OTHER_THINGS)
        self._in_fun = re.compile(after_stop.IN_FUN)
        self._no_message = re.compile(after_stop.no_message(number))
        self._still_a_stop = re.compile(after_stop.STILL_A_STOP)
        self._opener, self._closer = re.compile(reactions.OPENER), re.compile(reactions.CLOSER)

        #: The last word of each keyword: "mas" of "no mas".
        self._last_words = frozenset(word.split()[-1] for word in self._stops)
        #: What may be drawn out: each word of a keyword.
        self._parts = frozenset(part for word in (*self._stops, *self._spelled.words) for part in word.split())
        first_words = (word for rule, _ in self._firsts for word in rule.words)
        #: What a keyword, with courtesy or as the first word, begins with.
        self._keyword_words = frozenset((*first_words, *self._last_words))
        self._says = {rule.id: rule.says for rule in rules} | {exception.id: exception.says for exception in unless}
        self._remembered: dict[str, Decision] = {}
        first_bit = self._phrase_needs.end
        wider = Wider(spoken, unless, self.languages, self._stops, own, number, first_bit) if number >= 2 else None
        self._wider = wider
        self._kinds = WordKinds(self._kinds_of_word)

    def classify(self, text: str) -> Decision:
        """What `text` says. Short texts are remembered: "yes" and "ok" come by the thousand."""
        found = self._remembered.get(text)
        if found is None:
            found = self.decide(text)
            if len(text) <= _SHORT:
                if len(self._remembered) >= _REMEMBERED:
                    self._remembered.clear()
                self._remembered[text] = found
        return found

    def decide(self, text: str) -> Decision:
        """`classify` without what it remembers of texts."""
        wider = self._wider
        if wider is not None and ("*" in text or "!" in text or "@" in text or not text.isascii()):
            text = self.prepared(text)
        bare = plain(text)
        flat = spread(bare)
        words = flat.split()
        kinds = self._kinds_of(words)
        found = self._by_the_table(bare, flat, words, kinds)
        if wider is None or found.tier != "D" or found.rule == self._reaction.id:
            return found
        if len(flat) > 2 * END:  # a request stands at an end of what is longer than any text
            text = bare = _ends(bare)
            flat = _ends(flat)
            words = flat.split()
            kinds = self._kinds_of(words)
        candidates = wider.candidates(text, bare, flat, words, kinds, voided=found.rule != self._rest.rule)
        return found if candidates is None else self._widely(wider, text, bare, flat, words, candidates) or found

    def _kinds_of(self, words: list[str]) -> int:
        """What `words` may be a part of, as bits; "optout", which `clauses` makes of "opt out", is put beside them."""
        kinds = functools.reduce(operator.or_, map(self._kinds.__getitem__, words), 0)
        if kinds & _OPT and len(words) > 1:
            words.append("optout")
            kinds |= self._kinds["optout"]
        return kinds

    def _kinds_of_word(self, word: str) -> int:
        """What `word` may be a part of, as bits."""
        kinds = _KEYWORD * (word in self._keyword_words) | self._phrase_needs.of(word)
        if word in self._typos or collapsed(word) in self._parts:
            kinds |= _UNUSUAL
        if word == "opt":
            kinds |= _OPT
        return kinds if self._wider is None else kinds | self._wider.belongs(word)

    def _widely(
        self, wider: Wider, text: str, bare: str, flat: str, words: list[str], candidates: Candidates
    ) -> Decision | None:
        """What later rule sets find in a text that the table's rules leave alone."""
        for rule, matched, match in wider.find(text, bare, flat, words, candidates):
            if match is None or match.taken_back is None:
                decides = self._reaction if self._is_reaction(bare) else rule
                return Decision(decides.tier, decides.id, matched, self.number)
        return None

    def _by_the_table(self, bare: str, flat: str, words: list[str], kinds: int) -> Decision:
        fitting: Sequence[CompiledPhrase] = ()
        if kinds & self._phrase_needs.keys:
            fitting = [self._phrases[at] for at in sorted(self._phrase_needs.fitting(kinds))]
        if len(words) < 2:
            return self._one_word(words[0].strip("#@"), fitting) if words else self._rest
        has_keyword = bool(
            kinds & _KEYWORD
            or (kinds & _UNUSUAL and (len(words) <= _COURTEOUS_WORDS or words[0] in self._typos))
            or (len(words[0]) == 1 and _spelled_out(words))
        )
        if fitting or has_keyword:
            return self._several_words(bare, clauses(flat), fitting, has_keyword=has_keyword)
        return self._rest

    def explain(self, text: str) -> Decision:
        """What `text` says, by every rule: `classify` without its short ways. For tests of these."""
        wider = self._wider
        text = self.prepared(text)
        bare = plain(text)
        flat = spread(bare)
        message = clauses(flat)
        if " " in message or "\n" in message:
            found = self._several_words(bare, message, self._phrases, has_keyword=True)
        else:
            found = self._one_word(message.strip("#@"), self._phrases)
        if wider is None or found.tier != "D" or found.rule == self._reaction.id:
            return found
        if len(flat) > 2 * END:
            text = bare = _ends(bare)
            flat = _ends(flat)
        every = wider.every_candidate(voided=found.rule != self._rest.rule)
        return self._widely(wider, text, bare, flat, flat.split(), every) or found

    def prepared(self, text: str) -> str:
        """`text` with look-alike letters, masked words and laughter behind "stop it" as this rule set reads them."""
        if self._wider is None:
            return text
        return self._wider.prepared(after_stop.laughter(text) if self.number >= 5 else text)

    def says(self, rule: str) -> str:
        """What the rule or exception of this id recognises."""
        return self._says.get(rule, "")

    def fitting(self, text: str) -> Iterator[tuple[str, str, str]]:
        """Every rule that fits `text`: its id, the words that it saw, and the exception that took it back, if any."""
        prepared = self.prepared(text)
        bare = plain(prepared)
        flat = spread(bare)
        message = clauses(flat)
        for phrase in self._phrases:
            for found in phrase.pattern.finditer(message):
                unless = self._taken_away(phrase, message, found)
                yield phrase.rule.id, found[0].strip(), "" if unless is None else unless.id
        if self._wider is None:
            return
        words = flat.split()
        candidates = self._wider.candidates(prepared, bare, flat, words, self._kinds_of(words))
        if candidates is not None:
            for rule, matched, match in self._wider.find(prepared, bare, flat, words, candidates):
                taken_back = match.taken_back if match is not None else None
                yield rule.id, matched, "" if taken_back is None else taken_back.id

    def nearest(self, text: str) -> tuple[Rule, tuple[str, ...]] | None:
        """The pattern that lacks least to fit `text`, and the words or classes of which it lacks one."""
        if self._wider is None:
            return None
        return self._wider.nearest(clauses(spread(plain(self.prepared(text)))))

    def _one_word(self, word: str, phrases: Sequence[CompiledPhrase]) -> Decision:
        found = self._whole.get(word) or self._misspelt(word) or self._phrase(word, ("B", "C"), phrases)
        return found or self._rest

    def _misspelt(self, word: str) -> Decision | None:
        """A slip of a keyword, or one drawn out."""
        if word in self._typos:
            return Decision(self._typo.tier, self._typo.id, word, self.number)
        if (drawn := collapsed(word)) and (drawn in self._spelled.words or drawn in self._stops):
            return Decision(self._spelled.tier, self._spelled.id, word, self.number)
        return None

    def _several_words(
        self, bare: str, message: str, phrases: Sequence[CompiledPhrase], *, has_keyword: bool
    ) -> Decision:
        """`has_keyword`: it may have a keyword or a slip of one."""
        found = self._whole.get(message)
        if found is not None:
            return found
        found = (self._with_courtesy(message) if has_keyword else None) or self._phrase(message, ("B",), phrases)
        if found is None or found.tier != "B":
            held = (self._first_word(message) if has_keyword else None) or self._phrase(message, ("C",), phrases)
            # A doubtful phrase of tier B says more than a voided one of tier C.
            found = next(
                (verdict for verdict in (found, held) if verdict and verdict.tier == "C"), found or held or self._rest
            )
        if found.tier != "D" and self._is_reaction(bare):
            return Decision(self._reaction.tier, self._reaction.id, found.matched, self.number)
        return found

    def _is_reaction(self, bare: str) -> bool:
        mark = '"' if '"' in bare else "'"
        head, quoted, rest = bare.partition(mark)
        if not quoted or len(head) > 2 * _AROUND or not self._opener.fullmatch(" ".join(head.split())):
            return False
        tail = rest.rpartition(mark)[2] if mark in rest else ""
        return len(tail) <= _AROUND and self._closer.fullmatch(tail) is not None

    def _with_courtesy(self, message: str) -> Decision | None:
        """A keyword, or a slip of one, with nothing but courtesy; several keywords; a keyword spelled out."""
        words = message.split()
        if len(words) > _COURTEOUS_WORDS:
            return None
        if (spelled := "".join(words)) in self._spelled.words and all(len(word) == 1 for word in words):
            return Decision(self._spelled.tier, self._spelled.id, spelled, self.number)
        flat = " ".join(words)
        if self._last_words.isdisjoint(words) and not any(self._kinds[word] & _UNUSUAL for word in words):
            return None
        left = self._courtesies.sub("", flat).split()
        rest = " ".join(left)
        if rest in self._stops:
            return Decision(self._courtesy.tier, self._courtesy.id, flat, self.number)
        if len(left) > 1 and self._stops.issuperset(left):
            return Decision(self._several.tier, self._several.id, rest, self.number)
        return self._misspelt(rest)

    def _first_word(self, message: str) -> Decision | None:
        for rule, pattern in self._firsts:
            found = pattern.match(message)
            if found is None:
                continue
            behind = message[found.end() : found.end() + _AROUND]
            if found[1] == "stop" and self._calls_in.match(behind) and not self._still_a_stop.match(behind):
                continue
            if self.number >= 2 and self._means_no_message(found[1], behind, message):
                continue
            return Decision(rule.tier, rule.id, found[0].replace("\n", " "), self.number)
        first, _, rest = message.partition(" ")
        # No other word is near it: as a first word its slips are as clear as alone.
        if self._typos.get(first) == "unsubscribe" and rest.startswith(("me", "us", "from", "this", "now")):
            return Decision(self._typo.tier, self._typo.id, first, self.number)
        return None

    def _means_no_message(self, keyword: str, behind: str, message: str) -> bool:
        """Whether what follows a first keyword, or laughter, says that it is no order to stop messages."""
        if keyword == "optout":
            return self._other_things.match(behind) is not None
        if keyword != "stop":
            return False
        fun = self._in_fun.search(message, 0, END)
        return self._no_message.match(behind) is not None or (
            fun is not None and len(message[: fun.start()].split()) > 1
        )

    def _phrase(self, message: str, tiers: tuple[Tier, ...], phrases: Sequence[CompiledPhrase]) -> Decision | None:
        """The first phrase of `tiers` that stands; else a doubtful one; else one whose meaning was taken away."""
        doubtful: Decision | None = None
        voided: Decision | None = None
        for phrase in phrases:
            if phrase.rule.tier not in tiers:
                continue
            for found in phrase.pattern.finditer(message):
                matched = found[0].strip().replace("\n", " ")
                unless = self._taken_away(phrase, message, found)
                if unless is None or unless.becomes == "same":
                    return Decision(phrase.rule.tier, phrase.rule.id, matched, self.number)
                decision = Decision(unless.becomes, unless.id, matched, self.number)
                if unless.becomes == "C":
                    doubtful = doubtful or decision
                else:
                    voided = voided or decision
        return doubtful or voided

    @staticmethod
    def _taken_away(phrase: CompiledPhrase, message: str, found: re.Match[str]) -> Unless | None:
        before = message[max(0, found.start() - _AROUND) : found.start()].rpartition("\n")[2]
        after = message[found.end() : found.end() + _AROUND]
        for exception in phrase.unless:
            if exception.fits(before, found[0], after, message):
                return exception.asks
        return None


def _ends(text: str) -> str:
    return f"{text[:END]}\n{text[-END:]}"


def _spelled_out(words: Sequence[str]) -> bool:
    return 1 < len(words) <= _COURTEOUS_WORDS and all(len(word) == 1 for word in words)


def _of(rules: Iterable[Rule], kind: Kind) -> list[Rule]:
    return [rule for rule in rules if rule.kind == kind]


def _words(alternatives: tuple[str, ...]) -> str:
    """Any of `alternatives` as whole words, the longest that fits first."""
    longest = sorted(alternatives, key=len, reverse=True)
    return rf"(?<!\S)(?:{'|'.join(longest)})(?!\S)"


def _listed(languages: Iterable[str]) -> str:
    return ", ".join(sorted(languages))
