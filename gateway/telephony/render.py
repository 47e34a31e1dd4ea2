"""asterisk-conf/ and the site's settings → HOME's own configuration.

Plain files are copied, templates (`*.j2`) rendered. Values were checked where they came in (gateway/site/config.py), so
that none can bring a line of its own; a name that a template asks for and nobody gave is an error, not a blank.
"""

from __future__ import annotations

import ipaddress
import re
import time
import wave
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.places.areas.kept import table_of
from gateway.site.config import CHECKOUT
from gateway.telephony import waiting
from gateway.telephony.phrases import askable, sentences
from ticketing.asked import INCIDENTS
from ticketing.nuisance import LONGEST_DELAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from gateway.site.config import Bind, Settings
    from gateway.site.home import Home, Secrets
    from gateway.telephony.provide import Installed
    from ticketing.model import Taker
    from ticketing.skpd import Skpd

SOURCE = CHECKOUT / "asterisk-conf"
QUEUE = "112"
TEST_QUEUE = "test"
HUNDREDTH = timedelta(milliseconds=10)
"""What priorities are counted in."""
# Counted down by one each hundredth of a second from the start of Asterisk, a caller's priority stays within the
# 32 bits of app_queue for 480 days.
_HIGHEST_PRIORITY = 2_000_000_000


def render(settings: Settings, home: Home, secrets: Secrets, installed: Installed) -> None:
    """Write every file of HOME's Asterisk configuration that the settings make; those that are the same stay untouched.

    Files from an earlier version that no longer exist in asterisk-conf/ are removed.
    """
    wanted = _rendered(settings, home, secrets, installed)
    for name, text in wanted.items():
        replace_if_changed(home.etc / name, text)
    for stale in home.etc.glob("*.conf"):
        if stale.name not in wanted and stale.name not in _of_the_store(home):
            stale.unlink()


def changed_files(settings: Settings, home: Home, secrets: Secrets, installed: Installed) -> list[str]:
    """Which files would be others than those with which Asterisk was started."""
    wanted = _rendered(settings, home, secrets, installed)
    return [name for name, text in wanted.items() if _lasting(home.etc / name) != _without_stamp(text)]


def _rendered(settings: Settings, home: Home, secrets: Secrets, installed: Installed) -> dict[str, str]:
    values = _values(settings, home, secrets, installed)
    environment = _environment()
    texts: dict[str, str] = {}
    for source in sorted(SOURCE.glob("*.conf*")):
        name = source.name.removesuffix(".j2")
        if name in _of_the_store(home):
            continue
        is_template = source.suffix == ".j2"
        texts[name] = environment.get_template(source.name).render(values) if is_template else source.read_text("utf-8")
    return texts


def _of_the_store(home: Home) -> frozenset[str]:
    """What follows the store, not the settings."""
    return frozenset({home.phones.name, home.skpd_numbers.name})


def _lasting(file: Path) -> str:
    return _without_stamp(file.read_text(encoding="utf-8", errors="replace")) if file.exists() else ""


def _without_stamp(text: str) -> str:
    # The base of the priorities is made anew each time.
    return re.sub(r"^SIAGA_PRIORITY_BASE = .*$", "", text, flags=re.MULTILINE)


def render_phones(settings: Settings, home: Home, takers: Iterable[Taker]) -> bool:
    """Write the takers' phones; say whether anything changed (Asterisk must then be told to read them)."""
    template = _environment().get_template(f"{home.phones.name}.j2")
    ordered = sorted(takers, key=lambda taker: taker.extension)
    text = template.render(takers=ordered, language=settings.language, silent_phone_s=settings.queue.silent_phone_s)
    return replace_if_changed(home.phones, text)


def render_skpd_numbers(home: Home, skpds: Iterable[Skpd]) -> bool:
    """Write what a taker dials for which SKPD; say whether anything changed."""
    template = _environment().get_template(f"{home.skpd_numbers.name}.j2")
    reachable = [skpd for skpd in skpds if skpd.short and skpd.lines]
    text = template.render(skpds=sorted(reachable, key=lambda skpd: skpd.short or ""))
    return replace_if_changed(home.skpd_numbers, text)


def render_messages(home: Home, *, errors_alone: bool) -> bool:
    """Have Asterisk's own log keep errors alone, or everything; say whether it must be told to read that."""
    file = home.etc / "logger.conf"
    wanted = "error" if errors_alone else "notice,warning,error"
    return replace_if_changed(file, re.sub(r"(?m)(?<=/messages => ).*$", wanted, file.read_text(encoding="utf-8")))


def replace_if_changed(file: Path, text: str) -> bool:
    """Give `file` this content in one step, unless it has it; say whether it was changed. 0600: it holds secrets."""
    # As bytes: what somebody wrote there by hand need not be UTF-8.
    if file.exists() and file.read_bytes() == text.encode():
        return False
    partial = file.with_suffix(".partial")
    partial.touch(mode=0o600)
    partial.write_text(text, encoding="utf-8")
    partial.replace(file)
    return True


def _environment() -> Environment:
    # Configuration, not HTML: what must not be in a value is refused where it comes in.
    return Environment(  # noqa: S701
        loader=FileSystemLoader(SOURCE),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _values(settings: Settings, home: Home, secrets: Secrets, installed: Installed) -> dict[str, Any]:
    districts = _districts(settings)
    rows = waiting.rows([one["phrase"] for one in districts])
    return {
        "agi": settings.agi_bind,
        "ami": settings.ami_bind,
        "ami_secret": secrets.ami,
        **_stand(home, rows),
        "backups": settings.backup_numbers,
        "data": installed.data,
        "districts": districts,
        "etc": home.etc,
        "incidents": INCIDENTS,
        "journals": home.journals,
        "language": settings.language,
        "line_numbers": settings.line_numbers,
        "local_networks": settings.local_networks,
        "log": home.log,
        "mirror_key": secrets.mirror,
        "modules": installed.modules,
        "most_penalty": LONGEST_DELAY // HUNDREDTH,
        "node": settings.node,
        "own_address": _own_address(settings.sip_bind),
        "priority_base": _HIGHEST_PRIORITY + int(time.time() * 100),
        "public_address": settings.public_address,
        "queue": settings.queue,
        "queue_name": QUEUE,
        "recordings": home.recordings,
        "rows": {name: waiting.files(row) for name, row in rows.items()},
        "rtp": settings.rtp_ports,
        "run": home.run,
        "service_numbers": tuple(dict.fromkeys(settings.service_numbers)),
        "sip": settings.sip_bind,
        "sounds": home.sounds,
        "spool": home.spool,
        "state": home.state,
        "test_call_secret": secrets.test_call,
        "test_queue": TEST_QUEUE,
        "trunks": settings.trunks,
    }


def _stand(home: Home, rows: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """How long the questions stand, by how long a city's own recordings of them last."""

    def lasts(phrase: str) -> float:
        # Without its sound the line does not start (prompts.py); what is rendered without one is not played.
        with suppress(OSError, EOFError, wave.Error), wave.open(str(home.sounds / f"{phrase}.wav")) as sound:
            return float(sound.getnframes() / sound.getframerate())
        return 0.0

    by_key = [row for row in rows.values() if row[-1] in waiting.BY_KEY]
    return {
        "ask_s": waiting.stands_s(by_key, lasts, waiting.LEAST_S),
        "ask_place_s": waiting.stands_s([rows["ask-place"]], lasts, waiting.LEAST_PLACE_S),
    }


def _districts(settings: Settings) -> list[dict[str, str]]:
    """The parts of the city that a waiting caller is asked for, each with the phrase that says it."""
    language = settings.language
    known = sentences((SOURCE / "sounds" / f"phrases.{language}.txt").read_bytes(), f"phrases.{language}.txt")
    found = askable(((one.name, one.code) for one in table_of(settings).districts()), known)
    return [{"code": code, "phrase": phrase} for code, phrase in found]


def _own_address(bind: Bind) -> str:
    """Where the line calls itself: where it listens, and on the loopback when that is everywhere."""
    here = ipaddress.ip_address(bind.host)
    if not here.is_unspecified:
        return str(bind)
    return f"127.0.0.1:{bind.port}" if here.version == 4 else f"[::1]:{bind.port}"  # noqa: PLR2004 - the older IP
