"""What the tests know of each bound, one file a family, named as in the catalogue.

ORACLE[id](**quantities) is the value once more, in mpmath at 60 digits, by another method than the package's.
WORLDS[id](bound) draws at least 20,000 samples from a world with known risk and says which broke the bound.
MUTANTS[id] are wrong sentences (complexity dropped, delta enlarged), each of which its world must catch.
BROKEN[id] is (name of an assumption, a world that breaks it), in which the bound must fail too often.
"""

from importlib import import_module

from idbounds import bounds
from idbounds.statement import UNVERIFIED

_FILES = sorted({b.says.__module__.rpartition(".")[2] for b in bounds.values()})
MODULES = [import_module(f"tests.catalogue.families.{name}") for name in _FILES]


def _merged(name):
    return {key: value for module in MODULES for key, value in getattr(module, name).items()}


ORACLE, WORLDS, MUTANTS, BROKEN = map(_merged, ("ORACLE", "WORLDS", "MUTANTS", "BROKEN"))
CERTIFICATES = [name for name, b in bounds.items() if b.certifies]
NUMBERS = [name for name, b in bounds.items() if b.standing != UNVERIFIED]
