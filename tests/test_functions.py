"""The words: each has all four meanings, costs no sympy until it is used, and prints as LaTeX."""

import re
import subprocess
import sys
from importlib.resources import files

import pytest

from idbounds import functions
from idbounds.functions import WORDS, Binder
from idbounds.kernels import balls, floats

NAMES = [
    "log",
    "sqrt",
    "kl",
    "kl_inverse",
    "kl_inverse_lower",
    "binomial_tail_inverse",
    "log_star",
    "log1p",
    "ceiling",
    "minimum",
    "maximum",
    "power_of_two",
    "psi",
    "phi_inverse",
    "log_xi",
    "log_choose",
    "log_peak",
    "scenario_inverse",
    "minimum_over",
    "infimum_over",
]


def test_the_words():
    assert list(WORDS) == NAMES
    for name in NAMES:
        assert WORDS[name].name == name
        assert getattr(functions, name) is WORDS[name]
        assert WORDS[name].says


@pytest.mark.parametrize("kernel", [floats, balls], ids=["floats", "balls"])
def test_every_word_has_a_meaning_in_python_kernels(kernel):
    for name in (*NAMES, "number"):
        assert callable(getattr(kernel, name))


def test_every_word_has_a_meaning_in_the_torch_kernel():
    pytest.importorskip("torch")
    from idbounds.kernels import tensors

    for name in (*NAMES, "number"):
        assert callable(getattr(tensors, name))


def test_every_word_has_a_meaning_in_the_javascript_kernel():
    source = (files("idbounds.kernels") / "kernels.js").read_text()
    for name, word in WORDS.items():
        if not word.native:  # Math.log and Math.sqrt
            assert re.search(rf"^function {name}\(", source, re.MULTILINE)
            assert re.search(rf"^    {name}: {name},?$", source, re.MULTILINE)


LATEX = {
    "log": r"\log{\left(a \right)}",
    "sqrt": r"\sqrt{a}",
    "kl": r"\mathrm{kl}\!\left(a\,\middle\|\,b\right)",
    "kl_inverse": r"\mathrm{kl}^{-1,+}\!\left(a,\,b\right)",
    "kl_inverse_lower": r"\mathrm{kl}^{-1,-}\!\left(a,\,b\right)",
    "binomial_tail_inverse": r"\overline{\mathrm{Bin}}\!\left(a,\,b,\,e^{c}\right)",
    "log_star": r"\log^{*}\!\left(a\right)",
    "log1p": r"\ln(1 + a)",
    "ceiling": r"\left\lceil{a}\right\rceil",
    "phi_inverse": r"\Phi^{-1}_{a}\!\left(b\right)",
    "log_choose": r"\ln\binom{a}{b}",
}


@pytest.mark.parametrize("name", LATEX)
def test_latex(name):
    import sympy

    word = WORDS[name]
    assert sympy.latex(word(*sympy.symbols("a b c")[: word.arity])) == LATEX[name]


@pytest.mark.parametrize("name", [name for name in NAMES if not isinstance(WORDS[name], Binder)])
def test_arity(name):
    import sympy

    word = WORDS[name]
    symbols = sympy.symbols("a b c")[: word.arity]
    assert word(*symbols).args == symbols or name == "sqrt"
    assert word.latex.format(*symbols)
    with pytest.raises(TypeError):
        word(*sympy.symbols("a b c d"))


@pytest.mark.parametrize("name", ["minimum_over", "infimum_over"])
def test_a_binder_takes_a_function_of_its_variable(name):
    import sympy

    word = WORDS[name]
    body, variable, low, high = word(lambda x: x**2, 1, sympy.Symbol("n"), "γ").args
    assert (str(variable), body, low, str(high)) == ("γ", variable**2, 1, "n")


def test_a_word_is_one_function_and_stays_symbolic():
    import sympy

    q, c = sympy.symbols("q c")
    assert functions.kl_inverse(q, c) == functions.kl_inverse(q, c)
    assert functions.kl_inverse(q, c).free_symbols == {q, c}
    assert functions.log is not functions.log_star


@pytest.mark.parametrize("heavy", ["sympy", "torch"])
def test_words_and_nouns_import_without_heavy_packages(heavy):
    code = (
        "import sys, idbounds.functions, idbounds.quantities, idbounds.kernels.floats;"
        f"print({heavy!r} in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "False"
