"""Somebody deletes the projector's durable: noticed at once, made anew where that is allowed, said where not."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import nats
import nats.errors
from nats.js import JetStreamContext

from tests.attacks.guarded import guarded_somewhere
from tests.attacks.test_bus_commands import WORLD, as_user, tonghop, working
from tests.fault.eventually import AT_LAST, eventually
from tests.fault.projecting import Bench, bench
from tests.oracle.telling import admitted


async def is_there(jetstream: JetStreamContext) -> bool:
    with suppress(nats.errors.Error):
        return bool(await jetstream.consumer_info("PARTY", "projector"))
    return False


async def is_told(on: Bench) -> bool:
    return bool(await on.connection.fetchval("SELECT state = 'waiting' FROM worker"))


async def test_who_may_make_one_makes_it_anew(party: str, database: str) -> None:
    client = await nats.connect(party)
    async with bench(party, database) as on:
        with on.projector() as running:
            await running.says("leading")
            await on.publish(*WORLD)
            await on.settled()
            await client.jetstream().delete_consumer("PARTY", "projector")
            async with asyncio.timeout(AT_LAST):
                while not await is_there(client.jetstream()):  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.05)
            config = (await client.jetstream().consumer_info("PARTY", "projector")).config
            assert config.opt_start_seq == 3  # what is in the figures is not sent again
            await on.publish(*(admitted("u1", "2023-01-01", f"e{n}") for n in range(5)))
            await on.settled()
            assert "was deleted, and is made anew" in running.said
    await tonghop(on.settings, "migrate")  # takes it for what it is
    await client.close()


async def test_who_may_not_says_what_to_do_and_goes_on_by_itself(database: str) -> None:
    with guarded_somewhere(operator=True) as server:
        async with working(server, database) as on, server.client("operator") as operator:
            with on.projector() as running:
                await running.says("leading")
                await on.publish(*WORLD)
                await on.settled()
                await operator.jetstream().delete_consumer("PARTY", "projector")
                async with asyncio.timeout(AT_LAST):
                    while "run `tonghop migrate`" not in running.said:  # noqa: ASYNC110 - another process
                        await asyncio.sleep(0.05)
                await running.becomes(ready=False, saying="tonghop migrate")
                await eventually(lambda: is_told(on), "the database is not told")
                await on.publish(*(admitted("u1", "2023-01-01", f"e{n}") for n in range(5)))
                await tonghop(as_user(server, "migrate", database), "migrate")
                await eventually(lambda: is_there(operator.jetstream()), "it is not made")
                await on.settled()
