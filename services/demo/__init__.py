"""The demonstration: Gia Bình district up to 28/11/2023, a country in small with its reform, and four other documents.

Real are Gia Bình's totals (89 admitted, 99 confirmed, 396 badges from 01/01 to 28/11/2023), the names of provinces,
districts and communes, the reform of 01/07/2025, and what the documents print (`documents` says of each what that is);
everything below these figures and everything else is synthetic.
"""
