"""The nouns: what a bound speaks about. `QUANTITIES` holds all of them by name, one file a family."""

from __future__ import annotations

from idbounds.quantities import (
    capacity,
    common,
    compression,
    data_dependent,
    information,
    intrinsic,
    language,
    occam,
    pac_bayes,
    sequential,
    test_set,
)
from idbounds.quantities.capacity import *  # noqa: F403
from idbounds.quantities.common import *  # noqa: F403
from idbounds.quantities.compression import *  # noqa: F403
from idbounds.quantities.data_dependent import *  # noqa: F403
from idbounds.quantities.information import *  # noqa: F403
from idbounds.quantities.intrinsic import *  # noqa: F403
from idbounds.quantities.language import *  # noqa: F403
from idbounds.quantities.occam import *  # noqa: F403
from idbounds.quantities.pac_bayes import *  # noqa: F403
from idbounds.quantities.quantity import Quantity as Quantity
from idbounds.quantities.sequential import *  # noqa: F403
from idbounds.quantities.test_set import *  # noqa: F403

_FILES = (
    common, test_set, occam, pac_bayes, data_dependent, compression, intrinsic, language, information,
    capacity, sequential,
)  # fmt: skip

FAMILIES: dict[str, tuple[Quantity, ...]] = {
    file.__name__.rpartition(".")[2]: tuple(
        noun for noun in vars(file).values() if isinstance(noun, Quantity)
    )
    for file in _FILES
}
"""The quantities of each file, in the order in which tables and options show them."""

QUANTITIES: dict[str, Quantity] = {noun.name: noun for nouns in FAMILIES.values() for noun in nouns}
"""Every quantity by name, in the same order."""

STAND_INS: dict[str, str] = {
    a: b
    for noun in QUANTITIES.values()
    if noun.rate_of
    for a, b in ((noun.name, noun.rate_of[0]), (noun.rate_of[0], noun.name))
}
"""A count by its rate and a rate by its count: either may be given for the other."""
