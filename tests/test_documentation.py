"""What is written for people is true: settings, verbs, variables, links, decisions."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

import ticketing.dispatch_events
import ticketing.return_call_events  # noqa: F401 - and its
from gateway.cli.root import siaga112
from gateway.facts import channel_variables
from gateway.site.config import CHECKOUT, Queueing, ScheduledTestCall, Settings, Sla, Storage, Trunk
from gateway.web.api.table import ROUTES
from ticketing.events import Event
from ticketing.model import CallType
from ticketing.permissions import PERMISSIONS, Permission
from ticketing.transitions import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = (CHECKOUT / "siaga112.example.toml").read_text()
README = (CHECKOUT / "README.md").read_text()
API_PAGE = (CHECKOUT / "docs/api.md").read_text()
PAGES = sorted([*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md")])
DECISIONS = sorted(CHECKOUT.glob("docs/adr/*.md"))
DIALPLAN = "\n".join(path.read_text() for path in (CHECKOUT / "asterisk-conf").glob("*.conf*"))
# Said by the line, not to it.
SAYINGS = {"ready"}
# Read before there are settings.
OTHER_VARIABLES = {"SIAGA112_CONFIG"}


def page_name(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


# ---- settings --------------------------------------------------------------------------------------------------------


def example_with_every_key() -> dict[str, object]:
    """The example with the keys that it gives in comments."""
    text = re.sub(r"^# ((?:[a-z_0-9]+ = |\[).*)$", r"\1", EXAMPLE, flags=re.MULTILINE)
    # In TOML, what stands below a table belongs to it: the trunk goes last.
    before, header, rest = text.partition("\n[[trunk]]\n")
    one_trunk, _, after = rest.partition("\n\n")
    return tomllib.loads(f"{before}\n{after}{header}{one_trunk}\n")


def test_every_setting_is_in_the_example_and_nothing_else() -> None:
    given = example_with_every_key()
    assert set(given) == set(Settings.model_fields)
    assert isinstance(given["queue"], dict)
    assert isinstance(given["trunk"], list)
    assert set(given["queue"]) == set(Queueing.model_fields)
    assert isinstance(given["sla"], dict)
    assert set(given["sla"]) == set(Sla.model_fields)
    assert isinstance(given["storage"], dict)
    assert set(given["storage"]) == set(Storage.model_fields)
    assert isinstance(given["test_call"], dict)
    assert set(given["test_call"]) == set(ScheduledTestCall.model_fields)
    assert {key for trunk in given["trunk"] for key in trunk} == set(Trunk.model_fields)


@pytest.mark.parametrize(
    "key",
    sorted({key for model in (Settings, Queueing, Sla, Storage, ScheduledTestCall) for key in model.model_fields}),
)
def test_every_setting_of_the_example_is_explained_beside_it(key: str) -> None:
    given = re.compile(rf"^(?:# )?(?:{key} = |\[+{key}\]+$)", re.MULTILINE)
    paragraphs = [text for text in EXAMPLE.split("\n\n") if given.search(text)]
    prose = re.sub(r"^# ?(?:[a-z_0-9]+ = |\[).*$", "", "\n".join(paragraphs), flags=re.MULTILINE)
    assert re.search(r"^#.*[A-Za-z]{3}", prose, re.MULTILINE)


@pytest.mark.parametrize("path", [*PAGES, CHECKOUT / "siaga112.example.toml"], ids=page_name)
def test_every_variable_that_a_page_names_is_a_setting(path: Path) -> None:
    settings = {f"SIAGA112_{key.upper()}" for key in Settings.model_fields} | OTHER_VARIABLES
    assert set(re.findall(r"SIAGA112_[A-Z][A-Z_]*[A-Z]\b", path.read_text())) - settings == set()


# ---- the command line ------------------------------------------------------------------------------------------------


def commands(
    command: click.Command = siaga112, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every verb and group of verbs, with the words that lead to it."""
    yield words, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from commands(below, (*words, name))


VERBS = [pytest.param(words, command, id=" ".join(("siaga112", *words))) for words, command in commands()]


def blocks(text: str) -> list[str]:
    """The lines of code blocks, which are indented by four."""
    return [line.strip() for line in text.splitlines() if line.startswith("    ")]


@pytest.mark.parametrize(("words", "command"), VERBS)
def test_every_verb_and_every_option_says_what_it_is_for(words: tuple[str, ...], command: click.Command) -> None:
    del words
    assert command.help
    options = [param for param in command.params if isinstance(param, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("words", [words for words, command in commands() if not isinstance(command, click.Group)])
def test_every_verb_is_in_the_readme(words: tuple[str, ...]) -> None:
    named = [set(re.split(r"[\s|]+", line)) for line in blocks(README) if line.startswith("siaga112 ")]
    assert any(names >= set(words) for names in named), f"no line of the README's list has {' '.join(words)}"


@pytest.mark.parametrize(("words", "command"), VERBS)
def test_a_listing_can_be_had_as_json(words: tuple[str, ...], command: click.Command) -> None:
    others = {("tickets",), ("calls",), ("status",), ("phone", "show"), ("skpd", "show"), ("prompts", "check")}
    others.add(("areas", "search"))
    lists = words[-1:] == ("list",) or words in others
    assert lists == any("--json" in param.opts for param in command.params)


def typed(text: str) -> list[list[str]]:
    """The command lines that a page gives to be typed, as words."""
    lines = [line for line in blocks(text) if line.startswith(".venv/bin/siaga112 ")]
    return [shlex.split(line, comments=True)[1:] for line in lines]


def parse(words: list[str]) -> None:
    """Parse a whole command line; raise click.UsageError when it is none."""
    command: click.Command = siaga112
    context = click.Context(siaga112, info_name="siaga112")
    while isinstance(command, click.Group):
        _, below, words = command.resolve_command(context, words)
        assert below is not None
        command = below
    command.make_context(command.name, list(words), parent=context)


TYPED = [
    pytest.param(words, id=f"{page_name(path)}: {' '.join(words)}")
    for path in PAGES
    for words in typed(path.read_text())
]


@pytest.mark.parametrize("words", TYPED)
def test_every_command_that_a_page_gives_can_be_typed(words: list[str]) -> None:
    parse(words)


def test_a_verb_that_is_no_more_would_be_found_out() -> None:
    for line in ("taker enlist 101", "taker add 101", "phone show", "status --loud"):
        with pytest.raises(click.UsageError):
            parse(line.split())


@pytest.mark.parametrize("path", PAGES, ids=page_name)
def test_every_verb_that_a_page_names_is_one(path: Path) -> None:
    text = path.read_text()
    listed = [re.split(r"\s{2,}", line)[0] for line in blocks(text) if line.startswith("siaga112 ")]
    named = re.findall(r"`(?:\.venv/bin/)?(siaga112 [^`]+)`", text)
    known = {words for words, _ in commands()}
    for line in [*listed, *named]:
        _, verb, *rest = re.sub(r"[\[<].*", "", line).split()
        if verb not in SAYINGS:
            assert (verb,) in known, line
            for choice in rest[0].split("|") if rest and isinstance(siaga112.commands[verb], click.Group) else []:
                assert (verb, choice) in known or not choice.islower(), line


# ---- the API ---------------------------------------------------------------------------------------------------------


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table below this heading, without its head."""
    lines = text.partition(f"## {heading}\n")[2].splitlines()
    table = [line for line in lines[: lines.index(next(one for one in lines if one.startswith("## ")))] if "|" in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def test_the_api_page_says_who_may_what() -> None:
    told = {name.strip("`"): roles for name, _, roles in rows(API_PAGE, "Who may")}
    assert told == {one.value: ", ".join(sorted(PERMISSIONS[one])) for one in Permission}


def test_the_api_page_names_the_calls_of_each_permission() -> None:
    told = {name.strip("`"): set(re.findall(r"`(\w+ /[^`]+)`", calls)) for name, calls, _ in rows(API_PAGE, "Who may")}
    for permission in Permission:
        guarded = {f"{route.method} {route.path}" for route in ROUTES if route.access is permission}
        assert told[permission.value] == guarded


def test_the_api_page_has_the_whole_table_of_statuses() -> None:
    told = {
        (from_, to, frozenset(kinds.split(", ")), frozenset(roles.split(", ")), bool(reason))
        for from_, to, kinds, roles, reason in rows(API_PAGE, "The life of a ticket")
    }
    assert told == {
        (
            from_.value,
            to.value,
            frozenset({"any"} if rule.call_types == frozenset(CallType) else rule.call_types),
            frozenset(rule.roles),
            rule.needs_reason,
        )
        for (from_, to), rules in RULES.items()
        for rule in rules
    }


def test_the_api_page_names_every_kind_of_entry() -> None:
    told = set(re.findall(r"`([a-z]+_[a-z_]+)`", API_PAGE.partition("## Live feed")[2].partition("`heartbeat`")[0]))
    assert told - {"call_id"} == {event.type for event in Event.__subclasses__()}


# ---- what dialplan and code share ------------------------------------------------------------------------------------


def shared_names() -> dict[str, str]:
    return {name: value for name, value in vars(channel_variables).items() if name.isupper()}


@pytest.mark.parametrize(("name", "value"), shared_names().items())
def test_every_shared_name_is_used_by_the_dialplan_or_a_script(name: str, value: str) -> None:
    scripts = [ast.parse(path.read_text()) for path in (CHECKOUT / "gateway/agi/scripts").glob("*.py")]
    used = {node.id for script in scripts for node in ast.walk(script) if isinstance(node, ast.Name)}
    assert name in used or re.search(rf"(?<!\w){re.escape(value)}(?!\w)", DIALPLAN)


def test_every_shared_name_is_explained() -> None:
    body = ast.parse(Path(channel_variables.__file__).read_text()).body
    explained = {
        node.target.id
        for node, following in pairwise(body)
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(following, ast.Expr)
        and isinstance(following.value, ast.Constant)
        and isinstance(following.value.value, str)
    }
    assert explained == set(shared_names())


def test_every_record_of_our_own_that_the_dialplan_writes_has_a_shared_name() -> None:
    written = set(re.findall(r"CELGenUserEvent\((\w+)", DIALPLAN))
    assert written
    assert written <= set(shared_names().values())


# ---- pages -----------------------------------------------------------------------------------------------------------


def anchors(text: str) -> set[str]:
    """The places that a link may point to, as GitHub makes them of headings."""
    headings = re.findall(r"^#+ +(.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


LINKS = [
    pytest.param(path, link, id=f"{page_name(path)}: {link}")
    for path in PAGES
    for link in re.findall(r"\]\(\s*<?([^)\s>]+)", path.read_text())
    if not re.match(r"[a-z]+:", link)
]


@pytest.mark.parametrize(("path", "link"), LINKS)
def test_every_link_between_pages_leads_somewhere(path: Path, link: str) -> None:
    target, _, place = link.partition("#")
    there = path.parent / target if target else path
    assert there.exists()
    assert there.resolve().is_relative_to(CHECKOUT)
    if place:
        assert place in anchors(there.read_text())


@pytest.mark.parametrize("path", PAGES, ids=page_name)
def test_every_make_target_that_a_page_names_is_in_the_makefile(path: Path) -> None:
    text = path.read_text()
    named = {*re.findall(r"`make ([a-z]+)", text), *re.findall(r"^    make ([a-z]+)", text, re.MULTILINE)}
    targets = set(re.findall(r"^([a-z]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    assert named <= targets


def test_every_test_that_the_operators_page_refers_to_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", (CHECKOUT / "docs/operations.md").read_text()))
    assert named
    assert named <= {path.stem for path in (CHECKOUT / "tests").rglob("test_*.py")}


def test_every_file_that_the_architecture_names_is_there() -> None:
    named = set(re.findall(r"[\w/]+\.(?:py|conf|toml|svg)\b", (CHECKOUT / "docs/architecture.md").read_text()))
    tracked = [
        path.relative_to(CHECKOUT).as_posix()
        for top in ("gateway", "ticketing", "asterisk-conf", "bench", "chaos", "tests", "docs")
        for path in (CHECKOUT / top).rglob("*")
    ]
    names = [name.removesuffix(".j2") for name in tracked]
    assert {name for name in named if not any(f"/{one}".endswith(f"/{name}") for one in names)} == set()


# ---- decisions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DECISIONS, ids=page_name)
def test_every_decision_says_how_it_stands_why_what_and_at_what_price(path: Path) -> None:
    text = path.read_text()
    assert re.search(r"^Status: (?:proposed|accepted|superseded)\b.*\d{4}-\d\d-\d\d", text, re.MULTILINE)
    chapters = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    contents = {title: content.strip() for title, _, content in (chapter.partition("\n") for chapter in chapters)}
    assert [title for title in ("Context", "Decision", "Consequences") if not contents.get(title)] == []


def test_decisions_are_numbered_in_a_row_as_their_titles_say() -> None:
    numbers = [path.name[:4] for path in DECISIONS]
    assert numbers == [f"{number:04d}" for number in range(1, len(DECISIONS) + 1)]
    titles = [path.read_text().splitlines()[0] for path in DECISIONS]
    assert [title.partition(".")[0] for title in titles] == [f"# {int(number)}" for number in numbers]
