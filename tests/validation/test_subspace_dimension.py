"""The first study flattens a certificate into a row; idbounds itself has a stand-in here."""

from types import SimpleNamespace

import pytest
from toy_study import quiet

import idbounds
from validation import results, runner
from validation.studies.subspace_dimension import STUDY


def certificate(**given):
    made = {
        "bound": "0.2500000001", "value": 0.2500000001, "code_bits": 700, "ideal_bits": 698.5, "errors": 3,
        "n": 20, "train_error": 0.15, "test_errors": 1, "test_n": 10, "test_error": 0.1,
        "majority_error": 0.9, "test_interval": (0.0025, 0.445), "parts": {"symbols": 600, "step size": 100},
        "seconds": 2.0,
        "dataset_sha256": "cd" * 32, "device": "cpu", "architecture": "lenet", "D": 9, "delta": "0.05",
    }  # fmt: skip
    return SimpleNamespace(**made | given)


@pytest.mark.parametrize("ok", [True, False])
def test_smoke_rows(tmp_path, monkeypatch, ok):
    calls = []

    def certify(*, output, progress, **arguments):
        calls.append(arguments)
        assert progress is False
        output.write_text("certificate")
        return certificate()

    def verify(path):
        assert path.read_text() == "certificate"
        return SimpleNamespace(ok=ok)

    monkeypatch.setattr(idbounds, "certify", certify, raising=False)
    monkeypatch.setattr(idbounds, "verify", verify, raising=False)
    runner.run(STUDY, "smoke", tmp_path, quiet())
    rows = results.of_study(tmp_path, STUDY.id)
    assert calls == [{"recipe": "subspace", **point} for point in STUDY.points("smoke")]
    assert set(rows.status) == {"ok" if ok else "failed"}
    assert set(rows.verified) == {ok}
    first = rows.iloc[0]
    assert [first.bound, first.bits_symbols, first.bits_step_size] == ["0.2500000001", 600, 100]
    assert [first.test_low, first.test_high, first.certify_seconds] == [0.0025, 0.445, 2.0]


def test_laptop_tier_is_the_default_model_on_fashion_mnist():
    points = STUDY.points("laptop")
    assert len(points) == 9
    assert all(set(point) == {"dataset", "d", "seed"} for point in points)
    assert {point["dataset"] for point in points} == {"fashion-mnist"}
