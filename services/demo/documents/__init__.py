"""What four published documents say besides Gia Bình's, as events: 000, 001, 002 and 004 of the five.

Each file says in its first line what is published and what is synthetic. What a document leaves out is left out here:
no admissions of Chi bộ 4 and of the Khối of Bến Tre, no target of Điện Biên, no number for its 15 %.
"""

from services.demo.documents.ben_tre import ben_tre
from services.demo.documents.chi_bo_4 import chi_bo_4
from services.demo.documents.dien_bien import dien_bien
from services.demo.documents.thanh_hoa import thanh_hoa
from services.demo.saying import CloudEvent

__all__ = ["documents"]


def documents() -> list[CloudEvent]:
    """Give the documents' events, always the same ones, one document after the other, its units first.

    They stand on the rest of the demonstration: the root, and the city of Thanh Hóa with what happened there.
    """
    return [*chi_bo_4(), *thanh_hoa(), *dien_bien(), *ben_tre()]
