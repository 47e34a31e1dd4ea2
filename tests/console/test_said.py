"""What a caller answered by keys while waiting, and the questions to one who cannot speak, on the ticket's page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.console.evening import ago, answered, arrives
from ticketing.asked import CallerAnswer, Question
from ticketing.commands import RecordCalls

if TYPE_CHECKING:
    from tests.console.conftest import Visit
    from tests.console.console import Console


def test_a_caller_who_cannot_speak_is_seen_at_once_and_asked_by_a_click(evening: Console, visiting: Visit) -> None:
    waits = replace(
        arrives(),
        said=(
            CallerAnswer(ago(60).at, Question.INCIDENT, "accident"),
            CallerAnswer(ago(50).at, Question.INCIDENT, "crime"),
            CallerAnswer(ago(40).at, Question.SILENT, "yes"),
            CallerAnswer(ago(30).at, Question.DISTRICT, "52.72.04"),
        ),
    )
    evening.tell(RecordCalls((waits, answered(arrives()))))
    kept = evening.run(evening.store.call(waits.id))
    assert kept
    page = visiting(evening.address, "rahmawati", at=f"/tickets/{kept.ticket}")
    panel = page.get_by_role("region", name="Jawaban pemanggil")
    expect(panel).to_contain_text("Pemanggil tidak dapat berbicara")
    expect(panel).to_contain_text("Raba, Kota Bima")
    # A slip that was corrected is seen as one.
    expect(panel.locator("s")).to_have_text("Kecelakaan")
    with page.expect_response("**/questions") as asked:
        panel.get_by_role("button", name="Anda dalam bahaya?").click()
    assert asked.value.status == 200
    assert evening.line.asked == [(kept.ticket, "danger")]
    answer = CallerAnswer(ago(0).at + timedelta(seconds=3), Question.DANGER, "yes")
    evening.tell(RecordCalls((replace(arrives(), said=(answer,)),)))
    expect(page.locator("#ticket-timeline")).to_contain_text("Pemanggil menjawab — Anda dalam bahaya?: Ya")
    evening.line.silent = True
    panel.get_by_role("button", name="Butuh polisi?").click()
    expect(page.get_by_role("alert").filter(has_text="Asterisk tidak menjawab")).to_be_visible()
