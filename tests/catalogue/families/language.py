"""Bounds for language models: documents, tokens, loss variation."""

from functools import cache, partial

import numpy as np
from mpmath import mp, mpf
from scipy.stats import binom

from idbounds.catalogue import language
from idbounds.functions import kl_inverse, log, log1p, sqrt
from idbounds.kernels import floats
from tests.catalogue import oracle
from tests.catalogue.worlds import DELTA, DRAWS

TOKENS, RATE, BLOCK = 1000, 0.1, 20_000
SHORT, LONG = 0.25, 20  # bits: one model has most of the mass, many have little; 2^-0.25 + 2^17 2^-20 < 1
MANY = 2**17
ALPHA = 2 * RATE  # a sure guess among two tokens, so smoothed, says that it errs at RATE
S = 0.4


def bits(nats):
    return nats / mp.log(2)


def ends(smoothing, vocabulary):
    """Least and largest smoothed loss, in nats."""
    return -mp.log(1 - smoothing + smoothing / vocabulary), mp.log(vocabulary / smoothing)


def width(smoothing, vocabulary):
    low, high = ends(smoothing, vocabulary)
    return high - low


def cost(code_bits, delta, choices=1):
    return code_bits * mp.log(2) + mp.log(choices) - mp.log(delta)


def subsampled(nll_bits, smoothing, vocabulary, code_bits, subsample, smoothing_choices, delta, **whole):
    (m,), k = whole.values(), subsample
    share = k / (k + m)
    first = mp.sqrt((cost(code_bits, delta, smoothing_choices) - mp.log(share)) / (2 * m))
    second = mp.sqrt((cost(0, delta, smoothing_choices) - mp.log1p(-share)) / (2 * k))
    return nll_bits + bits(width(smoothing, vocabulary)) * (first + second)


def scaled(bound, nll_bits, smoothing, vocabulary):
    low, high = ends(smoothing, vocabulary)
    q = (nll_bits * mp.log(2) - low) / (high - low)
    return bits(low + (high - low) * bound(min(max(q, mpf(0)), mpf(1))))


def subsampled_kl(nll_bits, smoothing, vocabulary, code_bits, documents, subsample, smoothing_choices, delta):
    share = subsample / (subsample + documents)
    outer = (cost(code_bits, delta, smoothing_choices) - mp.log(share)) / documents
    inner = (cost(0, delta, smoothing_choices) - mp.log1p(-share)) / subsample
    both = lambda q: oracle.kl_inverse(oracle.kl_inverse(q, inner), outer)  # noqa: E731
    return scaled(both, nll_bits, smoothing, vocabulary)


def best_stake(q, c):
    values = [(1 - mp.exp(-s * q - c)) / (1 - mp.exp(-s)) for s in (2 ** (3 - mpf(j) / 4) for j in range(80))]
    return min([mpf(1), *values])


def variation(raw_nll_bits, loss_variation, vocabulary, code_bits, tokens, smoothing_choices, delta, exact):
    c = cost(code_bits, delta, smoothing_choices) / tokens
    smoothing = c / (1 + c)
    added = -mp.log1p(-smoothing) - c * mp.log(smoothing) if exact else mp.sqrt(2 * c)
    return raw_nll_bits + bits(c * mp.log(vocabulary) + added) + loss_variation * mp.sqrt(c)


ORACLE = {
    "language-documents": subsampled,
    "language-tokens-subsampled": subsampled,
    "language-documents-kl": subsampled_kl,
    "language-tokens-azuma": lambda nll_bits, smoothing, vocabulary, code_bits, tokens, **known: (
        nll_bits
        + bits(width(smoothing, vocabulary))
        * mp.sqrt(cost(code_bits, known["delta"], known["smoothing_choices"]) / (2 * tokens))
    ),
    "language-tokens-catoni": lambda nll_bits, smoothing, vocabulary, code_bits, tokens, **known: scaled(
        lambda q: best_stake(q, cost(code_bits, known["delta"], 80 * known["smoothing_choices"]) / tokens),
        nll_bits,
        smoothing,
        vocabulary,
    ),
    "language-tokens-freedman": lambda nll_bits, mean_psi, freedman_s, smoothing, vocabulary, **known: (
        nll_bits
        + bits(width(smoothing, vocabulary) / freedman_s)
        * (cost(known["code_bits"], known["delta"], known["smoothing_choices"]) / known["tokens"] + mean_psi)
    ),
    "language-tokens-variation": partial(variation, exact=True),
    "language-tokens-finzi": partial(variation, exact=False),
    "language-top-k": lambda token_error, code_bits, tokens, delta: best_stake(
        token_error, cost(code_bits, delta, 80) / tokens
    ),
    "language-top-k-azuma": lambda token_error, code_bits, tokens, delta: (
        token_error + mp.sqrt(cost(code_bits, delta) / (2 * tokens))
    ),
}


def text():
    """Tokens that one model reads with luck: the text turns predictable as soon as its errors are too few.

    The model errs on each token with probability RATE, until its errors are so few that the small-kl bound with
    ln(1/delta) would fail if it never erred again; and from there on it never errs. So the conditional risk
    depends on the past.

    Returns:
        Its share of errors and its average conditional risk, one a draw.
    """
    return _text(DRAWS)


@cache
def _text(draws):
    times, means = np.arange(1, TOKENS + 1), np.arange(TOKENS + 1) / TOKENS
    level = np.log(2**SHORT / DELTA) / TOKENS
    lucky = [np.flatnonzero(floats.kl_inverse(means[: t + 1], level) < RATE * t / TOKENS) for t in times]
    few = np.array([k[-1] if len(k) else -1 for k in lucky])
    rng = np.random.default_rng(21)
    return np.concatenate([_some_texts(rng, few) for _ in range(draws // BLOCK)], axis=1)


def _some_texts(rng, few):
    errors = (rng.random((BLOCK, TOKENS), np.float32) < RATE).cumsum(axis=1, dtype=np.int16)
    stopped = errors <= few
    end = np.where(stopped.any(axis=1), stopped.argmax(axis=1), TOKENS - 1)
    return errors[np.arange(BLOCK), end] / TOKENS, RATE * (end + 1) / TOKENS


def best(size=TOKENS, rate=RATE, models=MANY):
    """The smallest share of errors among models that err independently."""
    cdf = np.minimum(binom.cdf(np.arange(size + 1), size, rate), 1 - 1e-16)
    return np.searchsorted(-np.expm1(models * np.log1p(-cdf)), np.random.default_rng(22).random(DRAWS)) / size


def _bits_of(rate, alpha=ALPHA, vocabulary=2):
    low = -np.log2(1 - alpha + alpha / vocabulary)
    return low + rate * (np.log2(vocabulary / alpha) - low)


SETTING = {"smoothing": ALPHA, "vocabulary": 2, "smoothing_choices": 1, "delta": DELTA}


def _on_table(value, errors, size=TOKENS):
    """A function of the share of errors, computed once for each count."""
    counts = np.arange(size + 1)
    return np.broadcast_to(value(counts / size), counts.shape)[np.rint(errors * size).astype(int)]


def _text_fails(value, truth, long=LONG):
    """The bound fails for the lucky model or for the best of the others; each has its codeword."""
    errors, risk = text()
    lucky = _on_table(partial(value, SHORT), errors) < truth(SHORT, risk)
    return lucky | (_on_table(partial(value, long), best()) < truth(long, RATE))


def _in_bits(bound, long=LONG):
    return _text_fails(
        lambda code, rate: bound(nll_bits=_bits_of(rate), code_bits=code, tokens=TOKENS, **SETTING),
        lambda code, risk: _bits_of(risk),
        long,
    )


def _in_errors(bound, long=LONG):
    return _text_fails(
        lambda code, rate: bound(token_error=rate, code_bits=code, tokens=TOKENS, delta=DELTA),
        lambda code, risk: risk,
        long,
    )


def _freedman(bound, predictable=True):
    """The centre is the loss that the model itself expects; or the loss itself, where that is broken."""

    def value(code, rate):
        mean_psi = (1 - rate) * floats.psi(S * RATE) + rate * floats.psi(S * (RATE - 1))
        known = {"mean_psi": mean_psi if predictable else 0, "freedman_s": S, "code_bits": code, **SETTING}
        return bound(nll_bits=_bits_of(rate), tokens=TOKENS, **known)

    return _text_fails(value, lambda code, risk: _bits_of(risk))


def _smoothed_by_cost(code):
    """C, the range in bits and the two losses of the model that says RATE, smoothed by C / (1 + C)."""
    c = (code * np.log(2) - np.log(DELTA)) / TOKENS
    guess = (1 - RATE + c / 2) / (1 + c)
    return c, np.log2(2 * (1 + c) / c), -np.log2(guess), -np.log2(1 - guess)


def _variation(bound, long=LONG):
    def value(code, rate):
        c, span, right, wrong = _smoothed_by_cost(code)
        centre = 2**-right * right + 2**-wrong * wrong
        spread = (1 - rate) * floats.psi(S * (centre - right) / span) + rate * floats.psi(
            S * (centre - wrong) / span
        )
        sigma = span * (c * (1 - S) + spread) / (S * np.sqrt(c))
        known = {"vocabulary": 2, "smoothing_choices": 1, "delta": DELTA, "loss_variation": sigma}
        raw = -(1 - rate) * np.log2(1 - RATE) - rate * np.log2(RATE)
        return bound(raw_nll_bits=raw, code_bits=code, tokens=TOKENS, **known)

    def truth(code, risk):
        _, _, right, wrong = _smoothed_by_cost(code)
        return (1 - risk) * right + risk * wrong

    return _text_fails(value, truth, long)


def _subsample_fails(bound, whole):
    """A small training set, or a small subsample; half of the draws each."""
    rng, many = np.random.default_rng(23), 1_000_000
    mean, risk, code = best(), np.full(DRAWS, RATE), np.full(DRAWS, LONG)
    if whole == "tokens":  # the lucky model, where it was lucky
        errors, average = text()
        mean, risk, code = (
            np.where(average < RATE, a, b) for a, b in ((errors, mean), (average, risk), (SHORT, code))
        )
    small = bound(nll_bits=_bits_of(rng.binomial(many, mean) / many), code_bits=code, subsample=many,
                  **{whole: TOKENS}, **SETTING) < _bits_of(risk)  # fmt: skip
    drawn = rng.binomial(100, rng.binomial(many, 0.5, DRAWS) / many) / 100
    few = bound(nll_bits=_bits_of(drawn), code_bits=SHORT, subsample=100, **{whole: many}, **SETTING)
    return np.where(np.arange(DRAWS) % 2, small, few < _bits_of(0.5))


def _chosen_on_the_subsample(bound, whole):
    """Of 64 models with messages of 6 bits, the one that is best on the subsample of 20."""
    known = {"nll_bits": _bits_of(best(20, 0.5, 64)), "subsample": 20, whole: 10_000}
    return bound(code_bits=6, **known, **SETTING) < _bits_of(0.5)


def _copies(bound):
    """Of each document there are 50 copies."""
    mean = np.random.default_rng(24).binomial(TOKENS // 50, 0.5, DRAWS) / (TOKENS // 50)
    known = {"code_bits": SHORT, "subsample": 1_000_000, "documents": TOKENS}
    return bound(nll_bits=_bits_of(mean), **known, **SETTING) < _bits_of(0.5)


documents, tokens = partial(_subsample_fails, whole="documents"), partial(_subsample_fails, whole="tokens")
WORLDS = {
    "language-documents": documents,
    "language-documents-kl": documents,
    "language-tokens-subsampled": tokens,
    "language-tokens-azuma": _in_bits,
    "language-tokens-catoni": _in_bits,
    "language-tokens-freedman": _freedman,
    "language-tokens-variation": _variation,
    "language-tokens-finzi": _variation,
    "language-top-k": _in_errors,
    "language-top-k-azuma": _in_errors,
}


def span_words(a, V):
    return language._width(a, V) / log(2)


def kl_words(R, a, V, nats):
    """The small-kl bound, true for documents and false for tokens."""
    return language._scaled(lambda q: kl_inverse(q, nats), R, a, V)


SUBSAMPLED = [
    lambda R, a, V, L, m, k, c, d: (
        R + span_words(a, V) * (sqrt(log(c / d) / (2 * m)) + sqrt((log(c / d) + log1p(k / m)) / (2 * k)))
    ),
    lambda R, a, V, L, m, k, c, d: (
        R + span_words(a, V) * sqrt((L * log(2) + log(c / d) + log1p(m / k)) / (2 * m))
    ),
]
MUTANTS = {
    "language-documents": SUBSAMPLED,
    "language-documents-kl": [
        lambda R, a, V, L, m, k, c, d: kl_words(R, a, V, (L * log(2) + log(c / d)) / m),
        lambda R, a, V, L, m, k, c, d: kl_words(R, a, V, log(c / d) / m + log(c / d) / k),
    ],
    "language-tokens-subsampled": SUBSAMPLED,
    "language-tokens-azuma": [
        lambda R, a, V, L, m, c, d: R + span_words(a, V) * sqrt(log(c / d) / (2 * m)),
        lambda R, a, V, L, m, c, d: R + sqrt((L * log(2) + log(c / d)) / (2 * m)) / 4,
    ],
    "language-tokens-catoni": [
        lambda R, a, V, L, m, c, d: kl_words(R, a, V, log(80 * c / d) / m),
        lambda R, a, V, L, m, c, d: kl_words(R, a, V, (L * log(2) + log(c / d)) / m),
    ],
    "language-tokens-freedman": [
        lambda R, v, s, a, V, L, m, c, d: R + span_words(a, V) * (log(c / d) / m + v) / s,
        lambda R, v, s, a, V, L, m, c, d: R + span_words(a, V) * (L * log(2) + log(c / d)) / (m * s),
    ],
    "language-tokens-variation": [
        lambda R, v, V, L, m, c, d: R + v * sqrt(log(c / d) / m),
        lambda R, v, V, L, m, c, d: R + log(V) * (L * log(2) + log(c / d)) / (m * log(2)),
    ],
    "language-tokens-finzi": [
        lambda R, v, V, L, m, c, d: R + v * sqrt(log(c / d) / m),
        lambda R, v, V, L, m, c, d: R + log(V) * (L * log(2) + log(c / d)) / (m * log(2)),
    ],
    "language-top-k": [
        lambda R, L, m, d: kl_inverse(R, log(80 / d) / m),
        lambda R, L, m, d: kl_inverse(R, (L * log(2) + log(1 / d)) / m),
    ],
    "language-top-k-azuma": [lambda R, L, m, d: R + sqrt(log(1 / d) / (2 * m))],
}
BROKEN = {
    "language-documents": ("fresh_subsample", partial(_chosen_on_the_subsample, whole="documents")),
    "language-documents-kl": ("iid", _copies),
    "language-tokens-subsampled": ("fresh_subsample", partial(_chosen_on_the_subsample, whole="tokens")),
    "language-tokens-azuma": ("code_before_sample", partial(_in_bits, long=SHORT)),
    "language-tokens-catoni": ("code_before_sample", partial(_in_bits, long=SHORT)),
    "language-tokens-freedman": ("predictable_centre", partial(_freedman, predictable=False)),
    "language-tokens-variation": ("code_before_sample", partial(_variation, long=SHORT)),
    "language-tokens-finzi": ("code_before_sample", partial(_variation, long=SHORT)),
    "language-top-k": ("code_before_sample", partial(_in_errors, long=SHORT)),
    "language-top-k-azuma": ("code_before_sample", partial(_in_errors, long=SHORT)),
}
