"""Results in stores: in a folder as one, and in moto's S3 where that is installed.

pip install 'moto[s3]' flask flask-cors
python -m pytest tests/cli/test_stores.py
"""

import http.server
import os
import shutil
import sys
import threading
from pathlib import Path

import h5py
import pytest

import cubie_cli
from cubie_cli.documents.urls import Url
from cubie_cli.results import stores
from cubie_cli.results.result_file import ResultFile

obstore = pytest.importorskip("obstore")


class Folder:
    """A folder as a store."""

    def __init__(self, path):
        self.path = path
        self.url = f"file://{path}"
        path.mkdir()

    def names(self):
        return sorted(path.name for path in self.path.iterdir())

    def read(self, name):
        return (self.path / name).read_bytes()

    def write(self, name, data):
        (self.path / name).write_bytes(data)

    def remove(self, name):
        (self.path / name).unlink()

    def close(self):
        self.path.rename(f"{self.path}.away")

    def reopen(self):
        Path(f"{self.path}.away").rename(self.path)


class Bucket:
    """A bucket of a server that is like S3's, as another program sees it."""

    def __init__(self, endpoint, name):
        key = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
        self.client = pytest.importorskip("boto3").client("s3", endpoint_url=endpoint, **key)
        self.name, self.url = name, f"s3://{name}/some"
        self.reopen()

    def names(self):
        found = self.client.list_objects_v2(Bucket=self.name).get("Contents", ())
        return sorted(each["Key"].removeprefix("some/") for each in found)

    def read(self, name):
        return self.client.get_object(Bucket=self.name, Key=f"some/{name}")["Body"].read()

    def write(self, name, data, **how):
        self.client.put_object(Bucket=self.name, Key=f"some/{name}", Body=data, **how)

    def remove(self, name):
        self.client.delete_object(Bucket=self.name, Key=f"some/{name}")

    def close(self):
        for name in self.names():
            self.remove(name)
        self.client.delete_bucket(Bucket=self.name)

    def reopen(self):
        self.client.create_bucket(Bucket=self.name)


@pytest.fixture(scope="module")
def endpoint():
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.moto)])
def store(request, folder, monkeypatch):
    if request.param == "folder":
        return Folder(folder / "store")
    endpoint = request.getfixturevalue("endpoint")
    variables = {"ENDPOINT_URL": endpoint, "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "REGION": "us-east-1"}
    for name, value in variables.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return Bucket(endpoint, f"bucket-{os.urandom(4).hex()}")


def left(folder):
    """Return what commands left beside the batch."""
    return sorted(path.name for path in folder.iterdir() if path.name not in {"model.toml", "run.toml", "store"})


def values(path):
    with h5py.File(path) as file:
        return {name: file[name][()].tobytes() for name in ("x", "y", "total", "rate", "x_0", "status", "steps", "run")}


def test_a_result_in_a_store_is_that_of_a_file(cubie, folder, store):
    done = cubie("run", "run.toml", "--output", f"{store.url}/result.h5")
    assert done.code == 0, done.err
    assert f"{store.url}/result.h5 (" in done.out
    assert f"cubie show {store.url}/result.h5" in done.out
    assert store.names() == ["result.h5"]
    assert left(folder) == []
    (folder / "copy.h5").write_bytes(store.read("result.h5"))
    assert cubie("run", "run.toml", "--output", "alone.h5").code == 0
    assert values("copy.h5") == values("alone.h5")
    shown = cubie("show", f"{store.url}/result.h5")
    assert shown.code == 0, shown.err
    assert f"{store.url}/result.h5 (" in shown.out
    assert cubie("run", "run.toml", "--output", f"{store.url}/result.h5", "--resume").err.endswith("is complete\n")
    assert left(folder) == ["alone.h5", "copy.h5"]


def test_a_configuration_names_an_object(cubie, folder, store):
    text = (folder / "run.toml").read_text().replace('"result.h5"', f'"{store.url}/named.h5"')
    (folder / "run.toml").write_text(text)
    assert cubie("run", "run.toml").code == 0
    assert store.names() == ["named.h5"]


def test_what_is_there_stays_without_force(cubie, store):
    name = f"{store.url}/result.h5"
    store.write("result.h5", b"a text")
    refused = cubie("run", "run.toml", "--output", name)
    assert refused.code == 5
    assert f"the output exists: {name}\n  hint: name another with --output, or add --force" in refused.err
    refused = cubie("run", "run.toml", "--output", name, "--force")
    assert refused.code == 5
    assert f"the output exists, and is not an HDF5 file: {name}" in refused.err
    assert store.read("result.h5") == b"a text"
    store.write("result.h5", b"\x89HDF\r\n\x1a\n and more")
    assert cubie("run", "run.toml", "--output", name, "--force").code == 0
    assert len(store.read("result.h5")) > 1000


def test_what_appears_stays_too_and_nothing_is_lost(cubie, folder, store, monkeypatch):
    write, written = ResultFile.write, []

    def write_elsewhere(self, *arguments):
        write(self, *arguments)
        written.append(self)
        store.write("result.h5", b"another's")

    monkeypatch.setattr(ResultFile, "write", write_elsewhere)
    command = ("run", "run.toml", "--output", f"{store.url}/result.h5", "--set", "run.chunk=6")
    refused = cubie(*command)
    assert refused.code == 5
    assert "the output appeared while it was computed, and stays as it is" in refused.err
    assert refused.err.endswith("6 of 6 runs are kept: --resume goes on with them\n")
    assert store.read("result.h5") == b"another's"
    store.remove("result.h5")
    assert "6 of 6 runs" in cubie(*command).err
    done = cubie(*command, "--resume")
    assert done.code == 0, done.err
    assert len(written) == 1
    assert (store.names(), left(folder)) == (["result.h5"], [])


def test_a_store_that_fails_costs_nothing(cubie, folder, store, monkeypatch):
    write = ResultFile.write

    def write_and_close(self, *arguments):
        write(self, *arguments)
        store.close()

    command = ("run", "run.toml", "--output", f"{store.url}/result.h5", "--set", "run.chunk=6")
    monkeypatch.setattr(ResultFile, "write", write_and_close)
    failed = cubie(*command)
    assert failed.code == 5
    assert f"no access to {store.url}/result.h5: " in failed.err
    assert failed.err.endswith("6 of 6 runs are kept: --resume goes on with them\n")
    store.reopen()
    done = cubie(*command, "--resume")
    assert done.code == 0, done.err
    assert (store.names(), left(folder)) == (["result.h5"], [])


def test_shards_meet_in_a_store(cubie, folder, store):
    names = [f"{store.url}/part-{index}.h5" for index in range(3)]
    for index, name in enumerate(names):
        assert cubie("run", "run.toml", "--shard", f"{index}/3", "--output", name).code == 0
    missing = cubie("merge", *names[1:], "--output", f"{store.url}/whole.h5")
    assert missing.code == 3
    assert "shard 0/3" in missing.err
    merged = cubie("merge", *names, "--output", f"{store.url}/whole.h5", "--json")
    assert merged.code == 0, merged.err
    assert left(folder) == []
    (folder / "copy.h5").write_bytes(store.read("whole.h5"))
    assert cubie("run", "run.toml", "--output", "alone.h5").code == 0
    assert values("copy.h5") == values("alone.h5")
    refused = cubie("merge", *names, "--output", "virtual.h5", "--virtual")
    assert refused.code == 2
    assert "is in a store\n  hint: merge without --virtual" in refused.err


def test_other_commands_read_and_write_objects(cubie, folder, store):
    name = f"{store.url}/result.h5"
    assert cubie("run", "run.toml", "--output", name).code == 0
    assert cubie("export", name, "--output", f"{store.url}/result.csv").code == 0
    assert store.read("result.csv").startswith(b"run,time,rate,x_0,x,y,total\n")
    assert cubie("plot", name).code == 0
    assert left(folder) == []


def test_a_program_reads_and_writes_objects(folder):
    name = f"{Folder(folder / 'store').url}/result.h5"
    assert cubie_cli.run("run.toml", output=name, progress=False).sizes["run"] == 6
    assert cubie_cli.open_result(name, unstack=True).sizes["rate"] == 2
    assert left(folder) == []


def test_a_configuration_is_no_object(cubie):
    refused = cubie("run", "s3://bucket/run.toml")
    assert refused.code == 3
    assert refused.err.startswith("s3://bucket/run.toml: no such file\n  hint: copy it here first")


def test_a_large_file_is_sent_in_parts(folder, store):
    file, url = folder / "large", Url(f"{store.url}/large.h5")
    file.write_bytes(os.urandom(1000) * 20_000)
    stores.send(file, url, replace=False)
    assert store.read("large.h5") == file.read_bytes()
    with stores.at_hand(url) as copy:
        assert copy.read_bytes() == file.read_bytes()
    with pytest.raises(FileExistsError):
        stores.send(file, url, replace=False)
    file.write_bytes(os.urandom(1000) * 10_000)
    stores.send(file, url, replace=True)
    assert store.read("large.h5") == file.read_bytes()


def test_what_was_not_sent_whole_is_not_there(folder, store, monkeypatch):
    file, waited = folder / "large", []

    def interrupted(work):
        waited.append(work)
        if len(waited) == 3:
            raise KeyboardInterrupt
        return work()

    file.write_bytes(bytes(20 << 20))
    monkeypatch.setattr(stores, "interruptible", interrupted)
    with pytest.raises(KeyboardInterrupt):
        stores.send(file, Url(f"{store.url}/large.h5"), replace=False)
    assert store.names() == []


def test_an_upload_that_was_killed_is_gone_on_with(cubie, folder, store, monkeypatch):
    command = ("run", "run.toml", "--output", f"{store.url}/result.h5", "--set", "run.chunk=6")
    monkeypatch.setattr(stores, "_BLOCK", 1 << 10)

    def killed(*_arguments):
        marks.append(store.read("result.h5"))
        raise KeyboardInterrupt

    send, marks = stores._send_parts, []  # noqa: SLF001 - when the machine loses its power
    monkeypatch.setattr(stores, "_send_parts", killed)
    assert cubie(*command).code
    assert store.names() == []
    monkeypatch.setattr(stores, "_send_parts", send if isinstance(store, Folder) else sent_whole)
    store.write("result.h5", marks[0])
    assert "6 of 6 runs" in cubie(*command).err
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv(stores.SCRATCH_VARIABLE, str(elsewhere))
    refused = cubie(*command)
    assert refused.code == 5
    assert "the output exists, and another command sends it, or was killed while it did" in refused.err
    monkeypatch.delenv(stores.SCRATCH_VARIABLE)
    done = cubie(*command, "--resume")
    assert done.code == 0, done.err
    assert store.read("result.h5").startswith(b"\x89HDF")
    assert left(folder) == ["elsewhere"]


def sent_whole(library, store, url, file, *_how):
    """Send a file at once: S3 takes no small parts."""
    library.put(store, url.name, file.read_bytes())


def test_what_takes_the_name_of_a_file_that_is_sent_stays(folder, store, monkeypatch):
    file, url = folder / "large", Url(f"{store.url}/large.h5")
    file.write_bytes(bytes(20 << 20))
    is_ours, asked = stores._is, []  # noqa: SLF001 - another command has --force just then

    def forced(*arguments):
        if not asked:
            store.write("large.h5", b"another's")
        asked.append(arguments)
        return is_ours(*arguments)

    monkeypatch.setattr(stores, "_is", forced)
    with pytest.raises(FileExistsError):
        stores.send(file, url, replace=False)
    assert store.read("large.h5") == b"another's"


def test_an_object_that_is_missing(cubie, store):
    refused = cubie("show", f"{store.url}/none.h5")
    assert refused.code == 3
    assert refused.err == f"{store.url}/none.h5: no such object\n"


def test_a_store_that_is_missing(cubie, store):
    store.close()
    refused = cubie("run", "run.toml", "--output", f"{store.url}/result.h5")
    assert refused.code == 5
    told = "no access to" if isinstance(store, Folder) else "there is no bucket for"
    assert f"{told} {store.url}/result.h5" in refused.err


@pytest.mark.moto
def test_a_result_is_read_from_the_web(cubie, folder, endpoint):
    bucket = Bucket(endpoint, "public")
    assert cubie("run", "run.toml").code == 0
    bucket.write("result.h5", (folder / "result.h5").read_bytes(), ACL="public-read")
    shown = cubie("show", f"{endpoint}/public/some/result.h5")
    assert shown.code == 0, shown.err
    refused = cubie("run", "run.toml", "--output", f"{endpoint}/public/some/other.h5")
    assert refused.code == 2
    assert "nothing can be written to http://" in refused.err


def test_a_store_that_refuses(cubie, monkeypatch):
    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_error(403)

        def log_message(self, *_arguments):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name, value in (("ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}"), ("ACCESS_KEY_ID", "a")):
            monkeypatch.setenv(f"AWS_{name}", value)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
        refused = cubie("run", "run.toml", "--output", "s3://bucket/result.h5")
        server.shutdown()
    assert refused.code == 5
    assert "no access to s3://bucket/result.h5: 403 Forbidden\n  hint: AWS_ACCESS_KEY_ID" in refused.err


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("s4://bucket/r.h5", 2, "there is no kind of store that is called s4"),
        ("s3://r.h5", 2, "this names no object: s3://r.h5\n  hint: write s3://BUCKET/NAME"),
        ("s3://", 2, "this names no object"),
        ("https://example.org/r.h5", 2, "nothing can be written to https://"),
        ("file://none/r.h5", 5, "no access to file:///none/r.h5"),
        ("file:///tmp/r.txt", 5, "name it r.h5"),
    ],
)
def test_names_of_no_use(cubie, folder, name, code, text):
    refused = cubie("run", "run.toml", "--output", name)
    assert refused.code == code
    assert text in refused.err
    assert left(folder) == []


def test_a_library_that_is_missing(cubie, monkeypatch):
    for name in ("obstore", "obstore.store", "obstore.exceptions"):
        monkeypatch.setitem(sys.modules, name, None)
    refused = cubie("show", "s3://bucket/result.h5")
    assert refused.code == 2
    assert refused.err == "error: s3://bucket/result.h5 needs obstore\n  hint: pip install 'cubie-cli[stores]'\n"


def test_the_folder_for_what_is_on_its_way(cubie, folder, store, monkeypatch):
    monkeypatch.setenv(stores.SCRATCH_VARIABLE, str(folder / "none"))
    refused = cubie("run", "run.toml", "--output", f"{store.url}/result.h5")
    assert refused.code == 5
    assert f"the folder of the output does not exist: {folder}/none" in refused.err
    (folder / "none").mkdir()
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    refused = cubie("run", "run.toml", "--output", f"{store.url}/result.h5")
    assert f"; {folder}/none has 10 B free\n  hint:" in refused.err
    assert refused.err.endswith(f"or name another disk with {stores.SCRATCH_VARIABLE}\n")
    store.write("result.h5", b"\x89HDF\r\n\x1a\n and more")
    refused = cubie("show", f"{store.url}/result.h5")
    assert "no room for it\n  hint: CUBIE_SCRATCH_DIR names another folder" in refused.err
