"""How often the primary is asked for its position by one question to a standby that is behind."""

from __future__ import annotations

import asyncpg
import pytest
from starlette.requests import Request

from services.access.asker import ADMIN, Asker
from services.api.primary import Primary
from services.api.problems import NotReachedProblem
from services.api.reflecting import Reflecting
from services.api.waiting import Positions


class Counted(Primary):
    """The way to the primary; it is counted how often its position is asked for."""

    asked = 0

    async def position(self) -> int | None:
        self.asked += 1
        return await super().position()


async def behind(primary: bool, floor: int | None) -> tuple[int, str]:
    """Ask of a standby that has nothing, or of the primary."""
    if primary:
        return floor or 0, "of the primary"
    raise NotReachedProblem(floor or 0, 0, standby=True)


@pytest.mark.parametrize("told", [0, 7])
async def test_one_question_asks_the_primary_for_its_position_once(database: str, told: int) -> None:
    """Whether the bus has told of the position that is asked for, or not."""
    request = Request({"type": "http", "headers": []})
    request.state.asker = Asker(ADMIN, "token", "t-1")
    async with asyncpg.create_pool(database, min_size=1, max_size=1) as pool:
        await pool.execute("UPDATE checkpoint SET position = 7")
        primary, positions = Counted(pool), Positions(database, pool)
        positions.tell(told)
        assert await Reflecting(positions, primary).answer(request, "client", 7, behind) == "of the primary"
        assert primary.asked == 1
