"""An error in one line, for logs and for people: without what a server quotes of a row or a statement."""


def said(error: BaseException) -> str:
    """Say an error's type and its first line: PostgreSQL's DETAIL, on the next, has member references."""
    words = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
