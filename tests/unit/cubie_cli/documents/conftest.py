"""A TOML file to read."""

import pytest


@pytest.fixture
def write(tmp_path):
    def written(content):
        path = tmp_path / "file.toml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written
