from solvers.targets.written import Written, count_written

MODULE = """\
; ModuleID = "f"
define double @"f"(double %".1")
{
entry:
  %".2" = call double @__nv_sin(double %".1")
  %".3" = call double @"__nv_exp"(double %".2")
  %".4" = call double @__nv_fabs(double %".3")
  ret double %".4"
}
declare double @__nv_sin(double)
"""


def test_instructions_and_functions_of_all_modules_are_counted():
    assert count_written([MODULE, MODULE]) == Written(8, 3.0)


def test_nothing_is_nothing():
    assert count_written([]) == Written(0, 0)
