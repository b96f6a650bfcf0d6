import numpy as np
import pytest
import torch
from torch import nn

from idbounds import data
from idbounds.decoders import scaled
from idbounds.dimension.utilised import ENERGIES, utilised_rank
from idbounds.dimension.utilised_choice import smallest_energies
from idbounds.dimension.utilised_factors import Factorised
from idbounds.errors import InputError


def of_rank(rank, rows, columns, seed=0):
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=(rows, rank)) @ rng.normal(size=(rank, columns)))


def test_the_rank_of_the_data_and_the_rank_of_the_weight_are_found():
    layer = nn.Linear(20, 15, bias=False).double()
    few_inputs = utilised_rank(layer, [of_rank(4, 300, 20)], energies=[0.9, 1 - 1e-9]).layers[0]
    assert (few_inputs.input_ranks[1], few_inputs.output_ranks[1], few_inputs.numerical_rank) == (4, 4, 15)
    with torch.no_grad():
        layer.weight.copy_(of_rank(3, 15, 20, seed=1))
    few_outputs = utilised_rank(layer, [of_rank(20, 300, 20)], energies=[1 - 1e-9]).layers[0]
    assert (few_outputs.input_ranks, few_outputs.output_ranks, few_outputs.numerical_rank) == ((20,), (3,), 3)


@pytest.fixture(scope="module")
def skewed():
    """A layer whose inputs have a falling spectrum, the inputs, and the report."""
    torch.manual_seed(0)
    layer = nn.Linear(12, 9).double()
    x = torch.randn(400, 12, dtype=torch.float64) * 0.6 ** torch.arange(12)
    return layer, x, utilised_rank(layer, [x[:150], x[150:]], energies=(0.9, 0.99, 0.9999))


def test_projection_is_p_t_w_p_s(skewed):
    layer, x, report = skewed
    use, weight = report.layers[0], layer.weight.detach().numpy()
    moment = x.numpy().T @ x.numpy() / len(x)
    for i, energy in enumerate(report.energies):
        _, v_s = np.linalg.eigh(moment)
        _, v_t = np.linalg.eigh(weight @ moment @ weight.T)
        v_s, v_t = v_s[:, -use.input_ranks[i] :], v_t[:, -use.output_ranks[i] :]
        expected = v_t @ v_t.T @ weight @ v_s @ v_s.T
        got = report.projected(layer, energy).weight.detach().numpy()
        np.testing.assert_allclose(got, expected, atol=1e-12)
        assert np.linalg.matrix_rank(got, tol=1e-10) == use.rank(i)


def test_the_output_error_is_the_share_lost_on_the_data(skewed):
    layer, x, report = skewed
    plain = x @ layer.weight.T
    for i, energy in enumerate(report.energies):
        lost = plain - x @ report.projected(layer, energy).weight.T
        share = float(((lost**2).sum() / (plain**2).sum()).detach())
        assert report.layers[0].output_errors[i] == pytest.approx(share, rel=1e-9)


def test_each_energy_is_held_by_the_fewest_directions(skewed):
    use, report = skewed[2].layers[0], skewed[2]
    for values, ranks in ((use.input_energies, use.input_ranks), (use.output_energies, use.output_ranks)):
        share = np.cumsum(values) / values.sum()
        for k, energy in zip(ranks, report.energies, strict=True):
            assert share[k - 1] >= energy > (share[k - 2] if k > 1 else 0)


def test_batches_add_up_in_any_split(skewed):
    layer, x, report = skewed
    again = utilised_rank(layer, [(part, "labels") for part in x.split(37)], energies=report.energies)
    np.testing.assert_allclose(again.layers[0].input_energies, report.layers[0].input_energies, rtol=1e-10)
    assert again.layers[0].vectors == len(x)


def test_float32_inputs_are_summed_in_float64():
    """An energy of 1e-10 of the largest stays right, which a float32 sum drowns."""
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    x = torch.from_numpy((np.diag([1e3, 1.0, 1e-2]) @ turn)[np.arange(3).repeat(1000)].astype(np.float32))
    use = utilised_rank(nn.Linear(3, 3), [x]).layers[0]
    np.testing.assert_allclose(use.input_energies, [1e6 / 3, 1 / 3, 1e-4 / 3], rtol=1e-2)
    drowned = torch.linalg.eigvalsh(x.T @ x / len(x))[0]
    assert abs(float(drowned) / (1e-4 / 3) - 1) > 1


def test_skipped_layers_have_a_reason():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.tied = nn.Embedding(7, 4), nn.Linear(4, 7, bias=False)
            self.tied.weight = self.embedding.weight
            self.grouped, self.unused = nn.Conv1d(4, 4, 1, groups=2), nn.Linear(4, 4)
            self.normed = nn.utils.parametrizations.weight_norm(nn.Linear(4, 4))
            self.good, self.recurrent = nn.Linear(4, 4), nn.GRU(4, 4)

        def forward(self, i):
            x = self.normed(self.good(self.embedding(i)))
            return self.tied(self.grouped(self.recurrent(x)[0].mT).mT)

    report = utilised_rank(Odd(), [torch.arange(6).reshape(1, 6)], forward=lambda m, b: m(b))
    assert [layer.name for layer in report.layers] == ["good"]
    reasons = dict(report.skipped)
    for name, part in {
        "embedding": "embedding", "tied": "tied: embedding.weight = tied.weight", "grouped": "2 groups",
        "unused": "no batch", "normed": "computed from others", "recurrent": "GRU",
    }.items():  # fmt: skip
        assert part in reasons.pop(name)
    assert not reasons


def test_modes_and_hooks_are_as_before():
    model = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5), nn.Linear(3, 2))
    model[0].eval()
    utilised_rank(model, [torch.randn(20, 3)])
    assert [part.training for part in model] == [False, True, True]
    assert not any(part._forward_pre_hooks for part in model.modules())
    with pytest.raises(RuntimeError):
        utilised_rank(model, [torch.randn(20, 4)])
    assert not any(part._forward_pre_hooks for part in model.modules())
    assert model.training


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"energies": [0.9, 1.0]}, "below 1"),
        ({"energies": []}, "energies"),
        ({"batches": []}, "none given"),
        ({"batches": [torch.full((2, 3), float("nan"))]}, "not finite"),
        ({"batches": [torch.zeros(2, 3)]}, "all zero"),
        ({"batches": ["text"]}, "a batch is a str"),
        ({"model": nn.ReLU()}, "no weight matrix"),
    ],
)
def test_bad_input_is_refused(change, match):
    given = {"model": nn.Linear(3, 3), "batches": [torch.ones(2, 3)], **change}
    with pytest.raises(InputError, match=match):
        utilised_rank(given.pop("model"), given.pop("batches"), **given)


def test_unmeasured_energies_and_layers_are_refused(skewed):
    layer, _, report = skewed
    with pytest.raises(InputError, match=r"0\.5 was not measured; 0\.9, 0\.99"):
        report.projected(layer, 0.5)
    with pytest.raises(InputError, match="'head' was not measured"):
        report.projected(layer, {"head": 0.9})
    with pytest.raises(InputError, match=r"no layer '' of shape \(9, 12\)"):
        report.projected(nn.Linear(3, 3), 0.9)


def score(model, x, y):
    return float((model(x).argmax(1) == y).float().mean())


@pytest.fixture(scope="module")
def digits():
    """An MLP 64-256-256-10 trained on the digits, three parts of the data and the report."""
    sample = data.load("digits")
    x = torch.from_numpy(scaled(sample.train_x, sample.levels).astype(np.float32)).flatten(1)
    test_x = torch.from_numpy(scaled(sample.test_x, sample.levels).astype(np.float32)).flatten(1)
    y, test_y = torch.from_numpy(sample.train_y), torch.from_numpy(sample.test_y)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Flatten(), nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10)
        )
        optimiser = torch.optim.Adam(model.parameters(), 1e-3)
        for _ in range(30):
            for rows in torch.randperm(1000).split(50):
                optimiser.zero_grad()
                nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
                optimiser.step()
    return model, (x[:1000], y[:1000]), (x[1000:], y[1000:]), (test_x, test_y)


def test_digits_have_few_utilised_directions(digits):
    """In the order of what the reference run has: k about (41, 12, 10) of 64, 256, 10 at energy 0.999."""
    model, (x, _), _, test = digits
    report = utilised_rank(model, x.split(250))
    assert [layer.numerical_rank for layer in report.layers] == [64, 256, 10]
    k = [layer.rank(report.position(0.999)) for layer in report.layers]
    assert 30 <= k[0] <= 50, k
    assert 8 <= k[1] <= 25, k
    assert 8 <= k[2] <= 10, k
    curve = report.scored(model, lambda m: score(m, *test))
    assert curve["mean_layer_utilisation"].is_monotonic_increasing
    assert curve["score_after"].iloc[-1] == pytest.approx(curve["score_before"].iloc[0], abs=0.006)
    assert curve["score_after"].iloc[0] < curve["score_before"].iloc[0] - 0.05  # too little is kept
    assert len(report.table) == 3 * len(ENERGIES)
    assert (report.table["factorised_weights"] <= report.table["weights"]).all()


def test_energies_are_chosen_within_the_drop(digits):
    model, (x, _), valid, _ = digits
    report = utilised_rank(model, x.split(250))
    done = []
    chosen = smallest_energies(
        report, model, lambda m: score(m, *valid), drop=0.02, advance=lambda *given: done.append(given)
    )
    assert done == [(1, 3), (2, 3), (3, 3)]
    assert chosen.score_before == score(model, *valid)
    assert chosen.score_after >= chosen.score_before - 0.02
    smaller = report.factorised(model, chosen.energies)
    assert score(smaller, *valid) == pytest.approx(chosen.score_after, abs=0.004)
    assert sum(p.numel() for p in smaller.parameters()) < 0.5 * sum(p.numel() for p in model.parameters())
    assert chosen.mean_layer_utilisation < 0.8
    # The last layer was taken last, so one energy less for it must break the promise.
    name, energy = report.layers[-1].name, chosen.energies[report.layers[-1].name]
    below = [e for e in report.energies if e < energy]
    if below:
        worse = report.projected(model, {**chosen.energies, name: below[-1]})
        assert score(worse, *valid) < chosen.score_before - 0.02


def test_where_no_energy_suffices_the_layer_stays_as_it_is():
    torch.manual_seed(0)
    model, x = nn.Linear(6, 4), torch.randn(100, 6)
    before = model.weight.clone()
    report = utilised_rank(model, [x], energies=[0.5])
    chosen = smallest_energies(report, model, lambda m: -float((m.weight - before).norm()), drop=0)
    assert chosen.energies == {"": 1.0}
    assert chosen.score_after == 0
    assert torch.equal(report.factorised(model, chosen.energies).weight, before)
    assert chosen.table["utilised_rank"].tolist() == [4]
    with pytest.raises(InputError, match="drop"):
        smallest_energies(report, model, lambda m: 0.0, drop=-1)
    with pytest.raises(InputError, match="score"):
        smallest_energies(report, model, lambda m: float("nan"), drop=1)


def test_the_factorised_digits_network_predicts_alike(digits):
    model, (x, _), _, test = digits
    report = utilised_rank(model, x.split(250))
    projected, factorised = report.projected(model, 0.999), report.factorised(model, 0.999)
    assert isinstance(factorised[3], Factorised)
    assert isinstance(factorised[5], nn.Linear)  # 10 of 10 ranks: two layers would be larger
    with torch.no_grad():
        torch.testing.assert_close(projected(test[0]), factorised(test[0]), atol=1e-4, rtol=1e-4)
