import math

import numpy as np
import pytest
import sympy

from idbounds.functions import kl_inverse, log, sqrt
from idbounds.interpret import interpret, logs_apart
from idbounds.kernels import floats

a, b = sympy.symbols("a b", positive=True)


def say(build):
    with sympy.evaluate(False):
        return build()


@pytest.mark.parametrize(
    ("build", "value"),
    [
        (lambda: a + 2 * b - 1, 7.0),
        (lambda: a / (2 * b), 1 / 3),
        (lambda: 1 / a, 0.5),
        (lambda: a**3, 8.0),
        (lambda: sqrt(a * b), math.sqrt(6)),
        (lambda: log(a / b), math.log(2 / 3) + math.log(1.5) + math.log(2 / 3)),
        (lambda: kl_inverse(a / 20, b), floats.kl_inverse(0.1, 3.0)),
    ],
)
def test_reads_a_sentence(build, value):
    expression = say(build)
    values = {"a": np.asarray(2.0), "b": np.asarray(3.0)}
    for form in (expression, logs_apart(expression)):
        assert interpret(form, values, floats) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("build", [lambda: sympy.sin(a), lambda: a**-2, lambda: a**b])
def test_refuses_what_is_no_word(build):
    with pytest.raises(TypeError, match=r"word|powers"):
        interpret(say(build), {"a": np.asarray(2.0), "b": np.asarray(3.0)}, floats)


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: log(1 / a), "-log(a)"),
        (lambda: log(2 * sqrt(a) / b), "log(2*sqrt(a)) - log(b)"),
        (lambda: log(a), "log(a)"),
        (lambda: log(a * b), "log(a*b)"),
    ],
)
def test_logs_apart(build, text):
    assert str(logs_apart(say(build))) == text
