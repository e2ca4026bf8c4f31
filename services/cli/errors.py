"""What a command raises where it can't be done, or was done and found something wrong."""


class CommandError(Exception):
    """A command can't be done; the message is for the user. `status` is the API's, None where it didn't answer."""

    code = 1
    """What the process ends with."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class DiffersError(CommandError):
    """A command was done, and what it looked at is not what it should be."""

    code = 3
