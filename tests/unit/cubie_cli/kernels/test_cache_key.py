"""The key of a kernel: what makes it another one."""

from cubie_cli.kernels.cache_key import kernel_key


def key(files):
    return kernel_key(files.load(), "cpu", "any")


def test_a_value_that_is_an_expression_is_part_of_it(files):
    files.edit_model("x = 1.0", 'x = "2*k"')
    before = key(files)
    files.edit_model('x = "2*k"', 'x = "3*k"')
    assert key(files) != before


def test_a_value_that_is_a_number_is_not(files):
    before = key(files)
    files.edit_model("x = 1.0", "x = 2.0")
    assert key(files) == before
