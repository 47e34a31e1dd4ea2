"""The area's search box on a ticket's page, in a real browser: by keyboard, with slips, without server or scripts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from gateway.places.areas.boundaries import Boundaries, Boundary, Polygon
from gateway.places.areas.kept import keep_boundaries
from gateway.places.areas.table import kota_bima
from gateway.presentation import area_json
from tests.console.test_ticket import CLOSED, FIRE, FLOOD, deaf, opened, stored
from ticketing.commands import Triage, TriageTicket

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Route

    from tests.console.conftest import Visit
    from tests.console.console import Console

AXE = (Path(__file__).parent / "axe.min.js").read_text()
PARUGA, PENATOI, KODO, KOLO = "52.72.01.1001", "52.72.05.1005", "52.72.02.1018", "52.72.03.1004"


def box_of(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Kelurahan")


def found(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Hasil pencarian").get_by_role("option")


def saved(page: Page) -> None:
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Tersimpan pukul")).to_be_visible()


def area_of(console: Console, number: str) -> str | None:
    return stored(console, number).location.area_code


def triage(console: Console, number: str, said: Triage) -> None:
    """A supervisor records something, at a screen of her own."""
    console.tell(TriageTicket(number, stored(console, number).version, "sari", said))


def test_a_taker_finds_an_area_by_keyboard_with_a_slip_of_the_finger(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FLOOD)
    box_of(page).focus()
    page.keyboard.type("penatio")
    expect(found(page)).to_have_text(["Penatoi Mpunda"])
    expect(box_of(page)).to_have_attribute("aria-activedescendant", "area-0")
    page.keyboard.press("Enter")
    expect(box_of(page)).to_have_value("Penatoi, Mpunda")
    expect(found(page)).to_have_count(0)
    expect(page.get_by_text("Ada perubahan yang belum disimpan.")).to_be_visible()
    saved(page)
    assert area_of(evening, FLOOD) == PENATOI
    page.reload()
    expect(box_of(page)).to_have_value("Penatoi, Mpunda")


def test_of_two_that_are_as_near_the_taker_chooses(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FLOOD)
    box_of(page).focus()
    page.keyboard.type("kono")
    expect(found(page).nth(1)).to_contain_text("Kolo")
    expect(found(page).nth(0)).to_have_text("Kodo Rasanae Timur")
    page.keyboard.press("ArrowDown")
    expect(found(page).nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(box_of(page)).to_have_value("Kolo, Asakota")
    saved(page)
    assert area_of(evening, FLOOD) == KOLO


def test_what_the_arrows_have_chosen_stays_chosen_when_the_answer_comes_later(
    evening: Console, visiting: Visit
) -> None:
    page = opened(visiting, evening, "rahmawati", FLOOD)
    box_of(page).fill("ko")
    expect(found(page).nth(1)).to_have_text("Kolo Asakota")
    asked: list[Route] = []

    def held(route: Route) -> None:
        asked.append(route)

    page.route("**/api/v1/areas*", held)
    with page.expect_request("**/api/v1/areas*"):
        page.keyboard.type("n")
    page.keyboard.press("ArrowDown")
    expect(box_of(page)).to_have_attribute("aria-activedescendant", "area-1")
    with page.expect_response("**/api/v1/areas*"):
        asked[0].fulfill(json={"items": [{**one, "closeness": "near"} for one in areas_named("Dara", "Kolo", "Kodo")]})
    expect(found(page)).to_have_count(3)
    expect(found(page).nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(box_of(page)).to_have_value("Kolo, Asakota")


def areas_named(*names: str) -> list[dict[str, object]]:
    table = kota_bima()
    named = {area.name: area for area in table.by_code.values()}
    return [area_json(named[name], table) for name in names]


def test_who_types_faster_than_the_answer_comes_gets_what_was_typed(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FLOOD)
    box_of(page).focus()
    page.keyboard.type("kodo")
    page.keyboard.press("Enter")
    saved(page)
    assert area_of(evening, FLOOD) == KODO


def test_leaving_the_box_takes_a_whole_name_and_no_guess(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FLOOD)
    box_of(page).fill("oi foo")
    page.keyboard.press("Tab")
    expect(box_of(page)).to_have_value("Oi Fo'o, Rasanae Timur")
    box_of(page).fill("kono")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Belum terisi: pilih dengan")).to_be_visible()
    expect(box_of(page)).to_have_attribute("aria-invalid", "true")
    expect(box_of(page)).to_have_value("kono")
    saved(page)
    assert area_of(evening, FLOOD) == "52.72.02.1019"
    box_of(page).focus()
    expect(found(page)).not_to_have_count(0)
    page.keyboard.press("Escape")
    expect(box_of(page)).to_have_value("Oi Fo'o, Rasanae Timur")


def test_a_name_typed_in_full_is_saved_with_the_rest_at_once(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FLOOD)
    box_of(page).fill("Paruga")
    saved(page)
    assert area_of(evening, FLOOD) == PARUGA


def test_an_emptied_box_is_no_area(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FIRE)
    expect(box_of(page)).to_have_value("Paruga, Rasanae Barat")
    box_of(page).fill("")
    saved(page)
    assert area_of(evening, FIRE) is None


def test_where_only_the_kecamatan_is_known_it_is_the_area(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FLOOD)
    box_of(page).fill("kec raba")
    expect(found(page).nth(0)).to_have_text("Raba kecamatan, Kota Bima")
    page.keyboard.press("Enter")
    expect(box_of(page)).to_have_value("Kec. Raba, kelurahan belum diketahui")
    saved(page)
    assert area_of(evening, FLOOD) == "52.72.04"


def test_an_arrow_shows_all_areas_and_what_is_none_finds_none(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FLOOD)
    box_of(page).focus()
    page.keyboard.press("ArrowDown")
    expect(found(page)).to_have_count(47)
    page.keyboard.press("Escape")
    box_of(page).fill("xyzzy")
    expect(page.get_by_text("Tidak ada wilayah yang mirip.")).to_be_visible()
    expect(found(page)).to_have_count(0)


def test_axe_finds_nothing_while_it_is_searched(evening: Console, visiting: Visit) -> None:
    for scheme in ("light", "dark"):
        page = visiting(evening.address, "rahmawati", at=f"/tickets/{FLOOD}", color_scheme=scheme)
        box_of(page).fill("rab")
        expect(found(page)).not_to_have_count(0)
        page.evaluate(AXE)
        flaws = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in flaws] == []


def test_an_area_that_somebody_else_chooses_follows_and_what_is_typed_stays(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FLOOD)
    triage(evening, FLOOD, Triage(area_code=PENATOI))
    expect(box_of(page)).to_have_value("Penatoi, Mpunda")
    box_of(page).fill("kono")
    triage(evening, FLOOD, Triage(area_code=PARUGA))
    expect(page.locator("#ticket-timeline")).to_contain_text("→ Paruga, Rasanae Barat")
    expect(box_of(page)).to_have_value("kono")
    page.keyboard.press("Escape")
    expect(box_of(page)).to_have_value("Paruga, Rasanae Barat")


def test_two_who_choose_different_areas_see_both_and_go_on_by_keyboard(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FLOOD)
    deaf(page)
    page.reload()
    box_of(page).fill("kodo")
    page.keyboard.press("Enter")
    expect(box_of(page)).to_have_value("Kodo, Rasanae Timur")
    triage(evening, FLOOD, Triage(area_code=PENATOI))
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Kelurahan").first.click()
    expect(box_of(page)).to_be_focused()


def test_a_code_that_the_table_does_not_have_is_shown_and_kept(evening: Console, visiting: Visit) -> None:
    triage(evening, FLOOD, Triage(area_code="52.06.01.2001"))
    page = opened(visiting, evening, "rahmawati", FLOOD)
    expect(box_of(page)).to_have_value("52.06.01.2001")
    page.get_by_label("Patokan").fill("jembatan")
    saved(page)
    assert area_of(evening, FLOOD) == "52.06.01.2001"


def test_when_the_search_does_not_answer_the_list_is_there(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FLOOD)
    page.route("**/api/v1/areas*", lambda route: route.abort())
    box_of(page).fill("penatoi")
    expect(page.get_by_text("Pencarian tidak menjawab. Pilih dari daftar.")).to_be_visible()
    page.get_by_label("Kelurahan").select_option(label="Penatoi")
    saved(page)
    assert area_of(evening, FLOOD) == PENATOI


def test_without_scripts_the_list_is_there(evening: Console, visiting: Visit) -> None:
    page = opened(visiting, evening, "rahmawati", FLOOD)
    plain = page.context.browser
    assert plain
    context = plain.new_context(
        java_script_enabled=False, base_url=evening.address, storage_state=page.context.storage_state()
    )
    try:
        bare = context.new_page()
        bare.goto(f"/tickets/{FIRE}")
        expect(bare.get_by_label("Kelurahan")).to_have_value(PARUGA)
        expect(bare.get_by_role("combobox", name="Kelurahan")).to_have_count(1)
    finally:
        context.close()


def test_who_may_only_read_sees_the_area_and_no_button(evening: Console, visiting: Visit) -> None:
    around(evening, PARUGA)
    triage(evening, FIRE, Triage(lat=-8.5, lon=118.7))
    page = opened(visiting, evening, "admin", FIRE)
    expect(box_of(page)).to_be_disabled()
    expect(page.locator("#area-hint")).to_have_text("Titik itu di Paruga, Rasanae Barat")
    expect(page.locator("#area-hint button")).to_have_count(0)


def around(console: Console, *codes: str) -> None:
    """Boundaries of these areas: one square for them all."""
    square = Polygon(((118.0, -9.0), (119.0, -9.0), (119.0, -8.0), (118.0, -8.0), (118.0, -9.0)))
    keep_boundaries(console.home, Boundaries(tuple(Boundary(code, (square,)) for code in codes)))


def test_where_the_point_lies_is_offered_and_never_filled_in_by_itself(evening: Console, visiting: Visit) -> None:
    around(evening, "52.72", PARUGA, PENATOI)
    page = opened(visiting, evening, "rahmawati", FLOOD)
    hints = page.locator("#area-hint button")
    expect(hints).to_have_count(0)
    triage(evening, FLOOD, Triage(lat=-8.47, lon=118.72))
    expect(hints).to_have_text(["Titik itu di Paruga, Rasanae Barat: isikan", "Titik itu di Penatoi, Mpunda: isikan"])
    expect(box_of(page)).to_have_value("")
    hints.nth(1).press("Enter")
    expect(box_of(page)).to_have_value("Penatoi, Mpunda")
    expect(box_of(page)).to_be_focused()
    saved(page)
    assert area_of(evening, FLOOD) == PENATOI


def test_a_point_without_boundaries_is_no_hint(evening: Console, visiting: Visit) -> None:
    triage(evening, CLOSED, Triage(lat=-8.476578, lon=118.719351))  # the label point of Paruga
    page = opened(visiting, evening, "sari", CLOSED)
    expect(page.locator("#area-hint")).to_have_text("")
