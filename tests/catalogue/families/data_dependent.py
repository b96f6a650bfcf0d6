"""Bounds with a prior that has seen other data: informed and recursive priors, excess losses."""

from functools import cache

import numpy as np
from mpmath import mp, mpf

from idbounds.functions import kl_inverse, kl_inverse_lower, log, sqrt
from tests.catalogue import oracle
from tests.catalogue.worlds import DELTA, DRAWS, SIZE

CROWD, BLOCK = 10**9, 20_000
GAMMA, STAGES, EPSILON = 0.5, 3, 2.0


def nats(kl_nats, n, delta, factor):
    return (kl_nats + mp.log(factor) + mp.log(n) / 2 - mp.log(delta)) / n


def split(up, down, c):
    """The lower inverse is the upper one of the complement."""
    return oracle.kl_inverse(up, c) + oracle.kl_inverse(1 - down, c) - 1


def binomial(k, n, delta, share):
    return oracle.binomial_inverse(int(k), int(n), mp.log(delta / share))


def recursion(previous_bound, recursion_gamma, excess_1, excess_2, excess_3, kl_nats, bound_n, stages, delta):
    """Sum over the values -gamma, 0, 1 - gamma, 1 of the excess, each with its share of the examples."""
    c = nats(kl_nats, bound_n, delta, 6 * stages)
    a, b, d = (oracle.kl_inverse(q, c) for q in (excess_1, excess_2, excess_3))
    shares, values = (1 - a, a - b, b - d, d), (-recursion_gamma, 0, 1 - recursion_gamma, 1)
    return mp.fdot(shares, values) + recursion_gamma * previous_bound


ORACLE = {
    "split-kl": lambda excess_up, excess_down, test_n, delta: split(
        excess_up, excess_down, (mp.log(2) - mp.log(delta)) / test_n
    ),
    "pac-bayes-split-kl": lambda excess_up, excess_down, kl_nats, bound_n, delta: split(
        excess_up, excess_down, nats(kl_nats, bound_n, delta, 4)
    ),
    "informed-prior-kl": lambda gibbs_bound_error, kl_nats, bound_n, delta: oracle.kl_inverse(
        gibbs_bound_error, nats(kl_nats, bound_n, delta, 2)
    ),
    "informed-excess-kl": lambda excess_up, excess_down, reference_errors, kl_nats, bound_n, delta: (
        split(excess_up, excess_down, nats(kl_nats, bound_n, delta, 8))
        + binomial(reference_errors, bound_n, delta, 2)
    ),
    "forward-backward-split-kl": lambda excess_up, excess_down, reference_errors, backward_errors, **known: (
        split(excess_up, excess_down, nats(known["mean_kl_nats"], known["bound_n"], known["delta"], 8))
        + sum(
            binomial(k, known["bound_n"], known["delta"], 4) / 2 for k in (reference_errors, backward_errors)
        )
    ),
    "recursive-pac-bayes-first": lambda gibbs_train_error, kl_nats, n, stages, delta: oracle.kl_inverse(
        gibbs_train_error, nats(kl_nats, n, delta, 2 * stages)
    ),
    "recursive-pac-bayes-step": recursion,
    "private-prior-kl": lambda gibbs_train_error, kl_nats, privacy_epsilon, n, delta: oracle.kl_inverse(
        gibbs_train_error,
        nats(kl_nats, n, delta, 4)
        + (mpf(n) * privacy_epsilon**2 / 2 + privacy_epsilon * mp.sqrt(n * mp.log(2 / delta) / 2)) / n,
    ),
}


def crowd(size=SIZE, pairs=False):
    """A Gibbs posterior among a thousand million hypotheses whose risks are all one half.

    The hypotheses are counted by their errors. In pairs, each has its negation beside it, so that the uniform
    prior errs on every single example with probability one half.

    Returns:
        The posterior's training error and its divergence from the uniform prior, one a draw.
    """
    return _crowd(size, pairs, DRAWS)


@cache
def _crowd(size, pairs, draws):
    rng = np.random.default_rng(11)
    return np.concatenate([_some_crowds(rng, size, pairs) for _ in range(draws // BLOCK)], axis=1)


def _some_crowds(rng, size, pairs):
    errors = np.arange(size + 1)
    counts = rng.multinomial(CROWD // (2 if pairs else 1), _coins(size), BLOCK)
    counts = (counts + counts[:, ::-1] if pairs else counts).astype(float)
    best = np.argmax(counts > 0, axis=1)[:, None]
    weights = counts * np.exp(-4.0 * np.maximum(errors - best, 0))
    weights /= weights.sum(axis=1, keepdims=True)
    terms = weights * np.log(np.maximum(weights, 1e-300) * CROWD / np.maximum(counts, 1))
    return (weights * errors).sum(axis=1) / size, np.maximum(terms.sum(axis=1), 0)


@cache
def _coins(size):
    logs = np.array([float(mp.log(mp.binomial(size, k))) for k in range(size + 1)]) - size * np.log(2)
    return np.exp(logs) / np.exp(logs).sum()


def _excess_fails(bound, **known):
    """The reference never errs in one half of the draws, always in the other."""
    rate, divergence = crowd()
    right = bound(
        excess_up=rate, excess_down=0, **{"kl_nats": divergence, "bound_n": SIZE, **known}, delta=DELTA
    )
    wrong = bound(
        excess_up=0, excess_down=1 - rate, **{"kl_nats": divergence, "bound_n": SIZE, **known}, delta=DELTA
    )
    return np.where(np.arange(DRAWS) % 2, right < 0.5, wrong < -0.5)


def _informed_excess_fails(bound, **known):
    rate, divergence = crowd()
    known = {"kl_nats": divergence, "bound_n": SIZE, "delta": DELTA, **known}
    right = bound(excess_up=rate, excess_down=0, reference_errors=0, **known)
    wrong = bound(excess_up=0, excess_down=1 - rate, reference_errors=known["bound_n"], **known)
    return np.where(np.arange(DRAWS) % 2, right < 0.5, wrong < 0.5)


def _one_excess(bound, of=1):
    """The reference always errs, and the hypothesis half of the time; the best of several, if asked."""
    down = np.random.default_rng(12).binomial(SIZE, 0.5, (DRAWS, of)).max(axis=1) / SIZE
    return bound(excess_up=0, excess_down=down, test_n=SIZE, delta=DELTA) < -0.5


def _gibbs_fails(bound, **known):
    rate, divergence = crowd()
    return (
        bound(**{"gibbs_bound_error": rate, "kl_nats": divergence, "bound_n": SIZE, **known}, delta=DELTA)
        < 0.5
    )


def _first_fails(bound, **known):
    rate, divergence = crowd()
    known = {"kl_nats": divergence, **known}
    return bound(gibbs_train_error=rate, n=SIZE, stages=STAGES, delta=DELTA, **known) < 0.5


def _step_fails(bound, bound_n=SIZE):
    """The previous posterior errs on each example with probability one half; its bound is exact."""
    rate, divergence = crowd(pairs=True)
    shares = {"excess_1": (1 + rate) / 2, "excess_2": rate, "excess_3": rate / 2}
    stage = {"previous_bound": 0.5, "recursion_gamma": GAMMA, "stages": STAGES}
    return bound(**shares, **stage, kl_nats=divergence, bound_n=bound_n, delta=DELTA) < 0.5


def _both_halves_fail(bound, **known):
    """The references never err, and both priors are uniform."""
    rate, divergence = crowd(2 * SIZE)
    known = {"mean_kl_nats": divergence, **known}
    references = {"reference_errors": 0, "backward_errors": 0}
    return bound(excess_up=rate, excess_down=0, **references, bound_n=SIZE, delta=DELTA, **known) < 0.5


def _private_fails(bound, epsilon=EPSILON, spent=EPSILON):
    """The prior is one hypothesis, drawn by the exponential mechanism; the posterior is the prior."""
    rng = np.random.default_rng(13)
    counts = rng.multinomial(CROWD, _coins(SIZE), DRAWS) * np.exp(-spent / 2 * np.arange(SIZE + 1))
    place = rng.random((DRAWS, 1)) * counts.sum(axis=1, keepdims=True)
    rate = (counts.cumsum(axis=1) < place).sum(axis=1) / SIZE
    return bound(gibbs_train_error=rate, kl_nats=0, privacy_epsilon=epsilon, n=SIZE, delta=DELTA) < 0.5


WORLDS = {
    "split-kl": _one_excess,
    "pac-bayes-split-kl": _excess_fails,
    "informed-prior-kl": _gibbs_fails,
    "informed-excess-kl": _informed_excess_fails,
    "forward-backward-split-kl": _both_halves_fail,
    "recursive-pac-bayes-first": _first_fails,
    "recursive-pac-bayes-step": _step_fails,
    "private-prior-kl": _private_fails,
}


def split_words(up, down, c):
    return kl_inverse(up, c) - kl_inverse_lower(down, c)


def step_words(previous, gamma, first, second, third, c):
    return (
        gamma * kl_inverse(first, c)
        + (1 - gamma) * kl_inverse(second, c)
        + gamma * kl_inverse(third, c)
        - gamma
        + gamma * previous
    )


MUTANTS = {
    "split-kl": [
        lambda U, D, m, d: U - D,
        lambda U, D, m, d: kl_inverse(U, log(2 / d) / m) - D,
    ],
    "pac-bayes-split-kl": [
        lambda U, D, K, m, d: split_words(U, D, log(4 * sqrt(m) / d) / m),
        lambda U, D, K, m, d: kl_inverse(U, (K + log(4 * sqrt(m) / d)) / m) - D,
    ],
    "informed-prior-kl": [lambda R, K, m, d: kl_inverse(R, log(2 * sqrt(m) / d) / m)],
    "informed-excess-kl": [
        lambda U, D, k, K, m, d: split_words(U, D, log(8 * sqrt(m) / d) / m) + k / m,
        lambda U, D, k, K, m, d: split_words(U, D, (K + log(8 * sqrt(m) / d)) / m),
    ],
    "forward-backward-split-kl": [
        lambda U, D, k, j, K, m, d: split_words(U, D, log(8 * sqrt(m) / d) / m) + (k + j) / (2 * m)
    ],
    "recursive-pac-bayes-first": [lambda R, K, m, T, d: kl_inverse(R, log(2 * T * sqrt(m) / d) / m)],
    "recursive-pac-bayes-step": [
        lambda B, g, F, G, H, K, m, T, d: step_words(B, g, F, G, H, log(6 * T * sqrt(m) / d) / m),
        lambda B, g, F, G, H, K, m, T, d: step_words(0, g, F, G, H, (K + log(6 * T * sqrt(m) / d)) / m),
    ],
    "private-prior-kl": [lambda R, K, e, m, d: kl_inverse(R, (K + log(4 * sqrt(m) / d)) / m)],
}
# Taking the whole sample for bound_n is the commonest mistake with informed priors: here half of it, or two
# thirds, has gone into the prior.
BROKEN = {
    "split-kl": ("held_out", lambda bound: _one_excess(bound, of=512)),
    "pac-bayes-split-kl": ("prior_from_others", lambda bound: _excess_fails(bound, kl_nats=0)),
    "informed-prior-kl": ("prior_from_others", lambda bound: _gibbs_fails(bound, bound_n=2 * SIZE)),
    "informed-excess-kl": (
        "prior_from_others",
        lambda bound: _informed_excess_fails(bound, bound_n=3 * SIZE),
    ),
    "forward-backward-split-kl": (
        "prior_from_others",
        lambda bound: _both_halves_fail(bound, mean_kl_nats=0),
    ),
    "recursive-pac-bayes-first": ("prior_before_sample", lambda bound: _first_fails(bound, kl_nats=0)),
    "recursive-pac-bayes-step": ("prior_from_others", lambda bound: _step_fails(bound, bound_n=3 * SIZE)),
    "private-prior-kl": ("private_prior", lambda bound: _private_fails(bound, epsilon=0.05, spent=4.0)),
}
