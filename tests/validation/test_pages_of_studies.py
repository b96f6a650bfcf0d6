"""What the pages say about studies stands in the committed rows."""

import math
from pathlib import Path

import pandas as pd
import pytest

from idbounds.certificate import read
from idbounds.data import words
from validation import finetuned, results
from validation.studies import (
    all_but_the_top,
    bounds_race,
    calculators,
    carry_over,
    core,
    d90_families,
    d90_mnist,
    finetuning,
    label_codes,
    language_bounds,
    occam_hill,
    pretraining,
    probing,
    random_labels,
    ranking,
    self_supervised,
    six_roads,
    sparse_robustness,
    structure,
    subspace_objective,
    tight_bounds,
    transfer_priors,
    utilised_rank,
    which_weights,
    width_depth,
)

ROOT = Path(__file__).parents[2]
NAMES = {"mlp": "FC 784-200-200-10", "lenet": "LeNet"}


def committed(study):
    return results.latest(results.of_study(ROOT / "validation/results", study.STUDY.id))


def span(value, low, high, digits):
    return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def mnist(row):
    published = "" if pd.isna(row.published) else f"{row.published:.0f}"
    found = span(row.d90, row.low, row.high, 0)
    return f"| {NAMES[row.model]} | {row.criterion} | {row.threshold:.3f} | {found} | {published} |"


def family(row):
    ratio = "" if row.kind == "dense" else span(row.ratio, row.ratio_low, row.ratio_high, 2)
    return f"| {row.task} | `{row.kind}` | {span(row.d90, row.low, row.high, 0)} | {ratio} |"


def tight(row):
    rates = " | ".join(f"{100 * x:.2f}" for x in (row.train_error, row.test_error, row.bound))
    point = f"{row.dataset} | {row.architecture} | {row.steps:,} | {row.passes} | {row.bits} | {row.seed}"
    return f"| {point} | {row.code_bits:,} | {rates} |"


def carried(row):
    pairs = ((row.gap, row.gap_limit), (row.bound, row.bound_limit), (row.train_error, row.train_limit))
    met = " | ".join(f"{100 * value:.2f} ({100 * limit:.2f})" for value, limit in pairs)
    start = f"{row.dataset} | {row.seed} | {row.architecture} | {row.n:,} | {row.code_bits:,}"
    return f"| {start} | {100 * row.test_error:.2f} | {met} |"


def subspace(row):
    rates = " | ".join(f"{100 * x:.2f}" for x in (row.train_error, row.test_error, row.bound))
    return f"| {row.family} | {row.d:,} | {row.seed} | {row.code_bits:,} | {rates} |"


def number(value, digits):
    return "" if pd.isna(value) else f"{value:,.{digits}f}"


def interval(row, name, digits):
    ends = [number(getattr(row, f"{name}_{end}"), digits) for end in ("low", "high")]
    return f"{number(getattr(row, name), digits)} [{ends[0]}, {ends[1]}]"


def recomputed(row):
    counts = f"{row.numbers} | {row.reproduced} | {row.explained} | {row.without_inputs}"
    gain = "" if pd.isna(row.median_gain) else f"{100 * row.median_gain:.3f}"
    return f"| `{row.table}` | {counts} | {gain} |"


def noise(row):
    rates = " | ".join(f"{100 * x:.1f}" for x in (row.train_error, row.test_error, row.floor, row.bound))
    found = interval(row, "d90", 0)
    return f"| {row.share:.0%} | {found} | {row.bits_a_label:.2f} | {row.code_bits:,.0f} | {rates} |"


def size(row):
    found = interval(row, "d90", 0)
    return f"| {row.width} | {row.depth} | {row.weights:,} | {100 * row.accuracy:.1f} | {found} |"


def code(row):
    found = f"{row.ratio:.3f} ({row.low:.3f} to {row.high:.3f})"
    error = "" if pd.isna(row.test_error) else f"{100 * row.test_error:.1f}"
    return f"| {row.dataset} | {row.model} | {row.code} | {row.bits:,.0f} | {found} | {error} |"


def order(row):
    return f"| `{row.predictor}` | {interval(row, 'tau', 2)} | {interval(row, 'same_n', 2)} |"


def race(row):
    ways = ("test_error", "held_out", "posterior", "message", "prototypes", "norms")
    rates = " | ".join(number(100 * getattr(row, way), 1) for way in ways)
    return f"| {row.dataset} | {row.n:,} | {rates} |"


def probed(row):
    cells = [f"{getattr(row, name):.3f}" for name in (*probing.COLUMNS, "variational")]
    return f"| {row.task} | {row.layer} | {' | '.join(cells)} | {100 * row.test_error:.1f} |"


def built_in(row):
    rates = f"{100 * row.accuracy:.1f} | {100 * row.test_accuracy:.1f}"
    bits = f"{row.ratio:.3f} ({row.low:.3f} to {row.high:.3f})"
    network = f"{structure.PIXELS[row.pixels]} | {structure.NAMES[row.structure]} | {row.weights:,}"
    found = "over 512" if pd.isna(row.d) else interval(row, "d", 0)
    return f"| {network} | {rates} | {found} | {bits} |"


def prior(row):
    rates = " | ".join(f"{100 * x:.1f}" for x in (row.train_error, row.test_error))
    bound = f"{100 * row.bound:.1f} ({100 * row.low:.1f} to {100 * row.high:.1f})"
    start = f"{row.target} | {transfer_priors.PRIORS[row.prior]} | {row.n:,} | {row.kl_bits:,.0f}"
    return f"| {start} | {rates} | {bound} |"


def core_sentence(row):
    net = f"{core.DATASETS[row.dataset]} | {core.MODELS[row.model]} | {row.D:,}"
    found = f"{interval(row, 'd90', 0)} | {number(row.published, 0)} | {row.d:,} | {row.code_bits:,}"
    rates = " | ".join(f"{100 * x:.1f}" for x in (row.train_error, row.bound, row.test_error))
    return f"| {net} | {found} | {rates} |"


def without_labels(row):
    used = f"{100 * row.utilisation:.1f} ({100 * row.low:.1f} to {100 * row.high:.1f})"
    way = self_supervised.WAYS[row.way]
    return f"| {way} | {100 * row.energy:g} | {used} | {100 * row.probe_error:.1f} |"


LINES = {
    calculators: recomputed, random_labels: noise, width_depth: size, label_codes: code, ranking: order,
    bounds_race: race, probing: probed, structure: built_in,
    transfer_priors: prior, self_supervised: without_labels, core: core_sentence,
}  # fmt: skip
"""Of the page of all studies."""


def road(row):
    rates = " | ".join(f"{100 * x:.2f}" for x in (row.train_error, row.test_error, row.bound))
    return f"| {row.road} | {row.budget} | {row.code_bits:,} | {rates} |"


def pruned(row):
    net = f"{row.architecture} | {row.way}"
    return f"| {net} | {row.code_bits} | {row.errors_before} | {row.errors} | {row.test_errors} |"


def used(row):
    falls = [
        span(*(100 * getattr(row, f"{name}_{when}") for name in ("drop", "low", "high")), 2)
        for when in ("before", "after")
    ]
    shares = f"{100 * row.mean_layer_utilisation:.1f} | {100 * row.share_left:.1f}"
    return f"| {row.energy:g} | {shares} | {' | '.join(falls)} |"


def _tuned(row):
    return f"{finetuned.MODELS[row.model]} | {finetuned.TASKS[row.task]} | {finetuned.METHODS[row.method]}"


def tuned(row):
    net = f"{_tuned(row)} | {row.start} | {'all' if pd.isna(row.d) else f'{row.d:.0f}'} | {row.seed}"
    held = f"{100 * row.score:.1f} | {span(*(100 * x for x in (row.test_score, row.low, row.high)), 1)}"
    return f"| {net} | {held} | {row.gap:.3f} |"


def ladder(row):
    net = f"{row.width} | {row.updates:,} | {row.D:,} | {row.surprise:.2f}"
    rates = f"{100 * row.full:.1f} | {100 * row.test:.1f} | {pretraining.LOOKS[row.criterion]}"
    found = interval(row, "d90", 0) if pd.isna(row.censored) else row.censored
    ends = [
        f"{word} {end:,.0f}" for word, end in (("above", row.d90_low), ("below", row.d90_high)) if end > 0
    ]
    return f"| {net} | {rates} | {row.threshold:.3f} | {found if pd.isna(row.censored) else f'{found}, {ends[0]}'} |"


def hill(row):
    rates = " | ".join(f"{100 * x:.1f}" for x in (row.train_error, row.test_error, row.bound))
    costs = f"{row.speedup:.2f} | {row.memory:.1f}"
    way = occam_hill.WAYS[row.way]
    return f"| {100 * row.sparsity:g} | {way} | {row.code_bits:,.0f} | {rates} | {costs} |"


SHORT = (bounds_race, calculators, finetuning, random_labels, utilised_rank)
"""Studies whose table has four lines."""


@pytest.mark.parametrize(
    ("study", "page", "line"),
    [
        (d90_mnist, "d90", mnist),
        (d90_families, "projections", family),
        (tight_bounds, "tight-certificates", tight),
        (subspace_objective, "tight-certificates", subspace),
        (carry_over, "tight-certificates", carried),
        (six_roads, "compression", road),
        (which_weights, "compression", pruned),
        (utilised_rank, "utilised-rank", used),
        (finetuning, "fine-tuning", tuned),
        (pretraining, "pretraining", ladder),
        (occam_hill, "compression", hill),
        *((study, "validation", line) for study, line in LINES.items()),
    ],
    ids=lambda value: value.STUDY.id if hasattr(value, "STUDY") else "",
)
def test_the_page_says_what_the_rows_say(study, page, line):
    rows = committed(study)
    text = (ROOT / f"docs/explain/{page}.md").read_text("utf-8")
    table = study.numbers(rows).rename(columns=lambda name: name.replace(" ", "_"))
    lines = [line(row) for row in table.itertuples()]
    assert len(lines) >= (4 if study in SHORT else 5)
    assert [one for one in lines if one not in text] == []


CERTIFICATES = sorted((ROOT / "validation/results/certificates").glob("*.idb"))


@pytest.mark.parametrize(
    "path", [p for p in CERTIFICATES if not p.stem.startswith("language")], ids=lambda p: p.stem
)
def test_the_page_says_what_the_certificates_say(path):
    header, _ = read(path)
    claim, test = header["claim"], header["test"]
    trials = claim["n"] * claim.get("draws", 1)
    shares = (claim["errors"] / trials, test["errors"] / test["n"], float(claim["value"]))
    rates = " | ".join(f"{100 * share:.2f}" for share in shares)
    bits = claim["code_bits"] + math.ceil(float(claim.get("kl_nats", "0")) / math.log(2))
    model = f"{header['decoder']} | {header['model']['architecture']} | {bits:,}"
    text = (ROOT / "docs/explain/tight-certificates.md").read_text("utf-8")
    assert f"| `{path.name}` | {model} | {rates} |" in text


def priced(row):
    value = f"{row.value:.3f}" if row.unit == "bits" else f"{row.value:.4f}"
    name = row.bound if row.what == "baseline" else f"`{row.bound}`"
    return f"| {row.of} | {name} | {row.what} | {value} |"


def test_the_page_says_what_a_language_model_is_certified():
    rows = committed(language_bounds)
    text = (ROOT / "docs/explain/language-bounds.md").read_text("utf-8")
    lines = [priced(row) for row in language_bounds.numbers(rows).itertuples()]
    assert len(lines) >= 14
    assert [one for one in lines if one not in text] == []
    for row in rows[rows["what"] == "certificate"].itertuples():
        losses = f"{row.loss:.3f} | {row.test_loss:.3f} | {row.value:.3f}"
        assert f"| `{row.of}.idb` | {row.d:,} | {row.code_bits:,} | {losses} |" in text
        header, _ = read(language_bounds.CERTIFICATES / f"{row.of}.idb")
        assert float(header["claim"]["value"]) == row.value
    found = rows.set_index(["of", "bound"])
    text_, documents, longer = (
        found.loc[key] for key in (language_bounds.TEXT, language_bounds.DOCUMENTS, language_bounds.LONGER)
    )
    azuma = found["value"][language_bounds.TEXT[0], "language-tokens-azuma"]
    prose = (
        f"{text_.code_bits:,.0f} bits certify {text_.value:.3f} bits a byte",
        f"{text_.value - text_.loss:.2f} above the training loss",
        f"{found['value']['kjv', 'own table'] - text_.value:.2f} below what the best table of bytes costs",
        f"it is {azuma - text_.value:.2f} higher",
        f"The New Testament costs the model {text_.test_loss:.3f}, more than",
        f"Old Testament at {found['value']['kjv', 'context tree']:.3f} bits",
        f"{documents.code_bits:.0f} bits certify {documents.value:.3f}, far below 8",
        f"table of bytes ({found['value']['imdb-documents', 'own table']:.3f})",
        f"model starts, costs {found['value']['imdb-documents', 'letters']:.3f}",
        f"a loss {documents.loss - longer.loss:.2f} lower and certifies "
        f"{longer.value - documents.value:.2f} more",
    )
    flat = " ".join(text.split())
    assert [one for one in prose if one not in flat] == []
    assert text_.test_loss > text_.value


def test_the_page_says_the_measured_dimension():
    rows = committed(subspace_objective)
    (one,) = rows[rows["what"] == "d90"].itertuples()
    text = (ROOT / "docs/explain/tight-certificates.md").read_text("utf-8")
    assert f"is {one.d90:.0f} [{one.low:.0f}, {one.high:.0f}]:" in text


def outcome(study, claim):
    rows = committed(study)
    (says,) = [c.check(rows).says for c in study.STUDY.claims if c.id == claim]
    return says.replace("-", "\N{MINUS SIGN}")


@pytest.mark.parametrize(
    ("study", "claim", "part"),
    [
        (width_depth, "does_not_grow", "\N{MINUS SIGN}0.02 [\N{MINUS SIGN}0.09, 0.04]"),
        (width_depth, "stays", "78 times as many"),
    ],
)
def test_the_page_of_all_studies_says_the_outcomes(study, claim, part):
    text = (ROOT / "docs/explain/validation.md").read_text("utf-8")
    assert part in outcome(study, claim)
    assert part in text


def test_the_page_of_all_studies_says_the_extremes():
    text = (ROOT / "docs/explain/validation.md").read_text("utf-8")
    found = width_depth.numbers(committed(width_depth))["d90"]
    assert f"between {found.min():.0f} and {found.max():.0f}," in text
    raced = committed(bounds_race)
    codes = label_codes.numbers(committed(label_codes))
    ratio = codes.set_index(["dataset", "model", "code"])["ratio"]
    assert max(ratio[data, "network", "prequential"] for data in label_codes.SIZES) < 0.25
    assert ratio["penbased", "linear", "rounded"] < ratio["penbased", "linear", "prequential"]
    probes = probing.numbers(committed(probing))
    assert probes.loc[probes.groupby("task")["online"].idxmin(), "layer"].tolist() == [5, 5]
    assert probes["shuffled"].min() > 1
    taus = ranking.numbers(committed(ranking)).set_index("predictor")
    assert taus.loc[["occam-hoeffding", "code_bits"], ["tau_high", "same_n_high"]].max(axis=None) < 0
    ranked = committed(ranking)["occam_hoeffding"]
    assert f"{(ranked < 1).sum()} of the {len(ranked)} Occam bounds are below 1" in text
    assert taus["same_n"].idxmax() == "train_error"
    norms = raced[(raced["way"] == "norms") & (raced["bound"] != "vc-network")]["value"]
    assert f"are above {norms.min():.0f}\neverywhere" in text


def under_attack(found, sparsity):
    some = found[found["sparsity"] == sparsity].set_index("attack")
    cells = (span(*(100 * x for x in some.loc[name, ["accuracy", "low", "high"]]), 1) for name in some.index)
    return f"| {100 * sparsity:g} | {' | '.join(cells)} |"


def test_the_page_says_how_sparse_networks_stand_attacks():
    found = sparse_robustness.summary(committed(sparse_robustness))
    text = (ROOT / "docs/explain/compression.md").read_text("utf-8")
    lines = [under_attack(found, sparsity) for sparsity in found["sparsity"].unique()]
    assert len(lines) == len(sparse_robustness.SPARSITIES)
    assert [one for one in lines if one not in text] == []


def layer(row):
    return f"| {row.kind} | {row.m} x {row.n} | {row.least} to {row.most} |"


def test_the_page_says_the_ranks_of_the_layers():
    rows = committed(utilised_rank)
    text = (ROOT / "docs/explain/utilised-rank.md").read_text("utf-8")
    lines = [layer(row) for row in utilised_rank.layers(rows).itertuples()]
    assert len(lines) == 7
    assert [one for one in lines if one not in text] == []


def test_the_page_says_what_word_vectors_gain():
    rows = committed(all_but_the_top)
    text = (ROOT / "docs/explain/other-dimensions.md").read_text("utf-8")
    sets = [name for name in words.SETS if (rows["set"] == name).any()]
    assert f"| fitted on | removed | {' | '.join(f'`{name}`' for name in sets)} |" in text
    lines = set()
    for (vocabulary, removed), some in rows.groupby(["vocabulary", "removed"]):
        by_set = some.set_index("set").loc[sets, "spearman"]
        cells = [f"{value:.3f}".removeprefix("0") for value in by_set]
        fitted = "" if removed < 0 else f"{vocabulary:,}" if vocabulary else "all words"
        gone = "nothing" if removed < 0 else f"mean and {removed}" if removed else "mean"
        sizes = [f"{some[name].iloc[0]:.1f}" for name in ("two_nn", "participation_ratio")]
        lines.add(f"| {fitted} | {gone} | {' | '.join([*cells, *sizes])} |")
    assert len(lines) == 13
    assert [line for line in lines if line not in text] == []


def crossed(row):
    low, high = ("" if pd.isna(end) else f"{end:.0f}" for end in (row.low, row.high))
    beyond = f"{row.censored}, above {low}" if low else row.censored
    ends = f" [{low}, {high}]" if low or high else ", no interval"
    found = beyond if pd.isna(row.d90) else f"{row.d90:.0f}{ends}"
    return f"| {_tuned(row)} | {row.start} | {row.criterion} | {row.threshold:.3f} | {found} |"


def gapped(row):
    d = "all" if pd.isna(row.d) else f"{row.d:.0f}"
    return f"| {_tuned(row)} | {row.start} | {d} | {span(row.gap, row.low, row.high, 3)} |"


def billed(row):
    rates = " | ".join(f"{100 * x:.1f}" for x in (row.train_error, row.test_error, row.bound))
    return f"| {_tuned(row)} | {row.d:.0f} | {row.seed} | {row.code_bits:.0f} | {rates} |"


@pytest.mark.parametrize(
    ("table", "line"),
    [(finetuned.crossings, crossed), (finetuned.gaps, gapped), (finetuned.stated, billed)],
)
def test_the_page_of_fine_tuning_says_what_the_rows_say(table, line):
    lines = [line(row) for row in table(committed(finetuning)).itertuples()]
    text = (ROOT / "docs/explain/fine-tuning.md").read_text("utf-8")
    assert len(lines) >= 5
    assert [one for one in lines if one not in text] == []
    done, wanted = len(finetuned.runs(committed(finetuning))), len(finetuning.GRID["laptop"])
    assert f"Of the {wanted} runs of the laptop tier {done} are done" in text


def test_the_reading_of_fine_tuning_is_that_of_the_rows():
    rows, text = committed(finetuning), (ROOT / "docs/explain/fine-tuning.md").read_text("utf-8")
    assert outcome(finetuning, "pretraining_helps_at_the_same_d") in text
    assert outcome(finetuning, "few_dimensions_have_a_smaller_gap") in text
    bounds = finetuned.stated(rows)
    assert (bounds["test_error"] < bounds["bound"]).all()
    sentences, pairs = (bounds[bounds["task"] == task] for task in ("sst2-sentences", "mrpc"))
    assert sentences["bound"].max() < sentences["majority_error"].min() == pytest.approx(0.499, abs=5e-4)
    assert pairs["bound"].min() > pairs["majority_error"].max() == pytest.approx(0.335, abs=5e-4)
    assert (sentences.groupby(["model", "method", "d"])["bound"].mean().unstack().idxmin(axis=1) == 64).all()
    shown = sentences.query("model == 'minilm-l3' and method == 'direct' and seed == 0").set_index("d")
    for d in (16, 256):
        assert f"{shown['code_bits'][d] / d:.1f} bits each" in text
    runs = finetuned.numbers(rows).query(
        "task == 'sst2-sentences' and method == 'direct' and start == 'pretrained'"
    )
    mean = runs.groupby(["model", "d"])["test_score"].mean().unstack("d")
    assert all(line.dropna().is_monotonic_increasing for _, line in mean.iterrows())
    assert (mean.loc["minilm-l3"] - mean.loc["minilm-l6"]).abs().max() < 0.02
    crossings = finetuned.crossings(rows).query("model == 'minilm-l3' and task == 'sst2-sentences'")
    d90 = crossings.query("method == 'direct' and start == 'pretrained'").set_index("criterion")["d90"]
    assert d90["gain"] > 10 * d90["fraction"]


def test_the_page_says_what_structure_saves():
    found = structure.numbers(committed(structure)).set_index(["pixels", "structure"])
    ratio, shifted = found["ratio"], found.loc["shifted"]
    assert ratio["shifted", "mlp"] / ratio["in order", "mlp"] == pytest.approx(2, abs=0.1)
    assert ratio["shifted", "equivariant"] / ratio["in order", "equivariant"] == pytest.approx(
        9 / 8, abs=0.01
    )
    assert max(structure.DIMENSIONS) == 512
    assert shifted["d"].dropna().index.tolist() == ["equivariant"]
    assert shifted["ratio"].idxmin() == "equivariant"
    assert ratio["in order"].idxmin() == "shared"
    assert ratio["in order"].idxmax() == "recurrent"
    assert ratio["in order", "shared"] / ratio["in order", "local"] == pytest.approx(0.8, abs=0.03)
    assert (ratio["shuffled"] / ratio["in order"]).idxmax() == "pooled"


def test_the_page_says_what_other_data_save():
    found = transfer_priors.numbers(committed(transfer_priors)).set_index(["target", "prior"])
    other, start = (found.xs(name, level="prior") for name in ("other", "start"))
    saved = 1 - other["kl_bits"] / start["kl_bits"]
    assert sorted(saved) == pytest.approx([0.14, 0.28], abs=0.005)
    assert (100 * (start["bound"] - other["bound"])).tolist() == pytest.approx([5, 5], abs=0.5)
    assert other.loc["fashion-mnist", "test_error"] > start.loc["fashion-mnist", "test_error"]


def test_the_page_says_how_many_directions_are_used():
    found = self_supervised.numbers(committed(self_supervised)).set_index(["way", "energy"])
    at = found.xs(self_supervised.ENERGY, level="energy")
    assert at.loc[["rotation", "denoising"], "high"].max() < at.loc["labels", "low"]
    assert at.drop("start")["high"].max() < at.loc["start", "low"]
    assert at.loc[["rotation", "denoising"], "probe_error"].min() > at.loc["start", "probe_error"]
    whole = found.xs(0.99, level="energy").drop("start")
    assert whole["low"].max() < whole["high"].min()  # the ranges overlap


def test_the_page_says_where_the_valley_is():
    text = (ROOT / "docs/explain/compression.md").read_text("utf-8")
    found = occam_hill.numbers(committed(occam_hill))
    of = found[found["way"] == "magnitude"].set_index("sparsity")
    assert of["bound"].idxmin() == 0.99
    assert f"{100 * (of.loc[0, 'bound'] - of['bound'].min()):.0f} points below that of all weights" in text
    assert "difference 0.0028 to 0.0041" in outcome(occam_hill, "hill")
    assert "80% zeros cost 0.3 to 0.4 points" in text
    assert of.loc[0.8, "speedup"] < 1 < of.loc[0.9, "speedup"]
    assert of.loc[0.5, "memory"] < 1 < of.loc[0.8, "memory"]
    assert round(1 / of.loc[0, "speedup"], -1) == 30


def test_the_page_says_what_pretraining_does():
    rows = committed(pretraining)
    text = " ".join((ROOT / "docs/explain/pretraining.md").read_text("utf-8").split())
    found = pretraining.numbers(rows).set_index(["criterion", "width", "updates"])["d90"]
    numbers = pretraining.numbers(rows).set_index(["width", "updates"])
    start, last = ((pretraining.MIDDLE, updates) for updates in (0, pretraining.UPDATES[-1]))
    full, language = (
        numbers["full"].groupby(level=[0, 1]).first(),
        numbers["surprise"].groupby(level=[0, 1]).first(),
    )
    same = " to ".join(f"{found['absolute', *cell]:,.0f}" for cell in (start, last))
    own = [f"{found['fraction', *cell]:,.0f}" for cell in (start, last)]
    widths = [
        [f"{found[kind, w, last[1]]:,.0f}" for w in pretraining.WIDTHS] for kind in ("absolute", "fraction")
    ]
    prose = (
        f"from {language[start]:.2f} to {language[last]:.2f} bits",
        f"from {100 * full[start]:.1f}% to {100 * full[last]:.1f}%",
        f"d90 falls from {same}",
        f"it is {own[0]} from the start and {own[1]} after all updates",
        *(f"{', '.join(some[:-1])} and {some[-1]}" for some in widths),
        f"the one accuracy is {pretraining.common(pretraining.runs(rows)):.3f}",
    )
    assert [one for one in prose if one not in text] == []
    done, wanted = len(pretraining.runs(rows)), len(pretraining.GRID["laptop"])
    assert f"{done} of {wanted} runs" in text
    verdicts = [str(claim.check(rows).verdict) for claim in pretraining.STUDY.claims]
    lines = [f"| {c.says} | {v} |" for c, v in zip(pretraining.STUDY.claims, verdicts, strict=True)]
    assert [one for one in lines if one not in text] == []
