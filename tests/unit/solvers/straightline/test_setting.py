"""Settings: arithmetic that is put off until they are known, and where a kernel finds them."""

import json
import math

import numpy as np
import pytest
from support.texts import body, lines

from solvers.straightline import Argument, fma, literal, record, select
from solvers.straightline.setting import Setting, SettingsBlock, Slot, filled, is_used, least, log2, most

F64 = Argument(False, "float64")  # noqa: FBT003
F32 = Argument(False, "float32")  # noqa: FBT003
A, B = Setting("a"), Setting("b")
KNOWN = {"a": 3.0, "b": 0.25}


def sums(a, b):
    """Return all arithmetic there is."""
    return [
        a + b,
        a - 1.5,
        2 - b,
        1.0 + a,
        -a / 2,
        1e-3 * a * b,
        1.0 / b,
        (a - b) / 7,
        log2(b * a),
        least(a, b, 1.0),
        most(b, 0.5),
        np.float64(0.1) * a,
    ]


def test_arithmetic_is_done_as_python_does_it_once_the_numbers_are_known():
    assert [each.value(KNOWN) for each in sums(A, B)] == sums(KNOWN["a"], KNOWN["b"])
    assert all(type(each) is Setting for each in sums(A, B))


def test_settings_are_plain_values_and_back():
    stored = json.loads(json.dumps([each.as_json() for each in sums(A, B)]))
    assert [Setting.from_json(each) for each in stored] == sums(A, B)
    slot = Slot(A * 0.5, "float32", 24)
    assert Slot.from_json(json.loads(json.dumps(slot.as_json()))) == slot


def test_code_cannot_depend_on_what_is_set():
    with pytest.raises(TypeError, match=r"\(a\*2\) is not known when code is written"):
        bool(A * 2)
    with pytest.raises(TypeError):
        assert A < 1.0
    with pytest.raises(TypeError):
        float(A)
    with pytest.raises(TypeError):
        np.float32(2.0) + "a" * A


def test_what_may_be_other_than_zero():
    assert [is_used(each) for each in (A, 0.0, 0, -0.5, math.inf)] == [True, False, False, True, True]


def test_with_values_they_are_operands():
    def step(x, single):
        y = fma(x, A, B - A)
        return select(y < A, A - y, B * 2.0), single * B, literal(x, A, "int32")

    assert body(record(step, [F64, F32])) == lines("""
        v0: float64 = fma x a (b-a)
        v1: mask = compare v0 < a
        v2: float64 = sub a v0
        v3: float64 = select v1 v2 (b*2.0)
        v4: float32 = mul single b
        return v3 v4 a
    """)


def test_each_has_one_place_for_a_type():
    block = SettingsBlock()
    places = [block.offset(*each) for each in ((A, "float64"), (B, "float32"), (A, "float64"), (A, "int32"))]
    assert places == [0, 8, 0, 16]
    found = filled(block.slots.values(), KNOWN)
    assert found[0:8].view(np.float64) == 3.0
    assert found[8:12].view(np.float32) == 0.25
    assert found[16:20].view(np.int32) == 3
    assert filled([], KNOWN).size == 0


def test_a_setting_is_rounded_to_its_type_once():
    slot = Slot(A / 10, "float32", 0)
    assert filled([slot], KNOWN).view(np.float32)[0] == np.float32(3.0 / 10)
