"""What a recipe is: settings, a decoder, and a learner that ends in a hypothesis of that decoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol

from idbounds.data import Dataset
from idbounds.decoders import Decoder
from idbounds.decoders.decoder import Maker
from idbounds.errors import InputError


class Progress(Protocol):
    """What a long job reports; the terminal's version is in `idbounds.terminal`."""

    def say(self, line: str) -> None:
        """One line about a slow step."""

    def stage(self, name: str, total: int) -> Callable[[int, str], None]:
        """Open a stage; the returned function is called with (done, remark)."""


class Silent:
    """Reports nothing."""

    def say(self, line: str) -> None:
        """Drop the line."""

    def stage(self, name: str, total: int) -> Callable[[int, str], None]:
        """Drop the stage."""
        return lambda done, remark: None


@dataclass(frozen=True)
class Job:
    """What a learner is given.

    Attributes:
        sample: its training part is used, and nothing else of it.
        architectures: names in the decoder's menu: those to choose among, one or more.
        make: makes the network of that name for the sample's inputs.
        seed: part of the message.
        delta: failure probability of the certificate, a decimal string.
        device: torch device.
        checkpoint: file to keep.
        report: progress.
        started: monotonic time at which the job began.
    """

    sample: Dataset
    architectures: tuple[str, ...]
    make: Maker
    seed: int
    delta: str
    device: str
    checkpoint: Path
    report: Progress
    started: float


class Learner(Protocol):
    """One run, ready to start: whatever could be wrong with the job was found out when it was made."""

    @property
    def done(self) -> int:
        """Steps taken."""

    def run(self, *, resume: bool) -> Any:
        """Learn.

        Args:
            resume: go on from the checkpoint.

        Returns:
            A hypothesis of the recipe's decoder.
        """


@dataclass(frozen=True)
class Recipe:
    """One way to train.

    Attributes:
        name: as `certify` takes it.
        decoder: what reads its messages.
        settings: a frozen dataclass of all that may be set, with defaults; it refuses what is out of range.
        architectures: to choose among by default, for the shape of an example.
        devices: what it runs on, the preferred one last.
        prepare: makes a learner of a job and settings, or raises InputError before anything is trained.
    """

    name: str
    decoder: Decoder
    settings: type
    architectures: Callable[[Sequence[int]], tuple[str, ...]]
    devices: tuple[str, ...]
    prepare: Callable[[Job, Any], Learner]

    def chosen(self, given: dict[str, Any]) -> Any:
        """Settings of what a user gave.

        Args:
            given: values by name; None is as if it were not there, but for a setting that may be None.

        Returns:
            An instance of `settings`.

        Raises:
            InputError: for a name that is not one of them.
        """
        known = {field.name: field for field in fields(self.settings)}
        given = {
            name: value
            for name, value in given.items()
            if value is not None or (name in known and "None" in str(known[name].type))
        }
        for name in given:
            if name not in known:
                raise InputError(
                    f"recipe {self.name!r} has no setting {name!r}; its settings: {', '.join(known)}"
                )
        return self.settings(**given)
