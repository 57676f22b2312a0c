"""Draws the pictures of the pages anew: `python docs/pictures.py [NAME ...]`.

A picture `pictures/NAME.png` is what a command of its page writes to NAME.png.
"""

import itertools
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

PAGES = Path(__file__).parent
CONFIGS = PAGES.parent / "configs"


def main(names: list[str]) -> None:
    """Draw the pictures of those names, or all.

    Parameters
    ----------
    names
        Of pictures, without their ending.
    """
    for page in sorted(PAGES.rglob("*.md")):
        for commands in pictures(page.read_text(), names):
            with tempfile.TemporaryDirectory() as folder:
                shutil.copytree(CONFIGS, Path(folder, "configs"), ignore=shutil.ignore_patterns("*.h5"))
                for command in commands:
                    program = [sys.executable, "-m", "cubie_cli", *shlex.split(command)[1:]]
                    subprocess.run(program, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
                picture = _written(commands[-1])
                shrink(Path(folder, picture), PAGES / "pictures" / picture)
                print(picture)


def shrink(source: Path, target: Path) -> None:
    """Keep a picture with the 256 colours that it needs most, which takes half the room.

    Parameters
    ----------
    source, target
        The picture, and where to keep it.
    """
    Image.open(source).convert("RGB").quantize(256).save(target, optimize=True)


def pictures(text: str, names: list[str]) -> list[list[str]]:
    """Return for each picture of a page the commands that make it: the last draws it, those before make the result.

    Parameters
    ----------
    text
        Of the page.
    names
        Of pictures that are asked for; all if there is none.
    """
    commands = re.findall(r"^\$ (cubie (?:init|run|plot) .*)$", text, re.MULTILINE)
    shown = re.findall(r"\]\((?:\.\./)*pictures/(.*)\.png\)", text)
    drawn = {_written(command): place for place, command in enumerate(commands) if command.startswith("cubie plot")}
    return [
        [*_making(commands[: drawn[f"{name}.png"]], commands[drawn[f"{name}.png"]]), commands[drawn[f"{name}.png"]]]
        for name in shown
        if name in names or not names
    ]


def _making(earlier: list[str], draw: str) -> list[str]:
    """Return the commands before a picture that have to do with the folder or the configuration of its result."""
    result = shlex.split(draw)[2]
    words = {Path(result).stem, result.partition("/")[0]} - {"configs"}
    return [
        command
        for command in earlier
        if not command.startswith("cubie plot")
        and words & {part for word in shlex.split(command) for part in (word.partition("/")[0], Path(word).stem)}
    ]


def _written(command: str) -> str:
    """Return the picture that a command writes."""
    words = shlex.split(command)
    return next((after for word, after in itertools.pairwise(words) if word in {"-o", "--output"}), "")


if __name__ == "__main__":
    main(sys.argv[1:])
