"""The front door: one call, any model, killed and gone on with, on any engine, always the same table."""

import json
import math
import signal
import subprocess
import sys
import time

import pytest
from conftest import environment
from torch import nn

import idbounds
from idbounds.dimension.measuring import trial_of
from idbounds.dimension.store import Store
from idbounds.errors import InputError

SMALL = {"steps": 40, "batch": 64, "baselines": 2, "budget": 12, "learning_rates": [0.02, 0.06, 0.2]}
CODE = """
import sys, torch
from torch import nn
import idbounds
if __name__ == "__main__":
    model = lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))
    options = dict(steps=40, batch=64, baselines=2, budget=12, learning_rates=[0.02, 0.06, 0.2])
    found = idbounds.measure_d90(model, "digits", output=sys.argv[1], engine=sys.argv[2], **options)
    print(found.curve.drop(columns="seconds").to_csv(), found.table().to_csv())
"""


def curve(x, noise=0.0):
    return 0.1 + 0.85 / (1 + math.exp(-x)) + noise


CALLS = []


def smooth(d, seed):
    CALLS.append(d)
    wobble = ((seed * 7919) % 13 - 6) / 600
    return 0.95 + wobble if d is None else curve(math.log(d / 40), wobble)


def small():
    from torch import nn

    return nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))


def test_a_plain_function_with_a_file(tmp_path):
    path = tmp_path / "runs.jsonl"
    first = idbounds.measure_d90(smooth, output=path, d_max=5000)
    rows = path.read_text().splitlines()
    assert len(rows) == 1 + first.cost["runs"]
    before = len(CALLS)
    assert str(idbounds.measure_d90(smooth, output=path, d_max=5000).table()) == str(first.table())
    assert len(CALLS) == before > 0
    assert idbounds.measure_d90(smooth, d_max=5000).main.d == first.main.d


def test_a_model_of_ones_own_in_one_call(tmp_path):
    found = idbounds.measure_d90(small, "digits", output=tmp_path / "x.jsonl", **SMALL)
    assert found.crossings.keys() == {"fraction", "absolute", "gain"}
    assert found.cost["runs"] == 12
    assert found.cost["tuning_runs"] > 3
    assert {"d", "learning_rate", "test_score"} <= set(found.curve.columns)
    header = json.loads((tmp_path / "x.jsonl").read_text().splitlines()[0])
    assert header["study"]["data"] == "digits"
    assert header["study"]["steps"] == 40


def test_another_model_or_setting_does_not_go_on_with_the_file(tmp_path):
    path = tmp_path / "x.jsonl"
    idbounds.measure_d90(small, "digits", output=path, **SMALL)
    for change, says in (({"steps": 41}, "steps is 40 there, 41 here"), ({"relative": False}, "relative")):
        with pytest.raises(InputError, match=says):
            idbounds.measure_d90(small, "digits", output=path, **SMALL | change)
    with pytest.raises(InputError, match="model is"):
        idbounds.measure_d90("mlp", "digits", output=path, **SMALL)


def with_bonus(bonus):
    return lambda outputs, labels: float((outputs.argmax(-1) == labels).double().mean()) + bonus


class Backbone(nn.Module):
    def __init__(self, *, seed=0, frozen=True):
        import torch
        from torch import nn

        super().__init__()
        fixed = torch.randn(64, 12, generator=torch.Generator().manual_seed(seed))
        self.fixed = nn.Parameter(fixed, requires_grad=not frozen)
        self.head = nn.Linear(12, 10)

    def forward(self, x):
        return self.head(x.flatten(1) @ self.fixed)


class Edited(Backbone):
    def forward(self, x):
        return self.head((x.flatten(1) @ self.fixed).relu())


Edited.__name__ = Edited.__qualname__ = "Backbone"
Edited.__repr__ = lambda self: Backbone.__repr__(self)


def test_the_identity_tells_edited_code_closures_and_frozen_weights_apart():
    def study(model=None, **options):
        return trial_of(model or Backbone(), "digits", {"steps": 3, "batch": 8, **options})[0].identity()

    first = study()
    assert study() == first == json.loads(json.dumps(first))
    assert str(Edited()) == str(Backbone())
    assert study(Edited())["model code"] != first["model code"]
    assert study(lambda: Backbone())["model code"] != study(lambda: Backbone(seed=0))["model code"]
    assert study(Backbone(seed=1)) == first | {"start digest": study(Backbone(seed=1))["start digest"]}
    assert study(Backbone(seed=1))["start digest"] != first["start digest"]
    free = study(Backbone(frozen=False))
    assert study(Backbone(seed=1, frozen=False)) == free  # drawn anew from each run's seed
    one, other = study(score=with_bonus(0)), study(score=with_bonus(1))
    assert one["score"] == other["score"]
    assert one["score code"] != other["score code"]
    assert study(score=with_bonus(0)) == one


def test_another_function_of_the_same_name_does_not_go_on_with_the_file(tmp_path):
    def made(shift):
        def function(d, seed):
            return smooth(d, seed) - shift

        return function

    path = tmp_path / "runs.jsonl"
    idbounds.measure_d90(made(0.0), output=path, d_max=500)
    with pytest.raises(InputError, match="run code is"):
        idbounds.measure_d90(made(0.1), output=path, d_max=500)


def narrow(outputs=10, end=None):
    from torch import nn

    return nn.Sequential(nn.Flatten(), nn.Linear(64, outputs), *([] if end is None else [end]))


def arrays(labels=None):
    import numpy as np

    x = np.linspace(0, 1, 40 * 64, dtype=np.float32).reshape(40, 8, 8)
    return x, np.arange(40) % 10 if labels is None else labels(np.arange(40) % 10)


class Pair(nn.Flatten):
    def forward(self, x):
        return x, x


@pytest.mark.parametrize(
    ("model", "data", "options", "says"),
    [
        (narrow, arrays(lambda y: y.astype("float32")), {}, "integer labels"),
        (narrow, arrays(lambda y: y > 4), {}, "labels bool"),
        (narrow, arrays(lambda y: y[:, None]), {}, "squeeze"),
        (narrow, arrays(lambda y: y - 1), {}, "from -1 to 8"),
        (lambda: narrow(9), arrays(), {}, "from 0 to 9: the model has 9 outputs"),
        (lambda: narrow(1), arrays(), {}, "float32 \\(2, 1\\)"),
        (narrow, (arrays()[0][:, :4], arrays()[1]), {}, "the model fails .*float32 \\(2, 4, 8\\)"),
        (lambda: narrow(10, Pair()), arrays(), {}, "gives tuple"),
        (narrow, arrays(), {"score": lambda outputs, labels: "high"}, "'high'"),
        (narrow, arrays(), {"score": lambda outputs, labels: outputs}, "must give a number"),
        (narrow, arrays(), {"loss": lambda outputs, labels: 1 / 0}, "the loss fails"),
        (narrow, "digits", {"steps": 2.5}, "steps = 2.5"),
        (narrow, "digits", {"batch": "10"}, "batch = '10'"),
        (narrow, "digits", {"learning_rate": "0.1"}, "learning_rate = '0.1'"),
        (narrow, "digits", {"d_max": 651}, "give 1 to 650"),
        (narrow, "digits", {"d_max": 99.5}, "whole number"),
        (narrow, "digits", {"d_start": "16"}, "whole number"),
        (narrow, "digits", {"method": "said", "d_min": 2}, "give 3 to 650"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)  # fmt: skip
def test_what_does_not_fit_together_is_said_before_training(model, data, options, says):
    with pytest.raises(InputError, match=says):
        trial_of(model, data, options)


def test_soft_labels_and_scores_of_many_examples_are_taken():
    import numpy as np

    def of_many(outputs, labels):
        assert len(labels) > 2
        return 0.5

    assert trial_of(
        narrow, arrays(lambda y: np.eye(10, dtype=np.float32)[y]), {"score": of_many, "held_out": 0.2}
    )


def test_said_starts_where_its_factors_leave_a_coordinate():
    study, wanted = trial_of(small, "digits", {"method": "said", "layers": "tensor"})
    assert (study.least, wanted["d_min"], wanted["d_start"]) == (5, 5, 16)
    study.attached(study.module(), 5, 0)
    with pytest.raises(InputError):
        study.attached(study.module(), 4, 0)


@pytest.mark.parametrize(
    ("arguments", "options", "says"),
    [
        (["mlp"], {}, "data="),
        ([smooth], {"engine": "ray"}, "data="),
        ([smooth], {"steps": 3, "d_max": 10}, "no option 'steps'"),
        (["mlp", "digits"], {"colour": 3}, "no option 'colour'"),
        (["resnet", "digits"], {}, "known"),
        (["mlp", "digits"], {"together": 0}, "together"),
        (["mlp", "digits"], {"engine": "abacus"}, "allowed are local"),
        (["mlp", "digits"], {"threshold": 2}, "threshold"),
        (["mlp", "digits"], {"kind": "carpet"}, "carpet"),
        (["mlp", "digits"], {"device": "abacus"}, "abacus"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_what_is_refused_before_training(arguments, options, says):
    with pytest.raises(InputError, match=says):
        idbounds.measure_d90(*arguments, **options)


def test_more_together_than_the_model_can_is_said():
    from torch import nn

    def dropping():
        return nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(64, 10))

    with pytest.raises(InputError, match="give 1"):
        idbounds.measure_d90(dropping, "digits", together=4, **SMALL)


def run(path):
    command = [sys.executable, "-c", CODE, str(path), "local"]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )


@pytest.fixture
def finished(monkeypatch, capsys):
    """The same program to its end in this process, and what it printed."""

    def done(path):
        monkeypatch.setattr(sys, "argv", ["-c", str(path), "local"])
        exec(CODE, {"__name__": "__main__"})
        return capsys.readouterr().out

    return done


@pytest.mark.slow
def test_killed_at_any_moment_it_ends_with_the_same_table(tmp_path, finished):
    whole = finished(tmp_path / "whole.jsonl")
    lines = len((tmp_path / "whole.jsonl").read_text().splitlines())
    path = tmp_path / "killed.jsonl"
    kills = 0
    for stop_at in (1, 4, lines // 2, lines - 4):
        process = run(path)
        while process.poll() is None and (not path.exists() or path.read_bytes().count(b"\n") < stop_at):
            time.sleep(0.002)
        kills += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert kills >= 3
    assert path.read_bytes().count(b"\n") < lines
    assert finished(path) == whole
    runs = [
        (r["d"], r["seed"], r["learning_rate"]) for r in map(json.loads, path.read_text().splitlines()[1:])
    ]
    assert len(runs) == len(set(runs)) == lines - 1


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["processes", "dask"])
def test_every_engine_gives_the_same_runs(engine, tmp_path):
    pytest.importorskip({"processes": "joblib", "dask": "distributed"}[engine])

    def small():  # travels by value: workers cannot import a test
        from torch import nn

        return nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))

    local, other = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    options = SMALL | {"data": "digits", "model": small, "together": 1}
    idbounds.measure_d90(**options, output=local)
    found = idbounds.measure_d90(**options, output=other, engine=engine, workers=2)
    assert found.cost["runs"] == 12

    def scores(path):
        study = json.loads(path.read_text().splitlines()[0])["study"]
        with Store(path, study) as store:
            return {run: (score.score, score.status) for run, score in store.scores.items()}

    assert scores(local) == scores(other)
    if engine == "dask":
        import distributed

        client = distributed.get_client()
        cluster = client.cluster
        client.close()
        cluster.close()
