"""What short messages buy a language model over bytes: on new documents, and along one text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from validation import reading
from validation.figures import COLOURS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CERTIFICATES = Path(__file__).parents[1] / "results" / "certificates"
UNIFORM = 8.0
"""Bits a byte of a uniform guess."""

DATA = {
    "language-kjv": "kjv", "language-imdb": "imdb-documents", "language-imdb-100": "imdb-documents",
}  # fmt: skip
"""Certificates and their data; the last has more coordinates than the one before, and reads half as much."""

DEPTH = 24
"""Bits of context of the context-tree code."""

READER, READ = "SmolLM2-135M-Instruct", {"kjv": (10, 4), "imdb-documents": (20, 1)}
"""A model that may have seen these texts; how many stretches of the test part it reads, and rows of each."""

GRID: dict[str, tuple[Point, ...]] = {
    "smoke": ({"measured": "baselines", "of": "words"},),
    "laptop": (
        {"measured": "certificate", "of": "language-kjv"},
        *({"measured": "baselines", "of": name} for name in dict.fromkeys(DATA.values())),
        *({"measured": "certificate", "of": name} for name in list(DATA)[1:]),
        *({"measured": "reader", "of": name} for name in READ),
    ),
}


def measure(point: Point) -> list[Row]:
    """Replay a committed certificate, or find what a text costs without a learnt model.

    Args:
        point: what is measured, and the certificate or data set.

    Returns:
        A row for each bound that applies, for each baseline, or for the pretrained model, which is not a
        certificate. Values are bits a byte, or rates.
    """
    name = str(point["of"])
    if point["measured"] == "reader":
        return _read(name)
    return _replayed(name) if point["measured"] == "certificate" else _baselines(name)


def _replayed(name: str) -> list[Row]:
    """Every bound for the numbers that the certificate states, once its replay has found them."""
    from idbounds.catalogue import bounds
    from idbounds.claims import kind_of
    from idbounds.comparing import compare
    from idbounds.decoders import DECODERS
    from idbounds.replay import verify
    from idbounds.text_units import LOSS_UNIT

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


def _read(name: str) -> list[Row]:
    """What stretches of the test part cost a model that others pretrained, each read from its beginning."""
    import numpy as np
    from scipy import stats

    from idbounds import data
    from idbounds.data.smollm2 import load_smollm2

    sample, reader = data.load(name), load_smollm2(print)
    stretches, rows = READ[name]
    whole = sample.test_x[: len(sample.test_x) // rows * rows].reshape(-1, rows * sample.test_x.shape[1])
    costs = []
    for row in whole[np.linspace(0, len(whole) - 1, stretches).astype(int)]:
        text = bytes(row).decode(errors="ignore")  # a letter may be cut at either end
        costs.append(reader.bits(text) / len(text.encode()))
    ends = stats.t.interval(0.9, stretches - 1, np.mean(costs), stats.sem(costs))
    return [{
        "what": "not a certificate", "bound": READER, "unit": "bits", "value": float(np.mean(costs)),
        "value_low": float(ends[0]), "value_high": float(ends[1]), "stretches": stretches, "data": name,
        "dataset_sha256": sample.sha256, "model_sha256": reader.sha256,
    }]  # fmt: skip


_COLUMNS = ("of", "what", "bound", "unit", "value", "loss", "test_loss", "code_bits", "d")

TEXT = ("language-kjv", "language-tokens-freedman")
DOCUMENTS = ("language-imdb", "language-documents-kl")
LONGER = ("language-imdb-100", "language-documents-kl")
"""Certificates and the bounds that they state."""

Value = tuple[str, str]
"""Certificate or data set, and bound or baseline."""


def _found(rows: pd.DataFrame) -> pd.DataFrame:
    return reading.ok(rows, _COLUMNS)


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """What a reader wants: every bound and every baseline.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a bound or baseline: certificate or data set, what it is, its name, unit and value.
    """
    return _found(rows)[["of", "what", "bound", "unit", "value"]]


def _less(rows: pd.DataFrame, *pairs: tuple[Value, Value]) -> Outcome:
    """Whether the first of each pair is below the second; both are exact, so that no interval is needed."""
    found = _found(rows).set_index(["of", "bound"])["value"]
    said, verdict = [], Verdict.SUPPORTED
    for one, other in pairs:
        if one not in found.index or other not in found.index:
            return Outcome(Verdict.INCONCLUSIVE, f"{one} or {other} was not measured")
        said.append(" against ".join(f"{found[key]:.3f} ({key[0]}, {key[1]})" for key in (one, other)))
        verdict = verdict if found[one] < found[other] else Verdict.NOT_SUPPORTED
    return Outcome(verdict, "; ".join(said))


def figure(rows: pd.DataFrame) -> Figure:
    """Bounds, losses and baselines in bits a byte, for each data set.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    found = _found(rows)
    found = found[(found["unit"] == "bits") & (found["of"] != LONGER[0])]
    names = {
        TEXT[0]: ("King James Bible", "loss, New Testament"),
        DOCUMENTS[0]: ("IMDB reviews, first 256 bytes", "loss, test reviews"),
    }
    made, panels = canvas(1.2, len(names), sharex=True)
    for axes, (of, (title, other)) in zip(panels, names.items(), strict=True):
        some = found[found["of"].isin([of, DATA[of]])]
        bars = [(str(one.bound), float(one.value), _COLOUR[str(one.what)]) for one in some.itertuples()]
        for name, column in (("loss, training", "loss"), (other, "test_loss")):
            bars += [(name, float(v), "blue") for v in some.loc[some["what"] == "certificate", column]]
        bars.sort(key=lambda bar: -bar[1])
        places = range(len(bars))
        axes.barh(places, [bar[1] for bar in bars], color=[COLOURS[bar[2]] for bar in bars], height=0.7)
        for place, bar in zip(places, bars, strict=True):
            axes.text(bar[1] + 0.08, place, f"{bar[1]:.2f}", va="center", fontsize="small")
        axes.set_yticks(places, [bar[0].removeprefix("language-") for bar in bars])
        axes.set_title(title, loc="left")
        axes.grid(axis="y", visible=False)
        axes.set_xlim(0, 9)
    axes.set_xlabel("bits a byte")
    return made


_COLOUR = {
    "certificate": "orange", "bound": "green", "baseline": "grey", "not a certificate": "purple",
}  # fmt: skip


def _less_claim(name: str, words: str, *pairs: tuple[Value, Value]) -> Claim:
    return Claim(name, words, lambda rows: _less(rows, *pairs))


STUDY = Study(
    id="language_bounds",
    question="What do short messages buy a language model: on new documents, and along a text?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        "Certificates (orange), other bounds for the same messages (green), losses of the smoothed model "
        "(blue) and ways to predict without a learnt model (grey), in bits a byte. One seed. The context "
        "tree learns while it reads, and its own table is given to the text for nothing."
    ),
    numbers=numbers,
    claims=(
        _less_claim(
            "below_uniform",
            "Both certificates are below the 8 bits of a uniform guess.",
            (TEXT, ("kjv", "uniform")),
            (DOCUMENTS, ("imdb-documents", "uniform")),
        ),
        _less_claim(
            "text_below_own_table",
            "The certificate of the text is below what the best table of bytes costs on it, unpaid.",
            (TEXT, ("kjv", "own table")),
        ),
        _less_claim(
            "documents_below_own_table",
            "The same holds of the documents.",
            (DOCUMENTS, ("imdb-documents", "own table")),
        ),
        _less_claim(
            "freedman_below_azuma",
            "On the text the Freedman-type bound is below Azuma's.",
            (TEXT, (TEXT[0], "language-tokens-azuma")),
        ),
        _less_claim(
            "text_below_context_tree",
            "The certificate of the text is below the code length of a context tree, which learns underway.",
            (TEXT, ("kjv", "context tree")),
        ),
        _less_claim(
            "longer_message_pays",
            "On the documents a message of 100 coordinates certifies less than one of 16.",
            (LONGER, DOCUMENTS),
        ),
    ),
)
