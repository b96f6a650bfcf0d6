"""Write `idbounds/data/digits.npz` from scikit-learn's copy of the UCI optical digits.

Run it in a throw-away environment that has scikit-learn; the package itself never imports it:

    python -m venv /tmp/digits-env && /tmp/digits-env/bin/pip install scikit-learn
    /tmp/digits-env/bin/python tools/make_digits.py

The file is the same byte for byte at each run with one zlib; the loader checks the arrays, not the file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).resolve().parent.parent / "idbounds" / "data" / "digits.npz"


def main() -> None:
    """Write the 1,797 images (8 x 8, values 0..16) and their labels, in scikit-learn's order."""
    digits = load_digits()
    images = digits.images.astype(np.uint8)
    if not np.array_equal(images, digits.images) or images.shape != (1797, 8, 8):
        raise SystemExit("scikit-learn's digits are not the 1,797 whole-number images expected")
    np.savez_compressed(
        TARGET, images=images.reshape(1797, 64).T.copy(), labels=digits.target.astype(np.uint8)
    )
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
