"""Random projections: the noise is what Arora et al. say, the weights are frozen, too many signs are refused."""

import hashlib

import numpy as np
import pytest

from idbounds.compress import Project
from idbounds.decoders.form import Slot
from idbounds.decoders.projected import Projected
from idbounds.errors import DecodeError, InputError

NOWHERE = np.zeros(0, np.int64)


def signs(form, slot):
    """The matrices M, as rows."""
    columns = [form.weights(slot, NOWHERE, [row]) for row in np.eye(form.count)]
    return np.stack(columns) * np.sqrt(form.count)


def test_the_weights_are_frozen():
    made = Projected(7, 3).weights(Slot("w", (4, 6), 1000), NOWHERE, [np.arange(7.0)])
    assert hashlib.sha256(made.astype("<f8").tobytes()).hexdigest()[:16] == "5e2e1b79a2adf28c"


def test_it_is_algorithm_1_of_the_paper(first, bench):
    last = next(draft for draft in first if draft.slot.shape == (10, 200))
    (made,) = Project(0.2, seed=4).apply([last], bench)
    M = signs(made.coded.form, made.slot)
    assert set(np.unique(M.round(12))) == {-1.0, 1.0}
    A = last.coded.weights.ravel()
    wanted = np.mean([(A @ m) * m for m in M], axis=0)
    assert np.allclose(made.coded.weights.ravel(), wanted, atol=1e-5)


def test_the_noise_is_that_of_the_lemma():
    """E |(A^ - A) x|^2 = |A|^2 |x|^2 h / k, less the diagonal terms, that is (|A|^2 |x|^2 h + ...) / k."""
    rng = np.random.default_rng(0)
    A, x = rng.normal(size=(6, 8)), rng.normal(size=8)
    found = []
    for seed in range(400):
        form, slot = Projected(12, seed), Slot("w", (6, 8), 50)
        projection = form.projection(slot)
        made = form.weights(slot, NOWHERE, [projection.adjoint(A.ravel())]).reshape(6, 8)
        found.append((made - A) @ x)
    found = np.array(found)
    # Z = <A, M> M has covariance |A|^2 I + vec A vec A' - 2 diag(A^2), over k.
    flat, K = A.ravel(), np.kron(np.eye(6), x)
    covariance = K @ (flat @ flat * np.eye(48) + np.outer(flat, flat) - 2 * np.diag(flat**2)) @ K.T / 12
    error = 5 * np.sqrt(np.trace(covariance) / 6 / 400)
    assert np.abs(found.mean(axis=0)).max() < error
    assert (found**2).sum(axis=1).mean() == pytest.approx(np.trace(covariance), rel=0.12)


def test_tensors_and_seeds_have_signs_of_their_own():
    slots = Slot("a", (4, 6), 0), Slot("b", (4, 6), 1), Slot("c", (4, 6), 24)
    drawn = [signs(Projected(24, seed), slot).ravel() for slot in slots for seed in (0, 1)]
    products = np.corrcoef(drawn) - np.eye(6)
    assert np.abs(products).max() < 5 / np.sqrt(576)


def test_too_many_signs_are_refused_and_left_alone():
    slot = Slot("w", (2**10, 2**12), 0)
    with pytest.raises(DecodeError, match="projected"):
        Projected(2**12, 0).sizes(slot, 0)


@pytest.mark.parametrize(
    "bad", [{"share": 0.0}, {"share": 1.0}, {"share": 0.5, "seed": -1}, {"share": 0.5, "seed": 0.5}]
)
def test_impossible_settings_are_refused(bad):
    with pytest.raises(InputError, match="give"):
        Project(**bad)
