"""The demonstration: Gia Bình district up to 28/11/2023, then a country in small and its reform of 01/07/2025.

Real are Gia Bình's totals (89 admitted, 99 confirmed, 396 badges from 01/01 to 28/11/2023), the names of provinces,
districts and communes, and the reform; everything below Gia Bình's totals and everything else is synthetic.
"""

from services.demo.showing import run

__all__ = ["run"]
