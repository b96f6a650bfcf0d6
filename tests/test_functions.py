"""The words: each has all four meanings, costs no sympy until it is used, and prints as LaTeX."""

import re
import subprocess
import sys
from importlib.resources import files

import pytest

from idbounds import functions
from idbounds.functions import WORDS
from idbounds.kernels import balls, floats

NAMES = ["log", "sqrt", "kl", "kl_inverse", "kl_inverse_lower", "binomial_tail_inverse", "log_star"]
LATEX = {
    "log": r"\log{\left(a \right)}",
    "sqrt": r"\sqrt{a}",
    "kl": r"\mathrm{kl}\!\left(a\,\middle\|\,b\right)",
    "kl_inverse": r"\mathrm{kl}^{-1,+}\!\left(a,\,b\right)",
    "kl_inverse_lower": r"\mathrm{kl}^{-1,-}\!\left(a,\,b\right)",
    "binomial_tail_inverse": r"\overline{\mathrm{Bin}}\!\left(a,\,b,\,e^{c}\right)",
    "log_star": r"\log^{*}\!\left(a\right)",
}


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


@pytest.mark.parametrize("name", NAMES)
def test_latex_and_arity(name):
    import sympy

    word = WORDS[name]
    symbols = sympy.symbols("a b c")[: word.arity]
    expression = word(*symbols)
    assert sympy.latex(expression) == LATEX[name]
    assert expression.args == symbols or name == "sqrt"
    assert word.latex.format(*symbols)
    with pytest.raises(TypeError):
        word(*sympy.symbols("a b c d"))


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
