"""Writes plain values as TOML, in their order."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

_NUMBERS = {int, float}


def toml_text(data: Mapping[str, Any]) -> str:
    """Return a TOML text that says what plain values say, in their order.

    Each table at the top has a heading. What is in it stands a value a line, those of tables within by dotted keys, as
    headings of their own would have to come last.
    """
    lines = [line for key, value in data.items() if not isinstance(value, dict) for line in _lines(_key(key), value)]
    for key, value in data.items():
        if isinstance(value, dict):
            lines += [
                "",
                f"[{_key(key)}]",
                *(line for name, each in value.items() for line in _lines(_key(name), each)),
            ]
    return "\n".join([*lines, ""]).lstrip("\n")


def _lines(path: str, value: Any) -> Iterator[str]:
    if not isinstance(value, dict) or not value:
        yield f"{path} = {_inline(value)}"
        return
    for key, each in value.items():
        yield from _lines(f"{path}.{_key(key)}", each)


def _inline(value: Any) -> str:
    if isinstance(value, list):
        # Texts of numbers are made by the million.
        texts = map(repr, value) if set(map(type, value)) <= _NUMBERS else map(_inline, value)
        return f"[{', '.join(texts)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {_inline(each)}' for key, each in value.items())} }}"
    if isinstance(value, bool):
        return str(value).lower()
    return _quoted(value) if isinstance(value, str) else repr(value)


def _key(name: str) -> str:
    return name if name and name.isascii() and name.replace("_", "").replace("-", "").isalnum() else _quoted(name)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
