"""What each type of event says: one struct a type, exactly the fields of the contract's tables (section 1).

Absent and null are different things: an optional field that isn't given is UNSET, and null is refused wherever the
contract doesn't name it. Rules between the fields of one struct are checked when it is made (InvalidFieldError); rules
that need more than the struct are in `events.rules`.
"""

from msgspec import UNSET, Struct, UnsetType, field

from events.errors import InvalidFieldError
from events.identifiers import AccountId, Day, EventId, Name, Number, Reference, SourcePath, Text, UnitId, require_text
from events.vocabulary import (
    AgeBand,
    DepartureReason,
    Education,
    Ethnicity,
    Grade,
    Level,
    Occupation,
    Religion,
    Role,
    Sex,
    YouthUnion,
)


class Data(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The data of any event."""


class Facets(Data, frozen=True, kw_only=True):
    """Codes by which a fact can be broken down; what is not given counts as unknown."""

    sex: Sex | UnsetType = UNSET
    ethnicity: Ethnicity | UnsetType = UNSET
    religion: Religion | UnsetType = UNSET
    youth_union: YouthUnion | UnsetType = UNSET
    age_band: AgeBand | UnsetType = UNSET
    education: Education | UnsetType = UNSET
    occupation: Occupation | UnsetType = UNSET


class MemberAdmitted(Data, frozen=True, kw_only=True):
    """A member was admitted (kết nạp), or admitted again."""

    member: Reference
    decided_on: Day
    ceremony_on: Day | UnsetType = UNSET
    readmission: bool | UnsetType = UNSET
    facets: Facets | UnsetType = UNSET


class MemberConfirmed(Data, frozen=True, kw_only=True):
    """A probationary member became a full one (công nhận đảng viên chính thức)."""

    member: Reference
    decided_on: Day
    effective_on: Day | UnsetType = UNSET
    facets: Facets | UnsetType = UNSET


class BadgeAwarded(Data, frozen=True, kw_only=True):
    """A badge for years of membership was awarded (trao tặng Huy hiệu Đảng)."""

    member: Reference
    grade: Grade
    awarded_on: Day
    early: bool | UnsetType = UNSET
    posthumous: bool | UnsetType = UNSET
    facets: Facets | UnsetType = UNSET


class MemberDeparted(Data, frozen=True, kw_only=True):
    """A member left the Party (ra khỏi Đảng)."""

    member: Reference
    reason: DepartureReason
    on: Day
    facets: Facets | UnsetType = UNSET


class MemberTransferred(Data, frozen=True, kw_only=True):
    """A member went from the subject to another unit (chuyển sinh hoạt đảng chính thức), which keeps them `as` this."""

    member: Reference
    to: UnitId
    on: Day
    as_: Reference | UnsetType = field(name="as", default=UNSET)
    facets: Facets | UnsetType = UNSET


class CandidateIntroduced(Data, frozen=True, kw_only=True):
    """A candidate was introduced (giới thiệu quần chúng ưu tú)."""

    candidate: Reference
    on: Day
    facets: Facets | UnsetType = UNSET


class CandidateTrained(Data, frozen=True, kw_only=True):
    """A candidate went through the course about the Party (lớp bồi dưỡng nhận thức về Đảng)."""

    candidate: Reference
    on: Day
    passed: bool
    facets: Facets | UnsetType = UNSET


class MemberRestored(Data, frozen=True, kw_only=True):
    """A member who had left the Party is a member again (phục hồi đảng tịch)."""

    member: Reference
    on: Day
    facets: Facets | UnsetType = UNSET


class UnitEstablished(Data, frozen=True, kw_only=True):
    """A unit was established; its parent is null for the root alone."""

    parent: UnitId | None
    name: Name
    level: Level
    since: Day

    def __post_init__(self) -> None:
        require_text("name", self.name)


class UnitRenamed(Data, frozen=True, kw_only=True):
    """A unit has another name."""

    name: Name
    since: Day

    def __post_init__(self) -> None:
        require_text("name", self.name)


class UnitReleveled(Data, frozen=True, kw_only=True):
    """A unit has another level."""

    level: Level
    since: Day


class UnitMoved(Data, frozen=True, kw_only=True):
    """A unit has another parent."""

    parent: UnitId
    since: Day


class UnitDissolved(Data, frozen=True, kw_only=True):
    """A unit came to its end; what it counted is under its successor, if it has one."""

    since: Day
    successor: UnitId | UnsetType = UNSET


class TargetAssigned(Data, frozen=True, kw_only=True):
    """A resolution set a target for a measure and a period; `to` is the deadline."""

    measure: str
    from_: Day = field(name="from")
    to: Day
    at_least: Number
    at_most: Number | UnsetType = UNSET
    resolution: Text

    def __post_init__(self) -> None:
        require_period(self.from_, self.to)
        if self.at_most is not UNSET and self.at_most < self.at_least:
            raise InvalidFieldError("at_most", "less than at_least")
        require_text("resolution", self.resolution)


class FigureDeclared(Data, frozen=True, kw_only=True):
    """A unit declares a figure: a stock on a day, or a measure of a period."""

    figure: str
    on: Day | UnsetType = UNSET
    from_: Day | UnsetType = field(name="from", default=UNSET)
    to: Day | UnsetType = UNSET
    value: Number
    note: Text | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.from_ is not UNSET and self.to is not UNSET:
            require_period(self.from_, self.to)
        if self.note is not UNSET:
            require_text("note", self.note)


class AccessGranted(Data, frozen=True, kw_only=True):
    """An account holds a role over the subject and what is below it (cấp quyền truy cập); `until` is the last day."""

    account: AccountId
    role: Role
    until: Day | UnsetType = UNSET


class AccessRevoked(Data, frozen=True, kw_only=True):
    """An account holds a role over the subject no longer (thu hồi quyền truy cập)."""

    account: AccountId
    role: Role


class EventRetracted(Data, frozen=True, kw_only=True):
    """An event is taken back: it is named by its source and its id."""

    source: SourcePath
    id: EventId
    reason: Text

    def __post_init__(self) -> None:
        require_text("reason", self.reason)


def require_period(first: Day, last: Day) -> None:
    """Raise InvalidFieldError at `to` where a period ends before it begins."""
    if last < first:
        raise InvalidFieldError("to", "before from")
