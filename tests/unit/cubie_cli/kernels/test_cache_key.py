"""The key of a kernel: what makes it another one."""

import pytest

from cubie_cli.kernels.cache_key import kernel_key


def key(files):
    return kernel_key(files.load(), "cpu", "any")


def test_a_value_that_is_an_expression_is_part_of_it(files):
    files.edit_model("x = 1.0", 'x = "2*k"')
    before = key(files)
    files.edit_model('x = "2*k"', 'x = "3*k"')
    assert key(files) != before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('ends = "periodic"', 'ends = "hold"'),
        ("u[i-1]", "u[i-2]"),
        ("3*i", "2*i"),
    ],
)
def test_what_is_written_of_a_vector_is_part_of_it(files, old, new):
    files.edit_model("x = 1.0", 'x = 1.0\nu = { size = 3, value = "k*3*i", index = "i", ends = "periodic" }')
    files.edit_model('x = "k*y"', 'x = "k*y"\nu = "u[i-1]"')
    before = key(files)
    files.edit_model(old, new)
    assert key(files) != before


def test_a_value_that_is_a_number_is_not(files):
    before = key(files)
    files.edit_model("x = 1.0", "x = 2.0")
    assert key(files) == before
