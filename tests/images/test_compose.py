"""docker/compose.yaml and the Dockerfiles, read: what can be seen without an engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from gateway.site.config import CHECKOUT
from tests.images.containers import BASE, COMPOSE, compose, instructions

SCHEMA = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
DOCKERFILES = sorted((CHECKOUT / "docker").glob("*/Dockerfile"))


def check(document: object) -> None:
    jsonschema.Draft7Validator(SCHEMA).validate(document)


def names(dockerfile: Path) -> str:
    return dockerfile.parent.name


def test_the_compose_file_is_one_by_the_compose_specification() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    check(compose())


@pytest.mark.parametrize(
    "wrong",
    [
        {"services": {"asterisk": {"netwerk_mode": "host"}}},
        {"services": {"asterisk": {"depends_on": {"prepare": {"condition": "service_finished"}}}}},
        {"services": {"asterisk": {"healthcheck": {"test": 1}}}},
    ],
)
def test_a_compose_file_with_a_mistake_would_be_found_out(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        check({**compose(), **wrong})


def test_every_service_shares_home_and_the_machines_network() -> None:
    document = compose()
    for service in document["services"].values():
        (volume,) = service["volumes"]
        source, _, target = volume.partition(":")
        assert source in document["volumes"]
        assert f"ENV SIAGA112_HOME={target}" in instructions(CHECKOUT / service["build"]["dockerfile"])
        assert service["network_mode"] == "host"


def test_every_service_that_stays_is_watched_and_started_again() -> None:
    services = compose()["services"]
    staying = {name for name, service in services.items() if "restart" in service}
    assert staying == {name for name, service in services.items() if "healthcheck" in service}
    assert staying == {"asterisk", "gateway"}


def test_asterisk_waits_for_what_is_prepared_and_the_gateway_for_nothing_of_asterisks() -> None:
    services = compose()["services"]
    assert services["asterisk"]["depends_on"] == {"prepare": {"condition": "service_completed_successfully"}}
    assert services["gateway"]["depends_on"] == {"asterisk": {"condition": "service_started"}}


def test_the_sites_file_is_the_one_that_the_settings_are_read_from() -> None:
    document = compose()
    for name in ("prepare", "gateway"):
        service = document["services"][name]
        (config,) = service["configs"]
        assert service["environment"]["SIAGA112_CONFIG"] == config["target"]
        assert document["configs"][config["source"]]["file"] == "siaga112.toml"
    assert f"/{COMPOSE.parent.name}/siaga112.toml" in (CHECKOUT / ".gitignore").read_text().splitlines()


def test_both_images_begin_with_the_same_asterisk() -> None:
    one, other = (instructions(dockerfile) for dockerfile in DOCKERFILES)
    shared = next(number for number, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    assert one[0] == f"FROM {BASE}"
    assert one[shared - 1].startswith("ENV SIAGA112_HOME=")
    assert any("tools/bootstrap.sh asterisk" in line for line in one[:shared])


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=names)
def test_an_image_installs_by_the_lists_of_make_run_and_none_of_its_own(dockerfile: Path) -> None:
    text = "\n".join(instructions(dockerfile))
    assert "tools/bootstrap.sh" in text
    assert "apt-get" not in text
    assert "pip" not in text


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=names)
def test_an_image_is_not_run_as_root(dockerfile: Path) -> None:
    users = [line for line in instructions(dockerfile) if line.startswith("USER ")]
    assert users == ["USER siaga112"]


def test_what_an_instance_keeps_does_not_get_into_an_image() -> None:
    first, *rest = [line for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line[:1] not in {"", "#"}]
    assert first == "*"
    allowed = {line.removeprefix("!") for line in rest if line.startswith("!")}
    assert allowed <= {path.name for path in CHECKOUT.iterdir()}
    assert not allowed & {".git", ".venv", "var", "docker", "tests", "siaga112.toml"}
