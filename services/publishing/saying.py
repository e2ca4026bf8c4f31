"""What is told to the user of a publisher, in both languages; who shows it chooses."""

from typing import NamedTuple


class Bilingual(NamedTuple):
    """One thing, said twice."""

    vietnamese: str
    english: str

    def __str__(self) -> str:
        return f"{self.vietnamese} / {self.english}"

    def with_detail(self, detail: str | None) -> "Bilingual":
        """Add what a server or library says, which is in English for everybody."""
        return self if not detail else Bilingual(f"{self.vietnamese} ({detail})", f"{self.english} ({detail})")
