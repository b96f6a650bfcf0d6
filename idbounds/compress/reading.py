"""A pipeline out of its text, as it is written in Python; nothing is ever evaluated."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

from idbounds.compress.downsize import Downsize
from idbounds.compress.encode import Encode
from idbounds.compress.factorise import Factorise
from idbounds.compress.pipeline import Pipeline, Step
from idbounds.compress.predict import Predict
from idbounds.compress.project import Project
from idbounds.compress.quantise import Quantise
from idbounds.compress.regrow import Regrow, regrown
from idbounds.compress.scatter import Scatter
from idbounds.compress.share import Share
from idbounds.compress.sparsify import Sparsify
from idbounds.compress.tensor_train import TensorTrain
from idbounds.compress.tuning import FineTune, gradual
from idbounds.errors import InputError

STEPS: Final[dict[str, Callable[..., Step | Pipeline]]] = {
    step.__name__: step
    for step in (
        Downsize,
        Sparsify,
        Scatter,
        Factorise,
        Share,
        Quantise,
        Encode,
        FineTune,
        gradual,
        Predict,
        Regrow,
        regrown,
        TensorTrain,
        Project,
    )
}
"""What a text may call, by name."""

_LONGEST = 2000


def read_pipeline(text: str) -> Pipeline:
    """The pipeline that a text says.

    Args:
        text: such as "Sparsify(0.9) | Quantise(levels=4) | Encode()", up to 2000 characters; arguments are
            numbers and strings.

    Returns:
        The pipeline.

    Raises:
        InputError: When the text says anything else.
    """
    if len(text.strip()) > _LONGEST:  # its beginning may be another pipeline
        raise InputError(f"pipeline {text[:80]!r}...: up to {_LONGEST} characters are allowed")
    try:
        made = _made(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise InputError(
            f"pipeline {text[:80]!r}: {error}; write steps such as Sparsify(0.9) | Quantise(levels=4) | "
            f"Encode(); there are {', '.join(STEPS)}"
        ) from None
    return made if isinstance(made, Pipeline) else Pipeline((made,))


def _made(node: ast.expr) -> Step | Pipeline:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _made(node.left) | _made(node.right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in STEPS:
        step = STEPS[node.func.id]
        given = {str(word.arg): _value(word.value) for word in node.keywords}
        return step(*(_value(a) for a in node.args), **given)
    raise ValueError(f"{ast.unparse(node)[:40]} is no step")


def _value(node: ast.expr) -> Any:
    return _made(node) if isinstance(node, ast.Call) else ast.literal_eval(node)
