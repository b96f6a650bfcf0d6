"""Information-theoretic bounds, in expectation: for teaching and small problems.

The less the returned hypothesis tells about the sample, the smaller the expected gap. They speak of an
algorithm on average, not of the one hypothesis it returned, and no sample certifies the information.
"""

from __future__ import annotations

from idbounds.assumptions import iid, information_known, interpolation, subgaussian_loss, unit_loss
from idbounds.functions import log, sqrt
from idbounds.quantities import n
from idbounds.quantities.information import (
    conditional_information,
    individual_information,
    mutual_information,
    subgaussian,
)
from idbounds.sources import Source
from idbounds.statement import NO_CERTIFICATE, Bound

_MEAN = "on average over the sample and the algorithm's own randomness"
_BECAUSE = (
    "it holds on average over samples, and the information depends on the unknown distribution of the data"
)
_GAP = r"\left|\mathbb{E}[R - \hat R]\right|"

xu_raginsky = Bound(
    id="xu-raginsky",
    title="Mutual information (Xu and Raginsky)",
    family="information",
    takes=(mutual_information, subgaussian, n),
    says=lambda I, σ, m: sqrt(2 * σ**2 * I / m),  # noqa: E741
    assumes=(iid, subgaussian_loss, information_known),
    source=Source("xu2017", "Xu and Raginsky", 2017, "Theorem 1"),
    holds=_MEAN,
    left=_GAP,
    standing=NO_CERTIFICATE,
    because=_BECAUSE,
)

individual_sample = Bound(
    id="individual-sample",
    title="Mutual information with one example (Bu, Zou and Veeravalli)",
    family="information",
    takes=(individual_information, subgaussian),
    says=lambda I, σ: sqrt(2 * σ**2 * I),  # noqa: E741
    assumes=(iid, subgaussian_loss, information_known),
    source=Source("bu2020", "Bu, Zou and Veeravalli", 2020, "for examples that are all alike"),
    holds=_MEAN + "; for algorithms that treat all examples alike, else the root is averaged",
    left=_GAP,
    standing=NO_CERTIFICATE,
    because=_BECAUSE,
)

cmi = Bound(
    id="cmi",
    title="Conditional mutual information (Steinke and Zakynthinou)",
    family="information",
    takes=(conditional_information, n),
    says=lambda I, m: sqrt(2 * I / m),  # noqa: E741
    assumes=(iid, unit_loss, information_known),
    source=Source("steinke2020", "Steinke and Zakynthinou", 2020, "the slow-rate bound for losses in [0, 1]"),
    holds=_MEAN,
    left=_GAP,
    standing=NO_CERTIFICATE,
    because=_BECAUSE,
)

cmi_realisable = Bound(
    id="cmi-realisable",
    title="Conditional mutual information, no training error",
    family="information",
    takes=(conditional_information, n),
    says=lambda I, m: I / (m * log(2)),  # noqa: E741
    assumes=(iid, unit_loss, interpolation, information_known),
    source=Source(
        "steinke2020", "Steinke and Zakynthinou", 2020, "the fast-rate bound for a training error of 0"
    ),
    holds=_MEAN + "; published with the constant 1.5, which is 1 / ln 2 = 1.4427 rounded up",
    left=r"\mathbb{E}[R]",
    standing=NO_CERTIFICATE,
    because=_BECAUSE,
    unless=("train_error", "errors"),
)
