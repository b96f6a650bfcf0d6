"""Ideal lengths of Bayes mixtures over declared models: no model is chosen, none is named."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from idbounds.errors import InputError
from idbounds.mdl._given import array


def mixture_ideal_bits(lengths: ArrayLike, *, weights: ArrayLike | None = None) -> float:
    """-log2 of the weighted mean of 2^-length: at most the shortest length plus -log2 of its weight.

    It is the ideal length of a code if each length is that of one, the models and weights being declared
    before the data. With lengths that are no code lengths (BIC, Laplace) the result is none, either.

    Args:
        lengths: Ideal lengths of the same data under each model, shape (models,), in bits; infinity allowed.
        weights: Their prior weights, positive, with a sum of at most 1; equal ones by default.

    Returns:
        Bits.

    Raises:
        InputError: If the weights are no prior, or a length is no number.
    """
    bits = np.asarray(lengths, dtype=np.float64)
    if bits.ndim != 1 or not bits.size or np.isnan(bits).any() or (bits == -np.inf).any():
        raise InputError(f"lengths: {lengths!r} given; one number of bits for each model is allowed")
    prior = np.full(bits.size, 1 / bits.size) if weights is None else array(weights, "weights", 1)
    if prior.shape != bits.shape or (prior <= 0).any() or prior.sum() > 1 + 1e-12:
        raise InputError(
            f"weights: {prior.size} with sum {prior.sum():g} given; {bits.size} positive ones with a sum of "
            "at most 1 are allowed"
        )
    return -float(np.logaddexp2.reduce(np.log2(prior) - bits))


def switch_ideal_bits(lengths: ArrayLike) -> float:
    """Ideal length of a mixture over all ways to switch between models, from block to block.

    A simple model is good on little data, a rich one later: the best single model can lose to one that
    switches once (the catch-up phenomenon). The prior over switches is declared: after block t the model is
    drawn anew with probability 1 / (t + 1), uniformly, and kept otherwise.

    Args:
        lengths: Ideal length of each block under each model given all blocks before, shape (models, blocks).

    Returns:
        Bits: at most the best single model plus log2(models) + log2(blocks).

    Source: Van Erven, Grunwald and de Rooij (2012), JRSS B 74(3), with the fixed-share prior of Herbster and
    Warmuth (1998) at a falling rate.
    """
    bits = array(lengths, "lengths", 2)
    models, blocks = bits.shape
    logs = np.full(models, -np.log2(models))  # log2 of P(blocks so far, model)
    for t in range(blocks):
        if t:
            anew = np.logaddexp2.reduce(logs) - np.log2(models * (t + 1.0))
            logs = np.logaddexp2(logs + np.log2(t / (t + 1.0)), anew)
        logs = logs - bits[:, t]
    return -float(np.logaddexp2.reduce(logs))
