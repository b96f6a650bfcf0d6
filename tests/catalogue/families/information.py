"""Information-theoretic bounds, in expectation: for teaching and small problems."""

from mpmath import mp

ORACLE = {
    "xu-raginsky": lambda mutual_information, subgaussian, n: (
        subgaussian * mp.sqrt(mutual_information / (n / 2))
    ),
    "individual-sample": lambda individual_information, subgaussian: (
        subgaussian * mp.sqrt(2) * mp.sqrt(individual_information)
    ),
    "cmi": lambda conditional_information, n: mp.sqrt(conditional_information / (n / 2)),
    "cmi-realisable": lambda conditional_information, n: conditional_information * mp.log(mp.e, 2) / n,
}
WORLDS, MUTANTS, BROKEN = {}, {}, {}
