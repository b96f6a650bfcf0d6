"""PAC-Bayes bounds: for the stochastic (Gibbs) predictor that draws its weights from a posterior."""

from __future__ import annotations

from idbounds.assumptions import gibbs_predictor, iid, prior_before_sample, unit_loss
from idbounds.functions import kl_inverse, log, sqrt
from idbounds.quantities import delta, gibbs_train_error, kl_nats, n
from idbounds.sources import Source
from idbounds.statement import Bound

_POSTERIORS = "for all posteriors at once, with probability at least 1 - delta over the sample"

maurer_kl = Bound(
    id="maurer-kl",
    title="PAC-Bayes, small kl (Maurer)",
    family="PAC-Bayes",
    takes=(gibbs_train_error, kl_nats, n, delta),
    says=lambda R, K, m, δ: kl_inverse(R, (K + log(2 * sqrt(m) / δ)) / m),
    assumes=(iid, unit_loss, gibbs_predictor, prior_before_sample),
    source=Source(
        "maurer2004", "Maurer", 2004, "Theorem 5; stated there for n >= 8, 2 sqrt(n) holds for n < 8 too"
    ),
    holds=_POSTERIORS,
    weaker=("mcallester",),
)

mcallester = Bound(
    id="mcallester",
    title="PAC-Bayes, McAllester",
    family="PAC-Bayes",
    takes=(gibbs_train_error, kl_nats, n, delta),
    says=lambda R, K, m, δ: R + sqrt((K + log(2 * sqrt(m) / δ)) / (2 * m)),
    assumes=(iid, unit_loss, gibbs_predictor, prior_before_sample),
    source=Source(
        "mcallester1999", "McAllester", 1999, "in the form that Pinsker's inequality gives from Maurer (2004)"
    ),
    holds=_POSTERIORS + "; the original has another constant",
)
