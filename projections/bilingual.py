"""One thing said in Vietnamese and in English: a terminal shows one of them; logs for machines and answers, both."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Bilingual:
    """One thing, said twice; `before` and `after` are what both begin and end with, a setting's name for example.

    An error may have it for its message: ``str`` of either is both languages, Vietnamese first.
    """

    in_vietnamese: str
    in_english: str
    before: str = ""
    after: str = ""

    @property
    def vietnamese(self) -> str:
        """All of it in Vietnamese."""
        return f"{self.before}{self.in_vietnamese}{self.after}"

    @property
    def english(self) -> str:
        """All of it in English."""
        return f"{self.before}{self.in_english}{self.after}"

    def __str__(self) -> str:
        if self.in_vietnamese == self.in_english:
            return self.vietnamese
        return f"{self.before}{self.in_vietnamese} / {self.in_english}{self.after}"

    @classmethod
    def of(cls, said: object) -> Bilingual:
        """Give what something says: an error its message, or its kind where it has none; any text is the same twice."""
        if isinstance(said, cls):
            return said
        if isinstance(said, BaseException):
            message = said.args[0] if len(said.args) == 1 else None
            return message if isinstance(message, cls) else cls(*[str(said) or type(said).__name__] * 2)
        return cls(*[str(said)] * 2)

    def within(self, before: str = "", after: str = "") -> Bilingual:
        """Put what both languages share before it and after it."""
        return replace(self, before=before + self.before, after=self.after + after)

    def with_detail(self, detail: object) -> Bilingual:
        """Add what a server or library says, in parentheses; where that says nothing, nothing."""
        if not detail:
            return self
        added = Bilingual.of(detail)
        if added.in_vietnamese == added.in_english:
            return self.within(after=f" ({added.vietnamese})")
        return Bilingual(f"{self.vietnamese} ({added.vietnamese})", f"{self.english} ({added.english})")
