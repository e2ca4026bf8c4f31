"""Messages that nobody should send: one that can't be processed stops none of the others, and each is kept whole."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from projections.store.log.outcome_sql import DECIDED
from services.verification.verifying import verify
from tests.fault.load import told_of
from tests.fault.projecting import Bench, bench
from tests.integration.restoring import project
from tests.oracle.telling import Said, admitted, founded, root

WORLD = (root(), founded("u1", "trung-uong", "2020-01-01"))
REFUSE_FACT = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.day = '1999-09-09' THEN RAISE EXCEPTION 'not this day' USING ERRCODE = 'check_violation'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON fact FOR EACH ROW EXECUTE FUNCTION refuse();
"""
REFUSE_LEDGER = """
ALTER TABLE ledger ADD CHECK (id IS NULL OR id NOT LIKE 'poison%');
"""


async def test_one_that_the_database_refuses_is_set_aside_alone(party: str, database: str) -> None:
    async with bench(party, database) as on:
        await on.connection.execute(REFUSE_FACT)
        log = [admitted("u1", "2023-01-01", f"e{n}") for n in range(300)]
        for at, name in ((70, "bad-1"), (200, "bad-2")):
            log.insert(at, admitted("u1", "1999-09-09", name))
        await on.publish(root(since="1990-01-01"), founded("u1", "trung-uong", "1990-01-01"))
        await on.send(*map(told_of, log))
        with on.projector():
            await on.settled()
            await on.publish(admitted("u1", "2023-01-01", "after"), admitted("u1", "1999-09-09", "bad-3"))
            await on.settled()
        rejected = await on.connection.fetch(
            f"SELECT id, reason, detail, publisher FROM {DECIDED} AS said WHERE outcome = 'rejected' ORDER BY position"
        )
        assert sorted(row["id"] for row in rejected) == ["bad-1", "bad-2", "bad-3"]
        assert all(row["reason"] == "malformed" and row["publisher"] == "u1" for row in rejected)
        assert all("could not be processed" in row["detail"] and "not this day" in row["detail"] for row in rejected)
        assert await on.connection.fetchval(f"SELECT count(*) FROM {DECIDED} AS said WHERE outcome = 'counted'") == 301
        assert await on.connection.fetchval("SELECT count(*) FROM fact") == 301
        assert await on.connection.fetchval("SELECT sum(n) FROM tally") == 306


async def test_one_whose_very_id_is_refused_is_kept_without_it(party: str, database: str) -> None:
    async with bench(party, database) as on:
        await on.connection.execute(REFUSE_LEDGER)
        poison = admitted("u1", "2023-01-01", "poison-1")
        await on.publish(*WORLD, admitted("u1", "2023-01-01", "e1"), poison, admitted("u1", "2023-01-01", "e2"))
        with on.projector():
            await on.settled()
        rows = await on.connection.fetch(f"SELECT outcome, id, body FROM {DECIDED} AS said ORDER BY position")
        assert [row["outcome"] for row in rows] == ["applied", "applied", "counted", "rejected", "counted"]
        assert rows[3]["id"] is None
        assert rows[3]["body"] == poison.body


async def test_a_schema_that_lacks_something_rejects_nothing(party: str, database: str) -> None:
    async with bench(party, database) as on:
        await on.connection.execute("ALTER TABLE fact RENAME COLUMN facets TO lost")
        await on.publish(*WORLD, admitted("u1", "2023-01-01", "e1"))
        with on.projector() as running:
            await running.becomes(ready=False, saying="waiting")
            assert await on.position() == 0
            await on.connection.execute("ALTER TABLE fact RENAME COLUMN lost TO facets")
            await on.settled()
        assert [outcome for _, outcome, _ in await on.outcomes()] == ["applied", "applied", "counted"]


async def test_one_of_more_than_16_kib_is_rejected_kept_whole_and_made_anew(party: str, database: str) -> None:
    """The stream takes a little more, for headers: what comes to the log past every door is still no event."""
    async with bench(party, database) as on:
        largest, larger = (padded(admitted("u1", "2023-01-01", name), size) for name, size in SIZES.items())
        await on.publish(*WORLD, largest, larger, admitted("u1", "2023-01-01", "after"))
        await project(on.settings)
        assert await on.outcomes() == [
            (1, "applied", None),
            (2, "applied", None),
            (3, "counted", None),
            (4, "rejected", "malformed"),
            (5, "counted", None),
        ]
        row = await on.connection.fetchrow("SELECT publisher, type, id, body FROM ledger WHERE position = 4")
        assert tuple(row) == ("u1", None, None, larger.body)
        assert not (await verify(on.settings, lambda *_: None, from_log=True)).comparison


SIZES = {"largest": 16_384, "larger": 16_385}


def padded(said: Said, size: int) -> Said:
    """Fill an event up with white space, which says nothing, to so many bytes."""
    return said._replace(body=said.body[:-1] + b" " * (size - len(said.body)) + b"}")


class Raw:
    """A client that sends whatever bytes it is given."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def connect(cls, url: str) -> Raw:
        address = urlsplit(url)
        raw = cls(*await asyncio.open_connection(address.hostname, address.port))
        raw._writer.write(b'CONNECT {"verbose":false,"headers":true}\r\n')
        return raw

    def publish(self, subject: bytes, body: bytes, headers: bytes | None = None) -> None:
        if headers is None:
            self._writer.write(b"PUB %b %d\r\n%b\r\n" % (subject, len(body), body))
            return
        sizes = (len(headers), len(headers) + len(body))
        self._writer.write(b"HPUB %b %d %d\r\n%b%b\r\n" % (subject, *sizes, headers, body))

    async def close(self) -> None:
        """Wait until the server has read everything."""
        self._writer.write(b"PING\r\n")
        while await self._reader.readline() != b"PONG\r\n":
            pass
        self._writer.close()
        await self._writer.wait_closed()


SUBJECTS = (
    b"party.v1.\xff\xfe.member.admitted",
    b"party.v1.u1.\xc3\x28",
    b"party.v1.u1",
    b"party.v1.u1.member.admitted.more",
    b"party.v1.U1.member.admitted",
    "party.v1.đảng-ủy.member.admitted".encode(),
    b'party.v1."\\u0000.x',
)
STATUSES = {
    b"NATS/1.0 503\r\n\r\n": b"",
    b"NATS/1.0 409 Consumer Deleted\r\n\r\n": b"",
    b"NATS/1.0 100 Idle Heartbeat\r\nNats-Pending-Messages: 7\r\n\r\n": b"NATS/1.0\r\nNats-Pending-Messages: 7\r\n\r\n",
}
"""What looks like a word of the bus itself, and what the bus keeps of it."""
HEADERS = (
    None,
    *STATUSES,
    b"NATS/1.0\r\n\r\n",
    b"NATS/1.0\r\nX: \xff\x00\xfe\r\n\r\n",
    b"NATS/1.0\r\nno colon at all\r\n: nameless\r\n\r\n",
    b"NATS/1.0\r\nX: 1\r\nX: 2\r\nx: 3\r\n\r\n",
    b"NATS/1.0\r\nNats-Msg-Id: somebody:else\r\nNats-Subject: other\r\n\r\n",
)


async def kept(on: Bench, count: int) -> list[tuple[bytes | None, bytes | None, bytes]]:
    """Wait for as many messages as were sent, and read what is kept of them."""
    await on.reached(count)
    rows = await on.connection.fetch("SELECT bus_subject, headers, body FROM ledger ORDER BY position")
    assert len(rows) == count
    return [tuple(row) for row in rows]


async def test_odd_subjects_are_kept_whole(party: str, database: str) -> None:
    async with bench(party, database) as on:
        with on.projector() as running:
            await running.says("leading")
            raw = await Raw.connect(party)
            for subject in SUBJECTS:
                raw.publish(subject, b"{}")
            await raw.close()
            rows = await kept(on, len(SUBJECTS))
            assert [subject for subject, _, _ in rows] == list(SUBJECTS)
            assert {outcome for _, outcome, _ in await on.outcomes()} == {"rejected"}
            await on.publish(*WORLD, admitted("u1", "2023-01-01", "e1"))
            await on.settled()
        assert (await on.outcomes())[-1][1] == "counted"


@pytest.mark.long
async def test_odd_headers_are_kept_whole(party: str, database: str) -> None:
    async with bench(party, database) as on:
        await on.publish(*WORLD)
        said = [admitted("u1", "2023-01-01", f"e{n}") for n in range(len(HEADERS))]
        for number, (headers, fact) in enumerate(zip(HEADERS, said, strict=True), start=3):
            # Another projector each time: it finds the odd one at its checkpoint.
            with on.projector():
                raw = await Raw.connect(party)
                raw.publish(fact.bus_subject.encode(), fact.body, headers)
                await raw.close()
                await on.reached(number)
        rows = await kept(on, 2 + len(HEADERS))
        assert [headers for _, headers, _ in rows[2:]] == [
            STATUSES.get(one, one) for one in (headers or b"" for headers in HEADERS)
        ]
        assert [body for _, _, body in rows[2:]] == [fact.body for fact in said]
        assert {outcome for _, outcome, _ in (await on.outcomes())[2:]} == {"counted"}
