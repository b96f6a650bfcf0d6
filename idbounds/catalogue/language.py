"""Bounds for language models: documents, tokens, loss variation. Values are bits a token.

The loss of a token is its negative log2-likelihood under the smoothed prediction (1 - alpha) p + alpha / V,
so it lies in an interval of known width. Documents are independent examples. Tokens are not: their bounds are
about the average conditional risk along the text that was read, each token given those before it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from idbounds.assumptions import (
    causal_loss,
    code_before_sample,
    fresh_subsample,
    iid,
    menu_before_sample,
    predictable_centre,
    prefix_code,
    smoothed_model,
    unit_loss,
)
from idbounds.functions import (
    kl_inverse,
    log,
    log1p,
    maximum,
    minimum,
    minimum_over,
    phi_inverse,
    power_of_two,
    sqrt,
)
from idbounds.quantities import code_bits, delta
from idbounds.quantities.language import (
    documents,
    freedman_s,
    loss_variation,
    mean_psi,
    nll_bits,
    raw_nll_bits,
    smoothing,
    smoothing_choices,
    subsample,
    token_error,
    tokens,
    vocabulary,
)
from idbounds.sources import Source
from idbounds.statement import Bound

_ALONG = r"\tfrac{1}{m_{\mathrm{tok}}} \textstyle\sum_i \mathrm{E}[\ell_i \mid x_{<i}]"
_CODE = (prefix_code, code_before_sample)
_SMOOTH = (smoothed_model, menu_before_sample)
_MODELS = "for all models at once, with probability at least 1 - delta over the text"
_DRAWN = (
    "for the model that was fixed before the subsample was drawn, with probability at least 1 - delta over "
    "training set and subsample"
)
STAKES = 80
"""Values 2^3, 2^2.75, ..., 2^-16.75 of lambda among which a token bound may take the best."""


def _width(α: Any, V: Any) -> Any:
    """Width in nats of the interval that holds the smoothed loss."""
    return log1p((1 - α) * V / α)


def _scaled(bound: Callable[[Any], Any], loss: Any, α: Any, V: Any) -> Any:
    """A bound for losses in [0, 1], used for the smoothed loss in bits."""
    width, low = _width(α, V), log1p(α * (V - 1) / (V * (1 - α) + α))
    return (low + width * bound(minimum(maximum((loss * log(2) - low) / width, 0), 1))) / log(2)


def _nats(L: Any, c: Any, δ: Any) -> Any:
    """What message, choices and confidence cost; divided by the number of tokens it is Finzi's C."""
    return L * log(2) + log(c / δ)


def _subsampled(R: Any, α: Any, V: Any, L: Any, m: Any, k: Any, c: Any, δ: Any) -> Any:
    whole = sqrt((_nats(L, c, δ) + log1p(m / k)) / (2 * m))
    return R + _width(α, V) * (whole + sqrt((log(c / δ) + log1p(k / m)) / (2 * k))) / log(2)


def _subsampled_kl(R: Any, α: Any, V: Any, L: Any, m: Any, k: Any, c: Any, δ: Any) -> Any:
    def bound(q: Any) -> Any:
        return kl_inverse(kl_inverse(q, (log(c / δ) + log1p(k / m)) / k), (_nats(L, c, δ) + log1p(m / k)) / m)

    return _scaled(bound, R, α, V)


def _best_stake(q: Any, nats: Any, m: Any) -> Any:
    """Catoni's bound at the best of the stakes, at most 1; the nats pay for the choice."""

    def at(j: Any) -> Any:
        stake = power_of_two(3 - j / 4)
        return minimum(phi_inverse(stake, q + nats / (m * stake)), 1)

    return minimum_over(at, 0, STAKES - 1)


def _uniform_guess(vocabulary_at: int) -> Callable[..., Any]:
    """What holds without data: a uniform guess costs log2 V bits a token."""
    return lambda *known: log(known[vocabulary_at]) / log(2)


language_documents = Bound(
    id="language-documents",
    title="Language model, documents, subsampled",
    family="language",
    takes=(nll_bits, smoothing, vocabulary, code_bits, documents, subsample, smoothing_choices, delta),
    says=_subsampled,
    assumes=(iid, *_CODE, *_SMOOTH, fresh_subsample),
    source=Source("lotfi2024", "Lotfi et al.", 2024, "subsampled bound, with the choices paid in both roots"),
    holds=_DRAWN + "; published with the choice of the smoothing share paid in the first root only",
    unit="bits",
    trivial=_uniform_guess(2),
)

language_documents_kl = Bound(
    id="language-documents-kl",
    title="Language model, documents, subsampled, small kl",
    family="language",
    takes=(nll_bits, smoothing, vocabulary, code_bits, documents, subsample, smoothing_choices, delta),
    says=_subsampled_kl,
    assumes=(iid, *_CODE, *_SMOOTH, fresh_subsample),
    source=Source(
        "lotfi2024",
        "Lotfi et al.",
        2024,
        "their two steps with Chernoff's bound for Hoeffding's, derived here",
    ),
    holds=_DRAWN,
    unit="bits",
    trivial=_uniform_guess(2),
)

language_tokens_subsampled = Bound(
    id="language-tokens-subsampled",
    title="Language model, tokens, subsampled",
    family="language",
    takes=(nll_bits, smoothing, vocabulary, code_bits, tokens, subsample, smoothing_choices, delta),
    says=_subsampled,
    assumes=(causal_loss, *_CODE, *_SMOOTH, fresh_subsample),
    source=Source("lotfi2024tokens", "Lotfi, Kuang et al.", 2024, "with the choices paid in both roots"),
    holds=_DRAWN + "; the subsample is of tokens, each with all of its context",
    left=_ALONG,
    unit="bits",
    trivial=_uniform_guess(2),
)

language_tokens_azuma = Bound(
    id="language-tokens-azuma",
    title="Language model, tokens, Azuma",
    family="language",
    takes=(nll_bits, smoothing, vocabulary, code_bits, tokens, smoothing_choices, delta),
    says=lambda R, α, V, L, m, c, δ: R + _width(α, V) * sqrt(_nats(L, c, δ) / (2 * m)) / log(2),
    assumes=(causal_loss, *_CODE, *_SMOOTH),
    source=Source("lotfi2024tokens", "Lotfi, Kuang et al.", 2024, "their martingale bound; derived here"),
    holds=_MODELS,
    left=_ALONG,
    unit="bits",
    trivial=_uniform_guess(2),
)

language_tokens_catoni = Bound(
    id="language-tokens-catoni",
    title="Language model, tokens, best of 80 Catoni bounds",
    family="language",
    takes=(nll_bits, smoothing, vocabulary, code_bits, tokens, smoothing_choices, delta),
    says=lambda R, α, V, L, m, c, δ: _scaled(lambda q: _best_stake(q, _nats(L, STAKES * c, δ), m), R, α, V),
    assumes=(causal_loss, *_CODE, *_SMOOTH),
    source=Source("lotfi2024tokens", "Lotfi, Kuang et al.", 2024, "their setting; the bound is derived here"),
    holds=_MODELS + "; the small-kl bound with ln(1/delta) is false for tokens, and this is what replaces it",
    left=_ALONG,
    unit="bits",
    trivial=_uniform_guess(2),
)

language_tokens_freedman = Bound(
    id="language-tokens-freedman",
    title="Language model, tokens, Freedman",
    family="language",
    takes=(
        nll_bits,
        mean_psi,
        freedman_s,
        smoothing,
        vocabulary,
        code_bits,
        tokens,
        smoothing_choices,
        delta,
    ),
    says=lambda R, v, s, α, V, L, m, c, δ: R + _width(α, V) * (_nats(L, c, δ) / m + v) / (s * log(2)),
    assumes=(causal_loss, predictable_centre, *_CODE, *_SMOOTH),
    source=Source(
        "finzi2025", "Finzi et al.", 2025, "their concentration inequality at one s; re-derived here"
    ),
    holds=_MODELS + "; for the best of several s, smoothing_choices counts them all",
    left=_ALONG,
    unit="bits",
    trivial=_uniform_guess(4),
)


def _variation(R: Any, Σ: Any, V: Any, L: Any, m: Any, c: Any, δ: Any) -> Any:
    C = _nats(L, c, δ) / m
    smoothing_cost = C * log1p(m / _nats(L, c, δ)) + log1p(C)
    return R + (C * log(V) + smoothing_cost) / log(2) + Σ * sqrt(C)


def _finzi(R: Any, Σ: Any, V: Any, L: Any, m: Any, c: Any, δ: Any) -> Any:
    C = _nats(L, c, δ) / m
    return R + (C * log(V) + sqrt(2 * C)) / log(2) + Σ * sqrt(C)


language_tokens_variation = Bound(
    id="language-tokens-variation",
    title="Language model, tokens, loss variation, exact cost of smoothing",
    family="language",
    takes=(raw_nll_bits, loss_variation, vocabulary, code_bits, tokens, smoothing_choices, delta),
    says=_variation,
    assumes=(causal_loss, predictable_centre, *_CODE, *_SMOOTH),
    source=Source("finzi2025", "Finzi et al.", 2025, "with the exact cost of smoothing, derived here"),
    holds=_MODELS + "; the bounded risk is that of the model smoothed by alpha = C / (1 + C)",
    weaker=("language-tokens-finzi",),
    left=_ALONG,
    unit="bits",
    trivial=_uniform_guess(2),
)

language_tokens_finzi = Bound(
    id="language-tokens-finzi",
    title="Language model, tokens, loss variation (Finzi et al.)",
    family="language",
    takes=(raw_nll_bits, loss_variation, vocabulary, code_bits, tokens, smoothing_choices, delta),
    says=_finzi,
    assumes=(causal_loss, predictable_centre, *_CODE, *_SMOOTH),
    source=Source(
        "finzi2025", "Finzi et al.", 2025, "Theorem 3.4; number from a secondary text, re-derived here"
    ),
    holds=_MODELS + "; the bounded risk is that of the model smoothed by alpha = C / (1 + C)",
    left=_ALONG,
    unit="bits",
    trivial=_uniform_guess(2),
)

language_top_k = Bound(
    id="language-top-k",
    title="Tokens, loss in [0, 1] such as top-k error, best of 80 Catoni bounds",
    family="language",
    takes=(token_error, code_bits, tokens, delta),
    says=lambda R, L, m, δ: _best_stake(R, _nats(L, STAKES, δ), m),
    assumes=(causal_loss, unit_loss, *_CODE),
    source=Source("lotfi2024tokens", "Lotfi, Kuang et al.", 2024, "their setting; the bound is derived here"),
    holds=_MODELS + "; the small-kl bound with ln(1/delta) is false for tokens, and this is what replaces it",
    left=_ALONG,
)

language_top_k_azuma = Bound(
    id="language-top-k-azuma",
    title="Tokens, loss in [0, 1] such as top-k error, Azuma",
    family="language",
    takes=(token_error, code_bits, tokens, delta),
    says=lambda R, L, m, δ: R + sqrt(_nats(L, 1, δ) / (2 * m)),
    assumes=(causal_loss, unit_loss, *_CODE),
    source=Source(
        "azuma1967", "Azuma", 1967, "with the conditional Hoeffding lemma, so 2 m t^2 and not m t^2 / 2"
    ),
    holds=_MODELS,
    left=_ALONG,
)
