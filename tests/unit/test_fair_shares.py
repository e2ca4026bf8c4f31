"""Who asks, how much it costs, whose turn it is: the rules of decision 0027 by themselves."""

from __future__ import annotations

import asyncio

import pytest

from projections.store.reading.cost import EVERYTHING, MANY, MOST, VAST, Class, Work, class_of, steps_to
from services.api.clients import NOBODY, Clients
from services.api.guard import Hosts
from services.api.problems import Problem
from services.api.turns import Bounded, Limits, Turns
from services.settings import Address, Settings, SettingsError

LIMITS = Limits(slots=2, vast=1, waiting=6, a_client=4, patience=60, again=7)


def asker(peer: str | None, **headers: str) -> str:
    """Name who asks from an address, the proxies 10.0.0.5 and 10.1.0.0/16 being trusted."""
    scope = {
        "client": (peer, 1) if peer else None,
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    return Clients("10.0.0.5/32,10.1.0.0/16,fd00::/8").of(scope)


@pytest.mark.parametrize(
    ("peer", "headers", "client"),
    [
        ("192.0.2.1", {}, "192.0.2.1"),
        ("192.0.2.1", {"x_forwarded_for": "198.51.100.1"}, "192.0.2.1"),  # anybody can write that
        ("10.0.0.5", {"x_forwarded_for": "198.51.100.1"}, "198.51.100.1"),
        ("10.0.0.5", {"x_forwarded_for": "203.0.113.9, 198.51.100.1"}, "198.51.100.1"),
        ("10.0.0.5", {"x_forwarded_for": "198.51.100.1, 10.1.2.3"}, "198.51.100.1"),
        ("10.0.0.5", {"x_forwarded_for": "nonsense, 10.1.2.3"}, "10.1.2.3"),
        ("10.0.0.5", {"x_forwarded_for": "198.51.100.1:4711"}, "198.51.100.1"),
        ("10.0.0.5", {"forwarded": 'for="[2001:db8:1:2::7]:4711";proto=https'}, "2001:db8:1:2::/64"),
        ("10.0.0.5", {"forwarded": "for=203.0.113.9, for=198.51.100.1;by=10.0.0.5"}, "198.51.100.1"),
        ("10.0.0.5", {"forwarded": "for=_hidden"}, "10.0.0.5"),
        ("10.0.0.5", {}, "10.0.0.5"),
        ("2001:db8::1", {}, "2001:db8::/64"),
        ("2001:db8::ffff", {}, "2001:db8::/64"),
        ("::ffff:192.0.2.1", {}, "192.0.2.1"),
        (None, {}, NOBODY),
    ],
)
def test_who_asks(peer: str | None, headers: dict[str, str], client: str) -> None:
    assert asker(peer, **headers) == client


@pytest.mark.parametrize(
    ("work", "reached", "found"),
    [
        (Work(), 0, Class.QUICK),
        (Work("u", steps=1), MANY - 1, Class.QUICK),
        (Work("u", steps=1), MANY, Class.SLOW),
        (Work("u", steps=1, weight=3), MANY // 3 + 1, Class.SLOW),
        (Work("u", steps=EVERYTHING), VAST, Class.VAST),
        (Work("u", steps=EVERYTHING), MOST, Class.VAST),
        (Work(least=Class.SLOW), 0, Class.SLOW),
        (Work("u", steps=1, least=Class.SLOW), VAST, Class.VAST),
        (Work("u", steps=1, most=Class.SLOW), VAST, Class.SLOW),
        (Work("u", steps=1, most=Class.SLOW), 0, Class.QUICK),
        (Work(rows=10_000), 0, Class.SLOW),
    ],
)
def test_what_it_costs(work: Work, reached: int, found: Class) -> None:
    assert class_of(work, reached) is found


def test_a_level_is_some_steps_down() -> None:
    assert [steps_to(level, "central") for level in ("central", "province", "cell")] == [1, 1, 5]
    assert steps_to("province", "cell") == 1


async def test_turns_go_from_client_to_client() -> None:
    turns, order = Turns("test", LIMITS), []

    async def ask(client: str) -> None:
        async with turns.turn(client):
            order.append(client)
            await asyncio.sleep(0)

    async with turns.turn("a"), turns.turn("a"):
        waiting = [asyncio.create_task(ask(client)) for client in ("a", "a", "a", "b", "c")]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert order == ["a", "b", "c", "a", "a"]


async def test_what_is_vast_leaves_a_slot_to_others() -> None:
    turns = Turns("test", LIMITS)
    async with turns.turn("a", vast=True):
        waits = asyncio.create_task(turns._take("a", vast=True))
        await asyncio.sleep(0)
        async with turns.turn("b"):
            assert not waits.done()
        async with turns.turn("a"):
            pass
    await waits


async def test_a_queue_is_bounded_and_so_is_a_share_of_it() -> None:
    turns = Turns("test", LIMITS)
    async with turns.turn("a"), turns.turn("a"):
        waiting = [asyncio.create_task(turns._take(client, vast=False)) for client in "aaaabb"]
        await asyncio.sleep(0)
        for client, status in (("a", 429), ("c", 503)):
            with pytest.raises(Problem) as refused:
                async with turns.turn(client):
                    raise AssertionError
            assert (refused.value.status, refused.value.response().headers["retry-after"]) == (status, "7")
        for task in waiting:  # who goes leaves no trace
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert (turns._waiting, len(turns._queues)) == (0, 0)
    async with turns.turn("a"), turns.turn("b"):
        pass


async def test_who_is_cancelled_as_his_turn_comes_passes_it_on() -> None:
    turns = Turns("test", LIMITS._replace(slots=1))
    async with turns.turn("a"):
        first, second = (asyncio.create_task(turns._take(client, vast=False)) for client in "bc")
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await asyncio.wait_for(second, 5)


async def test_patience_ends() -> None:
    turns = Turns("test", LIMITS._replace(slots=1, patience=0.01))
    async with turns.turn("a"):
        with pytest.raises(Problem, match="bận"):
            async with turns.turn("b"):
                raise AssertionError


async def test_those_who_wait_elsewhere_are_bounded_too() -> None:
    places = Bounded("test", 2, 1, 3)
    async with places.place("a"):
        with pytest.raises(Problem) as share:
            async with places.place("a"):
                raise AssertionError
        async with places.place("b"):
            with pytest.raises(Problem) as full:
                async with places.place("c"):
                    raise AssertionError
    assert (share.value.status, full.value.status) == (429, 503)
    async with places.place("a"):
        pass


@pytest.mark.parametrize(
    ("host", "taken"),
    [
        ("figures.example.org", True),
        ("Figures.Example.Org.:443", True),
        ("a.units.example", True),
        ("units.example", False),
        ("evil-units.example", False),
        ("example.org", False),
        ("api.internal", True),
        ("localhost", True),
        ("198.51.100.7:8080", True),
        ("[2001:db8::1]", True),
        ("[2001:db8::1", False),
        ("198.51.100.7.evil.example", False),
        ("localhost:80:80", False),
        ("", False),
    ],
)
def test_which_names_it_goes_by(host: str, taken: bool) -> None:
    assert Hosts(Address("api.internal", 80), "figures.example.org,*.units.example").takes(host) is taken
    assert Hosts(Address("0.0.0.0", 80), "*").takes("anything.example")  # noqa: S104 - as it may be set


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("TONGHOP_HOSTS", "http://example.org"),
        ("TONGHOP_HOSTS", "example.org:80"),
        ("TONGHOP_TRUSTED_PROXIES", "proxy.example"),
        ("TONGHOP_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TONGHOP_BEHIND_AFTER", "soon"),
    ],
)
def test_a_setting_that_can_t_be_used_is_named(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({name: text})
