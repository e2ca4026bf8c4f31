"""The clauses that a sentence can be made of, in words and in groups, as they are picked on a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from events.catalogue import MEASURES
from events.vocabulary import STOCKS
from events.words import RATES_OF_STOCK
from projections.answers.plans.rates import OF_DECLARED
from projections.answers.sentence.clauses import RATES, SAYABLE
from projections.answers.words.plan_words import rate_name
from services.pages.texts import Texts
from services.pages.words import measure, word

KINDS: Final = ("", ":target", ":goal", "_of_last_year", "_of_target")
"""What may be said of a measure, by what comes after its name."""


class ClauseChoice(NamedTuple):
    """A clause as it is offered: its code, and its words."""

    say: str
    words: str


class ClauseGroups(NamedTuple):
    """All clauses: of each measure those of KINDS in their order, of declared figures, and rates."""

    kinds: list[str]
    measures: list[tuple[str, list[ClauseChoice]]]
    stocks: list[ClauseChoice]
    rates: list[ClauseChoice]

    @property
    def words(self) -> dict[str, str]:
        """Return the words of each clause by its code."""
        of_measures = (choice for _, choices in self.measures for choice in choices)
        return dict([*of_measures, *self.stocks, *self.rates])


def groups(texts: Texts) -> ClauseGroups:
    """Return all clauses in the language of a page."""
    _ = texts.gettext
    kinds = [
        _("Số đếm được"),
        _("Kèm % chỉ tiêu"),
        _("Phấn đấu"),
        _("So với cùng kỳ"),
        _("Tỷ lệ trên chỉ tiêu"),
    ]
    measures = []
    for name in MEASURES:
        head = measure(texts.language, name)
        choices = [
            ClauseChoice(f"{name}{end}", f"{head}, {kind[0].lower()}{kind[1:]}")
            for end, kind in zip(KINDS, kinds, strict=True)
        ]
        measures.append((head, choices))
    stocks = [ClauseChoice(name, word(texts.language, "stock", name)) for name in STOCKS]
    rates = [ClauseChoice(name, rate_words(texts, name)) for name in (*OF_DECLARED, *RATES_OF_STOCK)]
    return ClauseGroups(kinds, measures, stocks, rates)


def rate_words(texts: Texts, rate: str) -> str:
    """Name a rate, with its denominator; in English by its code."""
    if texts.language == "en":
        return rate.replace("_", " ")
    return rate_name(rate)


def claimable(texts: Texts) -> list[ClauseChoice]:
    """Return the rates that a printed percentage may be held against."""
    return [ClauseChoice(rate, rate_words(texts, rate)) for rate in RATES]


def in_order(said: Iterable[str]) -> list[str]:
    """Return clauses that were picked, each once, in the order in which they are offered; what is none comes last."""
    picked = dict.fromkeys(said)
    return [*(each for each in SAYABLE if each in picked), *(each for each in picked if each not in SAYABLE)]
