"""The words of the contract: the codes that events carry, and what may become of an event (sections 1 and 2).

Codes are Literals, so that a decoded value is a plain string. Their order is the order in which they are shown, and in
which they are numbered for storage (`events.facets`): append, never insert.
"""

from enum import StrEnum
from typing import Final, Literal, get_args

Level = Literal["central", "province", "upper", "grassroots", "section", "cell", "group"]
StockName = Literal[
    "members",
    "staff",
    "key_posts",
    "rated_good",
    "rated_excellent",
    "subordinate_units",
    "economic_targets",
    "economic_targets_met",
]

Sex = Literal["female", "male"]
Ethnicity = Literal["kinh", "minority"]
Religion = Literal["none", "some"]
YouthUnion = Literal["yes", "no"]
AgeBand = Literal["18-30", "31-40", "41-50", "51-60", "over-60"]
Education = Literal["lower_secondary", "upper_secondary", "vocational", "college", "bachelor", "master", "doctor"]
Occupation = Literal[
    "worker", "farmer", "official", "public_employee", "armed_forces", "business", "student", "retired", "other"
]

Grade = Literal[30, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90]
DepartureReason = Literal["died", "expelled", "struck_off", "resigned", "not_confirmed"]

Role = Literal["reader", "officer", "clerk", "signer", "keeper", "operator"]

LEVELS: Final[tuple[str, ...]] = get_args(Level)
STOCKS: Final[tuple[str, ...]] = get_args(StockName)
GRADES: Final[tuple[int, ...]] = get_args(Grade)
ROLES: Final[tuple[str, ...]] = get_args(Role)
OPERATOR: Final = "operator"
"""The role that is held at the root alone."""

YES: Final = "yes"
NO: Final = "no"
UNKNOWN: Final = "unknown"


class Outcome(StrEnum):
    """What becomes of an event; exactly one at a time (section 2)."""

    COUNTED = "counted"
    APPLIED = "applied"
    DUPLICATE = "duplicate"
    PARKED = "parked"
    REJECTED = "rejected"
    RETRACTED = "retracted"


class Reason(StrEnum):
    """Why an event is parked or rejected (section 2)."""

    UNKNOWN_UNIT = "unknown_unit"
    INACTIVE_UNIT = "inactive_unit"
    NOT_AUTHORISED = "not_authorised"
    UNKNOWN_EVENT = "unknown_event"

    MALFORMED = "malformed"
    UNKNOWN_TYPE = "unknown_type"
    INVALID_FIELD = "invalid_field"
    PUBLISHER_MISMATCH = "publisher_mismatch"
    ID_CONFLICT = "id_conflict"
    CYCLE = "cycle"
    TOO_DEEP = "too_deep"
    IN_USE = "in_use"
    ALREADY_DONE = "already_done"


PARKED_FOR: Final = frozenset({Reason.UNKNOWN_UNIT, Reason.INACTIVE_UNIT, Reason.NOT_AUTHORISED, Reason.UNKNOWN_EVENT})
REJECTED_FOR: Final = (frozenset(Reason) - PARKED_FOR) | {Reason.NOT_AUTHORISED}
"""`not_authorised` is in both: an event of access is rejected for it and never waits, every other one waits."""
