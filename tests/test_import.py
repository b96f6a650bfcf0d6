"""Importing is quick and lazy, and everything public is there."""

import subprocess
import sys

import pytest

import idbounds

HEAVY = [
    "sympy",
    "scipy",
    "flint",
    "pandas",
    "torch",
    "numba",
    "matplotlib",
    "seaborn",
    "click",
    "rich",
    "constriction",
]


def loaded_by(code):
    program = f"{code}\nimport sys; print(*[m for m in {HEAVY} if m in sys.modules])"
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    ).stdout.split()


@pytest.mark.parametrize(
    "code",
    [
        "import idbounds",
        "import idbounds; dir(idbounds)",
        "import idbounds; list(idbounds.bounds)",
        "import idbounds.testing",
    ],
)
def test_loads_nothing_heavy(code):
    assert loaded_by(code) == []


def test_a_number_needs_no_table_and_no_torch():
    code = "import idbounds; idbounds.bounds['occam-kl'](errors=1, n=10, code_bits=1)"
    assert not {"pandas", "torch", "matplotlib", "numba", "click"} & set(loaded_by(code))


def test_the_public_names():
    assert len(idbounds.__all__) <= 40
    assert sorted(idbounds.__all__) == dir(idbounds)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(idbounds, "nothing")  # noqa: B009


@pytest.mark.parametrize("name", idbounds.__all__)
def test_every_public_name_resolves(name):
    if name in ("attach", "certify"):
        pytest.importorskip("torch")
    assert getattr(idbounds, name) is not None
