"""The sentences: every bound, one file a family. `bounds` is the registry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from idbounds.catalogue import (
    capacity,
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
from idbounds.errors import InputError
from idbounds.statement import Bound


class Registry(Mapping[str, Bound]):
    """Bounds by id, in the order of the catalogue. An id never changes meaning."""

    def __init__(self) -> None:
        """An empty registry."""
        self._bounds: dict[str, Bound] = {}

    def register(self, bound: Bound) -> Bound:
        """Add a bound.

        Args:
            bound: with an id that is not taken.

        Returns:
            The same bound.

        Raises:
            InputError: when the id is taken.
        """
        if bound.id in self._bounds:
            raise InputError(f"bound id {bound.id!r} is taken; an id never changes meaning: choose a new one")
        self._bounds[bound.id] = bound
        return bound

    def __getitem__(self, id: str) -> Bound:  # noqa: A002
        """The bound with this id."""
        if id not in self._bounds:
            near = ", ".join(get_close_matches(id, self._bounds, 5, 0.3)) or ", ".join([*self._bounds][:5])
            raise InputError(f"no bound {id!r}; near: {near} (`idbounds list` shows all {len(self)})")
        return self._bounds[id]

    def get(self, id: str, default: Any = None) -> Any:  # noqa: A002
        """The bound with this id, else the default."""
        return self._bounds.get(id, default)

    def __contains__(self, id: object) -> bool:  # noqa: A002
        """Whether there is a bound with this id."""
        return id in self._bounds

    def __iter__(self) -> Iterator[str]:
        """The ids."""
        return iter(self._bounds)

    def __len__(self) -> int:
        """How many bounds there are."""
        return len(self._bounds)


bounds = Registry()
_FAMILIES = (
    test_set, occam, pac_bayes, data_dependent, compression, intrinsic, language,
    information, capacity, sequential,
)  # fmt: skip
for _family in _FAMILIES:
    for _value in list(vars(_family).values()):
        if isinstance(_value, Bound) and bounds.get(_value.id) is not _value:
            bounds.register(_value)
