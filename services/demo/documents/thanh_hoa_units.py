"""The units below Thanh Hóa city for document 001: the names of wards and communes are real, the other ones synthetic.

Published is how many there are: 110 in all, 76 of them organisations of enterprises and offices, Công ty Dạ Lan with
its five cells among the latter. The city's 30 wards and 4 communes of 2021 are real; five of them and the office's cell
are in the country already. The names of the 74 other organisations, the cells' names, and the day on which all of these
begin here are synthetic.
"""

from collections.abc import Iterator
from typing import Final

from services.demo.units import DemoUnit

CITY: Final = "tp-thanh-hoa"
COMPANY: Final = "da-lan"
HORIZON: Final = "2021-01-01"

_WARDS: Final = {
    "phuong-truong-thi": "phường Trường Thi",
    "phuong-ngoc-trao": "phường Ngọc Trạo",
    "phuong-phu-son": "phường Phú Sơn",
    "phuong-tan-son": "phường Tân Sơn",
    "phuong-dong-ve": "phường Đông Vệ",
    "phuong-dong-tho": "phường Đông Thọ",
    "phuong-nam-ngan": "phường Nam Ngạn",
    "phuong-dong-son": "phường Đông Sơn",
    "phuong-dong-hai": "phường Đông Hải",
    "phuong-dong-huong": "phường Đông Hương",
    "phuong-quang-hung": "phường Quảng Hưng",
    "phuong-quang-thang": "phường Quảng Thắng",
    "phuong-quang-thanh": "phường Quảng Thành",
    "phuong-an-hung": "phường An Hưng",
    "phuong-quang-thinh": "phường Quảng Thịnh",
    "phuong-quang-dong": "phường Quảng Đông",
    "phuong-quang-cat": "phường Quảng Cát",
    "phuong-quang-phu": "phường Quảng Phú",
    "phuong-quang-tam": "phường Quảng Tâm",
    "phuong-dong-linh": "phường Đông Lĩnh",
    "phuong-dong-tan": "phường Đông Tân",
    "phuong-tao-xuyen": "phường Tào Xuyên",
    "phuong-long-anh": "phường Long Anh",
    "phuong-thieu-duong": "phường Thiệu Dương",
    "phuong-thieu-khanh": "phường Thiệu Khánh",
    "xa-hoang-quang": "xã Hoằng Quang",
    "xa-hoang-dai": "xã Hoằng Đại",
    "xa-thieu-van": "xã Thiệu Vân",
    "xa-dong-vinh": "xã Đông Vinh",
}

_COMPANIES: Final = (
    "May",
    "Xây dựng",
    "Thương mại",
    "Vận tải",
    "Cơ khí",
    "Vật liệu",
    "In",
    "Dược",
    "Nông sản",
    "Du lịch",
)
_OF_COMPANIES: Final = ("Sông Mã", "Hàm Rồng", "Hạc Thành", "Lam Kinh")
_OFFICES: Final = (
    "Hạt Kiểm lâm",
    "Chi cục Thuế",
    "Chi cục Thống kê",
    "Kho bạc",
    "Bảo hiểm xã hội",
    "Điện lực",
    "Bưu điện",
    "Viện kiểm sát nhân dân",
    "Tòa án nhân dân",
    "Chi cục Thi hành án dân sự",
    "Thanh tra",
    "Phòng Giáo dục và Đào tạo",
    "Trung tâm Chính trị",
    "Trung tâm Y tế",
    "Trung tâm Giáo dục nghề nghiệp",
    "Ban Quản lý dự án",
)
_HOSPITALS: Final = ("Bệnh viện", "Phòng khám đa khoa", "Trường Cao đẳng")
_OF_HOSPITALS: Final = ("An Bình", "Phúc Thịnh", "Hồng Đức")
_SCHOOLS: Final = (
    "Trần Phú",
    "Lý Thường Kiệt",
    "Nguyễn Du",
    "Lê Lai",
    "Quang Trung",
    "Minh Khai",
    "Cù Chính Lan",
    "Lê Văn Tám",
    "Hoa Mai",
)
_CELLS: Final = ("Văn phòng", "Sản xuất 1", "Sản xuất 2", "Kỹ thuật", "Kinh doanh")


def units() -> Iterator[DemoUnit]:
    """Give the 104 further units right below the city, then the company's five cells."""
    for id_, name in _WARDS.items():
        yield DemoUnit(id_, CITY, f"Đảng bộ {name}", "grassroots", HORIZON)
    yield DemoUnit(COMPANY, CITY, "Đảng bộ Công ty Cổ phần Dạ Lan", "grassroots", HORIZON)
    for number, name in enumerate(_organisations(), 1):
        yield DemoUnit(f"{CITY}-tc-{number:02}", CITY, name, "grassroots", HORIZON)
    for number, name in enumerate(_CELLS, 1):
        yield DemoUnit(f"{COMPANY}-cb-{number:02}", COMPANY, f"Chi bộ {name}", "cell", HORIZON)


def _organisations() -> Iterator[str]:
    """Name what is neither ward nor commune: companies, offices, hospitals and colleges, schools."""
    for company in _COMPANIES:
        for own in _OF_COMPANIES:
            yield f"{'Đảng bộ' if own == 'Sông Mã' else 'Chi bộ'} Công ty Cổ phần {company} {own}"
    for office in _OFFICES:
        yield f"Chi bộ {office} thành phố"
    for hospital in _HOSPITALS:
        for own in _OF_HOSPITALS:
            yield f"Đảng bộ {hospital} {own}"
    for school in _SCHOOLS:
        yield f"Chi bộ Trường {school}"
