import subprocess
import sys

import pytest

import idbounds.projections as package
from idbounds.errors import InputError


def test_menu_order_is_frozen():
    assert list(package.projections) == [
        "blocks", "dense", "orthonormal", "sparse", "srht", "fastfood", "tied", "kronecker",
    ]  # fmt: skip
    assert all(kind == family.kind for kind, family in package.projections.items())


def test_unknown_kind():
    with pytest.raises(InputError, match="allowed are blocks, dense"):
        package.make_projection("slowfood", seed=1, d=1, D=1)


def test_import_loads_neither_torch_nor_numba():
    code = "import sys; from idbounds.projections import *; print({'torch', 'numba'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


def test_missing_torch_is_said_in_one_line():
    code = "import sys; sys.modules['torch'] = None; from idbounds.projections import attach"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MissingExtra: attach needs torch" in result.stderr


def test_attach_stays_a_function_after_its_file_is_imported():
    import idbounds.projections.subspace  # noqa: F401

    assert callable(package.attach)
    with pytest.raises(AttributeError):
        _ = package.nothing
