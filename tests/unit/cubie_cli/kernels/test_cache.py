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
