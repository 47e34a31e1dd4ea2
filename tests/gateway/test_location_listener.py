"""The second doorbell: what Asterisk mirrors is heard, whose it is is found, and nothing else speaks for a call."""

from __future__ import annotations

import asyncio
import socket

import pytest

from gateway.alarms import Alarms
from gateway.doorbell.location_listener import LocationListener
from gateway.facts.call_facts import CallArrived, CallLocated, from_cel
from gateway.facts.call_tracker import CallTracker, HeardBodies
from gateway.facts.channel_variables import LOCATED
from gateway.facts.located_invite import LocatedBody, LocatedHeaders
from gateway.process.clock import SystemClock
from gateway.site.setting_types import Bind
from gateway.site.trunk_settings import Trunk
from tests.gateway.test_hep import KEY, WHOLE, chunk, datagram
from tests.gateway.test_located_invite import AUDIO, PLACE, invite, parts, written
from tests.ticketing.evidence import MORNING, at, call_id
from ticketing.located import LocationSource, Shape, SourceKind
from ticketing.model import CallerIdStyle, PresentedIdentity

CARRIER = Trunk(name="carrier", addresses=("127.0.0.0/29",))
FIX = LocationSource(SourceKind.VALUE, MORNING, Shape.POINT, -8.46, 118.72)
CELL = LocationSource(SourceKind.CELL, MORNING, reference="5101012ab01c3d4")


def mirrored(message: bytes, source: bytes = b"\x7f\x00\x00\x02", key: bytes = KEY) -> bytes:
    return datagram(WHOLE[0], chunk(3, source), *WHOLE[2:4], chunk(14, key), chunk(15, message))


def heard(*data: bytes) -> list[LocatedBody]:
    told: list[LocatedBody] = []
    listener = LocationListener(Bind(host="127.0.0.1", port=5038), KEY, (CARRIER,), told.append, Alarms(SystemClock()))
    for one in data:
        listener.datagram_received(one, ("127.0.0.1", 9))
    assert listener.heard == len(told)
    return told


CALLS = invite(parts(AUDIO, PLACE))


def test_the_body_of_a_carriers_call_is_told() -> None:
    assert [body.sip_call for body in heard(mirrored(CALLS))] == ["abc@carrier"]


@pytest.mark.parametrize(
    "data",
    [
        mirrored(CALLS, source=b"\x0a\x00\x00\x01"),
        mirrored(CALLS, key=b"another key"),
        mirrored(CALLS)[:-1],
        mirrored(invite(parts(AUDIO))),
        mirrored(CALLS.replace(b"INVITE ", b"OPTIONS ", 1)),
        b"pidf+xml",
    ],
)
def test_nothing_else_speaks_for_a_call(data: bytes) -> None:
    assert heard(data) == []


async def test_it_listens_and_says_so_when_somebody_else_has_its_address() -> None:
    told: asyncio.Queue[LocatedBody] = asyncio.Queue()
    alarms = Alarms(SystemClock())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        address = Bind(host="127.0.0.1", port=other.getsockname()[1])
        listener = LocationListener(address, KEY, (CARRIER,), told.put_nowait, alarms)
        blocked = asyncio.create_task(listener.run())
        async with asyncio.timeout(5):
            while not alarms.standing():  # noqa: ASYNC110 - what is waited for here is another task's doing
                await asyncio.sleep(0.01)
        blocked.cancel()
    running = asyncio.create_task(listener.run())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asterisk:
        async with asyncio.timeout(5):
            while told.empty():
                asterisk.sendto(mirrored(CALLS), ("127.0.0.1", address.port))
                await asyncio.sleep(0.05)
    assert alarms.standing() == ()
    running.cancel()


# ---- whose it is -----------------------------------------------------------------------------------------------------

SENT = CallLocated(call_id(), LocatedHeaders("abc@carrier", (CELL,)))
BODY = LocatedBody("abc@carrier", (FIX,))


def test_a_body_finds_its_call_whichever_of_both_is_known_first() -> None:
    sent_first, heard_first = HeardBodies(), HeardBodies()
    assert sent_first.found([SENT], ()) == heard_first.found([], [BODY]) == ()
    pieces = [*sent_first.found([], [BODY]), *heard_first.found([SENT], ())]
    assert [(piece.id, piece.locations) for piece in pieces] == [(call_id(), (FIX,))] * 2


def test_a_body_of_no_call_and_a_call_without_a_body_wait_and_the_oldest_are_forgotten() -> None:
    bodies = HeardBodies(remembered=2)
    assert bodies.found([], [LocatedBody(f"{n}@x", (FIX,)) for n in range(5)]) == ()
    assert bodies.found([CallLocated(call_id(), LocatedHeaders("0@x", ()))], ()) == ()
    assert len(bodies.found([CallLocated(call_id(), LocatedHeaders("4@x", ()))], ())) == 1
    assert bodies.found([CallLocated(call_id(), LocatedHeaders("", ()))], [LocatedBody("", (FIX,))]) == ()


def test_the_first_body_is_the_one_and_a_call_that_is_tried_again_has_it_too() -> None:
    bodies = HeardBodies()
    later = LocatedBody("abc@carrier", (CELL,))
    bodies.found([SENT], [BODY, later])
    again = CallLocated(call_id(2), SENT.told)
    assert [(piece.id, piece.locations) for piece in bodies.found([again], ())] == [(call_id(2), (FIX,))]


def test_the_tracker_joins_what_was_heard_with_what_the_ledger_tells() -> None:
    tracker = CallTracker(lambda _trunk: CallerIdStyle.AUTO)
    arrived = CallArrived(call_id(), at(0), "carrier", PresentedIdentity())
    (call,) = tracker.learn([arrived, SENT], [BODY])
    assert set(call.locations) == {FIX, CELL}
    assert call.reached_the_line


def test_the_ledgers_own_record_is_a_fact_of_its_call() -> None:
    payload = written("abc@carrier", "", "3GPP-NR; utran-cell-id-3gpp=5101012AB01C3D4")
    line = (
        f'{{"eventtype":"{LOCATED}","eventenum":"USER_DEFINED","userdeftype":"{LOCATED}",'
        f'"eventtime":"{int(MORNING.timestamp())}.000000","channame":"PJSIP/trunk-carrier-00000001",'
        f'"uniqueid":"{call_id()}","linkedid":"{call_id()}","eventextra":"{{\\"extra\\":\\"{payload}\\"}}"}}'
    )
    fact = from_cel(line)
    assert isinstance(fact, CallLocated)
    assert (fact.call, fact.told.sip_call) == (call_id(), "abc@carrier")
    assert [(one.reference, one.at) for one in fact.told.sources] == [("5101012ab01c3d4", MORNING)]
