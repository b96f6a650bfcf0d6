"""Fashion-MNIST, from idx files or from the Debian package that ships them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from idbounds.data import idx
from idbounds.data.debian import downloaded
from idbounds.data.model import Arrays, Card, Digests, Say, Source

PACKAGE = "dataset-fashion-mnist"
INSTALLED = Path("/usr/share/datasets/fashion-mnist")


def fetch(say: Say) -> Arrays:
    """Download the Debian package and read the files in it, without installing it.

    Args:
        say: Told of each slow step.

    Returns:
        The arrays, not yet checked.

    Raises:
        DataError: If apt-get or dpkg-deb is absent or fails.
    """  # noqa: DOC502 - raised by downloaded
    say(f"apt-get download {PACKAGE}: 31 MB, once")
    with tempfile.TemporaryDirectory(prefix="idbounds-") as name:
        return idx.read_folder(downloaded([PACKAGE], Path(name), say) / INSTALLED.relative_to("/"))


SOURCE = Source(
    name="fashion-mnist",
    rank=0,
    card=Card(
        title="Fashion-MNIST (Xiao, Rasul and Vollgraf 2017)",
        source="the Debian package dataset-fashion-mnist, or the authors' four idx files",
        licence="MIT (Expat), copyright 2017 Zalando SE",
        sampling=(
            "Photographs from one shop's catalogue, reduced to 28 x 28 grey levels; the authors' split. Each "
            "part holds the same number of every class, so labels are stratified, not independent draws."
        ),
        duplicates="no two images are identical within or between the parts (counted); near ones not counted",
        caveats=("Classes overlap (shirt, T-shirt, pullover, coat), so a low error is not to be expected.",),
        train_counts=(6000,) * 10,
        test_counts=(1000,) * 10,
    ),
    digests=Digests(
        "d15e255c97501c2f731cc5d054d39d71e14b3b9d815ebf359513e14814110f3a",
        "407e67c9030206963631d9706b8961c9019aa314cd79937c38905f6fc1e3770d",
        "72c0daaaceaef511401df7e7b19ab6ee406db6090898bee9b23f2c0c2ecef666",
    ),
    remedy=(
        "set IDBOUNDS_DATA to a folder with its idx files, or install the Debian package "
        "dataset-fashion-mnist, or use --dataset mnist or --dataset digits"
    ),
    user_subfolders=("fashion-mnist", "."),
    system_folders=(INSTALLED,),
    fetch=fetch,
)
