"""Says what is wrong with the bytes of a file that should be text in UTF-8."""

import codecs

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_REMEDY = "save it as UTF-8"
#: How files begin that hold text in another form, and what to do with them.
_SPREADSHEET = "a spreadsheet is saved as CSV first"
_PACKED = {b"PK\3\4": _SPREADSHEET, b"\xd0\xcf\x11\xe0": _SPREADSHEET, b"\x1f\x8b": "unpack it first"}


def trouble(content: bytes, wanted: str) -> tuple[str, str | None] | None:
    """Return what is wrong with bytes in which there should be UTF-8 text, and a remedy; None where nothing is.

    Parameters
    ----------
    content
        The bytes.
    wanted
        What should be there, such as "TOML text".
    """
    if content.startswith(_UTF_16) or _every_second_is_zero(content):
        return "this text is in UTF-16", _REMEDY
    remedy = next((remedy for beginning, remedy in _PACKED.items() if content.startswith(beginning)), None)
    if remedy or b"\0" in content:
        return f"this is a binary file, not {wanted}", remedy
    return None


def _every_second_is_zero(content: bytes) -> bool:
    """Return whether bytes begin as ASCII in UTF-16 does."""
    start = content[:64]
    halves = start[::2], start[1::2]
    return len(start) >= 4 and any(not any(one) and all(other) for one, other in (halves, halves[::-1]))
