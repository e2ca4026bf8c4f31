"""The demonstration: Gia Bình district up to 28/11/2023, its published totals as single events.

The totals of the district (89 admitted, 99 confirmed, 396 badges from 01/01 to 28/11/2023) and the names of its town
and communes are real; everything below them, and everything outside of that period, is synthetic.
"""

from services.demo.showing import run

__all__ = ["run"]
