"""Files of columns: what people's programs write, and messages that point into it."""

import hashlib
import sys

import h5py
import numpy as np
import pytest

from cubie_cli.documents.column_files import read_columns
from cubie_cli.documents.messages import UserError


@pytest.fixture
def file(tmp_path):
    def written(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


@pytest.mark.parametrize(
    "text",
    [
        "hour,rate\n0,1.5\n2,-3e2\n",
        "hour;rate\r\n0;1.5\r\n2;-3e2\r\n",
        "hour\trate\n0\t1.5\n2\t-3e2",
        "\ufeffhour,rate\n0,1.5\n2,-3e2\n",
        "\n\nhour,rate\n\n0,1.5\n   \n2,-3e2\n\n",
        '"hour","rate"\n"0","1.5"\n"2","-3e2"\n',
        " hour , rate \n 0 , 1.5 \n 2 , -3e2 \n",
        'hour;rate;"a note, with, commas"\n0;1.5;"one\nline; more"\n2;-3e2;\n',
        "hour,rate\r0,1.5\r2,-3e2\r",
    ],
)
def test_what_programs_write_is_read(file, text):
    columns = read_columns(file(text))
    assert columns.names[:2] == ("hour", "rate")
    assert columns.numbers("hour").tolist() == [0.0, 2.0]
    assert columns.numbers("rate").tolist() == [1.5, -300.0]
    assert columns.file.sha256 == hashlib.sha256(text.encode()).hexdigest()


REFUSED = [
    ("hour,rate\n0,1\n\n2,x\n", 4, ["'x' is no number", "'rate'"], None),
    ("hour;rate\n0;1,5\n", 2, ["'1,5' is no number"], "write 1.5"),
    ('hour,rate\n0,"1,000"\n', 2, ["'1,000' is no number"], "write 1000"),
    ('hour,rate\n0,"-1,000,000.5"\n', 2, ["is no number"], "write -1000000.5"),
    ("hour,rate\n0,1,5\n2,3,5\n", 2, ["3 cells, and 2 are named"], "decimal point"),
    ("hour,rate\n0,1\n2\n", 3, ["1 cell, and 2 are named"], None),
    ("hour,rate\n0,\n", 2, ["the cell is empty", "'rate'"], "leave the row out"),
    ("hour,rate\n0,nan\n", 2, ["missing"], "leave the row out"),
    ("hour,rate\n0,1\n1,1e999\n", 3, ["infinite"], None),
    ("hour,rate\n0,1_000\n", 2, ["'1_000' is no number"], None),
    ("0,1\n1,2\n", 1, ["first row has numbers"], "row of names"),
    ("hour,hour\n0,1\n", 1, ["two columns are named 'hour'"], None),
    ('hour,rate\n0,"1\n', 2, ["cannot be read"], None),
    ("", None, ["empty"], "names the columns"),
    (b"hour,rate\n0,\xff\n", 2, ["not UTF-8"], "UTF-8"),
    (b"hour,rate\n0,\0\n", None, ["binary"], None),
    (b"\x1f\x8b and so on", None, ["binary"], "unpack it first"),
    (b"CDF\x01 and so on", None, ["classic format"], "nccopy"),
    (b"\x89HDF\r\n\x1a\n and so on", None, ["cannot be read as HDF5"], None),
]


@pytest.mark.parametrize(("content", "line", "words", "hint"), REFUSED)
def test_mistakes_are_told_with_their_place(file, content, line, words, hint):
    path = file(content)
    with pytest.raises(UserError) as caught:
        read_columns(path).numbers("rate")
    error = caught.value
    assert (error.file, error.line) == (str(path), line)
    assert all(word in error.message for word in words)
    assert (hint or "") in (error.hint or "")


def test_files_that_are_none(tmp_path):
    for name, words in (("nothing.csv", "no such file"), (".", "a directory")):
        with pytest.raises(UserError, match=words):
            read_columns(tmp_path / name)


def test_a_name_that_is_not_there(file):
    message, hint = read_columns(file("hour,rate\n0,1\n")).unknown("hours")
    assert "no column 'hours'" in message
    assert hint == "did you mean 'hour'?"


@pytest.fixture
def variables(tmp_path):
    path = tmp_path / "record.nc"
    with h5py.File(path, "w") as made:
        made["time"] = np.arange(4, dtype=np.int32)
        made["group/light"] = np.array([0.0, 1.5, 2.5, 1.0], dtype=np.float32)
        packed = made.create_dataset("packed", data=np.array([10, 20, -1, 5], dtype=np.int16))
        packed.attrs["scale_factor"], packed.attrs["add_offset"] = 0.5, np.array([1.0])
        packed.attrs["_FillValue"] = np.array([-1], dtype=np.int16)
        made["map"] = np.zeros((2, 2))
        made["text"] = ["a", "b"]
    return path


def test_variables_of_hdf5_are_columns(variables):
    columns = read_columns(variables)
    assert set(columns.names) == {"time", "group/light", "packed", "text"}
    assert columns.numbers("group/light").tolist() == [0.0, 1.5, 2.5, 1.0]
    assert columns.numbers("time").dtype == np.float64
    with pytest.raises(UserError, match="'packed', element 2: the value is missing"):
        columns.numbers("packed")
    with pytest.raises(UserError, match="'text' has no numbers"):
        columns.numbers("text")


def test_packed_variables_are_unpacked(variables):
    with h5py.File(variables, "a") as file:
        file["packed"][2] = 7
    assert read_columns(variables).numbers("packed").tolist() == [6.0, 11.0, 4.5, 3.5]


def test_a_file_without_columns(tmp_path):
    path = tmp_path / "maps.h5"
    with h5py.File(path, "w") as made:
        made["map"] = np.zeros((2, 2))
    with pytest.raises(UserError, match="no one-dimensional variable"):
        read_columns(path).numbers("map")


def test_columns_are_read_together(file):
    rows = np.random.default_rng(1).standard_normal((50, 3))
    lines = [",".join(map(repr, row)) for row in rows.tolist()]
    columns = read_columns(file("\n".join(["a,b,c", *lines, ""])))
    assert np.array_equal(columns.matrix(["a", "b", "c"]), rows.T)
    assert np.array_equal(columns.matrix(["c", "a"]), rows.T[[2, 0]])


@pytest.mark.parametrize(
    "text",
    [
        "who,a,b\nAnn,1,2\nBob,3,4\n",
        '"who","a","b"\r\n"Ann",1,2\r\n"Bob, B.",3,4\r\n',
        "\ufeff# of a study\n\nwho;a;b\n# first\nAnn;1;2\n\nBob;3;4",
        "who\ta\tb\rAnn\t1\t2\rBob\t3\t4\r",
    ],
)
def test_texts_may_stand_beside_numbers(file, text):
    assert read_columns(file(text)).matrix(["b", "a"]).tolist() == [[2.0, 4.0], [1.0, 3.0]]


@pytest.mark.parametrize(
    "text", ["a,b,c\n1,2,3\n4,5,6,7\n", "a,b,c\n1,2,3,4\n5,6\n", "a,b,c\n1,2\n3,4,5\n", "a,b,c\n1,2,3\n4,5\n6,7,8,9\n"]
)
def test_rows_of_other_lengths_are_never_read_askew(file, text):
    for names in (["a", "b"], ["a", "b", "c"]):
        with pytest.raises(UserError, match="cells, and 3 are named"):
            read_columns(file(text)).matrix(names)


def test_variables_of_other_lengths_make_no_table(variables):
    with h5py.File(variables, "a") as file:
        file["short"] = [1.0, 2.0]
    with pytest.raises(UserError, match="'short' has 2 values, and 'time' has 4"):
        read_columns(variables).matrix(["time", "short"])


def test_a_damaged_file_is_told(variables):
    content = variables.read_bytes()
    variables.write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match="cannot be read as HDF5"):
        _ = read_columns(variables).names


# -- Parquet ------------------------------------------------------------------------------------


def test_parquet_needs_an_extra(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UserError) as caught:
        _ = read_columns(file(b"PAR1 and so on", "runs.parquet")).names
    assert "cubie-cli[parquet]" in caught.value.hint


def test_columns_of_parquet(tmp_path):
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "runs.parquet"
    held = {"k": [1, 2, 3], "x": [0.5, None, 1.5], "who": ["a", "b", "c"]}
    parquet.write_table(pa.table(held), path)
    columns = read_columns(path)
    assert columns.names == ("k", "x", "who")
    assert columns.numbers("k").tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(UserError, match="column 'x', row 1: the value is missing"):
        columns.matrix(["k", "x"])
    with pytest.raises(UserError, match="column 'who' has values of type string"):
        columns.numbers("who")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match="cannot be read as Parquet"):
        _ = read_columns(path).names


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_another_encoding_is_told(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes("hour,rate\n0,1\n".encode(encoding))
    with pytest.raises(UserError, match="UTF-16") as caught:
        _ = read_columns(path).names
    assert caught.value.hint == "save it as UTF-8"


def test_values_in_another_file_are_refused(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(32))
    with h5py.File(tmp_path / "table.h5", "w") as file:
        file.create_dataset("rate", shape=(4,), dtype="f8", external=[(str(secret), 0, 32)])
        file.create_dataset("hour", data=[0.0, 1.0, 2.0, 3.0])
        file["linked"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/x")
    columns = read_columns(tmp_path / "table.h5")
    assert columns.names == ("hour", "rate")
    with pytest.raises(UserError, match="has its values in another file"):
        columns.matrix(["rate"])
