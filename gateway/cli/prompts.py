"""Verbs about what the line says: `siaga112 prompts …`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import click

from gateway.cli.store import printable, show
from gateway.site import config

if TYPE_CHECKING:
    from gateway.telephony.prompt_check import Checked
    from gateway.telephony.prompts import Prompt

# What a verb needs is imported when it runs: `--help` answers at once.

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, one array.")
_MEASURED: Final = ("seconds", "peak_dbfs", "rms_dbfs")


@click.group()
def prompts() -> None:
    """What the line says: sentences spoken by a machine, and the city's own recordings of them."""


@prompts.command("list")
@_JSON
def prompts_list(*, as_json: bool) -> None:
    """List the sentences, and whose voice is played: spoken (by espeak-ng) or recorded."""
    from gateway.site.home import Home  # noqa: PLC0415
    from gateway.telephony.made import kind_made  # noqa: PLC0415

    sounds = Home.of(config.load()).sounds
    rows = [
        {"name": one.name, "source": kind_made(one.sound(sounds)), "sentence": one.spoken.text} for one in _prompts()[0]
    ]
    show(rows, as_json=as_json, columns=("name", "source", "sentence"))


@prompts.command("check")
@_JSON
def prompts_check(*, as_json: bool) -> None:
    """Measure every prompt: missing, too quiet, clipped, too short or too long. Exit status 1 when one is.

    Levels are in dB below full scale: of the highest peak, and (rms) of what is heard, without the silence in it.
    """
    from gateway.site.home import Home  # noqa: PLC0415
    from gateway.telephony.prompt_check import check  # noqa: PLC0415

    found = check(*_prompts(), Home.of(config.load()).sounds)
    show([_row(one) for one in found], as_json=as_json, columns=("name", "source", *_MEASURED))
    flawed = [one for one in found if one.flaws]
    if not as_json:
        for one in flawed:
            click.echo(printable(f"! {one.name}: {'; '.join(one.flaws)}"))
        click.echo(f"{len(flawed)} with flaws" if flawed else "all as it should be")
    if flawed:
        sys.exit(1)


@prompts.command("make")
def prompts_make() -> None:
    """Play changed recordings and sentences from now on; the running line goes on, and so do its calls."""
    from gateway.site.home import Home, HomeUnusable  # noqa: PLC0415
    from gateway.telephony.prompts import lay_prompts  # noqa: PLC0415

    settings = config.load()
    home = Home.of(settings)
    if not home.sounds.is_dir():
        raise HomeUnusable(f"there is no line in {home.root}: its first start makes its prompts")
    lay_prompts(settings, home, lambda line: click.echo(printable(line)))
    click.echo("the prompts are as the files say; look them over with siaga112 prompts check")


def _prompts() -> tuple[list[Prompt], dict[str, str]]:
    from gateway.telephony.prompts import phrases_in, prompts_of  # noqa: PLC0415

    settings = config.load()
    return prompts_of(phrases_in(settings.language), settings.prompts_dir, settings.language)


def _row(one: Checked) -> dict[str, Any]:
    measured = {key: None if one.level is None else getattr(one.level, key) for key in _MEASURED}
    rounded = {key: None if value is None else round(value, 2) for key, value in measured.items()}
    return {"name": one.name, "source": one.source, **rounded, "flaws": list(one.flaws)}
