"""Settings and takers in Asterisk's configuration: each where it belongs, and nothing that nobody gave."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jinja2 import Environment, UndefinedError, meta

from gateway.site.config import load
from gateway.site.home import Home, Secrets
from gateway.telephony import render as render_module
from gateway.telephony.provide import Installed
from gateway.telephony.render import (
    SOURCE,
    changed_files,
    render,
    render_phones,
    render_skpd_numbers,
    replace_if_changed,
)
from ticketing.model import Taker
from ticketing.skpd import Line, Skpd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.site.config import Settings

SECRETS = Secrets(ami="rahasiaami0123456789", test_call="rahasiauji0123456789")
INSTALLED = Installed("22.10.1", ("/opt/asterisk",), Path("/opt/modules"), Path("/opt/data"))
SITI = Taker("201", "Siti", "rahasiasiti", signed_in=True)
BUDI = Taker("102", "Budi", "rahasiabudi")

SITE = """
node = "bima2"
numbers = ["+62374112"]
sip_bind = "127.0.0.1:6060"
rtp_ports = "30000-30099"
ami_bind = "127.0.0.1:6038"
agi_bind = "[::1]:6573"
backup_numbers = ["+62374113", "0374114"]
[queue]
ring_s = 7
wrap_up_s = 9
notice_after_s = 20
longest_wait_s = 100
[[trunk]]
name = "telkom"
addresses = ["192.0.2.10", "192.0.2.16/28"]
[[trunk]]
name = "xl"
addresses = ["2001:db8::1"]
proxy = "[2001:db8::1]:5060"
outbound_identity = "+62374112"
numbers = ["0374112"]
dtmf = "info"
qualify_s = 30
[[trunk]]
name = "ims"
registrar = "198.51.100.1:5080"
domain = "ims.carrier.example"
username = "+62374999"
password = "rahasia#1"
"""


@dataclass
class Rendered:
    """A site's configuration."""

    settings: Settings
    home: Home

    def render(self) -> None:
        render(self.settings, self.home, SECRETS, INSTALLED)

    def text(self, name: str) -> str:
        return (self.home.etc / name).read_text()

    def sections(self, name: str) -> list[tuple[str, dict[str, list[str]]]]:
        """A file as Asterisk reads it: sections in order, each with the values of each key, its template's in front."""
        sections: list[tuple[str, dict[str, list[str]]]] = [("", {})]
        for line in self.text(name).splitlines():
            code = re.split(r"(?<!\\);", line, maxsplit=1)[0].strip()
            if header := re.fullmatch(r"\[([^]]*)](?:\((.*)\))?", code):
                template = next((values for title, values in sections if title == header[2]), {})
                sections.append((header[1], {key: list(values) for key, values in template.items()}))
            elif code and not code.startswith("#"):
                key, value = re.split(r"\s*=>?\s*", code, maxsplit=1)
                sections[-1][1].setdefault(key, []).append(value)
        return sections

    def section(self, file: str, name: str, **having: str) -> dict[str, list[str]]:
        (found,) = [
            values
            for title, values in self.sections(file)
            if title == name and all(values.get(key) == [value] for key, value in having.items())
        ]
        return found

    def contents(self) -> dict[str, tuple[int, bytes]]:
        """Every file with its inode: a file that is written anew has another."""
        return {path.name: (path.stat().st_ino, path.read_bytes()) for path in self.home.etc.iterdir()}


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SIAGA112_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def _usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def rendered(tmp_path: Path) -> Callable[[str], Rendered]:
    def with_site(text: str) -> Rendered:
        file = tmp_path / "siaga112.toml"
        file.write_text(f'home = "{tmp_path}/home"\n{text}')
        settings = load(file)
        home = Home.of(settings)
        home.make()
        made = Rendered(settings, home)
        made.render()
        return made

    return with_site


@pytest.fixture
def site(rendered: Callable[[str], Rendered]) -> Rendered:
    return rendered(SITE)


# ---- values ----------------------------------------------------------------------------------------------------------


def test_where_asterisk_listens_is_what_the_site_says(site: Rendered) -> None:
    assert site.section("pjsip.conf", "udp")["bind"] == ["127.0.0.1:6060"]
    assert site.section("pjsip.conf", "tcp")["bind"] == ["127.0.0.1:6060"]
    rtp = site.section("rtp.conf", "general")
    assert (rtp["rtpstart"], rtp["rtpend"]) == (["30000"], ["30099"])
    ami = site.section("manager.conf", "general")
    assert (ami["bindaddr"], ami["port"]) == (["127.0.0.1"], ["6038"])


def test_the_doorbells_login_is_the_instances_own_secret_from_this_machine_only(site: Rendered) -> None:
    login = site.section("manager.conf", "siaga112")
    assert login["secret"] == [SECRETS.ami]
    assert (login["deny"], login["permit"]) == (["0.0.0.0/0.0.0.0"], ["127.0.0.0/8", "::1"])


def test_every_folder_is_one_of_the_instance(site: Rendered) -> None:
    home = site.home
    folders = {key: Path(value) for key, (value,) in site.section("asterisk.conf", "directories").items()}
    assert (folders.pop("astmoddir"), folders.pop("astdatadir")) == (INSTALLED.modules, INSTALLED.data)
    assert (folders["astetcdir"], folders["astlogdir"], folders["astrundir"]) == (home.etc, home.journals, home.run)
    assert all(folder.is_relative_to(home.root) for folder in folders.values())
    assert all(folder.is_dir() for folder in folders.values())
    assert site.section("asterisk.conf", "options")["systemname"] == ["bima2"]


def test_each_called_number_of_the_line_leads_to_it_and_no_other_does(site: Rendered) -> None:
    extensions = site.section("extensions_site.conf", "from-carrier")["exten"]
    assert extensions == [f"{number},1,Goto(line112,s,1)" for number in ("112", "+112", "0112", "+62374112")]


def test_a_service_number_leads_to_the_officers_service_and_from_a_carrier_alone(
    rendered: Callable[[str], Rendered],
) -> None:
    site = rendered('service_numbers = ["1122", "+623741122", "1122"]')
    leads_there = [f"{number},1,Goto(skpd-update,s,1)" for number in ("1122", "+623741122")]
    assert site.section("extensions_site.conf", "from-carrier")["exten"][-2:] == leads_there
    assert not any("skpd-update" in one for one in site.section("extensions.conf", "from-taker")["exten"])


def test_the_dialplan_knows_where_to_ask_how_long_to_wait_and_whom_to_call_then(site: Rendered) -> None:
    known = {key: value for key, (value,) in site.section("extensions_site.conf", "globals").items()}
    assert known["SIAGA_AGI"] == "agi://[::1]:6573"
    assert (known["SIAGA_NOTICE_AFTER"], known["SIAGA_LONGEST_WAIT"]) == ("20", "80")
    assert known["SIAGA_BACKUPS"] == "+62374113&0374114"
    # Those that take calls out; telkom does not.
    assert known["SIAGA_TRUNKS"] == "xl&ims"
    assert (known["SIAGA_OUTWARD_xl"], known["SIAGA_SHOWN_xl"]) == ("[2001:db8::1]:5060", "+62374112")
    assert (known["SIAGA_OUTWARD_ims"], "SIAGA_SHOWN_ims" in known) == ("ims.carrier.example", False)
    assert known["SIAGA_RECORDINGS"] == str(site.home.recordings)
    assert known["SIAGA_QUEUE"] == "112"


def test_without_a_trunk_that_takes_calls_out_there_is_nobody_to_overflow_to(
    rendered: Callable[[str], Rendered],
) -> None:
    trunk = '[[trunk]]\nname = "telkom"\naddresses = ["192.0.2.10"]\n'
    known = rendered(f'backup_numbers = ["+62374113"]\n{trunk}').section("extensions_site.conf", "globals")
    assert known["SIAGA_TRUNKS"] == [""]


def test_priorities_count_down_from_a_base_that_lasts_for_years(site: Rendered) -> None:
    (base,) = site.section("extensions_site.conf", "globals")["SIAGA_PRIORITY_BASE"]
    now = (site.home.etc / "extensions_site.conf").stat().st_mtime
    # A caller of now has nearly the highest priority that app_queue's 32 bits hold; one of a year later still has one.
    assert 1_999_000_000 < int(base) - now * 100 < 2**31
    assert int(base) - (now + 365 * 86_400) * 100 > -(2**31)


def test_takers_are_rung_as_the_site_says(site: Rendered) -> None:
    queue = site.section("queues.conf", "112")
    assert (queue["timeout"], queue["wrapuptime"]) == (["7"], ["9"])


def test_each_carrier_is_known_by_its_addresses_alone(site: Rendered) -> None:
    for name, addresses in (("telkom", ["192.0.2.10", "192.0.2.16/28"]), ("xl", ["2001:db8::1"])):
        endpoint = site.section("pjsip.conf", f"trunk-{name}", type="endpoint")
        identify = site.section("pjsip.conf", f"trunk-{name}", type="identify")
        assert identify["match"] == addresses
        assert identify["endpoint"] == [f"trunk-{name}"]
        assert endpoint["set_var"] == [f"SIAGA_TRUNK={name}"]
        assert endpoint["identify_by"] == ["ip"]
        assert "auth" not in endpoint


def test_only_a_trunk_with_a_proxy_can_be_called_out_on(site: Rendered) -> None:
    outward = site.section("pjsip.conf", "trunk-xl", type="aor")
    assert outward["contact"] == ["sip:[2001:db8::1]:5060"]
    kinds = [values["type"] for title, values in site.sections("pjsip.conf") if title == "trunk-telkom"]
    assert kinds == [["endpoint"], ["identify"]]
    assert "aors" not in site.section("pjsip.conf", "trunk-telkom", type="endpoint")


def test_a_trunk_is_asked_whether_it_is_there_as_often_as_the_site_says(site: Rendered) -> None:
    assert site.section("pjsip.conf", "trunk-xl", type="aor")["qualify_frequency"] == ["30"]
    assert site.section("pjsip.conf", "trunk-ims", type="aor")["qualify_frequency"] == ["15"]


def test_a_trunk_that_registers_shows_its_login_and_is_known_by_its_registrars_address(site: Rendered) -> None:
    endpoint, aor, auth, registration, identify = (
        site.section("pjsip.conf", "trunk-ims", type=kind)
        for kind in ("endpoint", "aor", "auth", "registration", "identify")
    )
    assert (auth["username"], auth["password"]) == (["+62374999"], ["rahasia#1"])
    assert registration["server_uri"] == ["sip:ims.carrier.example"]
    assert registration["client_uri"] == ["sip:+62374999@ims.carrier.example"]
    assert endpoint["outbound_auth"] == registration["outbound_auth"] == ["trunk-ims"]
    # By name for the carrier, by address for the network: no call waits for a name server.
    assert [part["outbound_proxy"] for part in (endpoint, aor, registration)] == [["sip:198.51.100.1:5080\\;lr"]] * 3
    assert (identify["match"], endpoint["identify_by"]) == (["198.51.100.1"], ["ip"])
    # Outgoing calls have to log in; those that come from the registrar cannot.
    assert "auth" not in endpoint


def test_a_trunks_own_numbers_lead_to_the_line_from_this_trunk_alone(site: Rendered) -> None:
    contexts = {
        name: site.section("pjsip.conf", f"trunk-{name}", type="endpoint")["context"]
        for name in ("telkom", "xl", "ims")
    }
    assert contexts == {"telkom": ["from-carrier"], "xl": ["from-trunk-xl"], "ims": ["from-trunk-ims"]}
    own = site.section("extensions_site.conf", "from-trunk-xl")
    assert own == {"exten": ["0374112,1,Goto(line112,s,1)"], "include": ["from-carrier"]}
    assert site.section("extensions_site.conf", "from-trunk-ims")["exten"] == ["+62374999,1,Goto(line112,s,1)"]


def test_the_called_party_sees_the_trunks_own_number_where_it_has_one(site: Rendered) -> None:
    endpoints = {name: site.section("pjsip.conf", f"trunk-{name}", type="endpoint") for name in ("telkom", "xl", "ims")}
    assert (endpoints["xl"]["from_user"], endpoints["xl"]["send_pai"]) == (["+62374112"], ["yes"])
    # A registrar refuses whom it does not know.
    assert endpoints["ims"]["from_user"] == ["+62374999"]
    assert "from_user" not in endpoints["telkom"]


def test_keys_come_as_each_trunk_sends_them(site: Rendered) -> None:
    modes = {
        name: site.section("pjsip.conf", f"trunk-{name}", type="endpoint")["dtmf_mode"] for name in ("telkom", "xl")
    }
    assert modes == {"telkom": ["auto_info"], "xl": ["info"]}


def test_behind_nat_only_the_local_networks_are_told_the_local_address(rendered: Callable[[str], Rendered]) -> None:
    site = rendered('public_address = "203.0.113.9"\nlocal_networks = ["10.0.0.0/8", "192.168.1.0/24"]\n')
    for transport in ("udp", "tcp"):
        told = site.section("pjsip.conf", transport)
        assert told["external_signaling_address"] == told["external_media_address"] == ["203.0.113.9"]
        assert told["local_net"] == ["10.0.0.0/8", "192.168.1.0/24"]


def test_without_a_public_address_everybody_is_told_the_local_one(site: Rendered) -> None:
    assert not {"external_media_address", "local_net"} & set(site.section("pjsip.conf", "udp"))


def test_plain_files_are_copied_as_they_are(site: Rendered) -> None:
    plain = list(SOURCE.glob("*.conf"))
    assert {file.name: site.text(file.name) for file in plain} == {file.name: file.read_text() for file in plain}


# ---- phones ----------------------------------------------------------------------------------------------------------


def test_each_taker_has_a_phone_with_a_login_of_its_own(site: Rendered) -> None:
    assert render_phones(site.settings, site.home, [SITI, BUDI])
    for taker in (SITI, BUDI):
        sections = [values for title, values in site.sections("pjsip_phones.conf") if title == taker.extension]
        endpoint, auth, _aor = sections
        assert (endpoint["auth"], endpoint["aors"]) == ([taker.extension], [taker.extension])
        assert (auth["username"], auth["password"]) == ([taker.extension], [taker.password])
    # Nothing but what Asterisk needs: a name is free text.
    assert "Siti" not in site.text("pjsip_phones.conf")


def test_phones_are_the_same_whatever_the_order_of_the_takers(site: Rendered) -> None:
    assert render_phones(site.settings, site.home, [SITI, BUDI])
    assert not render_phones(site.settings, site.home, [BUDI, SITI])
    assert render_phones(site.settings, site.home, [BUDI])


def test_phones_are_there_before_the_first_taker(site: Rendered) -> None:
    assert render_phones(site.settings, site.home, [])
    assert not render_phones(site.settings, site.home, [])
    titles = [title for title, _ in site.sections("pjsip_phones.conf")]
    assert titles == ["", "phone", "phone-auth", "phone-aor"]


# ---- what takers dial for SKPDs -------------------------------------------------------------------------------------

DAMKAR = Skpd("damkar", "Pemadam; Kebakaran", (Line("+6237442113", 30), Line("113")), confirm=False, short="12")
PSC = Skpd("psc119", "PSC 119", (Line("119"),), short="11")


def test_a_short_number_rings_the_lines_of_its_skpd_in_their_order(site: Rendered) -> None:
    nobody = (Skpd("pln", "PLN", (), short="13"), Skpd("bpbd", "BPBD", (Line("117"),)))
    assert render_skpd_numbers(site.home, [DAMKAR, PSC, *nobody])
    assert not render_skpd_numbers(site.home, [PSC, DAMKAR])
    lines = [line for line in site.text("extensions_skpd.conf").splitlines() if line and not line.startswith(";")]
    assert lines == [
        "[skpd-numbers]",
        "exten => 11,1,Set(CODE=psc119)",
        " same => n,Set(CONFIRM=1)",
        " same => n,Set(LINES=119:25)",
        " same => n,Set(NUMBERS=119)",
        " same => n,Return()",
        "exten => 12,1,Set(CODE=damkar)",
        " same => n,Set(CONFIRM=0)",
        " same => n,Set(LINES=+6237442113:30&113:25)",
        " same => n,Set(NUMBERS=+6237442113_113)",
        " same => n,Return()",
    ]


# ---- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_usual_umask")
def test_every_file_is_for_its_user_alone(rendered: Callable[[str], Rendered]) -> None:
    site = rendered(SITE)
    render_phones(site.settings, site.home, [SITI])
    render_skpd_numbers(site.home, [PSC])
    assert {path.name: path.stat().st_mode & 0o777 for path in site.home.etc.iterdir()} == dict.fromkeys(
        (file.name.removesuffix(".j2") for file in SOURCE.glob("*.conf*")), 0o600
    )


def test_rendered_again_only_the_base_of_the_priorities_is_new(site: Rendered) -> None:
    before = site.contents()
    site.render()
    after = site.contents()
    assert {name for name in after if after[name] != before.get(name)} <= {"extensions_site.conf"}
    assert after.keys() == before.keys()


def test_a_file_of_an_earlier_version_is_removed_and_nothing_else(site: Rendered) -> None:
    render_phones(site.settings, site.home, [SITI])
    (site.home.etc / "chan_sip.conf").write_text("[general]\n")
    (site.home.etc / "notes.txt").write_text("of the operator\n")
    site.render()
    assert not (site.home.etc / "chan_sip.conf").exists()
    assert (site.home.etc / "notes.txt").exists()
    assert "rahasiasiti" in site.text("pjsip_phones.conf")


@pytest.mark.parametrize("edit", [b"[general]\nenabled = no\n", b"; caf\xe9\n", b"CRLF", b""])
def test_an_edit_by_hand_is_gone_with_the_next_start_whatever_it_was(site: Rendered, edit: bytes) -> None:
    was = (site.home.etc / "manager.conf").read_bytes()
    (site.home.etc / "manager.conf").write_bytes(was.replace(b"\n", b"\r\n") if edit == b"CRLF" else edit)
    site.render()
    assert (site.home.etc / "manager.conf").read_bytes() == was


def test_a_change_of_settings_names_the_files_that_asterisk_has_not_read(
    site: Rendered, rendered: Callable[[str], Rendered]
) -> None:
    assert changed_files(site.settings, site.home, SECRETS, INSTALLED) == []
    other = load_with(rendered, SITE.replace("ring_s = 7", "ring_s = 8").replace("6573", "6574"), site)
    assert changed_files(other, site.home, SECRETS, INSTALLED) == ["extensions_site.conf", "queues.conf"]
    (site.home.etc / "manager.conf").write_bytes(b"; caf\xe9\n")
    (site.home.etc / "rtp.conf").unlink()
    assert changed_files(site.settings, site.home, SECRETS, INSTALLED) == ["manager.conf", "rtp.conf"]


def load_with(rendered: Callable[[str], Rendered], text: str, kept: Rendered) -> Settings:
    """The settings of another text, with the files left as they are."""
    files = {path: path.read_bytes() for path in kept.home.etc.iterdir()}
    settings = rendered(text).settings
    for path, content in files.items():
        path.write_bytes(content)
    return settings


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    file = tmp_path / "queues.conf"
    assert replace_if_changed(file, "one\n")
    with file.open() as read_by_asterisk:
        assert replace_if_changed(file, "two\n")
        assert read_by_asterisk.read() == "one\n"
    assert not replace_if_changed(file, "two\n")
    assert [path.name for path in tmp_path.iterdir()] == ["queues.conf"]


# ---- templates -------------------------------------------------------------------------------------------------------


def test_a_name_that_nobody_gave_is_an_error_and_not_a_blank(
    site: Rendered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "conf"
    source.mkdir()
    (source / "rtp.conf.j2").write_text("rtpstart = {{ first_port }}\n")
    (source / "sounds").mkdir()
    (source / "sounds/phrases.id.txt").touch()
    monkeypatch.setattr(render_module, "SOURCE", source)
    before = site.contents()
    with pytest.raises(UndefinedError, match="'first_port' is undefined"):
        site.render()
    assert site.contents() == before


def test_every_value_that_is_given_is_asked_for_and_the_other_way_round(site: Rendered) -> None:
    parser = Environment(autoescape=True)
    asked = {
        name
        for file in SOURCE.glob("*.conf.j2")
        if file.name not in {"pjsip_phones.conf.j2", "extensions_skpd.conf.j2"}
        for name in meta.find_undeclared_variables(parser.parse(file.read_text()))
    }
    assert asked == set(render_module._values(site.settings, site.home, SECRETS, INSTALLED))
