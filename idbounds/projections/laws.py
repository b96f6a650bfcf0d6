"""The laws every projection must keep, as one check for our own families and for a user's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from idbounds.errors import InputError
from idbounds.projections.base import Float64Array, FloatArray, Projection
from idbounds.projections.stream import Stream, uniform_symmetric

SMALL = 1 << 21  # entries of the explicit matrix up to which singular values are computed
TOLERANCES = {"float32": 1e-4, "float64": 1e-10}


def explicit_matrix(projection: Projection) -> Float64Array:
    """Return P as a dense float64 array of shape (D, d), column by column.

    Args:
        projection: a small projection.

    Returns:
        The matrix.
    """
    identity = np.eye(projection.d)
    return np.stack([projection.apply(row) for row in identity], axis=1).astype(np.float64)


def check_projection(projection: Projection) -> None:
    r"""Raise unless a projection keeps its laws.

    Shape and dtype are preserved; P0 = 0 and P(2z) = 2 P z exactly; :math:`\langle Pz, g\rangle =
    \langle z, P^\top g\rangle`; a copy built from the same fields has the same digest; and, for small D d,
    the columns have the promised length (each of them, or in r.m.s. within the tolerance that the family
    states) and all singular values equal it if the family says so.

    Args:
        projection: the projection to check.

    Raises:
        InputError: naming the law that fails.
    """
    dtypes: tuple[type[np.floating[Any]], ...] = (np.float32, np.float64)
    for dtype in dtypes:
        z = uniform_symmetric(1, Stream.PROBE, projection.d).astype(dtype)
        g = uniform_symmetric(2, Stream.PROBE, projection.D).astype(dtype)
        _check_pair(projection, z, g)
    if projection.digest() != replace(projection).digest():
        raise InputError(f"{projection.kind}: digest does not repeat on a copy with the same fields")
    if projection.d * projection.D <= SMALL:
        _check_columns(projection)


def _check_pair(projection: Projection, z: FloatArray, g: FloatArray) -> None:
    image, back = projection.apply(z), projection.adjoint(g)
    if image.shape != (projection.D,) or back.shape != (projection.d,):
        raise InputError(f"{projection.kind}: shape law fails, got {image.shape} and {back.shape}")
    if image.dtype != z.dtype or back.dtype != g.dtype:
        raise InputError(f"{projection.kind}: dtype law fails, {z.dtype} became {image.dtype}, {back.dtype}")
    if np.any(projection.apply(0 * z)) or not np.array_equal(projection.apply(2 * z), 2 * image):
        raise InputError(f"{projection.kind}: linearity law fails")
    left = float(image.astype(np.float64) @ g.astype(np.float64))
    right = float(z.astype(np.float64) @ back.astype(np.float64))
    size = float(np.linalg.norm(image) * np.linalg.norm(g))
    if not abs(left - right) <= TOLERANCES[z.dtype.name] * size:
        raise InputError(
            f"{projection.kind}: adjoint law fails in {z.dtype}, <Pz,g> = {left}, <z,P'g> = {right}"
        )


def _check_columns(projection: Projection) -> None:
    matrix = explicit_matrix(projection) / projection.column_length
    lengths = np.linalg.norm(matrix, axis=0)
    if projection.column_tolerance:
        off = abs(float(np.sqrt(np.mean(lengths**2))) - 1) - projection.column_tolerance
    else:
        off = float(np.max(np.abs(lengths - 1)))
    if off > 1e-12:
        raise InputError(f"{projection.kind}: column length law fails")
    if projection.orthonormal and np.max(np.abs(np.linalg.svd(matrix, compute_uv=False) - 1)) > 1e-12:
        raise InputError(f"{projection.kind}: orthonormality law fails")
