"""Files of inputs: what is read of each format, and what is said of a file that is none."""

from __future__ import annotations

import gzip
import os
import pickle
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from weightinit_cli.data import formats
from weightinit_cli.data.inputs import seen, take
from weightinit_cli.errors import WinitError

VALUES = np.random.default_rng(0).normal(3, 2, (70, 2, 5))
VALUES[:, 1, 3] = 0.1


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=[1 << 17, 32])
def _blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "BLOCK_VALUES", request.param)


def idx(kind: int, values: np.ndarray) -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in values.shape)
    return bytes((0, 0, kind, values.ndim)) + sizes + values.tobytes()


def written(form: str) -> Path:
    rows = VALUES.reshape(len(VALUES), -1)
    path = Path(f"x.{form}")
    match form:
        case "rows.npy":
            np.save(path, VALUES)
        case "columns.npy":
            np.save(path, np.asfortranarray(VALUES))
        case "swapped.npy":
            np.save(path, VALUES.astype(">f8"))
        case "csv":
            np.savetxt(path, rows, delimiter=",")
        case "headed.csv":
            text = "\n\n".join(", ".join(map(repr, map(float, row))) for row in rows)
            path.write_bytes(f"\ufeffa, b\r\n{text}\n\n".encode())
        case "idx":
            path.write_bytes(idx(0x0E, VALUES.astype(">f8")))
        case "gz":
            path.write_bytes(gzip.compress(idx(0x0E, VALUES.astype(">f8"))))
    return path


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize(
    "form", ["rows.npy", "columns.npy", "swapped.npy", "csv", "headed.csv", "idx", "gz"]
)
def test_every_format_gives_the_same_inputs(form: str):
    path, rows = written(form), VALUES.reshape(len(VALUES), -1)
    found = seen(path)
    assert (found.inputs, found.features) == rows.shape
    content = path.read_bytes()
    assert (
        found.checksum == sha256(gzip.decompress(content) if form == "gz" else content).hexdigest()
    )
    chosen = np.array([0, 7, 8, 69])
    assert np.array_equal(take(path, chosen, "float64", standardize=False), rows[chosen])
    values = take(path, chosen, "float32", standardize=False)
    assert values.dtype == np.float32
    assert np.array_equal(values, rows[chosen].astype(np.float32))
    scaled = take(path, np.arange(70), "float64", standardize=True)
    changing = np.arange(10) != 8
    assert np.allclose(scaled.mean(axis=0), 0, atol=1e-14)
    assert np.allclose(scaled.std(axis=0)[changing], 1, rtol=1e-12)
    assert not scaled[:, 8].any()


@pytest.mark.parametrize("dtype", ["?", "u1", "i8", "f2", "f4", ">i2"])
def test_numbers_of_any_type(dtype: str):
    values = np.arange(6).reshape(3, 2).astype(dtype)
    np.save("x.npy", values)
    found = take("x.npy", np.arange(3), "float64", standardize=False)
    assert np.array_equal(found, values.astype(float))


def test_pixels_are_scaled():
    pixels = np.array([[[0, 255], [51, 1]]], "u1")
    Path("x").write_bytes(idx(8, pixels))
    found = take("x", np.arange(1), "float64", standardize=False)
    assert found.tolist() == [[0, 1, 51 / 255, 1 / 255]]


def test_a_changed_file_is_read_again():
    Path("x.csv").write_text("1,2\n", "utf-8")
    first = seen("x.csv")
    assert seen("x.csv") is first
    Path("x.csv").write_text("1,2\n3,4\n", "utf-8")
    assert seen("x.csv").inputs == 2
    assert seen("x.csv").checksum != first.checksum


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, ("made",))


def damaged() -> dict[str, bytes]:
    np.save("x.npy", VALUES)
    whole = Path("x.npy").read_bytes()
    np.savez("x.npz", x=VALUES)
    objects = np.array([[Evil()]], dtype=object)
    np.save("o.npy", objects, allow_pickle=True)
    found = {
        "no_end.npy": whole[:-1],
        "more.npy": whole + b"\0",
        "header.npy": whole[:40],
        "version.npy": whole[:6] + b"\x07" + whole[7:],
        "zip.npz": Path("x.npz").read_bytes(),
        "objects.npy": Path("o.npy").read_bytes(),
        "pickle": pickle.dumps(VALUES),
    }
    for name, array in {
        "complex": np.ones((2, 2), complex),
        "text": np.array([["a"]]),
        "one": np.ones(3),
        "none": np.float64(3),
        "no_rows": np.ones((0, 3)),
        "nan": np.array([[1, 2], [3, np.nan]]),
        "inf": np.array([[1, 2], [-np.inf, np.nan]], "f4"),
    }.items():
        np.save(f"{name}.npy", array)
        found[f"{name}.npy"] = Path(f"{name}.npy").read_bytes()
    return found


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty", b"", "empty"),
        ("a.csv", b"a,b\n", "holds no row of numbers"),
        ("a.csv", b"a,b\nc,d\n1,2\n", "line 2, column 1: 'c' is no number"),
        ("a.csv", b"1,2\n\n3,x y\n", "line 3, column 2: 'x y' is no number"),
        ("a.csv", b"1,2\n3,\n", "line 2, column 2: nothing is no number"),
        ("a.csv", b"1,2\n3,1_0\n", "line 2, column 2: '1_0' is no number"),
        ("a.csv", b"1,2\n3\n", "line 2: has 1 value, must have 2 as the first row"),
        ("a.csv", b"1,2\n3,inf\n", "row 2, column 2: is inf, must be a finite number"),
        ("a.csv", b"1 2\n3 4\n", "line 2, column 1: '3 4' is no number"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "no text; must be an array of numpy's (.npy), IDX, or"),
        ("a.gz", b"\x1f\x8b\x08", "truncated: the gzip data end too early"),
        ("a.gz", b"\x1f\x8babcdefghijk", "broken gzip data"),
        ("a.idx", b"\0\0\x08", "truncated"),
        ("a.idx", b"\0\0\x09\x01\0\0\0\x02ab", "IDX of signed bytes on 1 axis: labels"),
        ("a.idx", b"\0\0\x08\x02\0\0\0\x02\0\0\0\x02abc", "truncated: it ends before all"),
        ("a.idx", b"\0\0\x08\x02\0\0\0\x02\0\0\0\x02abcde", "goes on after all the values"),
        ("a.idx", b"\0\0\x08\x02\xff\xff\xff\xff\xff\xff\xff\xff", "GiB of memory to be read"),
        ("a.idx", b"\0\0\x07\x02", "neither IDX, whose third byte is never 07, nor text"),
        ("no_end.npy", None, "truncated: it ends before all the values"),
        ("more.npy", None, "goes on after all the values that its header promises"),
        ("header.npy", None, "a damaged array of numpy's: its header cannot be read"),
        ("version.npy", None, "a damaged array of numpy's: its header cannot be read"),
        ("zip.npz", None, "a zip archive, as numpy.savez writes; numpy.save writes one array"),
        ("objects.npy", None, "holds Python objects, must hold numbers"),
        ("pickle", None, "no text; must be"),
        ("complex.npy", None, "holds complex numbers, must hold real numbers"),
        ("text.npy", None, "holds text, must hold real numbers"),
        ("one.npy", None, "holds one row of 3 values; inputs are the rows of an array"),
        ("none.npy", None, "holds a single number; inputs are the rows of an array"),
        ("no_rows.npy", None, "holds no inputs: its shape is 0 × 3"),
        ("nan.npy", None, "row 2, column 2: is nan, must be a finite number"),
        ("inf.npy", None, "row 2, column 1: is -inf, must be a finite number"),
    ],
)
def test_what_is_no_file_of_inputs(name: str, content: bytes | None, message: str):
    Path(name).write_bytes(damaged()[name] if content is None else content)
    with pytest.raises(WinitError) as caught:
        seen(name)
    assert str(caught.value).startswith(f"{name}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not Path("made").exists()


def test_what_is_no_file():
    Path("folder").mkdir()
    Path("closed").write_text("1,2\n", "utf-8")
    Path("closed").chmod(0)
    wrong = {"folder": "a folder, must be a file", "no": "no such file", "a\0b": "cannot be read"}
    if os.geteuid():
        wrong["closed"] = "no permission to read this file"
    if hasattr(os, "mkfifo"):
        os.mkfifo("pipe")
        wrong["pipe"] = "not a file; a pipe or a device cannot be read twice"
    for path, message in wrong.items():
        with pytest.raises(WinitError, match=message):
            seen(path)
