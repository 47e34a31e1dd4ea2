"""A template and its values as an answer: in the visitor's language, everything escaped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from gateway.web.door.city import limit
from gateway.web.door.context import web_of
from gateway.web.pages.texts import texts
from gateway.web.pages.views import Words
from ticketing.model import Role
from ticketing.permissions import Permission, may

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.web.door.auth import Identity
    from gateway.web.pages.texts import Texts

LANGUAGE_COOKIE: Final = "siaga112-language"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page, and what the page may offer."""

    name: str
    role: Role
    csrf: str
    skpd: str | None = None  # for whom an SKPD's dispatcher works
    owed: int = 0  # callers who are to be called back; only looked up for who reads calls

    @classmethod
    def of(cls, identity: Identity) -> Visitor:
        """The visitor behind a session, or behind a token (which may look, and needs no proof to change)."""
        user, csrf = identity.user, identity.session.csrf if identity.session else ""
        return cls(user.name, user.role, csrf, user.skpd)

    @property
    def reads_calls(self) -> bool:
        """Whether the call log is for them."""
        return may(self.role, Permission.READ_CALLS)

    @property
    def triages(self) -> bool:
        """Whether they record what the caller says."""
        return may(self.role, Permission.TRIAGE)

    @property
    def dispatches(self) -> bool:
        """Whether they have SKPDs rung."""
        return may(self.role, Permission.DISPATCH)

    @property
    def calls_back(self) -> bool:
        """Whether they call back whoever was not answered."""
        return may(self.role, Permission.CALL_BACK)

    @property
    def gives_up(self) -> bool:
        """Whether they may decide that a caller is not called back."""
        return may(self.role, Permission.GIVE_UP_CALL_BACK)

    @property
    def reads_nuisance(self) -> bool:
        """Whether they may know which numbers are marked."""
        return may(self.role, Permission.READ_NUISANCE)

    @property
    def judges(self) -> bool:
        """Whether they confirm and forgive marks."""
        return may(self.role, Permission.JUDGE_NUISANCE)

    @property
    def keeps_notes(self) -> bool:
        """Whether they keep premise notes."""
        return may(self.role, Permission.KEEP_PREMISE_NOTES)

    @property
    def takes_calls(self) -> bool:
        """Whether a phone that takes calls stands beside this screen."""
        return self.role is Role.CALL_TAKER

    @property
    def plays(self) -> bool:
        """Whether they may hear recordings."""
        return may(self.role, Permission.PLAY_RECORDING)

    @property
    def listens(self) -> bool:
        """Whether the live feed is for them."""
        return may(self.role, Permission.READ_LIVE)


@cache
def templates() -> Environment:
    """The templates; every value they print is escaped."""
    environment = Environment(
        loader=PackageLoader("gateway.web.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["minutes"] = limit
    return environment


def texts_for(request: web.Request) -> Texts:
    """The language that the visitor chose, else the site's."""
    return texts(request.cookies.get(LANGUAGE_COOKIE), web_of(request).city.language)


def words_for(request: web.Request) -> Words:
    """The city's ways and the visitor's language."""
    return Words(web_of(request).city, texts_for(request))


def written(request: web.Request, template: str, visitor: Visitor | None, values: Mapping[str, object]) -> str:
    """A template filled for this visitor."""
    common = {
        "t": texts_for(request),
        "city": web_of(request).city,
        "visitor": visitor,
        "path": request.path_qs,
        "here": "",
    }
    return templates().get_template(template).render({**common, **values})


def page(html: str, *, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    """A page, or a part of one, as an answer."""
    return web.Response(text=html, status=status, content_type="text/html")


def rendered(
    request: web.Request,
    template: str,
    visitor: Visitor | None,
    values: Mapping[str, object],
    *,
    status: HTTPStatus = HTTPStatus.OK,
) -> web.Response:
    """A template filled for this visitor, as an answer."""
    return page(written(request, template, visitor, values), status=status)
