"""What short messages buy a language model over bytes: on new documents, and along one text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import reading
from validation.figures import COLOURS, INK
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CERTIFICATES = Path(__file__).parents[1] / "results" / "certificates"
UNIFORM = 8.0
"""Bits a byte of a uniform guess."""

DATA = {
    "language-kjv": "kjv", "language-imdb": "imdb-documents", "language-imdb-100": "imdb-documents",
}  # fmt: skip
"""Certificates and their data; the last has more coordinates than the one before it, and reads half as much."""

DEPTH = 24
"""Bits of context of the context-tree code."""

GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({"measured": "baselines", "of": "words"},),
    "laptop": (
        *({"measured": "certificate", "of": name} for name in DATA),
        *({"measured": "baselines", "of": name} for name in DATA.values()),
    ),
}


def measure(point: Point) -> list[Row]:
    """Replay a committed certificate, or find what a text costs without a learnt model.

    Args:
        point: what is measured, and the certificate or data set.

    Returns:
        A row for each bound that applies, or for each baseline. Values are bits a byte, or rates.
    """
    name = str(point["of"])
    return _replayed(name) if point["measured"] == "certificate" else _baselines(name)


def _replayed(name: str) -> list[Row]:
    """Every bound for the numbers that the certificate states, once its replay has found them."""
    from idbounds.catalogue import bounds
    from idbounds.claims import kind_of
    from idbounds.comparing import compare
    from idbounds.decoders import DECODERS
    from idbounds.replay import verify
    from idbounds.text_claims import LOSS_UNIT

    found = verify(CERTIFICATES / f"{name}.idb")
    if not found.ok:
        raise ValueError(f"{name} does not replay: {found.difference}")
    header = found.header
    claim, test = header["claim"], header["test"]
    length, kind = header["data"]["shape"][0], kind_of(DECODERS[header["decoder"]])
    documents = "drawn" in claim
    read = claim["drawn"] * length if documents else claim["n"]
    known = kind.inputs(claim) | ({} if documents else {"token_error": claim["errors"] / claim["n"]})
    common: Row = {
        "data": header["data"]["name"], "dataset_sha256": header["data"]["sha256"], "n": claim["n"],
        "drawn": claim.get("drawn"), "d": header["model"]["d"], "weights": header["model"]["parameters"],
        "code_bits": claim["code_bits"], "smoothing": claim["smoothing"], "share": claim.get("share"),
        "loss": claim["loss"] / read / LOSS_UNIT, "error": known.get("token_error"),
        "test_loss": test["loss"] / (test["n"] * (length if documents else 1)) / LOSS_UNIT,
        "test_error": None if documents else test["errors"] / test["n"],
    }  # fmt: skip
    rows = [("certificate", kind.bound, claim["value"])]
    rows += [("bound", e.id, e.upper) for e in compare(**known) if e.certifies and e.id != kind.bound]
    return [
        {"what": what, "bound": one, "unit": bounds[one].unit, "value": float(value), **common}
        for what, one, value in rows
    ]


def _baselines(name: str) -> list[Row]:
    """Three ways to predict a text without a message, and one that knows how often each byte occurs in it."""
    import numpy as np

    from idbounds import data
    from idbounds.bytegpt import letters
    from idbounds.codes import ContextTree

    if name == "words":
        rows: Any = np.random.default_rng(0).integers(97, 101, (20, 64), dtype=np.uint8)
        digest = None
    else:
        sample = data.load(name)
        rows, digest = sample.train_x, sample.sha256
    counts = np.bincount(rows.ravel(), minlength=256)
    shares = counts[counts > 0] / rows.size
    table = letters().double().log_softmax(0).numpy() / np.log(2)
    found = {
        "uniform": UNIFORM,
        "letters": float(-(counts * table).sum() / rows.size),
        "own table": float(-(shares * np.log2(shares)).sum()),
        "context tree": ContextTree(DEPTH).ideal_length(rows.tobytes()) / rows.size,
    }
    return [
        {
            "what": "baseline",
            "bound": way,
            "unit": "bits",
            "value": value,
            "data": name,
            "dataset_sha256": digest,
        }
        for way, value in found.items()
    ]


_COLUMNS = ("what", "data", "bound", "unit", "value", "loss", "test_loss", "code_bits", "n")


def _found(rows: pd.DataFrame) -> pd.DataFrame:
    return reading.ok(rows, _COLUMNS)


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """What a reader wants: every bound in bits a byte and every baseline.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a bound or baseline: data, what it is, its name, unit and value.
    """
    return _found(rows)[["data", "what", "bound", "unit", "value"]]


def _value(rows: pd.DataFrame, data: str, bound: str) -> float | None:
    found = _found(rows)
    some = found[(found["data"] == data) & (found["bound"] == bound)]["value"]
    return float(some.iloc[0]) if len(some) == 1 else None


CERTIFIED = {"kjv": "language-tokens-freedman", "imdb-documents": "language-documents-kl"}


def _less(rows: pd.DataFrame, pairs: list[tuple[str, str, str]]) -> Outcome:
    """Whether the first value is below the second for each (data, first, second); both are exact numbers."""
    said, verdict = [], Verdict.SUPPORTED
    for data, first, second in pairs:
        one, other = _value(rows, data, first), _value(rows, data, second)
        if one is None or other is None:
            return Outcome(Verdict.INCONCLUSIVE, f"{data}: {first} or {second} was not measured")
        said.append(f"{data}: {first} {one:.3f}, {second} {other:.3f}")
        verdict = verdict if one < other else Verdict.NOT_SUPPORTED
    return Outcome(verdict, "; ".join(said))


def check_uniform(rows: pd.DataFrame) -> Outcome:
    """Hold both certificates against a uniform guess.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if both are below it.
    """
    return _less(rows, [(data, bound, "uniform") for data, bound in CERTIFIED.items()])


def check_text(rows: pd.DataFrame) -> Outcome:
    """Hold the certificate of the text against the table of its own bytes.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if it is below it.
    """
    return _less(rows, [("kjv", CERTIFIED["kjv"], "own table")])


def check_documents(rows: pd.DataFrame) -> Outcome:
    """Hold the certificate of the documents against the table of their own bytes.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if it is below it.
    """
    return _less(rows, [("imdb-documents", CERTIFIED["imdb-documents"], "own table")])


def check_freedman(rows: pd.DataFrame) -> Outcome:
    """Hold the Freedman-type bound against Azuma's.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if it is below it.
    """
    return _less(rows, [("kjv", "language-tokens-freedman", "language-tokens-azuma")])


def check_tree(rows: pd.DataFrame) -> Outcome:
    """Hold the certificate of the text against a code that learns while it reads.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if the certificate is below it.
    """
    return _less(rows, [("kjv", CERTIFIED["kjv"], "context tree")])


def figure(rows: pd.DataFrame) -> Figure:
    """Bounds, losses and baselines in bits a byte, for each data set.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    from matplotlib.figure import Figure

    made, found = Figure(figsize=(5.2, 4.6), layout="constrained"), _found(rows)
    names = {
        "kjv": ("King James Bible", "loss, New Testament"),
        "imdb-documents": ("IMDB reviews", "loss, test reviews"),
    }
    for axes, (data, (title, other)) in zip(made.subplots(2, 1, sharex=True), names.items(), strict=True):
        some = found[(found["data"] == data) & (found["unit"] == "bits")]
        bars = [(str(one.bound), float(one.value), _colour(str(one.what))) for one in some.itertuples()]
        losses = some[some["what"] == "certificate"]
        bars += [("loss, training", float(v), "blue") for v in losses["loss"]]
        bars += [(other, float(v), "blue") for v in losses["test_loss"]]
        bars.sort(key=lambda bar: -bar[1])
        places = range(len(bars))
        axes.barh(
            places, [bar[1] for bar in bars], color=[COLOURS.get(bar[2], INK) for bar in bars], height=0.7
        )
        for place, bar in zip(places, bars, strict=True):
            axes.text(bar[1] + 0.08, place, f"{bar[1]:.2f}", va="center", fontsize=7)
        axes.set_yticks(places, [bar[0].removeprefix("language-") for bar in bars], fontsize=7)
        axes.set_title(title, fontsize=8, loc="left")
        axes.grid(axis="y", visible=False)
        axes.set_xlim(0, 9)
    axes.set_xlabel("bits a byte")
    return made


def _colour(what: str) -> str:
    return {"certificate": "orange", "bound": "green"}.get(what, "grey")


STUDY = Study(
    id="language_bounds",
    question="What do short messages buy a language model: on new documents, and along a text?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "Certificates (orange), other bounds for the same messages (green), losses of the smoothed model "
        "(blue) and ways to predict without a learnt model (grey), in bits a byte. One model a data set, one "
        "seed; the test loss of the Bible is that of the New Testament, of which nothing is promised."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "below_uniform",
            "Both certificates are below the 8 bits of a uniform guess.",
            check_uniform,
        ),
        Claim(
            "text_below_own_table",
            "The certificate of the text is below what the best table of bytes costs on it, unpaid.",
            check_text,
        ),
        Claim("documents_below_own_table", "The same holds of the documents.", check_documents),
        Claim(
            "freedman_below_azuma", "On the text the Freedman-type bound is below Azuma's.", check_freedman
        ),
        Claim(
            "text_below_context_tree",
            "The certificate of the text is below the code length of a context tree, which learns underway.",
            check_tree,
        ),
    ),
)
