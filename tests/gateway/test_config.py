"""The site's settings: read from file and environment, checked whole, harmless to whatever they are written into."""

from __future__ import annotations

import json
import os
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.site.config import CHECKOUT, Bind, PortRange, Settings, SettingsUnreadable, Trunk, find_file, load
from ticketing.model import CallerIdStyle
from ticketing.sla import SOP_TARGETS, Targets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Written = Callable[[str], Path]

EXAMPLE = CHECKOUT / "siaga112.example.toml"

# For each setting that is text somewhere: what is right, and how to read back what became of it.
TEXTS: Mapping[str, tuple[str, Callable[[str], dict[str, Any]]]] = {
    "node": ("bima1", lambda text: {"node": text}),
    "timezone": ("Asia/Makassar", lambda text: {"timezone": text}),
    "language": ("id", lambda text: {"language": text}),
    "numbers": ("+62374112", lambda text: {"numbers": [text]}),
    "service_numbers": ("1122", lambda text: {"service_numbers": [text]}),
    "sip_bind": ("127.0.0.1:5060", lambda text: {"sip_bind": text}),
    "sip_bind, IPv6": ("[fe80::1]:5060", lambda text: {"sip_bind": text}),
    "sip_bind as a table": ("127.0.0.1", lambda text: {"sip_bind": {"host": text, "port": 5060}}),
    "http_bind": ("127.0.0.1:8112", lambda text: {"http_bind": text}),
    "ami_bind": ("127.0.0.1:5038", lambda text: {"ami_bind": text}),
    "agi_bind": ("[::1]:4573", lambda text: {"agi_bind": text}),
    "rtp_ports": ("20000-24999", lambda text: {"rtp_ports": text}),
    "carrier_ips": ("192.0.2.0/28", lambda text: {"carrier_ips": [text]}),
    "carrier_ips, IPv6": ("fe80::1", lambda text: {"carrier_ips": [text]}),
    "carrier_ips, IPv6 network": ("fe80::1/64", lambda text: {"carrier_ips": [text]}),
    "carrier_ips as text": ("192.0.2.1,192.0.2.2", lambda text: {"carrier_ips": text}),
    "carrier_proxy": ("192.0.2.1:5060", lambda text: {"carrier_proxy": text}),
    "caller_id_style": ("e164-bare", lambda text: {"caller_id_style": text}),
    "trunk.name": ("telkom", lambda text: {"trunk": [trunk(name=text)]}),
    "trunk.addresses": ("192.0.2.1", lambda text: {"trunk": [trunk(addresses=[text])]}),
    "trunk.proxy": ("192.0.2.1:5060", lambda text: {"trunk": [trunk(proxy=text)]}),
    "trunk.caller_id_style": ("national", lambda text: {"trunk": [trunk(caller_id_style=text)]}),
    "trunk.registrar": ("192.0.2.1:5060", lambda text: {"trunk": [account(registrar=text)]}),
    "trunk.domain": ("ims.carrier.example", lambda text: {"trunk": [account(domain=text)]}),
    "trunk.username": ("+62374112", lambda text: {"trunk": [account(username=text)]}),
    "trunk.numbers": ("0374112", lambda text: {"trunk": [trunk(numbers=[text])]}),
    "trunk.outbound_identity": ("+62374112", lambda text: {"trunk": [trunk(outbound_identity=text)]}),
    "trunk.dtmf": ("info", lambda text: {"trunk": [trunk(dtmf=text)]}),
    "public_address": ("203.0.113.9", lambda text: {"public_address": text}),
    "local_networks": ("192.168.0.0/16", lambda text: {"local_networks": [text]}),
    "backup_numbers": ("+62811", lambda text: {"backup_numbers": [text]}),
    "home": ("/srv/siaga 112", lambda text: {"home": text}),
    "journals": ("/srv/journals", lambda text: {"journals": text}),
    "prompts": ("/srv/prompts", lambda text: {"prompts": text}),
    "areas": ("/srv/areas.csv", lambda text: {"areas": text}),
}
# Queueing is numbers alone; the URL of the store goes to SQLAlchemy and nowhere else.
NO_TEXT_FOR_ASTERISK = {"city", "map_links", "nuisance", "queue", "sla", "storage", "test_call", "database_url"}
HOSTILE = [
    "\n",
    "\r",
    "\0",
    ";",
    '"',
    "'",
    "\\",
    "[",
    "#",
    "%0a",
    "%x\n",
    "${SHELL(id)}",
    "{{ home }}",
    "&",
    "|",
    "\N{ARABIC-INDIC DIGIT TWO}",
]
TWO_TRUNKS = """
[[trunk]]
name = "telkom"
addresses = ["192.0.2.1"]
[[trunk]]
name = "xl"
addresses = ["192.0.2.2"]
caller_id_style = "e164"
"""
HARMLESS = re.compile(r"[A-Za-z0-9_./+: \[\]-]*")


def trunk(**changed: object) -> dict[str, object]:
    return {"name": "telkom", "addresses": ["192.0.2.1"]} | changed


def account(**changed: object) -> dict[str, object]:
    """A trunk that logs in."""
    login = {"registrar": "192.0.2.1:5060", "username": "bima", "password": "rahasia"}
    return {"name": "telkom"} | login | changed


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SIAGA112_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(text: str) -> Path:
        file = tmp_path / "siaga112.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def texts_in(value: object) -> list[str]:
    """Every text that a template may write."""
    match value:
        case dict():
            return [text for one in value.values() for text in texts_in(one)]
        case tuple() | list():
            return [text for one in value for text in texts_in(one)]
        case str() | Path() | Bind() | PortRange():
            return [str(value)]
        case Trunk():
            return texts_in([value.name, value.addresses, value.proxy, value.caller_id_style])
    return []


def of_asterisk(site: Settings) -> list[str]:
    names = set(Settings.model_fields) - NO_TEXT_FOR_ASTERISK
    return texts_in([[getattr(site, name) for name in names], site.line_numbers, site.trunks, site.journals_dir])


# ---- the file and the environment ------------------------------------------------------------------------------------


def test_without_a_word_from_the_site_it_is_the_line_of_a_test_on_one_machine() -> None:
    site = Settings()
    assert (str(site.sip_bind), str(site.http_bind), str(site.rtp_ports)) == (
        "127.0.0.1:5060",
        "127.0.0.1:8112",
        "20000-24999",
    )
    assert site.home == CHECKOUT / "var"
    assert site.journals_dir == CHECKOUT / "var/journals"
    assert site.prompts_dir == CHECKOUT / "var/prompts"
    assert site.database == f"sqlite+aiosqlite:///{CHECKOUT}/var/siaga112.sqlite3"
    assert site.zone == ZoneInfo("Asia/Makassar")


def test_the_promises_of_the_sop_hold_until_the_city_makes_others(written: Written) -> None:
    assert Settings().targets == SOP_TARGETS
    site = load(written("[sla]\non_progress_s = 90\nclose_s = 900\n"))
    assert site.targets == Targets(timedelta(seconds=90), timedelta(minutes=15))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[sla]\non_progress_s = 1200\n", "sla"),
        ("[sla]\nclose_s = 9\n", "sla.close_s"),
        ("[nuisance]\nconfirmed_delay_s = 301\n", "nuisance.confirmed_delay_s"),
        ("[nuisance]\ndelay_s = 60\nconfirmed_delay_s = 59\n", "nuisance"),
        ('city = ""\n', "city"),
        ('city = "Kota\\nBima"\n', "city"),
    ],
)
def test_a_promise_out_of_order_and_a_city_without_a_name_are_refused(written: Written, text: str, key: str) -> None:
    with pytest.raises(SettingsUnreadable, match=rf"^{re.escape(key)} \(in "):
        load(written(text))


def test_the_example_says_the_defaults() -> None:
    assert load(EXAMPLE) == Settings()


def test_each_key_that_the_example_gives_in_a_comment_is_read(written: Written) -> None:
    text = re.sub(r"^# ((?:[a-z_]+ = |\[\[).*)$", r"\1", EXAMPLE.read_text(), flags=re.MULTILINE)
    # In TOML, what stands below a table belongs to it: the trunk goes last.
    before, header, rest = text.partition("\n[[trunk]]\n")
    one_trunk, _, after = rest.partition("\n\n")
    # The password or its file, says the example: one of them.
    one_trunk = re.sub(r"^password_file = .*\n", "", one_trunk, flags=re.MULTILINE)
    site = load(written(f"{before}\n{after}{header}{one_trunk}\n"))
    assert (str(site.home), str(site.journals_dir)) == ("/srv/siaga112", "/srv/siaga112-journals")
    assert str(site.prompts_dir) == "/srv/siaga112-prompts"
    assert site.database == "sqlite+aiosqlite:////srv/siaga112/siaga112.sqlite3"
    assert site.trunks == (
        Trunk(
            name="telkom",
            addresses=("192.0.2.10", "192.0.2.16/28"),
            proxy=Bind(host="192.0.2.10", port=5060),
            caller_id_style=CallerIdStyle.E164_BARE,
            numbers=("0374999112",),
            outbound_identity="+6237442112",
            registrar=Bind(host="192.0.2.11", port=5060),
            domain="ims.carrier.example",
            username="+6237442112",
            password="change-me",
        ),
    )


def test_a_variable_wins_over_the_file(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written('node = "dompu1"\nsip_bind = "127.0.0.1:6060"\n')
    monkeypatch.setenv("SIAGA112_NODE", "bima2")
    site = load(file)
    assert (site.node, str(site.sip_bind)) == ("bima2", "127.0.0.1:6060")


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("NUMBERS", "112, +62374112,", "numbers", ("112", "+62374112")),
        ("SERVICE_NUMBERS", "1122, +623741122", "service_numbers", ("1122", "+623741122")),
        ("BACKUP_NUMBERS", "", "backup_numbers", ()),
        ("CARRIER_IPS", "192.0.2.1,192.0.2.17/28", "carrier_ips", ("192.0.2.1", "192.0.2.16/28")),
        ("CARRIER_PROXY", "[2001:db8::1]:5060", "carrier_proxy", Bind(host="2001:db8::1", port=5060)),
        ("RTP_PORTS", "30000-30003", "rtp_ports", PortRange(first=30000, last=30003)),
        ("CALLER_ID_STYLE", "national", "caller_id_style", CallerIdStyle.NATIONAL),
        (
            "TRUNK",
            '[{"name": "xl", "addresses": ["192.0.2.9"]}]',
            "trunk",
            (Trunk(name="xl", addresses=("192.0.2.9",)),),
        ),
    ],
)
def test_variables_are_written_as_plain_text(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str, name: str, value: object
) -> None:
    monkeypatch.setenv(f"SIAGA112_{variable}", text)
    assert getattr(Settings(), name) == value


def test_the_file_is_looked_for_where_it_is_named_then_in_home(
    tmp_path: Path, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIAGA112_HOME", str(tmp_path))
    in_home = written('node = "bima7"\n')
    assert find_file() == in_home
    assert (load().node, load().home) == ("bima7", tmp_path)
    monkeypatch.setenv("SIAGA112_CONFIG", str(EXAMPLE))
    assert find_file() == EXAMPLE


def test_without_a_file_in_home_the_one_in_the_checkout_is_taken_if_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIAGA112_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("gateway.site.config.CHECKOUT", tmp_path)
    assert find_file() is None
    assert load().home == tmp_path / "home"
    (tmp_path / "siaga112.toml").touch()
    assert find_file() == tmp_path / "siaga112.toml"


# ---- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("quee = 1", r"quee \(in .*siaga112.toml\): Extra inputs"),
        ('node = "Bima 1"', r"node \(in .*siaga112.toml\): 1 to 16 of a-z and 0-9"),
        ("[queue]\nring_s = 2", r"queue.ring_s \(in .*\): .* greater than or equal to 3"),
        ("[queue]\nnotice_after_s = 60\nlongest_wait_s = 60", r"queue \(in .*\): longest_wait_s must be more"),
        ("[queue]\nrings = 2", r"queue.rings \(in .*\): Extra inputs"),
        ('sip_bind = "5060"', r"sip_bind \(in .*\): '5060' is not ADDRESS:PORT"),
        ('sip_bind = "127.0.0.1:0"', r"sip_bind.port \(in .*\): .* greater than or equal to 1"),
        ('sip_bind = "127.0.0.1:²"', r"sip_bind \(in .*\): '127.0.0.1:²' is not ADDRESS:PORT"),
        ('sip_bind = "carrier.example:5060"', r"sip_bind.host \(in .*\): .* does not appear to be"),
        ('http_bind = "0.0.0.0:8112"', r"settings \(in .*\): http_bind: must be a loopback address"),
        ('ami_bind = "192.0.2.1:5038"', r"ami_bind: must be a loopback address"),
        ('agi_bind = "[2001:db8::1]:4573"', r"agi_bind: must be a loopback address"),
        ('rtp_ports = "20000"', r"rtp_ports \(in .*\): '20000' is not FIRST-LAST"),
        ('rtp_ports = "20000-20002"', r"rtp_ports \(in .*\): at least four ports are needed"),
        ('timezone = "Asia/Bima"', r"timezone \(in .*\): no time zone of that name"),
        ("numbers = [112]", r"numbers.0 \(in .*\): Input should be a valid string"),
        ('service_numbers = ["1122", "0112"]', r"service_numbers: 0112 is a number of the line"),
        ("carrier_ips = 5", r"carrier_ips \(in .*\): Input should be a valid tuple"),
        ("[storage]\nevidence_mb = 600", r"storage \(in .*\): no_new_recordings_mb, .*: each at most the one before"),
        ("[[trunk]]\nname = 'xl'\naddresses = []", r"trunk.0 \(in .*\): trunk xl: addresses or a registrar"),
        ("[[trunk]]\nname = 'xl'\naddresses = ['192.0.2.1']\n" * 2, r"two trunks bear the same name"),
        ('home = ""', r"home \(in .*\): names no folder"),
        ('home = "~nobody-of-that-name/x"', r"home \(in .*\): there is no such user's home folder"),
        ('journals = "/srv/journals "', r"journals \(in .*\): only letters, digits, space \(not at the end\)"),
        ('home = "/srv/kota;bima"', r"home \(in .*\): only letters"),
        ("[queue\n", r"cannot read .*siaga112.toml: "),
    ],
)
def test_what_cannot_be_used_is_named_with_its_place(written: Written, text: str, complaint: str) -> None:
    with pytest.raises(SettingsUnreadable, match=complaint) as refusal:
        load(written(text))
    assert "\n" not in str(refusal.value)


def test_a_variable_that_cannot_be_used_is_named_and_not_the_file(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIAGA112_NODE", "Bima 1")
    with pytest.raises(SettingsUnreadable, match=r"node \(in SIAGA112_NODE\): 1 to 16"):
        load(written('node = "bima1"'))


def test_a_variable_that_is_not_even_json_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIAGA112_QUEUE", "ring_s = 5")
    with pytest.raises(SettingsUnreadable, match='"queue"'):
        load(EXAMPLE)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsUnreadable, match=r"cannot read .*none.toml"):
        load(tmp_path / "none.toml")


# ---- nothing gets into Asterisk's configuration ----------------------------------------------------------------------


def test_every_setting_of_text_is_among_those_that_are_attacked() -> None:
    attacked = {name.partition(".")[0].partition(",")[0].partition(" ")[0] for name in TEXTS}
    assert attacked | NO_TEXT_FOR_ASTERISK == set(Settings.model_fields)
    attacked = {name.partition(".")[2] for name in TEXTS if "." in name}
    assert attacked | {"password", "password_file", "qualify_s"} == set(Trunk.model_fields)


@pytest.mark.parametrize("hostile", [*HOSTILE, " ", "é"])
def test_a_password_holds_nothing_that_asterisk_would_read_otherwise(hostile: str) -> None:
    for text in (f"{hostile}rahasia", f"rahasia{hostile}", f"ra{hostile}hasia", f">{hostile}"):
        try:
            site = Settings(trunk=[account(password=text)])  # type: ignore[arg-type]
        except ValueError:
            continue
        # What config.c takes off or reads as something else: blanks, a comment, an escape, an arrow.
        assert re.fullmatch(r"[!-:<-=?-\[\]-~][!-:<-\[\]-~]*", text)
        assert site.trunks[0].password == text


def test_a_password_shows_in_no_complaint_and_in_no_print() -> None:
    site = Settings(trunk=[account(password="rahasia")])  # type: ignore[arg-type]
    assert "rahasia" not in repr(site)


def test_a_password_may_stand_in_a_file_of_its_own(written: Written, tmp_path: Path) -> None:
    (tmp_path / "telkom.secret").write_text("rahasia\n")
    login = {"username": "bima", "registrar": "192.0.2.1:5060", "password_file": str(tmp_path / "telkom.secret")}
    (one,) = load(written(f"[[trunk]]\nname = 'telkom'\n{tables(login)}")).trunks
    assert (one.password, one.sources, str(one.outward)) == ("rahasia", ("192.0.2.1",), "192.0.2.1:5060")
    with pytest.raises(SettingsUnreadable, match=r"password_file '/nowhere' cannot be read"):
        load(written(f"[[trunk]]\nname = 'telkom'\n{tables(login | {'password_file': '/nowhere'})}"))
    with pytest.raises(SettingsUnreadable, match="one of them"):
        load(written(f"[[trunk]]\nname = 'telkom'\n{tables(login | {'password': 'rahasia'})}"))


def tables(values: Mapping[str, str]) -> str:
    return "\n".join(f"{key} = {toml(value)}" for key, value in values.items())


@pytest.mark.parametrize(
    ("one", "complaint"),
    [
        ({"addresses": []}, "addresses or a registrar are needed"),
        ({"addresses": ["0.0.0.0/0"]}, "would let everybody in"),
        ({"registrar": "192.0.2.1:5060"}, "a registrar wants a username"),
        ({"username": "bima"}, "go together"),
        ({"name": "test"}, "the line's own test calls"),
        ({"qualify_s": 60}, "less than or equal to 45"),
    ],
)
def test_a_trunk_that_could_not_work_is_refused(one: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Settings(trunk=[trunk(**one)])  # type: ignore[arg-type]


def test_an_address_belongs_to_one_trunk() -> None:
    with pytest.raises(ValueError, match="trunks telkom and xl share an address"):
        Settings(trunk=[trunk(addresses=["192.0.2.0/28"]), account(name="xl", registrar="192.0.2.9:5060")])  # type: ignore[arg-type]


def test_a_carrier_that_nobody_set_is_only_assumed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().carrier_is_assumed
    monkeypatch.setenv("SIAGA112_CARRIER_PROXY", "192.0.2.1:5060")
    assert not Settings().carrier_is_assumed


@pytest.mark.parametrize("name", TEXTS)
def test_the_texts_that_are_attacked_are_right_before_that(name: str) -> None:
    right, values = TEXTS[name]
    assert all(HARMLESS.fullmatch(text) for text in of_asterisk(Settings(**values(right))))


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("name", TEXTS)
def test_what_could_become_another_line_is_refused_or_loses_it(written: Written, name: str, hostile: str) -> None:
    right, values = TEXTS[name]
    for text in (hostile + right, right + hostile, right[:1] + hostile + right[1:]):
        file = written("\n".join(f"{key} = {toml(value)}" for key, value in values(text).items()))
        tomllib.loads(file.read_text())
        try:
            site = load(file)
        except SettingsUnreadable:
            continue
        assert all(HARMLESS.fullmatch(text) for text in of_asterisk(site))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(sorted(TEXTS)), st.integers(0, 30), st.text(min_size=1, max_size=5))
@example("sip_bind, IPv6", 8, "%x\nbind=0.0.0.0;")
@example("numbers", 3, "\N{ARABIC-INDIC DIGIT TWO}")
def test_whatever_is_put_into_a_setting_nothing_harmful_comes_out(name: str, place: int, put: str) -> None:
    right, values = TEXTS[name]
    try:
        site = Settings(**values(right[:place] + put + right[place:]))
    except ValueError:
        return
    assert all(HARMLESS.fullmatch(text) for text in of_asterisk(site))


def toml(value: object) -> str:
    """A value as TOML writes it; its escapes in texts are JSON's."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value).replace("\x7f", "\\u007f")


# ---- what follows from them ------------------------------------------------------------------------------------------


def test_one_carrier_is_told_the_short_way(written: Written) -> None:
    carrier = 'carrier_ips = ["192.0.2.1"]\ncarrier_proxy = "192.0.2.1:5060"\ncaller_id_style = "national"\n'
    assert load(written(carrier)).trunks == (
        Trunk(
            name="carrier",
            addresses=("192.0.2.1",),
            proxy=Bind(host="192.0.2.1", port=5060),
            caller_id_style=CallerIdStyle.NATIONAL,
        ),
    )


def test_with_trunks_of_its_own_a_site_has_no_other(written: Written) -> None:
    site = load(written(f'carrier_ips = ["192.0.2.1"]\n{TWO_TRUNKS}'))
    assert [one.name for one in site.trunks] == ["telkom", "xl"]
    assert site.trunks[0].proxy is None


def test_each_trunk_has_its_way_of_writing_numbers_and_a_strange_one_has_none(written: Written) -> None:
    site = load(written(TWO_TRUNKS))
    assert [site.style_of(name) for name in ("telkom", "xl", "carrier", "")] == [
        CallerIdStyle.AUTO,
        CallerIdStyle.E164,
        CallerIdStyle.AUTO,
        CallerIdStyle.AUTO,
    ]


def test_112_means_the_line_in_all_its_forms_whatever_the_site_adds(written: Written) -> None:
    assert load(written('numbers = ["0112", "+62374112"]')).line_numbers == ("112", "+112", "0112", "+62374112")
    assert load(written("numbers = []")).line_numbers == ("112", "+112", "0112")


def test_a_site_may_keep_its_state_and_its_store_elsewhere(
    written: Written, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    url = "sqlite+aiosqlite:////srv/a.sqlite3"
    site = load(written(f'home = "~/siaga"\njournals = "/srv/journals"\ndatabase_url = "{url}"\n'))
    assert (site.home, site.journals_dir) == (tmp_path / "siaga", Path("/srv/journals"))
    assert site.database == url


def test_a_relative_home_is_where_the_command_was_given(
    written: Written, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(written('home = "state"')).home == tmp_path / "state"


@pytest.mark.parametrize(("text", "loopback"), [("127.0.0.9:1", True), ("[::1]:65535", True), ("0.0.0.0:5060", False)])
def test_an_address_is_written_as_it_was_read(text: str, loopback: bool) -> None:  # noqa: FBT001
    bind = Bind.model_validate(text)
    assert (str(bind), bind.is_loopback) == (text, loopback)


def test_ports_for_audio_are_written_as_they_were_read() -> None:
    assert str(PortRange.model_validate("20000-24999")) == "20000-24999"
