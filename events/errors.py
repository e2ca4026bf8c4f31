"""What the contract raises; reading a message raises none of it, it answers a `Refusal` (`events.codec.decode`).

ContractError
├── InvalidFieldError      a field of data breaks a rule of its type
├── InvalidEventError      an event that its readers would refuse was about to be sent
├── InvalidSubjectError    not a subject of the stream, or one can't be made of these parts
├── UnknownCodeError       a code, or its number in storage, that the dimension doesn't have
└── UnreadableError        a body that is no JSON document of the contract; never leaves this package
"""

from events.refusal import Refusal


class ContractError(ValueError):
    """The root of them all. A ValueError, so that msgspec reports it as a validation error while it decodes."""


class InvalidFieldError(ContractError):
    """A field breaks a rule: `field` is its name within data as it is on the wire, `detail` says what is expected."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field
        self.detail = detail


class InvalidEventError(ContractError):
    """An event can't be sent because it would be refused; `refusal` is what a reader would answer."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.reason} at {refusal.field}: {refusal.detail}")
        self.refusal = refusal


class InvalidSubjectError(ContractError):
    """A bus subject doesn't have the form `party.v1.{publisher}.{type}`."""


class UnknownCodeError(ContractError):
    """A dimension doesn't have this code."""

    def __init__(self, dimension: str, code: str | int) -> None:
        super().__init__(f"{dimension} has no code {code!r}")
        self.dimension = dimension
        self.code = code


class UnreadableError(ContractError):
    """A body is not a document that the contract can be read from; the message says why and quotes no value."""
