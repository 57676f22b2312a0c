"""Records as texts: every operation on a line, arguments by name."""

from inspect import cleandoc
from typing import NamedTuple

from solvers import straightline as sl
from solvers.straightline import Argument, bits, record
from solvers.straightline.loops import Table, fold, for_each, looked_up
from solvers.straightline.setting import Setting
from solvers.straightline.text import arguments, operations, written
from solvers.targets.emitter import Emitter

F64 = Argument(False, "float64")  # noqa: FBT003
F32 = Argument(False, "float32")  # noqa: FBT003
I64 = Argument(False, "int64")  # noqa: FBT003
MASK = Argument(False, "mask")  # noqa: FBT003
ARRAY = Argument(True, "float64")  # noqa: FBT003
RATE = Setting("rate") * 2.0
ADDRESS = Setting("tables.light")


def everything(mask, run, x, single, y, memory):
    """Use every operation there is."""
    y[0] = 1.0
    y[0] = sl.fma(x, 0.5, y[1])
    y[2] = -((x + y[0]) - 2.0) * (x / 3.0)
    found = sl.both(sl.either(mask, run == 3), sl.negate(x < y[1]))
    seen = sl.gather(memory, run + 1, found)
    sl.scatter(memory, run, sl.select(found, seen, 0.0), found)
    seen = seen + sl.fetch(ADDRESS, run + 1, "float64", column=1, width=4)
    extremes = sl.minimum(x, seen) * sl.maximum(x, seen) * sl.larger(x, seen) * sl.smaller(x, seen)
    sizes = sl.larger_magnitude(x, seen) * sl.absolute(x) * sl.square_root(x)
    estimates = sl.exp2_estimate(sl.log2_estimate(single))
    quotients = sl.reciprocal(x) * sl.quotient_estimate(x, seen)
    return extremes, sizes, sl.convert(estimates, "float64"), quotients, sl.call("atan2", x, seen), x * RATE, False


EVERYTHING = """
everything(mask: mask, run: int64, x: float64, single: float32, y: float64[], memory: float64[])
    v0: float64 = load y[1]
    v1: float64 = fma x 0.5 v0
    store y[0] = v1
    v2: float64 = add x v1
    v3: float64 = sub v2 2.0
    v4: float64 = neg v3
    v5: float64 = div x 3.0
    v6: float64 = mul v4 v5
    store y[2] = v6
    v7: mask = compare run == 3
    v8: mask = or mask v7
    v9: mask = compare x < v0
    v10: mask = not v9
    v11: mask = and v8 v10
    v12: int64 = add run 1
    v13: float64 = gather memory[v12] where v11
    v14: float64 = select v11 v13 0.0
    scatter memory[run] = v14 where v11
    v15: float64 = fetch tables.light[4*v12 + 1]
    v16: float64 = add v13 v15
    v17: float64 = minimum x v16
    v18: float64 = maximum x v16
    v19: float64 = mul v17 v18
    v20: float64 = larger x v16
    v21: float64 = mul v19 v20
    v22: float64 = smaller x v16
    v23: float64 = mul v21 v22
    v24: float64 = larger_magnitude x v16
    v25: float64 = abs x
    v26: float64 = mul v24 v25
    v27: float64 = sqrt x
    v28: float64 = mul v26 v27
    v29: float32 = log2_estimate single
    v30: float32 = exp2_estimate v29
    v31: float64 = reciprocal x
    v32: float64 = quotient_estimate x v16
    v33: float64 = mul v31 v32
    v34: float64 = convert v30
    v35: float64 = call atan2 x v16
    v36: float64 = mul x (rate*2.0)
    return v23 v28 v34 v33 v35 v36 false
"""


def bits_and_loops(x, single, y):
    """Use every operation on bits and indices."""
    word = bits.shifted_left(bits.shifted_right(bits.masked(bits.high_word(x), 255), 2), 1)
    built = bits.from_words(word, bits.low_word(x))
    rounded = bits.float_of(bits.bits_of(single))
    guess = bits.reciprocal_guess(x) * bits.root_guess(x) * sl.exact_reciprocal(x)
    places, numbers = Table("index", (5, 3, 1)), Table("float64", (0.5, 1.5, 2.5))

    def add(i, totals):
        place = looked_up(y, places, i)

        def store(j):
            y[place + 2 * j] = totals[0] * y[1 + 2 * i]

        for_each(y, place + 1, store)
        return (totals[0] + looked_up(y, numbers, i),)

    return fold(y, 3, (built,), add, longest=2)[0], guess, rounded


BITS_AND_LOOPS = """
bits_and_loops(x: float64, single: float32, y: float64[])
    v0: int32 = high_word x
    v1: int32 = masked v0 255
    v2: int32 = shift_right 2 v1
    v3: int32 = shift_left 1 v2
    v4: int32 = low_word x
    v5: float64 = from_words v3 v4
    v6: int32 = bits single
    v7: float32 = float_of v6
    v8: float64 = reciprocal_guess x
    v9: float64 = root_guess x
    v10: float64 = mul v8 v9
    v11: float64 = exact_reciprocal x
    v12: float64 = mul v10 v11
    v13: index = loop 3 v5
        v14: float64 = carried 0 v13
        v15: index = look_up 3 index [1*v13 + 0]
        v16: index = index (1, 1) v15
        v17: index = loop v16
            v18: float64 = load y[2*v13 + 1]
            v19: float64 = mul v14 v18
            v20: index = index_sum (1, 2) v15 v17
            store y[1*v20 + 0] = v19
        end_loop v17
        v21: float64 = look_up 3 float64 [1*v13 + 0]
        v22: float64 = add v14 v21
    end_loop v13 v22
    v23: float64 = left 0
    return v23 v12 v7
"""


def test_every_operation_is_a_line():
    recorded = record(everything, [MASK, I64, F64, F32, ARRAY, ARRAY])
    others = record(bits_and_loops, [F64, F32, ARRAY])
    operations_of_both = [*recorded.record.operations, *others.record.operations]
    kinds = {operation.kind.replace(" ", "_") for operation in operations_of_both}
    known = {name.removeprefix("_emit_") for name in dir(Emitter) if name.startswith("_emit_")}
    assert kinds == known
    assert str(others) == BITS_AND_LOOPS.strip()
    assert str(recorded) == written(recorded) == EVERYTHING.strip()
    assert operations(recorded) == len(EVERYTHING.strip().splitlines()) - 2


def test_the_same_function_is_the_same_text():
    first, second = (record(everything, [MASK, I64, F64, F32, ARRAY, ARRAY]) for _ in range(2))
    assert written(first) == written(second)


def test_zeros_of_both_signs_are_told_apart():
    def zeros(y):
        y[0] = 0.0
        y[1] = -0.0

    assert [line.split()[-1] for line in str(record(zeros, [ARRAY])).splitlines()[1:]] == ["0.0", "-0.0"]


class Memory(NamedTuple):
    slopes: object
    linear: object


class Linear(NamedTuple):
    factors: object
    spare: object


def test_members_of_tuples_go_by_name_or_index():
    def step(place, memory, *rest):
        del place, memory, rest

    memory = Memory(ARRAY, Linear(ARRAY, (F64, ARRAY)))
    names = [name for name, _ in arguments(step, [(I64, I64), memory, F64, (MASK, MASK)])]
    assert names == [
        "place[0]",
        "place[1]",
        "memory.slopes",
        "memory.linear.factors",
        "memory.linear.spare[0]",
        "memory.linear.spare[1]",
        "rest[0]",
        "rest[1][0]",
        "rest[1][1]",
    ]


def test_buffers_go_by_the_names_of_named_tuples():
    def store(memory):
        memory[0][4] = memory[1][0][2]

    assert str(record(store, [Memory(ARRAY, (ARRAY,))])) == cleandoc("""
        store(memory.slopes: float64[], memory.linear[0]: float64[])
            v0: float64 = load memory.linear[0][2]
            store memory.slopes[4] = v0
    """)


def test_the_object_of_a_method_is_no_argument():
    class Doubler:
        def double(self, x):
            return x + x

    assert str(record(Doubler().double, [F64])) == "double(x: float64)\n    v0: float64 = add x x\n    return v0"


def test_many_arguments_take_a_line_each():
    def step(first_of_many_buffers, second_of_many_buffers, third_of_many_buffers):
        first_of_many_buffers[0] = second_of_many_buffers[0] + third_of_many_buffers[0]

    head = str(record(step, [ARRAY] * 3)).splitlines()[:5]
    assert head == [
        "step(",
        "    first_of_many_buffers: float64[],",
        "    second_of_many_buffers: float64[],",
        "    third_of_many_buffers: float64[],",
        ")",
    ]
