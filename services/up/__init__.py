"""`tonghop up`: the whole service on one machine, its parts started in order, watched and stopped together."""

from services.up.service import Showing, run

__all__ = ["Showing", "run"]
