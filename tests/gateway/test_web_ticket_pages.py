"""The pages of a ticket and the board for those who may not see everything: an SKPD's dispatcher, an admin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.ticketing.evidence import MORNING
from ticketing.commands import AddSkpd, RequestDispatch
from ticketing.model import Role
from ticketing.skpd import Line, Skpd

if TYPE_CHECKING:
    from tests.gateway.web_desk import Room, Visitor

BPBD = Skpd("bpbd", "<b>BPBD</b>", (Line("117"),), ("banjir",))


async def sent_to_another(room: Room, number: str) -> None:
    await room.desk.handle(AddSkpd(BPBD))
    await room.desk.handle(RequestDispatch(number, "bpbd", "siti", MORNING))


async def shown(visitor: Visitor, path: str) -> str:
    answer = await visitor.page(path)
    assert answer.status == 200, path
    return answer.raw.decode()


async def test_an_skpds_dispatcher_finds_its_own_tickets_on_the_board_and_no_others(room: Room) -> None:
    mine, others = await room.ticket(1), await room.ticket(2, 100)
    dispatch = await room.dispatch(mine)
    await sent_to_another(room, others)
    person = room.program(Role.SKPD)
    for path in ("/", "/fragments/board"):
        # Whoever of the room has looked a moment ago leaves nothing for an SKPD to see.
        assert others in await shown(room.program(Role.SUPERVISOR), path)
        assert re.findall(r'data-ticket="([^"]+)"', await shown(person, path)) == [mine]
    for path in (f"/tickets/{mine}", f"/fragments/tickets/{mine}"):
        assert f'id="dispatch-{dispatch}"' in await shown(person, path)
    for path in (f"/tickets/{others}", f"/fragments/tickets/{others}"):
        assert (await person.page(path)).status == 404


async def test_an_skpds_dispatcher_speaks_for_its_own_dispatch_alone(room: Room) -> None:
    number = await room.ticket()
    dispatch = await room.dispatch(number)
    await sent_to_another(room, number)
    text = await shown(room.program(Role.SKPD), f"/tickets/{number}")
    assert set(re.findall(r'data-of="(\d+)"', text)) == {dispatch}
    assert not re.search(r"data-(dispatch|cancel|hand-over|turn|quick)\b", text)
    room_text = await shown(room.program(Role.CALL_TAKER), f"/tickets/{number}")
    assert len(set(re.findall(r'data-of="(\d+)"', room_text))) == 2
    assert re.findall(r'data-dispatch="([^"]+)"', room_text) == ["bpbd", "damkar"]


async def test_an_admin_reads_of_dispatches_and_is_offered_nothing(room: Room) -> None:
    number = await room.ticket()
    dispatch = await room.dispatch(number)
    text = await shown(room.program(Role.ADMIN), f"/tickets/{number}")
    assert f'id="dispatch-{dispatch}"' in text
    assert not re.search(r"data-(of|dispatch|cancel|hand-over)\b", text)


@pytest.mark.parametrize("path", ["/", "/tickets/{number}"])
async def test_an_skpds_name_is_text_on_every_page(room: Room, path: str) -> None:
    number = await room.ticket()
    await sent_to_another(room, number)
    text = await shown(room.program(Role.SUPERVISOR), path.format(number=number))
    assert "&lt;b&gt;BPBD&lt;/b&gt;" in text
    assert "<b>BPBD" not in text


async def test_a_dispatcher_without_a_ticket_is_told_so(room: Room) -> None:
    await room.ticket()
    assert "Tidak ada tiket yang diteruskan ke SKPD Anda." in await shown(room.program(Role.SKPD), "/")
