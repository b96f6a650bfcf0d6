"""How long the labels of a task are, given what each layer of a pretrained encoder makes of the sentences."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from validation import reading, sentences
from validation.figures import COLOURS, MARKERS, canvas
from validation.study import Claim, Outcome, Point, Row, Study, Verdict

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

TASKS = {"sst2": 2, "trec": 6}
"""Classes of each."""

KINDS = {
    ("pretrained", "task"): "task",
    ("random", "task"): "task, random weights",
    ("pretrained", "word"): "control: by last word",
    ("pretrained", "shuffled"): "control: shuffled",
}
"""Encoder and labels. `word`: one label, drawn by the frequencies of the task, for each last word (Hewitt and
Liang 2019); `shuffled`: those of the task in random order."""

COLUMNS = ("online", "random_weights", "by_last_word", "shuffled")
"""Of the table, in the order of `KINDS`."""

N, TEST, SEEDS, STEPS = 3000, 500, (0, 1, 2), 300
"""Sentences that are coded, sentences for the test error, orders, and steps of the variational code."""

STRENGTH = 0.01
"""Of the probe, logistic regression on standardised features: a prior of deviation 0.1 for each weight."""


def _point(task: str, encoder: str, labels: str, seed: int, n: int = N, steps: int = STEPS) -> Point:
    return {"task": task, "encoder": encoder, "labels": labels, "seed": seed, "n": n, "steps": steps}


GRID: dict[str, tuple[Point, ...]] = {
    "smoke": (_point("toy", "random", "task", 0, n=150, steps=20),),
    "laptop": tuple(
        _point(task, encoder, labels, seed) for task in TASKS for encoder, labels in KINDS for seed in SEEDS
    ),
}


class _Given(NamedTuple):
    """States (layers, sentences, width), labels and last words; of the test part, states and labels."""

    states: NDArray[np.float32]
    labels: NDArray[np.int64]
    words: list[str]
    test_states: NDArray[np.float32]
    test_labels: NDArray[np.int64]


@functools.cache
def given(task: str, encoder: str, n: int) -> _Given:
    """What an encoder makes of the sentences of a task.

    Args:
        task: one of `TASKS`, or "toy".
        encoder: "pretrained", or "random" for the same architecture with random weights.
        n: training sentences, drawn without replacement.

    Returns:
        States of all layers, labels, last words.
    """
    import numpy as np
    import torch

    if task == "toy":
        net, *parts = sentences.toy()
        texts = [[str(pieces[-1]) for pieces in part[0]] for part in parts]
    else:
        from idbounds.data import sst, trec
        from idbounds.data.minilm import load_minilm

        load, found = (sst.load_sentences if task == "sst2" else trec.load_questions), load_minilm(print)
        loaded, net = load(), found.module()
        parts = [(found.pieces(part.texts, sentences.LONGEST), part.labels) for part in loaded]
        texts = [[_last_word(text) for text in part.texts] for part in loaded]
    if encoder == "random":
        with torch.random.fork_rng([]):
            torch.manual_seed(0)
            net = type(net)(net.config, add_pooling_layer=False)
    kept: list[Any] = []
    for (pieces, labels), words, most in zip(parts, texts, (n, TEST), strict=True):
        rows = np.random.default_rng(0).permutation(len(labels))[:most]
        states = sentences.pooled(net, [pieces[i] for i in rows])
        kept += [states, labels[rows], [words[i] for i in rows]]
    return _Given(*kept[:5])


def _last_word(text: str) -> str:
    words = [word for word in text.lower().split() if any(letter.isalnum() for letter in word)]
    return words[-1] if words else ""


def measure(point: Point) -> list[Row]:
    """Code the labels given each layer: online, and with a posterior over a linear probe.

    Args:
        point: task, encoder, labels, seed (of order, control labels and starts), n, steps.

    Returns:
        One row a layer, 0 for the embeddings: bits of the online message (Voita and Titov's portions), of the
        variational code (an ideal length) and of the uniform code; for the labels of the task, the test error
        of the probe that has seen all n.
    """
    import numpy as np
    import torch
    from sklearn.linear_model import LogisticRegression

    from idbounds.mdl import Prequential, portions, uniform_label_ideal_bits
    from validation import lengths

    n, seed, steps = (int(point[k] or 0) for k in ("n", "seed", "steps"))
    task, kind = str(point["task"]), str(point["labels"])
    known = given(task, str(point["encoder"]), n)
    classes = TASKS.get(task, 2)
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    y = known.labels[order]
    if kind == "shuffled":
        y = rng.permutation(y)
    elif kind == "word":
        by_word = {word: int(rng.choice(known.labels)) for word in dict.fromkeys(known.words)}
        y = np.array([by_word[known.words[i]] for i in order])
    rows: list[Row] = []
    for layer, (states, test_states) in enumerate(zip(known.states, known.test_states, strict=True)):
        # The receiver has the inputs, so mean and deviation cost nothing.
        centre, scale = states.mean(axis=0), states.std(axis=0) + 1e-6
        x = ((states - centre) / scale)[order]
        probe = LogisticRegression(C=STRENGTH, max_iter=300)
        online = Prequential(probe, x, classes=classes, ends=portions(n)).length(y)
        xt, yt = torch.from_numpy(x), torch.from_numpy(y)
        net = lengths.fitted(
            lengths.network(x.shape[1], classes, (), seed), xt, yt, steps=steps, seed=seed, decay=0.1
        )
        posterior = lengths.variational(net, xt, yt, steps=steps, seed=seed)
        error = None
        if kind == "task":
            said = probe.fit(x, y).predict((test_states - centre) / scale)
            error = float(np.mean(said != known.test_labels))
        rows.append({
            "layer": layer, "online_bits": online, "variational_bits": posterior.ideal_bits,
            "kl_bits": posterior.kl_bits, "uniform_bits": uniform_label_ideal_bits(n, classes),
            "test_error": error, "test_n": len(known.test_labels),
        })  # fmt: skip
    return rows


_COLUMNS = (
    "task", "encoder", "labels", "seed", "layer", "online_bits", "variational_bits", "uniform_bits",
    "test_error",
)  # fmt: skip


def _laptop(rows: pd.DataFrame) -> pd.DataFrame:
    found = reading.ok(rows, _COLUMNS)[list(_COLUMNS)]
    kinds = [KINDS.get(pair, "") for pair in zip(found["encoder"], found["labels"], strict=True)]
    ratios = {
        code: found[f"{code}_bits"].astype(float) / found["uniform_bits"].astype(float)
        for code in ("online", "variational")
    }
    return found.assign(kind=pd.Categorical(kinds, [*KINDS.values()]), **ratios)


def lengths_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Lengths over that of the uniform code, by kind of labels and layer.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a task, kind of labels and layer: mean of both codes over the orders, range of the online
        one, test error of the probe (rate).
    """
    groups = _laptop(rows).groupby(["task", "kind", "layer"], sort=True, observed=True)
    return groups.agg(
        online=("online", "mean"), low=("online", "min"), high=("online", "max"),
        variational=("variational", "mean"), test_error=("test_error", "mean"),
    ).reset_index()  # fmt: skip


def numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """What a reader wants of each layer.

    Args:
        rows: the study's latest rows.

    Returns:
        One line a task and layer: online code over uniform code for each kind of labels, mean of the orders;
        then, for the labels of the task, the same of the variational code, and the probe's test error (rate).
    """
    found = lengths_of(rows).astype({"kind": str})
    wide = found.pivot_table(index=["task", "layer"], columns="kind", values="online")
    of_task = found[found["kind"] == "task"].set_index(["task", "layer"])[["variational", "test_error"]]
    wide = wide.reindex(columns=[*KINDS.values()]).set_axis([*COLUMNS], axis=1)
    return wide.join(of_task).reset_index()


def _wide(rows: pd.DataFrame, code: str = "online") -> tuple[pd.DataFrame, str]:
    """Ratios with tasks and seeds down, kinds and layers across; and what is missing."""
    found = _laptop(rows)
    wide = found.pivot_table(index=["task", "seed"], columns=["kind", "layer"], values=code, observed=True)
    got, need = len(found.drop_duplicates(["task", "kind", "seed"])), len(GRID["laptop"])
    return wide, "" if got == need else f"{got} of {need} points are measured"


def check_kinds(rows: pd.DataFrame, other: tuple[str, str]) -> Outcome:
    """Hold the online codes of the task, at each layer behind the embeddings, against another kind's.

    Args:
        rows: the study's latest rows.
        other: encoder and labels of that kind.

    Returns:
        Supported if shorter at each layer in each order; not supported if at some layer of a task in none.
    """
    wide, missing = _wide(rows)
    if missing:
        return Outcome(Verdict.INCONCLUSIVE, missing)
    share = (wide["task"] / wide[KINDS[other]]).drop(columns=0)
    return _judged(share)


def check_deeper(rows: pd.DataFrame) -> Outcome:
    """Hold the online code given the last layer against that given the embeddings.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if shorter in each order; not supported if in none of a task.
    """
    wide, missing = _wide(rows)
    if missing:
        return Outcome(Verdict.INCONCLUSIVE, missing)
    some = wide["task"]
    return _judged((some[max(some.columns)] / some[0]).to_frame())


def _judged(share: pd.DataFrame) -> Outcome:
    spans = share.T.agg(["min", "max"]).T.groupby(level="task").agg({"min": "min", "max": "max"})
    says = "; ".join(f"{task}: ratio {low:.2f} to {high:.2f}" for task, low, high in spans.itertuples())
    if (share < 1).all(axis=None):
        return Outcome(Verdict.SUPPORTED, says)
    lost = (share.groupby(level="task").min() >= 1).any(axis=None)
    return Outcome(Verdict.NOT_SUPPORTED if lost else Verdict.INCONCLUSIVE, says)


def check_agree(rows: pd.DataFrame) -> Outcome:
    """Hold the order of the layers by the variational code against that by the online code.

    Args:
        rows: the study's latest rows.

    Returns:
        Supported if Kendall's tau is above 0 in each order of each task; not supported if in none of a task.
    """
    from scipy import stats

    (online, missing), (other, _) = _wide(rows), _wide(rows, "variational")
    if missing:
        return Outcome(Verdict.INCONCLUSIVE, missing)
    taus = pd.Series({
        at: float(stats.kendalltau(online["task"].loc[at], other["task"].loc[at]).statistic)
        for at in online.index
    })  # fmt: skip
    ends = taus.groupby(level=0).agg(["min", "max"])
    says = "; ".join(f"{task}: tau {low:.2f} to {high:.2f}" for task, low, high in ends.itertuples())
    if (taus > 0).all():
        return Outcome(Verdict.SUPPORTED, says)
    lost = bool((ends["max"] <= 0).any())
    return Outcome(Verdict.NOT_SUPPORTED if lost else Verdict.INCONCLUSIVE, says)


def figure(rows: pd.DataFrame) -> Figure:
    """Online code over the uniform code against the layer, a panel a task.

    Args:
        rows: the study's latest rows.

    Returns:
        The figure.
    """
    made, panels = canvas(1.15, len(TASKS), sharex=True)
    found = lengths_of(rows)
    for axes, task in zip(panels, TASKS, strict=True):
        for kind, colour, marker in zip(KINDS.values(), COLOURS.values(), MARKERS, strict=False):
            some = found[(found["task"] == task) & (found["kind"] == kind)]
            errors = [(some["online"] - some["low"]).clip(0), (some["high"] - some["online"]).clip(0)]
            axes.errorbar(
                some["layer"], some["online"], yerr=errors, fmt=f"{marker}-", color=colour, label=kind,
                capsize=2,
            )  # fmt: skip
        axes.axhline(1, color=COLOURS["grey"], linewidth=0.8)
        axes.set(title={"sst2": "SST-2", "trec": "TREC"}[task], ylim=(0, None))
    made.supylabel("online code / uniform code", fontsize=9)
    panels[-1].set(xlabel="layer (0: embeddings)")
    made.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return made


STUDY = Study(
    id="probing",
    question="How short are a task's labels, given each layer of a pretrained encoder?",
    grid=GRID,
    measure=measure,
    figure=figure,
    caption=(
        f"{N:,} labels of SST-2 and of TREC, given the mean states of a layer of MiniLM-L6: online code with "
        "logistic regression over the uniform code (grey line), mean and range of three orders. Controls: a "
        "random label for each last word; the labels shuffled."
    ),
    numbers=numbers,
    claims=(
        Claim(
            "deeper_is_shorter",
            "Labels are shorter given the last layer than given the embeddings.",
            check_deeper,
        ),
        Claim(
            "pretraining_shortens",
            "At each layer labels are shorter given the pretrained encoder than given random weights.",
            functools.partial(check_kinds, other=("random", "task")),
        ),
        Claim(
            "task_below_control",
            "At each layer the labels of the task are shorter than those of the control by last word.",
            functools.partial(check_kinds, other=("pretrained", "word")),
        ),
        Claim(
            "codes_agree",
            "Online and variational code put the layers in like orders.",
            check_agree,
        ),
    ),
)
