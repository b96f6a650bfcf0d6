"""Nouns of language models."""

from __future__ import annotations

import math

from idbounds.quantities.quantity import Quantity

nll_bits = Quantity(
    "nll_bits", r"\hat\ell_\alpha", "ℓ̂_α", "bits", 0, math.inf,
    "mean negative log2-likelihood of the smoothed model, in bits a token, on what was evaluated; for "
    "documents the mean of their means, each averaged over its own tokens first", +1,
    (2.0, 14.0),
)  # fmt: skip
raw_nll_bits = Quantity(
    "raw_nll_bits", r"\hat\ell", "ℓ̂", "bits", 0, math.inf,
    "mean negative log2-likelihood of the decoded model before smoothing, in bits a token", +1, (1.0, 10.0),
)  # fmt: skip
token_error = Quantity(
    "token_error", r"\hat R_{\mathrm{tok}}", "R̂_tok", "rate", 0, 1,
    "mean loss a token in [0, 1], such as the share of tokens that are not among the k likeliest", +1,
    (0.0, 0.8),
)  # fmt: skip
smoothing = Quantity(
    "smoothing", r"\alpha", "α", "probability", 0, 1,
    "share of the uniform distribution in the smoothed prediction (1 - alpha) p + alpha / V", 0, (0.001, 0.5),
    open_ends=True,
)  # fmt: skip
vocabulary = Quantity(
    "vocabulary", "V", "V", "count", 2, math.inf,
    "number of tokens in the vocabulary", 0, (256, 200_000), integer=True,
)  # fmt: skip
smoothing_choices = Quantity(
    "smoothing_choices", r"c_\alpha", "c_α", "count", 1, math.inf,
    "number of settings (smoothing shares, values of s) declared beforehand, of which the best was taken; "
    "1 if there was no choice", +1, (1, 1000), integer=True, default="1",
)  # fmt: skip
documents = Quantity(
    "documents", r"m_{\mathrm{doc}}", "m_doc", "count", 1, math.inf,
    "number of training documents", -1, (10_000, 10_000_000), integer=True,
)  # fmt: skip
tokens = Quantity(
    "tokens", r"m_{\mathrm{tok}}", "m_tok", "count", 1, math.inf,
    "number of tokens of the training text", -1, (1_000_000, 10_000_000_000), integer=True,
)  # fmt: skip
subsample = Quantity(
    "subsample", r"n_{\mathrm{sub}}", "n_sub", "count", 1, math.inf,
    "number of documents or tokens drawn at random for the evaluation, after the model was fixed", -1,
    (1000, 1_000_000), integer=True,
)  # fmt: skip
freedman_s = Quantity(
    "freedman_s", "s", "s", "rate", 0, 1,
    "parameter of the Freedman bound, declared beforehand", 0, (0.05, 0.95), open_ends=True,
)  # fmt: skip
mean_psi = Quantity(
    "mean_psi", r"\bar\psi", "ψ̄", "nats", 0, math.inf,
    "mean over the tokens of psi(s A), where A = (Y - X) / Delta, X is the token's loss and Y its "
    "predictable centre",
    +1, (0.0001, 0.05),
)  # fmt: skip
loss_variation = Quantity(
    "loss_variation", r"\Sigma", "Σ", "bits", 0, math.inf,
    "loss variation: Delta (C (1 - s) / s + mean_psi / s) / sqrt(C) in bits, at the s declared or the best "
    "of them", +1, (0.05, 2.0),
)  # fmt: skip
