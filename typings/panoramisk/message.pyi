from . import utils

# Any header can also be read as an attribute; only those that panoramisk itself reads are named here.
class Message(utils.CaseInsensitiveDict):
    message: str
    @property
    def action_id(self) -> str | None: ...
    @property
    def success(self) -> bool: ...
