import sys

import numpy as np
import pytest

from idbounds.errors import InputError, MissingExtra
from idbounds.neighbours.data_dimension import data_dimension, layer_dimensions

RNG_SEED = 0


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "skdim.id", None)
    with pytest.raises(MissingExtra, match=r"idbounds\[neighbours\]"):
        data_dimension(np.zeros((100, 2)))


class TestWithTheLibrary:
    @pytest.fixture(autouse=True)
    def library(self):
        pytest.importorskip("skdim")

    @pytest.mark.parametrize("k", [1, 2, 5])
    def test_a_cube_turned_into_a_larger_space(self, k):
        rng = np.random.default_rng(RNG_SEED)
        turn = np.linalg.qr(rng.normal(size=(30, k)))[0]
        table = data_dimension(rng.random((3000, k)) @ turn.T)
        assert table["points"].tolist() == [3000, 1500, 750, 375]
        assert table["blocks"].tolist() == [1, 2, 4, 8]
        assert table["two_nn"][0] == pytest.approx(k, rel=0.08)
        assert table["mle"][0] == pytest.approx(k, rel=0.1)  # biased down by the faces of the cube
        assert table["participation_ratio"][0] == pytest.approx(k, rel=0.01)

    @pytest.mark.parametrize("k", [2, 4])
    def test_a_sphere_is_curved_and_its_span_is_one_larger(self, k):
        x = np.random.default_rng(RNG_SEED).normal(size=(3000, k + 1))
        first = data_dimension(x / np.linalg.norm(x, axis=1, keepdims=True)).iloc[0]
        assert first["two_nn"] == pytest.approx(k, rel=0.08)
        assert first["mle"] == pytest.approx(k, rel=0.08)
        assert first["participation_ratio"] == pytest.approx(k + 1, rel=0.01)

    def test_noise_shows_as_a_dimension_that_depends_on_the_scale(self):
        rng = np.random.default_rng(RNG_SEED)
        line = np.linspace(0, 1, 4000)[:, None] * np.ones(8) + 1e-3 * rng.normal(size=(4000, 8))
        two_nn = data_dimension(line, halvings=5)["two_nn"].to_numpy()
        assert two_nn[0] > 3 > 1.6 > two_nn[-1]
        assert (np.diff(two_nn) < 0).all()

    def test_duplicates_are_counted_and_left_out(self):
        x = np.random.default_rng(RNG_SEED).random((1000, 3))
        doubled, plain = data_dimension(np.concatenate([x, x[:300]])), data_dimension(x)
        assert doubled["duplicates"].tolist() == [300] * 4
        assert doubled["two_nn"].tolist() == plain["two_nn"].tolist()

    def test_participation_ratio_by_hand(self):
        x = np.random.default_rng(RNG_SEED).normal(size=(500, 6)) * np.arange(1, 7)
        values = np.linalg.eigvalsh(np.cov(np.unique(x, axis=0).T))
        got = data_dimension(x)["participation_ratio"][0]
        assert got == pytest.approx(values.sum() ** 2 / (values**2).sum(), rel=1e-9)

    @pytest.mark.parametrize(
        "points", [np.zeros((500, 2)), np.full((500, 2), np.nan), np.ones(500), np.random.rand(50, 3)]
    )
    def test_bad_points_are_refused(self, points):
        with pytest.raises(InputError, match=r"points|given"):
            data_dimension(points)

    def test_layers_of_a_network(self):
        torch = pytest.importorskip("torch")
        torch.manual_seed(0)
        model = torch.nn.Sequential(
            torch.nn.Linear(20, 3, bias=False), torch.nn.Linear(3, 40), torch.nn.Tanh(), torch.nn.Dropout()
        ).train()
        batches = torch.rand(1200, 20).split(400)
        told = []
        table = layer_dimensions(model, batches, halvings=1, say=told.append)
        assert told == ["0", "1", "2", "3"]
        assert table["ambient"].tolist() == [3, 3, 40, 40, 40, 40, 40, 40]
        assert table["two_nn"].between(2.6, 3.3).all()
        last, before = (table[table["layer"] == name].iloc[0] for name in ("3", "2"))
        assert last["two_nn"] == before["two_nn"]  # in eval mode dropout does nothing
        assert model.training
        assert layer_dimensions(model, batches, layers=["1"], halvings=0)["layer"].tolist() == ["1"]
        with pytest.raises(InputError, match="'7' given"):
            layer_dimensions(model, batches, layers=["7"])
