from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from taxolens.imaging.preprocess import Preprocess
from taxolens.probe.cache import EmbeddingCache, cache_file, open_cache

RULE = Preprocess(224, 224)


def vector(number: int) -> np.ndarray:
    return np.random.default_rng(number).normal(size=8).astype(np.float32)


def keys(n: int, begin: int = 0) -> list[tuple[str, str]]:
    return [(f"{number:064x}", "whole") for number in range(begin, begin + n)]


def fill(file: Path, n: int, begin: int = 0) -> None:
    with open_cache(file, 8) as cache:
        for number, key in enumerate(keys(n, begin), begin):
            cache.put(*key, vector(number))


def test_what_is_put_is_there_next_time(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "one.sqlite"
    fill(file, 600)

    with open_cache(file, 8) as cache:
        found = cache.get([*keys(600), ("f" * 64, "whole")])

    assert len(found) == 600
    assert all(np.array_equal(found[key], vector(number)) for number, key in enumerate(keys(600)))
    assert cache.trouble is None


def test_what_was_just_put_is_there_at_once(tmp_path: Path) -> None:
    with open_cache(tmp_path / "one.sqlite", 8) as cache:
        cache.put("a" * 64, "whole", vector(1))

        assert list(cache.get([("a" * 64, "whole"), ("a" * 64, "flip")])) == [("a" * 64, "whole")]


def test_views_are_kept_apart(tmp_path: Path) -> None:
    with open_cache(tmp_path / "one.sqlite", 8) as cache:
        cache.put("a" * 64, "whole", vector(1))
        cache.put("a" * 64, "flip", vector(2))

        assert np.array_equal(cache.get([("a" * 64, "flip")])["a" * 64, "flip"], vector(2))


def test_an_embedding_of_another_length_is_not_answered(tmp_path: Path) -> None:
    fill(tmp_path / "one.sqlite", 3)

    with open_cache(tmp_path / "one.sqlite", 9) as cache:
        assert cache.get(keys(3)) == {}
        with pytest.raises(ValueError, match="embedding"):
            cache.put("a" * 64, "whole", vector(1))


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100, b"SQLite format 3\0" + b"x" * 8000])
def test_a_file_that_is_no_database_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "one.sqlite"
    file.write_bytes(content)

    fill(file, 5)

    with open_cache(file, 8) as cache:
        assert len(cache.get(keys(5))) == 5
    assert not content or (tmp_path / "one.damaged").read_bytes() == content


def test_the_user_hears_of_a_file_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "one.sqlite").write_bytes(b"nonsense" * 1000)

    with open_cache(tmp_path / "one.sqlite", 8) as cache:
        assert cache.trouble is not None and "begun anew" in cache.trouble


def test_a_table_of_another_shape_is_begun_anew(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "one.sqlite") as database:
        database.execute("CREATE TABLE embedding (other TEXT)")
    database.close()

    fill(tmp_path / "one.sqlite", 5)

    with open_cache(tmp_path / "one.sqlite", 8) as cache:
        assert len(cache.get(keys(5))) == 5


@pytest.mark.parametrize("where", [0.2, 0.4, 0.6, 0.8, 0.95])
def test_flipped_bytes_give_no_wrong_embedding(tmp_path: Path, where: float) -> None:
    file = tmp_path / "one.sqlite"
    fill(file, 2000)
    content = bytearray(file.read_bytes())
    begin = int(len(content) * where)
    content[begin : begin + 300] = bytes(300)
    file.write_bytes(content)

    with open_cache(file, 8) as cache:
        found = cache.get(keys(2000))

    assert len(found) < 2000
    assert all(np.array_equal(one, vector(int(sha256, 16))) for (sha256, _), one in found.items())


def test_a_byte_flipped_inside_an_embedding_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "one.sqlite"
    one = np.arange(3000, dtype=np.float32)
    with open_cache(file, 3000) as cache:
        cache.put("a" * 64, "whole", one)
        cache.put("b" * 64, "whole", one + 1)
    content = bytearray(file.read_bytes())
    content[content.index(one[1000:1010].tobytes())] ^= 1
    file.write_bytes(content)

    with open_cache(file, 3000) as cache:
        assert list(cache.get([("a" * 64, "whole"), ("b" * 64, "whole")])) == [("b" * 64, "whole")]


def test_a_file_cut_short_is_no_reason_to_crash(tmp_path: Path) -> None:
    file = tmp_path / "one.sqlite"
    fill(file, 2000)
    os.truncate(file, file.stat().st_size // 2)

    with open_cache(file, 8) as cache:
        found = cache.get(keys(2000))
        cache.put("a" * 64, "whole", vector(1))

    assert all(np.array_equal(one, vector(int(sha256, 16))) for (sha256, _), one in found.items())


def test_where_nothing_can_be_written_nothing_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with open_cache(tmp_path / "file" / "one.sqlite", 8) as cache:
        cache.put("a" * 64, "whole", vector(1))

        assert cache.get([("a" * 64, "whole")]) == {}
        assert cache.trouble is not None and "could not be remembered" in cache.trouble


def test_a_file_that_another_holds_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "one.sqlite"
    fill(file, 5)
    patient = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda name, **rest: patient(name, **{**rest, "timeout": 0.05}))
    holder = patient(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    with open_cache(file, 8) as cache:
        cache.put("a" * 64, "whole", vector(1))
    holder.execute("ROLLBACK")
    holder.close()

    assert not (tmp_path / "one.damaged").exists()
    with open_cache(file, 8) as cache:
        assert len(cache.get(keys(5))) == 5


def test_two_processes_may_write_at_once(tmp_path: Path) -> None:
    file = tmp_path / "one.sqlite"
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=fill, args=(file, 700, begin)) for begin in (0, 500)]
    for one in both:
        one.start()
    for one in both:
        one.join()

    with open_cache(file, 8) as cache:
        assert len(cache.get(keys(1200))) == 1200


_ENDLESS = """
import sys, numpy as np
from pathlib import Path
from taxolens.probe.cache import EmbeddingCache
cache = EmbeddingCache(Path(sys.argv[1]), 8)
for number in range(10**9):
    cache.put(f"{number:064x}", "whole", np.random.default_rng(number).normal(size=8).astype(np.float32))
    print(number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_kill_loses_the_last_rows_at_most(tmp_path: Path) -> None:
    file = tmp_path / "one.sqlite"
    writer = subprocess.Popen([sys.executable, "-c", _ENDLESS, str(file)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    last = next(int(line) for line in writer.stdout if int(line) >= 2000)
    os.kill(writer.pid, signal.SIGKILL)
    writer.stdout.close()
    writer.wait()

    with open_cache(file, 8) as cache:
        found = cache.get(keys(last + 1))

    assert len(found) >= last - 256
    assert all(np.array_equal(one, vector(int(sha256, 16))) for (sha256, _), one in found.items())


def test_slow_work_is_written_after_two_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    slow = EmbeddingCache(tmp_path / "one.sqlite", 8)
    slow.put("a" * 64, "whole", vector(1))
    now = 103.0
    slow.put("b" * 64, "whole", vector(2))

    with open_cache(tmp_path / "one.sqlite", 8) as cache:
        assert len(cache.get([("a" * 64, "whole"), ("b" * 64, "whole")])) == 2
    slow.close()


def test_the_file_is_named_after_all_that_decides_an_embedding(tmp_path: Path) -> None:
    names = {
        cache_file(tmp_path, "one", RULE),
        cache_file(tmp_path, "two", RULE),
        cache_file(tmp_path, "one", replace(RULE, scaled_decode=0)),
        cache_file(tmp_path, "one", replace(RULE, width=192)),
    }

    assert len(names) == 4
    assert cache_file(tmp_path, "one", RULE) == cache_file(tmp_path, "one", Preprocess(224, 224))


@pytest.mark.slow
def test_24000_embeddings_come_back_in_seconds(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(24000, 1280)).astype(np.float32)
    with open_cache(tmp_path / "one.sqlite", 1280) as cache:
        for key, row in zip(keys(24000), rows, strict=True):
            cache.put(*key, row)

    with open_cache(tmp_path / "one.sqlite", 1280) as cache:
        begin = time.process_time()
        found = cache.get(keys(24000))
        spent = time.process_time() - begin

    assert len(found) == 24000
    assert spent < 10  # half a second where nothing else runs; one query per photo of a scan takes minutes
