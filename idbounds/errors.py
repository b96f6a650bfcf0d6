"""Every error a user can meet: one line that says what was given, what is allowed and what to do."""

from __future__ import annotations


class IdboundsError(Exception):
    """Base of all errors raised on purpose; the command line prints it on one line and exits with 2."""


class InputError(IdboundsError, ValueError):
    """A value outside what is allowed: an error rate of 1.2, n = 0, an unknown bound id."""


class DecodeError(IdboundsError, ValueError):
    """A message that is truncated, altered, or written by another codec."""


class CertificateError(IdboundsError, ValueError):
    """A certificate file that cannot be read or whose claim does not hold."""


class DataError(IdboundsError):
    """A data set that is not there, or whose bytes are not the ones expected."""


class MissingExtra(IdboundsError, ImportError):  # noqa: N818 - what is wrong, not that it is
    """An optional package that this call needs and that is not installed."""
