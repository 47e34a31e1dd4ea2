"""The city's table of areas: Kota Bima's, and another city's, read with care."""

from __future__ import annotations

import pytest

from gateway.places.areas.table import LARGEST_TABLE, MOST_AREAS, AreasUnreadable, AreaTable, Level, kota_bima, parse

HEAD = "code,level,name,parent,lat,lon"
DOMPU = f"""{HEAD}
52.05,kabupaten,Dompu,52,-8.5,118.4
52.05.01,kecamatan,Dompu,52.05,-8.53,118.46
52.05.01.1001,kelurahan,Bada,52.05.01,-8.54,118.46
52.05.01.2009,desa,"Mangge Nae",52.05.01,-8.55,118.47
"""


def refusal(text: str | bytes) -> str:
    with pytest.raises(AreasUnreadable) as refused:
        parse(text.encode() if isinstance(text, str) else text, "areas.csv")
    return str(refused.value)


def test_kota_bima_is_five_kecamatan_with_41_kelurahan() -> None:
    districts = kota_bima().districts()
    assert [one.name for one in districts] == ["Asakota", "Mpunda", "Raba", "Rasanae Barat", "Rasanae Timur"]
    assert sum(len(one.areas) for one in districts) == 41
    assert len(kota_bima().by_code) == 47
    assert all([area.name for area in one.areas] == sorted(area.name for area in one.areas) for one in districts)


def test_every_label_point_lies_in_the_city() -> None:
    for area in kota_bima().by_code.values():
        assert -8.5324 < area.lat < -8.3402
        assert 118.6958 < area.lon < 118.8960


def test_an_area_is_named_with_what_it_is_a_part_of() -> None:
    table = kota_bima()
    assert table.name("52.72.01.1001") == "Paruga, Rasanae Barat"
    assert table.name("52.72.01") == "Rasanae Barat, Kota Bima"
    assert table.name("52.72") == "Kota Bima"
    assert table.name(None) is None


def test_a_code_of_the_former_table_is_shown_as_it_is() -> None:
    table = parse(DOMPU.encode(), "areas.csv")
    assert table.name("52.72.01.1001") == "52.72.01.1001"
    assert "52.72.01.1001" not in table
    assert AreaTable().name("52.72.01.1001") == "52.72.01.1001"


def test_another_citys_table_is_read() -> None:
    table = parse(DOMPU.encode(), "areas.csv")
    (district,) = table.districts()
    assert [area.name for area in district.areas] == ["Bada", "Mangge Nae"]
    assert [area.level for area in table.by_code.values()] == [
        Level.KABUPATEN,
        Level.KECAMATAN,
        Level.KELURAHAN,
        Level.DESA,
    ]


def test_a_spreadsheets_byte_order_mark_line_ends_and_order_of_columns_are_taken() -> None:
    rows = (
        "lon,lat,also,code,parent,name,level",
        "118.4,-8.5,,52.05,52,Dompu,kabupaten",
        "118.46,-8.53, Dompo | Dompoe ,52.05.01,52.05,Dompu,kecamatan",
        "",
        "",
    )
    text = "\r\n".join(rows)
    table = parse(text.encode("utf-8-sig"), "areas.csv")
    assert table.by_code["52.05.01"].also == ("Dompo", "Dompoe")
    assert (table.by_code["52.05"].lat, table.by_code["52.05"].lon) == (-8.5, 118.4)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("parent", "mother", "line 1: the head has no column parent"),
        ("lat,lon", "lat,lon,mayor", "line 1: the head has a column 'mayor'"),
        ("lat,lon", "lat,lon,lat", "line 1: the head has a column twice"),
        (",", ";", "line 1: the columns are to be separated by commas"),
        ("52.05.01.1001", "5205011001", "line 4: '5205011001' is no code"),
        ("52.05.01.1001", "52", "line 4: '52' is no code"),
        ("52.05.01.1001", "52.05.01.1001\N{ARABIC-INDIC DIGIT ONE}", "line 4: "),
        ("kelurahan", "kecamatan", "line 4: what has the code 52.05.01.1001 is desa or kelurahan, not 'kecamatan'"),
        ("Bada,52.05.01", "Bada,52.05.02", "line 4: the parent of 52.05.01.1001 is 52.05.01, not '52.05.02'"),
        ("52.05.01.2009", "52.05.01.1001", "line 5: 52.05.01.1001 is there already: Bada"),
        ("Bada", "", "line 4: a name is 1 to 60 letters"),
        ("Bada", "B" * 61, "line 4: a name is 1 to 60 letters"),
        ("Bada", "Bad\x1b[2Ja", "line 4: a name is"),
        ("Bada", "'", "line 4: a name is"),
        ("-8.54", "nan", "line 4: lat is degrees from -90 to 90"),
        ("-8.54", "-91", "line 4: lat is degrees"),
        ("-8.54,118.46", "118.46,-8.54", "line 4: lat is degrees"),
        ("-8.54", "-8_5", "line 4: lat is degrees"),
        ("118.46\n52.05.01.1001", "181\n52.05.01.1001", "line 3: lon is degrees from -180 to 180"),
        ("Bada,", "Bada,,", "line 4: 7 values for 6 columns"),
        ("52.05.01,kecamatan,Dompu,52.05,-8.53,118.46\n", "", "no kecamatan"),
        ("52.05,kabupaten,Dompu,52,-8.5,118.4\n", "", "52.05.01 is a part of 52.05, which is not in the table"),
        ('"Mangge Nae"', '"Mangge Nae', "line 5: unexpected end of data"),
    ],
)
def test_a_table_that_is_wrong_says_where_and_why(old: str, new: str, why: str) -> None:
    assert old in DOMPU
    assert why in refusal(DOMPU.replace(old, new, -1 if old == "," else 1))


def test_what_is_no_table_at_all_is_refused() -> None:
    assert refusal("") == f"areas.csv, line 1: the head has no column code: it is {HEAD}, and also if need be"
    assert "line 1: the head has no column code" in refusal("\0" * 100)
    assert refusal(b"\xff\xfe") == "areas.csv: it is not UTF-8"
    assert refusal(b"x" * (LARGEST_TABLE + 1)) == f"areas.csv: more than {LARGEST_TABLE} bytes"
    assert refusal(HEAD) == "areas.csv: it has no kecamatan"


def test_a_table_has_so_many_areas_at_most() -> None:
    rows = [f"52.05.01.{place:04d},desa,A,52.05.01,0,0" for place in range(MOST_AREAS + 1)]
    assert f"line {MOST_AREAS + 2}: more than {MOST_AREAS} areas" in refusal("\n".join((HEAD, *rows)))
