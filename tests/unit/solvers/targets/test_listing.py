"""What a kernel is made of, collected as texts."""

from support.solving import make_problem
from support.systems import lorenz

from solvers.execution import engine
from solvers.straightline import Argument, record
from solvers.straightline.order import by_demand
from solvers.targets.listing import ARRANGED, RECORDED, Listing, llvm_instructions

F64 = Argument(False, "float64")  # noqa: FBT003
F32 = Argument(False, "float32")  # noqa: FBT003

MODULE = """\
; ModuleID = "two functions"
declare double @"outside"(double %"x")
define double @"first"(double %"x")
{
entry:
  %".2" = fadd double %"x", 1.0
  br label %"done"
done:
  ret double %".2"
}
@"table" = constant [1 x i8] c"x"
define i32 @second(i32 %x) {
  switch i32 %x, label %other [
    i32 0, label %zero
    i32 1, label %zero
  ]
zero:                                             ; preds = %0
  ret i32 0
other:                                            ; preds = %0
  ret i32 1
}
"""


def test_instructions_of_functions_are_counted():
    assert llvm_instructions(MODULE) == 3 + 3
    assert llvm_instructions("") == 0


def twice(x):
    x * 3.0
    return x + x


def test_a_function_is_listed_as_recorded_and_as_arranged():
    listing = Listing()
    for kind in (F64, F64, F32):
        recorded = record(twice, [kind])
        listing.add_function(recorded, by_demand(recorded))
    names = [
        (text.name.partition("/")[0], text.name.rpartition(".")[0][-7:].lstrip("g"), text.count)
        for text in listing.texts
    ]
    assert names == [
        (RECORDED, ".twice", 2),
        (ARRANGED, ".twice", 1),
        (RECORDED, "twice-2", 2),
        (ARRANGED, "twice-2", 1),
    ]
    assert listing.texts[1].content == "twice(x: float64)\n    v0: float64 = add x x\n    return v0\n"
    assert (listing.count("operations", RECORDED), listing.count("operations", ARRANGED)) == (4, 2)


def test_modules_of_one_name_are_told_apart():
    listing = Listing()
    for _ in range(2):
        listing.add_llvm("module", "code", MODULE)
    assert [text.name for text in listing.texts] == ["module.ll", "module-2.ll"]
    assert listing.count("instructions") == 12


def test_the_cpu_lists_functions_code_and_assembly():
    listing = Listing()
    plan = engine.plan(make_problem(lorenz(), "rk4", 1.0, dt=0.5), "cpu")
    kernel = engine.compile_kernel(plan, listing=listing)
    texts = {text.name: text for text in listing.texts}
    assert list(texts)[-3:] == ["kernel.ll", "kernel.optimised.ll", "kernel.s"]
    assert texts["kernel.ll"].count > texts["kernel.optimised.ll"].count > 100
    assert kernel.details["symbol"] in texts["kernel.s"].content
    functions = [name for name in texts if name.startswith(RECORDED)]
    assert f"{RECORDED}/loop.Loop._busy.txt" in functions
    assert {name.replace(RECORDED, ARRANGED) for name in functions} < set(texts)
