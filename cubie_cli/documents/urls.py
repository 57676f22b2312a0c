"""Names of objects in stores, such as s3://bucket/folder/result.h5."""

import re
from pathlib import Path, PosixPath
from typing import Self

#: What names an object; a path that was made of such a name has one of its slashes left.
_URL = re.compile(r"[a-z][a-z0-9+.-]+:(/.*)?")


class Url(PosixPath):
    """An object's name: a path as far as names go, for which the file system has no file.

    So whatever does not know stores says that there is no such file.
    """

    def __str__(self) -> str:
        rest = super().__str__().partition(":")[2].removeprefix("/")
        return f"{self.scheme}://{'/' * (self.scheme == 'file')}{rest}"

    @property
    def scheme(self) -> str:
        """What comes before ://, such as s3."""
        return super().__str__().partition(":")[0]

    def absolute(self) -> Self:
        """Return itself."""
        return self

    def resolve(self, strict: bool = False) -> Self:  # noqa: ARG002, FBT001, FBT002 - as a path has it
        """Return itself."""
        return self


def as_url(name: str) -> Path | None:
    """Return the object that a name is of; None where it is that of a file."""
    return Url(name) if _URL.fullmatch(name) else None
