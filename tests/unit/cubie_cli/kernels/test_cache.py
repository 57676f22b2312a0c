import os

from cubie_cli.kernels import cache


def test_the_oldest_make_room(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "LARGEST_TOTAL", 250)
    for age, name in enumerate(("young", "middle", "old")):
        path = tmp_path / f"{name}.kernel"
        path.write_bytes(b"x" * 100)
        os.utime(path, (1e9 - age, 1e9 - age))
    cache._drop_oldest(tmp_path)  # noqa: SLF001
    assert sorted(path.name for path in tmp_path.iterdir()) == ["middle.kernel", "young.kernel"]


def test_code_is_an_elf_file_that_is_all_there():
    header = bytearray(64)
    header[:4], header[40:48], header[58:62] = b"\x7fELF", (64).to_bytes(8, "little"), b"\x40\x00\x01\x00"
    code = bytes(header) + b"kernel".ljust(64, b"\0")
    assert cache._is_whole(code, "kernel")  # noqa: SLF001
    for spoilt in (b"", b"x" * 500, code[:-1], code[:64], code.replace(b"kernel", b"colonel")):
        assert not cache._is_whole(spoilt, "kernel")  # noqa: SLF001
