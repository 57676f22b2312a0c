from cubie_cli.reports.memory_tables import full, short

KERNEL = {"arch": "sm_90", "registers": 48, "shared_bytes_per_block": 3072, "occupancy": 0.5, "limiter": "registers"}


def test_tables_show_the_figures(memory, printed):
    text = printed(full(memory(KERNEL)))
    for figure in ("stages", "shared", "24 B", "48", "50%", "registers", "2 KiB", "4.77 MiB"):
        assert figure in text
    assert "no toolkit" in printed(short(memory()))


def test_unknown_chunks_are_not_invented(memory, printed):
    assert "as many as fit the device" in printed(short(memory(runs_per_chunk=None, chunks=None)))
