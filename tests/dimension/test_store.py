"""The file of runs: nothing lost, nothing twice, and no file of another study touched."""

import json
import math

import pytest

from idbounds.dimension.protocol import Run, Score
from idbounds.dimension.store import Kept, Store
from idbounds.errors import InputError

STUDY = {"data": "x", "steps": 5, "rate": 0.1}
SCORES = [
    Score(Run(None, 0, 0.1), 0.9, 0.95, 1.5, extra={"test_score": 0.8}),
    Score(Run(7, 1, None), 1 / 3, None, 0.1),
    Score(Run(7, 2), math.nan, None, 0.1, "failed", "no number"),
]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "runs.jsonl"


def same(a, b):
    return str(a) == str(b)  # nan != nan


def test_what_goes_in_comes_out(path):
    with Store(path, STUDY) as store:
        store.append(SCORES[:1])
        store.append(SCORES[1:])
        store.append(SCORES)  # nothing twice
    assert len(path.read_text().splitlines()) == 4
    with Store(path, STUDY) as store:
        assert same(list(store.scores.values()), SCORES)


@pytest.mark.parametrize("kept", range(1, 420, 13))
def test_a_torn_end_is_done_again(path, kept):
    with Store(path, STUDY) as store:
        store.append(SCORES)
    whole = path.read_bytes()
    path.write_bytes(whole[:kept])
    with Store(path, STUDY) as store:
        lines = whole[:kept].count(b"\n")
        assert same(list(store.scores.values()), SCORES[: max(0, lines - 1)])
        store.append(SCORES)
    assert path.read_bytes() == whole


def test_another_study_is_refused_and_said(path):
    with Store(path, STUDY) as store:
        store.append(SCORES)
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"steps is 5 there, 6 here; new is None there, 1 here"):
        Store(path, STUDY | {"steps": 6, "new": 1})
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"a,b\n1,2\n", b"text", b'{"idbounds": "runs"}\n', b"[]\n", b"\xff\xfe\n"]
)
def test_a_file_of_something_else_is_left_as_it_is(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a file of runs"):
        Store(path, STUDY)
    assert path.read_bytes() == content


def test_a_broken_line_in_the_middle_is_named(path):
    with Store(path, STUDY) as store:
        store.append(SCORES)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[1][:20], *lines[2:]]) + "\n")
    with pytest.raises(InputError, match="line 2"):
        Store(path, STUDY)


def test_another_schema(path):
    with Store(path, STUDY) as store:
        store.append(SCORES)
    header = json.loads(path.read_text().splitlines()[0])
    path.write_text(json.dumps(header | {"schema": 99}) + "\n")
    with pytest.raises(InputError, match="schema 99"):
        Store(path, STUDY)


def test_a_study_that_never_starts_leaves_no_trace(path):
    Store(path, STUDY).close()
    Store(path, STUDY | {"steps": 6}).close()
    assert path.read_bytes() == b""


def test_two_at_once_are_refused(path):
    with Store(path, STUDY), pytest.raises(InputError, match="in use"):
        Store(path, STUDY)
    Store(path, STUDY).close()


def test_a_place_that_cannot_be_written(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        Store(tmp_path, STUDY)


def test_known_runs_are_not_done_again(path):
    asked = []

    def batches(runs):
        asked.append(list(runs))
        for score in SCORES:
            if score.run in runs:
                yield [score]

    runs = [score.run for score in SCORES]
    with Store(path, STUDY) as store:
        first = Kept(store, batches)(runs)
        next(first)  # killed after the first
        first.close()
        assert same(sorted(map(str, Kept(store, batches)(runs))), sorted(map(str, SCORES)))
        list(Kept(store, batches)(runs))
    assert asked == [runs, runs[1:]]
