import numpy as np
import pytest

torch = pytest.importorskip("torch")

from idbounds.projections import PerTensor, make_projection, projections  # noqa: E402
from idbounds.projections.identity import IdentityProjection  # noqa: E402
from idbounds.projections.laws import explicit_matrix  # noqa: E402
from idbounds.projections.operator import FORMS, Operator, project  # noqa: E402

KINDS = list(projections)
WITH_A_FORM = [kind for kind in KINDS if projections[kind] in FORMS]
EVERY = [
    *(make_projection(kind, seed=1, d=5, D=64) for kind in KINDS),
    PerTensor.of("fastfood", seed=1, d=5, sizes=(40, 20, 4)),
    IdentityProjection(seed=1, d=5, D=5),
]


@pytest.mark.parametrize("kind", KINDS)
def test_first_and_second_derivatives(kind):
    operator = Operator(make_projection(kind, seed=1, d=4, D=11))
    z = torch.randn(4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda z: project(z, operator), z)
    assert torch.autograd.gradgradcheck(lambda z: project(z, operator).pow(3), z)


@pytest.mark.parametrize("kind", WITH_A_FORM)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_stored_rows_are_the_same_map(kind, dtype):
    projection = make_projection(kind, seed=1, d=37, D=5003)
    stored, kernels = Operator(projection, stored=True), Operator(projection)
    z, g = torch.randn(37, dtype=dtype), torch.randn(5003, dtype=dtype)
    assert torch.equal(stored.apply(z), kernels.apply(z))
    tolerance = 1e-4 if dtype == torch.float32 else 1e-12
    assert torch.allclose(stored.adjoint(g), kernels.adjoint(g), rtol=0, atol=tolerance)


@pytest.mark.parametrize("projection", EVERY, ids=lambda p: p.kind)
@pytest.mark.parametrize("stored", [False, True])
def test_rows_of_a_batch_go_through_one_by_one(projection, stored):
    operator = Operator(projection, stored=stored)
    P = torch.from_numpy(explicit_matrix(projection))
    z = torch.randn(2, 3, projection.d, dtype=torch.float64)
    g = torch.randn(2, 3, projection.D, dtype=torch.float64)
    assert torch.allclose(operator.apply(z), z @ P.T, rtol=0, atol=1e-10)
    assert torch.allclose(operator.adjoint(g), g @ P, rtol=0, atol=1e-10)
    assert torch.equal(operator.apply(z.transpose(0, 1)), operator.apply(z).transpose(0, 1))


@pytest.mark.parametrize("projection", EVERY, ids=lambda p: p.kind)
@pytest.mark.parametrize("stored", [False, True])
def test_transforms_of_torch_func(projection, stored):
    operator = Operator(projection, stored=stored)
    P = torch.from_numpy(explicit_matrix(projection))
    z, g = (torch.randn(n, 4, dtype=torch.float64) for n in (projection.d, projection.D))

    def loss(z):
        return project(z, operator).pow(3).sum()

    def gradient(z):
        return 3 * (P @ z).pow(2) @ P

    close = {"rtol": 0, "atol": 1e-8}
    expected = torch.stack([gradient(column) for column in z.T])
    assert torch.allclose(torch.func.vmap(lambda z: project(z, operator), in_dims=1)(z), (P @ z).T, **close)
    back = torch.func.vmap(lambda g: project(g, operator, transposed=True), in_dims=1)(g)
    assert torch.allclose(back, (P.T @ g).T, **close)
    assert torch.allclose(torch.func.vmap(torch.func.grad(loss), in_dims=1)(z), expected, **close)
    total = torch.func.grad(lambda z: torch.func.vmap(loss, in_dims=1)(z).sum())(z)
    assert torch.allclose(total.T, expected, **close)
    twice = torch.func.vmap(torch.func.vmap(lambda z: project(z, operator)))(z.T.reshape(2, 2, -1))
    assert torch.allclose(twice.reshape(4, -1), (P @ z).T, **close)
    x = z[:, 0].contiguous()
    hessian = 6 * P.T @ torch.diag(P @ x) @ P
    assert torch.allclose(torch.func.hessian(loss)(x), hessian, **close)  # forward over reverse
    assert torch.allclose(torch.func.jacrev(torch.func.grad(loss))(x), hessian, **close)


@pytest.mark.parametrize("projection", EVERY, ids=lambda p: p.kind)
@pytest.mark.parametrize("stored", [False, True])
def test_the_tensors_have_the_digest_of_the_projection(projection, stored):
    assert Operator(projection, stored=stored).digest() == projection.digest()


@pytest.mark.parametrize("kind", WITH_A_FORM)
@pytest.mark.parametrize("wrong", ["sign", "index", "weights"])
def test_the_digest_sees_one_wrong_entry_of_a_stored_tensor(kind, wrong):
    operator = Operator(make_projection(kind, seed=1, d=37, D=5003), stored=True)
    right = operator.digest()
    (form,) = operator._forms.values()
    tensor = getattr(form, wrong)
    tensor[3] = {"sign": -tensor[3], "index": (tensor[3] + 1) % 37, "weights": tensor[3] * (1 + 1e-15)}[wrong]
    assert operator.digest() != right


def test_one_stored_copy_at_a_time():
    operator = Operator(make_projection("blocks", seed=1, d=3, D=20), stored=True)
    operator.apply(torch.zeros(3))
    operator.apply(torch.zeros(3, dtype=torch.float64))
    assert len(operator._forms) == 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("projection", EVERY, ids=lambda p: p.kind)
def test_the_same_map_on_a_gpu(projection):
    operator = Operator(projection)
    z = torch.randn(projection.d, dtype=torch.float64)
    g = torch.randn(projection.D, dtype=torch.float64)
    assert torch.equal(operator.apply(z.cuda()).cpu(), operator.apply(z))
    assert torch.allclose(operator.adjoint(g.cuda()).cpu(), operator.adjoint(g), rtol=0, atol=1e-12)
    assert operator.digest("cuda") == projection.digest()


def test_a_strided_vector_is_read_in_its_order():
    operator = Operator(make_projection("dense", seed=1, d=4, D=9))
    strided = torch.randn(4, 2, dtype=torch.float64)[:, 0]
    assert torch.equal(operator.apply(strided), operator.apply(strided.clone()))
    assert np.array_equal(operator.apply(strided).numpy(), operator.projection.apply(strided.clone().numpy()))
