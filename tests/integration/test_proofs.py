"""`tonghop verify` and `tonghop rebuild` as an operator runs them, beside a projector that goes on."""

from __future__ import annotations

from tests.fault.cluster import Command
from tests.fault.projecting import Bench, bench, eventually
from tests.oracle.telling import Said, admitted, founded, root

WORLD = (root(), founded("u1", "trung-uong", "2020-01-01"), founded("c1", "u1", "2020-01-01", "cell"))
FACTS: tuple[Said, ...] = tuple(admitted("c1", "2023-01-05", f"e{n}") for n in range(8))


async def run(on: Bench, name: str, *options: str) -> tuple[str, str]:
    """Run a command to its end, and tell how it ended and what it said."""
    command = Command(name, on.settings, on.folder, *options)
    command.process.log.unlink(missing_ok=True)
    command.start()

    async def ended() -> bool:
        return not command.process.alive

    await eventually(ended, f"{name} goes on")
    return command.process.exit, command.process.tail(200)


async def test_the_ledger_is_held_against_the_stream_byte_for_byte(party: str, database: str) -> None:
    async with bench(party, database) as on:
        with on.projector():
            await on.publish(*WORLD, *FACTS)
            await on.settled()
            ended, said = await run(on, "verify", "--from-log")
            assert ended == "exit code 0", said
            assert "từng byte" in said
            assert "Mọi số liệu trùng khớp" in said
            await on.connection.execute("UPDATE ledger SET body = body || ' ' WHERE position = 5")
            await on.connection.execute("UPDATE ledger SET headers = 'x' WHERE position = 7")
            ended, said = await run(on, "verify", "--from-log")
            assert ended == "exit code 3", said
            assert "khác luồng tại: 5, 7" in said


async def test_a_counter_spoilt_by_hand_is_named_repaired_and_the_figures_go_on(party: str, database: str) -> None:
    async with bench(party, database) as on:
        with on.projector():
            await on.publish(*WORLD, *FACTS)
            await on.settled()
            await on.connection.execute(
                "UPDATE counter SET n = 99 WHERE unit = (SELECT no FROM unit WHERE id = 'u1') AND period = 20230105"
            )
            ended, said = await run(on, "verify")
            assert ended == "exit code 3", said
            for word in ("counter", "u1", "Kết nạp", "2023-01-05", "99", "8"):
                assert word in said
            assert (await run(on, "verify", "--repair"))[0] == "exit code 0"
            ended, said = await run(on, "verify", "--repairs")
            assert (ended, "99" in said, "2023-01-05" in said) == ("exit code 0", True, True)
            await on.publish(admitted("c1", "2023-01-05", "later"))
            await on.settled()
            ended, said = await run(on, "rebuild")
            assert ended == "exit code 0", said
            assert "Đã chuyển từ bản số 1 sang 2 tại vị trí 12" in said
            await on.publish(admitted("c1", "2023-01-05", "latest"))
            await on.settled()
            ended, said = await run(on, "verify")
            assert ended == "exit code 0", said
            ended, said = await run(on, "rebuild", "--back")
            assert ended == "exit code 0", said
            for _ in range(2):
                ended, said = await run(on, "rebuild", "--back", "--to", "1")
                assert ended == "exit code 0", said
                assert "Bản số 1 đang dùng rồi" in said
            assert (await run(on, "rebuild", "--back", "--to", "9"))[0] == "exit code 1"
            assert (await run(on, "rebuild", "--to", "1"))[0] == "exit code 2"
            ended, said = await run(on, "rebuild", "--back", "--accept")
            assert ended == "exit code 2", said
