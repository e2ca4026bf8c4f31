"""The page of operators: what it says is what `/v1` says, each as far as its reader may see it."""

from __future__ import annotations

from services.pages.shown import number
from tests.integration.pages.service import Service, text_of


async def test_an_operator_sees_how_the_service_is_on_one_page(service: Service) -> None:
    async with service.browser("operator") as browser:
        page = await browser.get("/van-hanh")
        status = (await browser.get("/v1/status")).json()
    said = text_of(page.text)
    assert page.status_code == 200
    for label, value in (
        ("Vị trí", status["position"]),
        ("Cuối nhật ký", status["stream_last"]),
        ("Còn chưa tính", status["lag"]),
        ("Đang chờ", status["parked"]),
        ("Bị từ chối", status["rejected"]),
    ):
        assert f"{label} {number(value)} " in said
    assert "đang làm việc" in said
    assert "tonghop resume" in said
    assert 'data-fresh="30"' in page.text
    assert 'href="/van-hanh">Tải lại' in page.text


async def test_it_is_for_operators(service: Service) -> None:
    for who, status in (("keeper", 403), ("officer", 403), ("nobody", 403), (None, 303)):
        async with service.browser(who) as browser:
            assert (await browser.get("/van-hanh")).status_code == status, who
    async with service.browser("operator") as operator:
        assert (await operator.get("/van-hanh/dang-cho")).status_code == 200
