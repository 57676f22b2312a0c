import pytest

from cubie_cli.documents.messages import size


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (1023 * 1024, "1023 KiB"), (1 << 30, "1 GiB")],
)
def test_sizes_are_readable(count, text):
    assert size(count) == text
