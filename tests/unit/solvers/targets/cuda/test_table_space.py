"""Which tables are among a kernel's constants."""

from llvmlite import ir

from solvers.targets.cuda.emitter import CONSTANT_SPACE, GLOBAL_SPACE, MOST_IN_TABLES, SMALL_TABLE, CudaEmitter
from solvers.targets.tables import KernelTables


def test_small_tables_are_until_their_room_is_taken():
    tables = KernelTables()
    emitters = [CudaEmitter(ir.IRBuilder(), [], tables=tables) for _ in range(2)]
    names = [f"table {number}" for number in range(3 * MOST_IN_TABLES // SMALL_TABLE)]
    spaces = [emitters[number % 2].table_space(name, SMALL_TABLE) for number, name in enumerate(names)]
    room = MOST_IN_TABLES // SMALL_TABLE
    assert spaces == [CONSTANT_SPACE] * room + [GLOBAL_SPACE] * (len(names) - room)
    # What was told of one holds in other functions, too.
    assert [emitters[0].table_space(name, SMALL_TABLE) for name in names] == spaces


def test_large_ones_are_not():
    assert CudaEmitter(ir.IRBuilder(), []).table_space("large", SMALL_TABLE + 1) == GLOBAL_SPACE
