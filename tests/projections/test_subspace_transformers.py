"""Models of Hugging Face's transformers, made from a configuration: tied weights, keywords, ModelOutput."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from idbounds.projections import attach  # noqa: E402

from .nets import set_z  # noqa: E402


def bert():
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=31, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
        max_position_embeddings=12,
    )  # fmt: skip
    return transformers.BertForMaskedLM(config)


def gpt2():
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=31, n_positions=12, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
    )
    return transformers.GPT2LMHeadModel(config)


def tokens(rows=4, seed=0):
    ids = torch.from_numpy(np.random.default_rng(seed).integers(0, 31, size=(rows, 10)))
    mask = torch.ones_like(ids)
    mask[0, 7:] = 0
    return {"input_ids": ids, "attention_mask": mask, "labels": ids}


MODELS = pytest.mark.parametrize("make", [bert, gpt2])


@MODELS
def test_a_batch_of_keywords_gives_a_model_output(make):
    net = make()
    reference = net.eval()(**tokens())
    model = attach(net, d=None, seed=1, start="module").eval()
    output = model(**tokens())
    assert type(output) is type(reference)
    assert torch.allclose(output.loss, reference.loss, atol=1e-6)
    assert torch.allclose(output.logits, reference.logits, atol=1e-5)


@MODELS
def test_tied_weights_count_once_and_stay_tied(make):
    net = make()
    model = attach(net, d=30, seed=1, start="module")
    assert model.parameter_count == sum(p.numel() for p in net.parameters())
    tied = [(name, why) for name, _, why in model.dimension_report() if why.startswith("tied")]
    assert any(name.endswith(("decoder.weight", "lm_head.weight")) for name, _ in tied)
    set_z(model)
    model.eval()
    model(**tokens()).loss.backward()
    assert model.z.grad.abs().max() > 0
    assert net.get_output_embeddings().weight is net.get_input_embeddings().weight

    # the same weights written into a copy: ties hold both uses of the embedding together
    copy = make().eval()
    exact = model.weights(model.z.detach().double().numpy())
    copy.load_state_dict({name: w.float() for name, w in exact.items()}, strict=False)
    assert torch.allclose(copy(**tokens()).logits, model(**tokens()).logits, atol=1e-4)


@MODELS
def test_gradient_against_that_of_the_weights(make):
    net = make()
    model = attach(net, d=30, seed=1, start="module").eval()
    model(**tokens()).loss.backward()
    net.eval()(**tokens()).loss.backward()  # z = 0 is the module itself
    flat = torch.cat([p.grad.reshape(-1) for p in net.parameters()])
    assert torch.allclose(model.z.grad, model.operator.adjoint(flat), atol=1e-5)


@MODELS
def test_dropout_follows_train_and_eval(make):
    model = attach(make(), d=30, seed=1, start="module").train()
    assert not torch.equal(model(**tokens()).logits, model(**tokens()).logits)
    model.eval()
    assert torch.equal(model(**tokens()).logits, model(**tokens()).logits)


@MODELS
@pytest.mark.parametrize(
    "options",
    [
        {"d": 40, "method": "did", "scale": "unit"},
        {"d": 60, "method": "said", "layers": "block"},
        {"d": None, "space": "norms"},
        {"d": 50, "space": "low-rank", "rank": 2, "relative": True},
    ],
    ids=str,
)
def test_methods_and_spaces_learn(make, options):
    model = attach(make(), seed=1, start="module", **options).train()
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    first = model.eval()(**tokens()).loss.item()
    for _ in range(12):
        optimiser.zero_grad()
        model(**tokens()).loss.backward()
        optimiser.step()
    assert model.eval()(**tokens()).loss.item() < first - 0.005
    exact = model.weights(model.z.detach().double().numpy())
    for name, weight in model.state(model.z).items():
        assert torch.allclose(weight.double(), exact[name], atol=1e-4)


def test_blocks_of_a_transformer():
    model = attach(gpt2(), d=40, seed=1, method="said", layers="block")
    assert model.lambdas.names == [
        "transformer.wte", "transformer.wpe", "transformer.h.0", "transformer.h.1", "transformer.ln_f",
    ]  # fmt: skip


def test_several_points_at_once():
    model, given = attach(gpt2(), d=30, seed=1, start="module").eval(), tokens()
    zs = torch.randn(3, 30)
    found = torch.func.vmap(lambda z: model.functional(z, input_ids=given["input_ids"]).logits)(zs)
    alone = model.functional(zs[1], input_ids=given["input_ids"]).logits
    assert torch.allclose(found[1], alone, atol=1e-4)
