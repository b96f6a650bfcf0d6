import sys

import numpy as np
import pytest

from idbounds.errors import InputError, MissingExtra

torch = pytest.importorskip("torch")

from idbounds.neighbours.hessian import Spectrum, curvature_spectrum, jacobian_spectrum  # noqa: E402


def test_without_the_library_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "curvlinops", None)
    with pytest.raises(MissingExtra, match=r"idbounds\[curvature\]"):
        curvature_spectrum(
            torch.nn.Linear(2, 2), torch.nn.MSELoss(), [(torch.zeros(1, 2), torch.zeros(1, 2))]
        )


@pytest.mark.parametrize("z", [0, -1, np.nan, np.inf])
def test_precision_must_be_positive(z):
    with pytest.raises(InputError, match="z:"):
        Spectrum("ggn", 1, np.ones(1), True, 1.0).effective_dimension(z)


def test_part_of_a_spectrum_gives_an_interval_that_holds_the_truth():
    values = 10.0 ** -np.linspace(0, 6, 200)
    for listed in (1, 20, 150):
        part = Spectrum("ggn", 200, values[:listed], False, float(values.sum()))
        blind = Spectrum("hessian", 200, values[:listed], False, float("nan"))
        for z in 10.0 ** -np.arange(0, 8):
            truth = float((values / (values + z)).sum())
            low, high = part.effective_dimension(z)
            assert low - 1e-9 <= truth <= high + 1e-9
            wide = blind.effective_dimension(z)
            assert wide[0] <= low + 1e-12 <= high <= wide[1] + 1e-9
    assert part.effective_dimension(1e-2)[1] / part.effective_dimension(1e-2)[0] < 1.001


class TestWithTheLibrary:
    @pytest.fixture(autouse=True)
    def library(self):
        pytest.importorskip("curvlinops")

    @pytest.fixture
    def net(self):
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3)).double()
        x, y = torch.randn(30, 4).double(), torch.arange(30) % 3
        return model, x, y

    @staticmethod
    def explicit(model, x, y):
        """Hessian and Gauss-Newton matrix of the mean cross-entropy by plain differentiation."""
        names, shapes = zip(*[(n, p.shape) for n, p in model.named_parameters()], strict=True)
        start = torch.cat([p.detach().flatten() for p in model.parameters()])

        def outputs(flat):
            parts = flat.split([shape.numel() for shape in shapes])
            state = {n: part.reshape(s) for n, part, s in zip(names, parts, shapes, strict=True)}
            return torch.func.functional_call(model, state, (x,))

        def loss(f):
            return torch.nn.functional.cross_entropy(f, y)

        hessian = torch.func.hessian(lambda flat: loss(outputs(flat)))(start)
        jacobian = torch.func.jacrev(outputs)(start).flatten(0, 1)
        inner = torch.func.hessian(lambda f: loss(f.reshape(-1, 3)))(outputs(start).detach().flatten())
        return hessian.numpy(), (jacobian.T @ inner @ jacobian).numpy(), jacobian.numpy()

    def test_eigenvalues_are_those_of_the_explicit_matrices(self, net):
        model, x, y = net
        hessian, ggn, jacobian = self.explicit(model, x, y)
        batches = [(x[:12], y[:12]), (x[12:], y[12:])]
        loss = torch.nn.CrossEntropyLoss()
        for kind, matrix in (("hessian", hessian), ("ggn", ggn)):
            found = curvature_spectrum(model, loss, batches, kind=kind)
            assert (found.size, found.whole) == (43, True)
            np.testing.assert_allclose(found.eigenvalues, np.linalg.eigvalsh(matrix)[::-1], atol=1e-12)
            assert found.trace == pytest.approx(np.trace(matrix), rel=1e-9)
        assert np.linalg.eigvalsh(hessian)[0] < -1e-4  # so that the two kinds are told apart
        found = jacobian_spectrum(model, batches)
        expected = np.linalg.svd(jacobian, compute_uv=False) ** 2
        np.testing.assert_allclose(found.eigenvalues, expected, rtol=1e-9, atol=1e-12)
        few = jacobian_spectrum(model, [(x[:4], y[:4])])  # fewer rows than parameters: the other side
        expected = np.linalg.svd(jacobian[:12], compute_uv=False) ** 2
        np.testing.assert_allclose(few.eigenvalues, expected, rtol=1e-9, atol=1e-12)

    def test_of_squared_loss_the_two_are_one(self, net):
        model, x, _ = net
        ggn = curvature_spectrum(model, torch.nn.MSELoss(reduction="sum"), [(x, torch.zeros(30, 3).double())])
        jacobian = jacobian_spectrum(model, [(x, x)])
        np.testing.assert_allclose(ggn.eigenvalues[:43], 2 * jacobian.eigenvalues[:43], rtol=1e-8, atol=1e-10)

    def test_effective_dimension_is_a_curve_from_none_to_the_rank(self, net):
        model, x, y = net
        _, ggn, _ = self.explicit(model, x, y)
        found = curvature_spectrum(model, torch.nn.CrossEntropyLoss(), [(x, y)])
        for z in (1e-3, 1.0):
            direct = np.trace(ggn @ np.linalg.inv(ggn + z * np.eye(43)))
            assert found.effective_dimension(z) == pytest.approx((direct, direct), rel=1e-8)
        curve = found.curve()
        assert len(curve) == 11
        assert curve["lower"].is_monotonic_increasing
        assert (curve["lower"] == curve["upper"]).all()

    def test_a_large_matrix_is_bracketed(self, net):
        model, x, y = net
        loss = torch.nn.CrossEntropyLoss()
        whole = curvature_spectrum(model, loss, [(x, y)])
        part = curvature_spectrum(model, loss, [(x, y)], whole_up_to=10, largest=8, products=36)
        assert not part.whole
        np.testing.assert_allclose(part.eigenvalues, whole.eigenvalues[:8], rtol=1e-8)
        assert part.trace == pytest.approx(whole.trace, rel=0.02)
        for z in (1e-1, 1e-2):
            low, high = part.effective_dimension(z)
            truth = whole.effective_dimension(z)[0]
            assert 0.98 * low <= truth <= 1.02 * high
        again = curvature_spectrum(model, loss, [(x, y)], whole_up_to=10, largest=8, products=36)
        assert again.trace == part.trace
        hessian = curvature_spectrum(model, loss, [(x, y)], kind="hessian", whole_up_to=10, largest=8)
        assert np.isnan(hessian.trace)
        low, high = hessian.effective_dimension(0.1)
        exact = curvature_spectrum(model, loss, [(x, y)], kind="hessian")
        assert low <= exact.effective_dimension(0.1)[0] <= high

    @pytest.mark.parametrize("change", [{"kind": "fisher"}, {"largest": 0}, {"products": 4}, {"batches": []}])
    def test_bad_input_is_refused(self, net, change):
        model, x, y = net
        given = {"batches": [(x, y)], **change}
        with pytest.raises(InputError, match="given"):
            curvature_spectrum(model, torch.nn.CrossEntropyLoss(), **given)

    def test_too_large_a_jacobian_is_refused(self, net):
        model, x, y = net
        with pytest.raises(InputError, match="90 rows and 43 columns"):
            jacobian_spectrum(model, [(x, y)], whole_up_to=20)
