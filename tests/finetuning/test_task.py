"""A fine-tuned task as a file of d integers and a seed, and the bound that its bits buy."""

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from idbounds import bounds, finetuning  # noqa: E402
from idbounds.errors import InputError  # noqa: E402
from idbounds.finetuning.task import Task  # noqa: E402

from .nets import saved, texts  # noqa: E402

TRAINING = {"steps": 60, "batch": 20, "learning_rate": 0.1}


@pytest.fixture(scope="module")
def learnt(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    saved(folder)
    model = finetuning.load_pretrained(folder)
    train, test = (finetuning.token_arrays(model, texts(n, seed=s)) for n, s in ((400, 0), (100, 1)))
    return folder, model, train, finetuning.fine_tune(model.module, train, d=12, test=test, **TRAINING)


def scores(module, arrays):
    given = {k: torch.from_numpy(v) for k, v in arrays.items() if k != "labels"}
    with torch.no_grad():
        return module(**given).logits


def test_the_file_gives_the_fine_tuned_model_back(learnt, tmp_path):
    folder, model, train, found = learnt
    found.task.save(tmp_path / "mood.task")
    pretrained = finetuning.load_pretrained(folder).module
    again = finetuning.load_task(tmp_path / "mood.task").attach(pretrained)
    wrong = int((scores(again, train).argmax(1).numpy() != train["labels"]).sum())
    assert wrong == found.errors < 40
    assert found.n == 400
    before = int((scores(model.module, train).argmax(1).numpy() != train["labels"]).sum())
    assert before > 2 * found.errors + 20
    assert (tmp_path / "mood.task").stat().st_size < 400
    assert not list(tmp_path.glob("*.part"))


def test_the_bound_is_that_of_the_bits(learnt):
    found = learnt[3]
    case = {"errors": found.errors, "n": 400, "code_bits": found.task.code_bits, "delta": "0.05"}
    assert found.bound == str(bounds["occam-binomial"].upper(**case))
    assert found.errors / found.n < float(found.bound) < 0.5
    assert found.test_errors / found.test_n < float(found.bound)


def test_the_step_with_the_smallest_bound_is_taken(learnt, monkeypatch):
    from idbounds.dimension.many import Group
    from idbounds.dimension.protocol import Run
    from idbounds.dimension.trial import Training, Trial
    from idbounds.finetuning import tuning

    _, model, train, _ = learnt
    trial = Trial(model.module, train, start="module", training=Training(**TRAINING))
    group = Group(trial, [Run(12, 0)])
    for step in range(60):
        group.step(step)
    exact = group.network.z.detach().clone()
    one_by_one = []
    for spacing in tuning.SPACINGS:
        monkeypatch.setattr(tuning, "SPACINGS", (spacing,))
        one_by_one.append(tuning.rounded(group))
    monkeypatch.undo()
    found = tuning.rounded(group)
    assert len({one.task.code_bits for one in one_by_one}) > 1
    assert float(found.bound) == min(float(one.bound) for one in one_by_one)
    assert torch.equal(group.network.z.detach(), exact)


@pytest.mark.parametrize(
    "options",
    [
        {"method": "said", "layers": "block", "kind": "blocks"},
        {"space": "low-rank", "rank": 2},
        {"kind": "tied"},
    ],
    ids=str,
)
def test_every_kind_of_subspace_comes_back(learnt, tmp_path, options):
    _, model, train, _ = learnt
    quick = {**TRAINING, "steps": 4}
    task = finetuning.fine_tune(model.module, train, d=15, seed=3, **quick, **options).task
    task.save(tmp_path / "t")
    other = finetuning.load_task(tmp_path / "t")
    for name in ("base", "seed", "step", "method", "layers", "space", "rank", "kind", "code_bits"):
        assert getattr(other, name) == getattr(task, name)
    np.testing.assert_array_equal(other.symbols, task.symbols)
    assert torch.equal(scores(task.attach(model.module), train), scores(other.attach(model.module), train))


def test_other_weights_and_damaged_files_are_refused(learnt, tmp_path):
    folder, _, _, found = learnt
    path = tmp_path / "t"
    found.task.save(path)
    other = finetuning.load_pretrained(folder).module
    with torch.no_grad():
        next(other.parameters())[0, 0] += 1
    with pytest.raises(InputError, match="give the pretrained model"):
        found.task.attach(other)
    said = json.loads(path.read_text())
    for damage in (
        "nothing", json.dumps(said | {"format": "x"}), json.dumps({**said, "payload": "!!"}),
        json.dumps({**said, "code_bits": said["code_bits"] - 1}), json.dumps([1]),
    ):  # fmt: skip
        path.write_text(damage)
        with pytest.raises(InputError):
            finetuning.load_task(path)
    with pytest.raises(InputError, match="cannot be read"):
        finetuning.load_task(tmp_path / "absent")
    with pytest.raises(InputError, match="cannot be written"):
        found.task.save(tmp_path / "no" / "t")


def test_any_flipped_bit_of_a_payload_is_another_task_or_refused(learnt, tmp_path):
    import base64

    task, path = learnt[3].task, tmp_path / "t"
    task.save(path)
    said = json.loads(path.read_text())
    data = base64.b64decode(said["payload"])
    for place in range(task.code_bits):
        flipped = bytearray(data)
        flipped[place // 8] ^= 128 >> place % 8
        path.write_text(json.dumps(said | {"payload": base64.b64encode(flipped).decode()}))
        try:
            other = finetuning.load_task(path)
        except InputError:
            continue
        assert other.message.bits.data == bytes(flipped)  # one spelling a task


def test_options_that_a_file_cannot_say_are_refused(learnt):
    _, model, train, _ = learnt
    with pytest.raises(InputError, match="a task file has start = 'module'"):
        finetuning.fine_tune(model.module, train, d=5, start="seed", **TRAINING)
    with pytest.raises(InputError, match="no option 'budget'"):
        finetuning.fine_tune(model.module, train, d=5, budget=20, **TRAINING)


def test_labels_outside_the_classes_are_refused(learnt):
    _, model, train, _ = learnt
    with pytest.raises(InputError, match=r"labels .* go from 0 to 7: the model has 2 outputs"):
        finetuning.fine_tune(model.module, train | {"labels": train["labels"] * 7}, d=5, **TRAINING)


def test_short_memory_says_what_to_lower(learnt, monkeypatch):
    from idbounds.dimension.many import Group

    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")

    _, model, train, _ = learnt
    monkeypatch.setattr(Group, "step", full)
    with pytest.raises(InputError, match=r"out of memory with batch = 20 .*--batch.*--longest"):
        finetuning.fine_tune(model.module, train, d=5, **TRAINING)


def test_a_task_needs_no_torch_to_be_read():
    task = Task("0" * 64, 7, 30, np.array([3, 0, -1]))
    assert task.code_bits == len(task.message.bits) < 60


def test_the_page_measures_and_bounds_ones_own_fine_tuning(learnt, tmp_path, monkeypatch, capsys):
    page = Path(__file__).parents[2] / "docs/how-to/hugging-face.md"
    (block,) = [b for b in page.read_text("utf-8").split("```python\n") if "my-model" in b]
    code = block.split("```")[0]
    assert len(code.splitlines()) < 15
    monkeypatch.chdir(tmp_path)
    part = texts(60)
    quick = code.replace('"my-model"', repr(str(learnt[0]))).replace("longest=64", "longest=16")
    quick = quick.replace("epochs=3, output", "steps=2, budget=13, baselines=2, d_max=32, output")
    exec(quick.replace("epochs=3", "steps=2"), {"sentences": part.first, "labels": part.labels})
    assert "of 60 wrong; error on new text at most" in capsys.readouterr().out
