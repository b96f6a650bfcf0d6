"""The table of small digits: 1,797 labels under logistic regression, in bits (reference: 858 online, 565 evidence)."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from idbounds import data
from idbounds.mdl import (
    Prequential,
    bic_approximate_bits,
    label_ideal_bits,
    laplace_approximate_bits,
    portions,
    uniform_label_ideal_bits,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def digits():
    loaded = data.load("digits")
    order = np.random.default_rng(0).permutation(1797)
    x = np.concatenate([loaded.train_x, loaded.test_x]).reshape(-1, 64)[order] / 16
    return x, np.concatenate([loaded.train_y, loaded.test_y])[order]


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def logistic(x, y, penalty, bias_too):
    """Weights (65, 10) of least -log joint in nats."""
    columns = np.c_[x, np.ones(len(x))]
    free = np.ones((65, 1))
    free[-1] = bias_too

    def objective(w):
        w = w.reshape(65, 10)
        p = softmax(columns @ w)
        value = -np.log(p[np.arange(len(y)), y] + 1e-300).sum() + penalty / 2 * (free * w**2).sum()
        return value, (columns.T @ (p - np.eye(10)[y]) + penalty * free * w).ravel()

    found = minimize(
        objective, np.zeros(650), jac=True, method="L-BFGS-B", options={"maxiter": 1000, "ftol": 1e-12}
    )
    return found.x.reshape(65, 10), objective, columns


def test_prequential(digits):
    x, y = digits

    def train(x, y):
        w = logistic(x, y, 1.0, False)[0]
        return lambda new: softmax(np.c_[new, np.ones(len(new))] @ w)

    code = Prequential(train, x, classes=10, ends=portions(1797))
    assert code.ideal_length(y) == pytest.approx(855, abs=3)
    assert code.encode(y).code_bits < 0.145 * uniform_label_ideal_bits(1797, 10)
    assert np.array_equal(code.decode(code.encode(y)), y)
    assert Prequential(train, x, classes=10).ideal_length(y) == pytest.approx(873, abs=3)
    # labels at random hold nothing to learn, and the learner is all too sure of what it learnt
    noise = np.random.default_rng(1).permutation(y)
    assert code.ideal_length(noise) > uniform_label_ideal_bits(1797, 10)


def test_evidence_and_bic(digits):
    x, y = digits
    bits, bic = {}, {}
    for precision in (0.01, 0.03, 0.1):
        w, objective, columns = logistic(x, y, precision, True)
        p = softmax(columns @ w)
        hessian = np.empty((65, 10, 65, 10))
        for a in range(10):
            for b in range(10):
                hessian[:, a, :, b] = (columns * (p[:, a] * ((a == b) - p[:, b]))[:, None]).T @ columns
        full = hessian.reshape(650, 650) + precision * np.eye(650)

        def log_joint(w, objective=objective, precision=precision):
            return -objective(w)[0] + 325 * math.log(precision / (2 * math.pi))

        bits[precision] = laplace_approximate_bits(log_joint, w.ravel(), hessian=full)
        bic[precision] = bic_approximate_bits(label_ideal_bits(p, y), k=650, n=1797)
    assert bits[0.03] == pytest.approx(573, abs=3)
    assert min(bits, key=bits.get) == 0.03
    assert bic[0.03] == pytest.approx(3552, abs=5)
