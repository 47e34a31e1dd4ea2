"""What a text may hold to be kept at all."""

from __future__ import annotations

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def well_formed(text: str) -> str:
    """Replace what neither UTF-8 nor a database can hold (lone surrogates, NUL) by U+FFFD.

    One such character from a hostile caller would otherwise make the whole transaction fail, again and again.
    """
    if text.isascii() and "\0" not in text:  # nearly all of them
        return text
    return _UNSTORABLE.sub("\ufffd", text)
