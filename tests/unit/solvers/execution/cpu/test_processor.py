"""How many threads a job may use."""

import os

import pytest

from solvers.execution.cpu.processor import group_limit, processor


def write(root, files):
    """Write files by their paths, and return the folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


#: What lies under the mount, the process's groups, and the processors granted.
LIMITS = {
    "version 2": ({"job/cpu.max": "150000 100000\n"}, "0::/job\n", 1.5),
    "version 2, the group above": ({"a/cpu.max": "200000 100000", "a/b/cpu.max": "max 100000"}, "0::/a/b\n", 2.0),
    "version 2, the least": ({"a/cpu.max": "200000 100000", "a/b/cpu.max": "400000 100000"}, "0::/a/b\n", 2.0),
    "version 2, none": ({"job/cpu.max": "max 100000"}, "0::/job\n", None),
    "version 2 in a container": ({"cpu.max": "300000 100000"}, "0::/docker/1234\n", 3.0),
    "version 1": (
        {"cpu,cpuacct/job/cpu.cfs_quota_us": "250000\n", "cpu,cpuacct/job/cpu.cfs_period_us": "100000\n"},
        "5:memory:/other\n4:cpu,cpuacct:/job\n1:name=systemd:/x\n",
        2.5,
    ),
    "version 1, mounted as cpu": (
        {"cpu/job/cpu.cfs_quota_us": "400000", "cpu/job/cpu.cfs_period_us": "100000"},
        "4:cpuacct,cpu:/job\n",
        4.0,
    ),
    "version 1, none": (
        {"cpu/job/cpu.cfs_quota_us": "-1", "cpu/job/cpu.cfs_period_us": "100000"},
        "4:cpu:/job\n",
        None,
    ),
    "both, the CPU under version 1": (
        {"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000", "unified/cpu.max": "9 9"},
        "4:cpu:/\n0::/\n",
        1.0,
    ),
    "nonsense": ({"job/cpu.max": "many"}, "no such line\n0::/job\n", None),
}


@pytest.mark.parametrize(("files", "own", "expected"), LIMITS.values(), ids=LIMITS)
def test_quotas_of_control_groups(tmp_path, files, own, expected):
    root = write(tmp_path / "cgroup", files)
    (tmp_path / "own").write_text(own)
    assert group_limit(root, tmp_path / "own") == expected


def test_no_control_groups(tmp_path):
    assert group_limit(tmp_path, tmp_path / "missing") is None


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes are not bound to processors here")
def test_affinity_bounds_threads():
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        found = processor()
    finally:
        os.sched_setaffinity(0, allowed)
    assert (found.affinity, found.threads) == (1, 1)
