"""The projector process: the log in, the read models out."""

from services.projector.serving import serve

__all__ = ["serve"]
