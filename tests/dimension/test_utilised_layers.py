"""Every kind of layer: what it meets, and that the factorised form predicts what the projected one does."""

import copy

import pytest
import torch
from torch import nn

from idbounds.batches import evaluating
from idbounds.dimension.utilised import utilised_rank
from idbounds.dimension.utilised_factors import Factorised
from idbounds.dimension.utilised_layers import find, read, vectors


class Conv1D(nn.Module):
    """The layer of Hugging Face's GPT-2: a linear map with its weight transposed."""

    def __init__(self, nf, nx):
        super().__init__()
        self.nf = nf
        self.weight, self.bias = nn.Parameter(torch.randn(nx, nf) / nx**0.5), nn.Parameter(torch.randn(nf))

    def forward(self, x):
        return x @ self.weight + self.bias


class Attention(nn.Module):
    """One attention layer that is asked for its output only."""

    def __init__(self, **options):
        super().__init__()
        self.inner = nn.MultiheadAttention(12, 3, **options)

    def forward(self, x):
        size = self.inner.kdim
        return self.inner(x, x[..., :size], x[..., : self.inner.vdim] * 2)[0]


def images(*shape):
    """Inputs with a falling spectrum, so that truncation has something to drop."""
    x = torch.randn(*shape)
    return torch.cumsum(x, -1) / 4


CASES = {
    "linear": (lambda: nn.Linear(20, 16), (30, 20)),
    "linear, three axes": (lambda: nn.Linear(20, 16, bias=False), (5, 6, 20)),
    "conv1d": (lambda: nn.Conv1d(3, 14, 5, stride=2, padding=2), (4, 3, 30)),
    "conv2d": (lambda: nn.Conv2d(3, 14, (3, 5), stride=(2, 1), padding=(1, 2), dilation=(2, 1)), (4, 3, 12, 14)),
    "conv2d, same": (lambda: nn.Conv2d(3, 14, 3, padding="same", padding_mode="reflect", bias=False), (4, 3, 9, 9)),
    "conv3d": (lambda: nn.Conv3d(2, 14, 2, padding_mode="circular", padding=1), (2, 2, 5, 6, 7)),
    "transposed": (lambda: Conv1D(16, 20), (5, 6, 20)),
    "attention": (lambda: Attention(batch_first=True), (6, 7, 12)),
    "attention, time first": (lambda: Attention(bias=False), (6, 7, 12)),
    "attention, other sizes": (lambda: Attention(kdim=10, vdim=8, batch_first=True), (6, 7, 12)),
    "encoder": (lambda: nn.TransformerEncoderLayer(12, 3, 24, batch_first=True), (6, 7, 12)),
}  # fmt: skip


@pytest.fixture(params=CASES)
def case(request):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        make, shape = CASES[request.param]
        return make().eval(), images(*shape)


def test_inputs_times_weight_are_the_outputs(case):
    """The rows that are seen, multiplied by the matrix, are what the layer computes."""
    model, x = case
    if any(isinstance(m, nn.MultiheadAttention) for m in model.modules()):
        pytest.skip("its inner outputs are tested below")
    sites, skipped = find(model)
    assert not skipped
    with torch.no_grad():
        rows = torch.cat([rows for _, rows in vectors(sites, (x,), {})])
        y = rows.double() @ read(sites[0]).T
        out = model(x) - (0 if model.bias is None else model.bias.reshape(-1, *[1] * (x.ndim - 2))
                          if sites[0].kind == "convolution" else model.bias)  # fmt: skip
        out = out.movedim(1, -1) if sites[0].kind == "convolution" else out
    torch.testing.assert_close(y.float(), out.reshape(len(y), -1), atol=1e-4, rtol=1e-4)


def test_what_the_output_layer_of_attention_meets():
    torch.manual_seed(0)
    model, x = Attention(batch_first=True).eval(), images(6, 7, 12)
    sites = find(model)[0]
    assert [s.name for s in sites] == ["inner.q", "inner.k", "inner.v", "inner.out_proj"]
    with torch.no_grad():
        seen = dict(vectors(sites, (x, x), {"value": 2 * x}))
        projected = seen["inner.out_proj"] @ model.inner.out_proj.weight.T + model.inner.out_proj.bias
        torch.testing.assert_close(projected.reshape(x.shape), model(x), atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(seen["inner.v"], 2 * seen["inner.k"])


@pytest.mark.parametrize("energy", [0.6, 0.99, 0.9999])
def test_factorised_predicts_what_projected_does(case, energy):
    model, x = case
    before = copy.deepcopy(model.state_dict())
    report = utilised_rank(model, [x], energies=[energy])
    assert not report.skipped
    projected, factorised = report.projected(model, energy), report.factorised(model, energy)
    with evaluating(projected), evaluating(factorised):
        a, b = projected(x), factorised(x)
    torch.testing.assert_close(a, b, atol=2e-5, rtol=1e-4)
    assert sum(p.numel() for p in factorised.parameters()) == (
        sum(p.numel() for p in model.parameters())
        - report.curve["weights"].iloc[0] + report.curve["factorised_weights"].iloc[0]
    )  # fmt: skip
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    with torch.no_grad():  # also on the fused path of attention, where torch takes it
        torch.testing.assert_close(factorised.eval()(x), b, atol=2e-5, rtol=1e-4)


def test_little_energy_makes_every_case_smaller(case):
    model, x = case
    report = utilised_rank(model, [x], energies=[0.6])
    factorised = report.factorised(model, 0.6)
    assert sum(p.numel() for p in factorised.parameters()) < sum(p.numel() for p in model.parameters())


def test_a_factorised_layer_is_an_ordinary_module(case):
    """It trains, copies, changes its type and its state goes in and out."""
    model, x = case
    factorised = utilised_rank(model, [x], energies=[0.6]).factorised(model, 0.6).train()
    factorised(x).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in factorised.parameters() if p.ndim > 1)
    twin = copy.deepcopy(factorised).eval()
    with torch.no_grad():
        for p in factorised.parameters():
            p.mul_(0.5)
        factorised.load_state_dict(twin.state_dict())
        torch.testing.assert_close(factorised.eval()(x), twin(x))
        assert factorised.double()(x.double()).dtype == torch.float64


def test_the_product_can_be_read_as_a_weight():
    torch.manual_seed(0)
    layer, x = nn.Conv2d(3, 14, 3), images(4, 3, 9, 9)
    report = utilised_rank(layer, [x], energies=[0.8])
    factorised = report.factorised(layer, 0.8)
    assert isinstance(factorised, Factorised)
    torch.testing.assert_close(factorised.weight, report.projected(layer, 0.8).weight, atol=1e-6, rtol=1e-5)
    assert torch.equal(factorised.bias, layer.bias)


def test_a_layer_under_two_names_is_one_layer():
    shared = nn.Linear(8, 8)
    model = nn.Sequential(shared, nn.ReLU(), shared)
    report = utilised_rank(model, [images(50, 8)], energies=[0.5])
    assert [layer.name for layer in report.layers] == ["0"]
    assert report.layers[0].vectors == 100
    factorised = report.factorised(model, 0.5)
    assert factorised[0] is factorised[2]
    assert isinstance(factorised[0], Factorised)


@pytest.mark.parametrize("kind", ["gpt2", "bert"])
def test_hugging_face_models_with_keyword_batches(kind):
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    if kind == "gpt2":
        config = transformers.GPT2Config(vocab_size=50, n_positions=16, n_embd=24, n_layer=2, n_head=3)
        model = transformers.GPT2LMHeadModel(config)
    else:
        config = transformers.BertConfig(
            vocab_size=50, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=48,
            max_position_embeddings=16,
        )  # fmt: skip
        model = transformers.BertForSequenceClassification(config)
    batch = {"input_ids": torch.arange(40).reshape(4, 10), "attention_mask": torch.ones(4, 10).long()}
    report = utilised_rank(model, [batch])
    tied = {name for name, why in report.skipped.items() if "tied" in why}
    assert tied == ({"lm_head"} if kind == "gpt2" else set())
    assert all("embedding" in why or "tied" in why for why in report.skipped.values())
    assert len(report.layers) == (8 if kind == "gpt2" else 2 * 6 + 2)
    with evaluating(model):
        a = report.projected(model, 0.99).eval()(**batch).logits
        b = report.factorised(model, 0.99).eval()(**batch).logits
    torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-3)
