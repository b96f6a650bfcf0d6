"""The words in JavaScript, run by node on one batch of inputs, against the float64 kernel."""

import json
import math
import shutil
import subprocess
from importlib.resources import as_file, files

import numpy as np
import pytest

from idbounds.functions import WORDS, Binder
from idbounds.kernels import floats
from tests.kernels.points import inputs

NODE = shutil.which("node")
NAMES = [name for name, word in WORDS.items() if name not in ("log", "sqrt") and not isinstance(word, Binder)]
SIZE = 1500
RUN = """
var read = function (x) { return x === "inf" ? Infinity : x === "-inf" ? -Infinity : Number(x); };
var calls = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(calls.map(function (call) {
  try { return String(words[call[0]].apply(null, call[1].map(read))); }
  catch (error) { return error.name + ": " + error.message; }
})));
"""
EDGES = [
    ("kl", (0, 0)),
    ("kl", (0.5, 0)),
    ("kl", (0.5, 1)),
    ("kl_inverse", (0, 0)),
    ("kl_inverse", (0.3, 0)),
    ("kl_inverse", (0.3, math.inf)),
    ("kl_inverse", (1, 2)),
    ("kl_inverse_lower", (0, 2)),
    ("kl_inverse_lower", (0.3, math.inf)),
    ("kl_inverse_lower", (1, 2)),
    ("binomial_tail_inverse", (9, 9, -3)),
    ("binomial_tail_inverse", (0, 9, -3)),
    ("binomial_tail_inverse", (3, 9, 0)),
    ("binomial_tail_inverse", (3, 9, -math.inf)),
    ("binomial_tail_inverse", (0, 1, -3)),
    ("binomial_tail_inverse", (10**8, 10**9, -1e9 * math.log(2))),
    ("binomial_tail_inverse", (5 * 10**11, 10**12, -3)),
    ("log_star", (1,)),
    ("log_star", (2,)),
    ("log_star", (65536,)),
    ("psi", (0,)),
    ("phi_inverse", (2, 0)),
    ("phi_inverse", (2, math.inf)),
    ("log_xi", (1,)),
    ("log_xi", (159,)),
    ("log_xi", (160,)),
    ("log_choose", (0, 0)),
    ("log_choose", (5, 5)),
    ("log_choose", (2, 1)),
    ("log_peak", (0, 5)),
    ("log_peak", (0.5, 1)),
    ("log_peak", (5, 5)),
    ("scenario_inverse", (5, 5, -3)),
    ("scenario_inverse", (4, 5, -3)),
    ("scenario_inverse", (0, 1, 0)),
    ("scenario_inverse", (3, 5, -math.inf)),
]
REFUSED = [
    ("kl", (1.2, 0.5)),
    ("kl_inverse", (math.nan, 0.1)),
    ("kl_inverse", (0.1, -1)),
    ("kl_inverse_lower", (0.1, math.nan)),
    ("binomial_tail_inverse", (11, 10, -3)),
    ("binomial_tail_inverse", (1, 10, 0.1)),
    ("binomial_tail_inverse", (0, 0, -3)),
    ("log_star", (0,)),
    ("psi", (-1,)),
    ("phi_inverse", (0, 1)),
    ("phi_inverse", (1, -1)),
    ("log_xi", (2.5,)),
    ("log_choose", (3, 4)),
    ("log_choose", (3, 1.5)),
    ("log_peak", (4, 3)),
    ("scenario_inverse", (1, 2, 0.1)),
    ("scenario_inverse", (0.5, 2, -1)),
]

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")


def call(rows):
    """Results of (word, arguments) pairs as text, by one run of node."""
    batch = json.dumps([[word, [repr(float(x)) for x in given]] for word, given in rows])
    with as_file(files("idbounds.kernels") / "kernels.js") as path:
        script = f"var words = require({json.dumps(str(path))});{RUN}"
        done = subprocess.run(
            [NODE, "-e", script], input=batch, capture_output=True, text=True, timeout=120, check=True
        )
    return json.loads(done.stdout)


def number(text):
    return float(text.replace("Infinity", "inf"))


@pytest.fixture(scope="module")
def batch():
    """Random inputs of every word and their JavaScript values."""
    rng = np.random.default_rng(9)
    columns = {word: inputs(word, rng, SIZE) for word in NAMES}
    rows = [(word, row) for word in NAMES for row in zip(*columns[word], strict=True)]
    values = np.array([number(x) for x in call(rows)]).reshape(len(NAMES), SIZE)
    return {word: (columns[word], values[i]) for i, word in enumerate(NAMES)}


@pytest.mark.parametrize("word", NAMES)
def test_values_agree_with_python(batch, word):
    columns, found = batch[word]
    expected = getattr(floats, word)(*columns)
    # smaller divergences are products of numbers that lose bits below 1e-300
    tiny = 1e-290 if word == "kl" else 0
    assert found == pytest.approx(expected, rel=1e-12, abs=tiny)


def test_edges_agree_with_python():
    expected = [float(getattr(floats, word)(*given)) for word, given in EDGES]
    assert [number(x) for x in call(EDGES)] == pytest.approx(expected, rel=1e-12, abs=0)


def test_impossible_inputs_are_refused_with_what_is_allowed():
    for text in call(REFUSED):
        assert text.startswith("RangeError")
        assert "give" in text


def evaluate(expression):
    """One JavaScript expression over the words."""
    with as_file(files("idbounds.kernels") / "kernels.js") as path:
        script = f"var w = require({json.dumps(str(path))});console.log(String({expression}));"
        done = subprocess.run([NODE, "-e", script], capture_output=True, text=True, timeout=60, check=True)
    return number(done.stdout)


def test_the_least_value_over_integers_and_over_reals():
    def of_integer(j):
        return floats.psi(j / 4) + floats.phi_inverse(1 / j, 0.3)

    def of_real(x):
        return floats.psi(x) + floats.kl(0.3, x) / 5

    over = "w.minimum_over(function (j) { return w.psi(j / 4) + w.phi_inverse(1 / j, 0.3); }, %d, %d)"
    for ends in ((1, 40), (7, 7), (8, 7)):
        assert evaluate(over % ends) == pytest.approx(floats.minimum_over(of_integer, *ends), rel=1e-14)
    inf = "w.infimum_over(function (x) { return w.psi(x) + w.kl(0.3, x) / 5; }, %r, %r)"
    for ends in ((0.01, 0.9), (0.01, 0.02), (0.5, 0.9), (0.4, 0.4)):
        assert evaluate(inf % ends) == pytest.approx(floats.infimum_over(of_real, *ends), rel=1e-14)


def test_the_file_works_in_a_page_where_there_is_no_module_system():
    source = (files("idbounds.kernels") / "kernels.js").read_text()
    script = (
        "var page = new Function(process.argv[1] + ';return kl_inverse(0.1, 0.05);');console.log(page());"
    )
    # in a page `module` is not defined; here it is shadowed
    source = "var module;" + source
    done = subprocess.run(
        [NODE, "-e", script, source], capture_output=True, text=True, timeout=60, check=True
    )
    assert float(done.stdout) == pytest.approx(floats.kl_inverse(0.1, 0.05), rel=1e-15)
    assert "import " not in source.replace("No imports", "")
