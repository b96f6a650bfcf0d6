"""Description lengths of data given models.

Three kinds of numbers, told apart by their names:

* a codec (`Prequential`, `TwoPartRun`, `TwoPartRegression`) writes messages that are read back: `code_bits`;
* `..._ideal_bits` is -log2 of a probability distribution over the data: the lengths of some code,
  up to two bits, but nothing writes it;
* `..._approximate_bits` is neither: it tends to a length as n grows, and may break Kraft's inequality.

Only the first kind may enter a bound, and of it not `Prequential`: its reader has to repeat floats exactly.
"""

from idbounds.mdl.evidence import (
    bic_approximate_bits,
    differences,
    laplace_approximate_bits,
    network_hessian,
)
from idbounds.mdl.fisher import (
    FisherApproximation,
    fisher_bernoulli,
    fisher_gaussian,
    fisher_location,
    fisher_multinomial,
    fisher_poisson,
    fisher_scale,
)
from idbounds.mdl.gaussian import (
    nml_gaussian_ideal_bits,
    nml_location_ideal_bits,
    nml_regression_ideal_bits,
    nml_scale_ideal_bits,
    renormalised_regression_ideal_bits,
)
from idbounds.mdl.histogram import Histogram, best_histogram, histogram_ideal_bits
from idbounds.mdl.labels import label_ideal_bits, uniform_label_ideal_bits
from idbounds.mdl.laplace import network_laplace_approximate_bits
from idbounds.mdl.mixture import mixture_ideal_bits, switch_ideal_bits
from idbounds.mdl.nml import multinomial_regret_bits, multinomial_sum, nml_multinomial_ideal_bits
from idbounds.mdl.prequential import Block, Prequential, doubling, portions
from idbounds.mdl.regression import TwoPartRegression
from idbounds.mdl.two_part import TwoPartRun
from idbounds.mdl.variational import VariationalLength, variational_ideal_bits

__all__ = [
    "Block",
    "FisherApproximation",
    "Histogram",
    "Prequential",
    "TwoPartRegression",
    "TwoPartRun",
    "VariationalLength",
    "best_histogram",
    "bic_approximate_bits",
    "differences",
    "doubling",
    "fisher_bernoulli",
    "fisher_gaussian",
    "fisher_location",
    "fisher_multinomial",
    "fisher_poisson",
    "fisher_scale",
    "histogram_ideal_bits",
    "label_ideal_bits",
    "laplace_approximate_bits",
    "mixture_ideal_bits",
    "multinomial_regret_bits",
    "multinomial_sum",
    "network_hessian",
    "network_laplace_approximate_bits",
    "nml_gaussian_ideal_bits",
    "nml_location_ideal_bits",
    "nml_multinomial_ideal_bits",
    "nml_regression_ideal_bits",
    "nml_scale_ideal_bits",
    "portions",
    "renormalised_regression_ideal_bits",
    "switch_ideal_bits",
    "uniform_label_ideal_bits",
    "variational_ideal_bits",
]
