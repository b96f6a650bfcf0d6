"""The text of a pipeline is read, never evaluated."""

import pytest

from idbounds.compress import (
    Encode,
    Factorise,
    FineTune,
    Predict,
    Project,
    Quantise,
    Share,
    Sparsify,
    TensorTrain,
    gradual,
    read_pipeline,
    regrown,
)
from idbounds.errors import InputError


@pytest.mark.parametrize(
    "pipeline",
    [
        Sparsify(0.9, "erk", "fisher", examples=9) | Quantise(levels=4, kind="kmeans") | Encode(),
        regrown(0.9, rounds=3, tune=FineTune(steps=3)) | Quantise(levels=4),
        Predict(0.1, reach=3) | Quantise(levels=4),
        TensorTrain(share=0.1, cores=3) | Quantise(levels=4),
        Factorise(utilised=0.99, examples=9) | Quantise(levels=4),
        Project(0.1, seed=3) | Quantise(levels=4),
        Share(0.05)
        | FineTune(steps=3)
        | Quantise(levels=8, vectors=None)
        | Encode(coders=("mixture", "fixed")),
        gradual(0.9, rounds=2, tune=FineTune(steps=3)) | Quantise(spacing=0.5),
    ],
    ids=str,
)
def test_what_is_printed_is_read_again(pipeline):
    assert read_pipeline(f"  {pipeline} ") == pipeline


def test_a_single_step_and_a_schedule():
    assert read_pipeline("Share(0.1, seed=3)").steps == (Share(0.1, seed=3),)
    assert read_pipeline("gradual(0.9, rounds=2, tune=FineTune(steps=3))") == gradual(
        0.9, rounds=2, tune=FineTune(steps=3)
    )


@pytest.mark.parametrize(
    "text",
    [
        "", "Sparsify", "Sparsify(0.9) +", "Sparsify(0.9) + Encode()", "Sparsify(x)", "Sparsify(0.9, y=1)",
        "Quantise(levels='4')", "Quantise(levels=4) | Prune()", "__import__('os').getcwd()", "Sparsify(open('x'))",
        "Sparsify('0.9')", "Share(0.1)(2)", "1 | 2", "Sparsify(*[0.9])", "Quantise(**{'levels': 4})", "(" * 5000,
        "Encode(coders=3)", "gradual(0.9, rounds=2, tune=3)", "Encode(coders=[[]])", "Sparsify(0.9, [1])",
        "FineTune(steps=1.5)", "FineTune(batch=2.5)", "FineTune(seed=0.5)", "FineTune(steps=True)", "Factorise(rank=2.5)",
        "Quantise(levels=4, kind='kmeans', precision=8.0)", f"Quantise(levels=4){' ' * 2000}| Encode()",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text):
    with pytest.raises(InputError):
        read_pipeline(text)
