"""The claims about structure can come out all three ways, and the networks have the structure they promise."""

import numpy as np
import pandas as pd
import pytest
import torch
from made_rows import rows_of

from idbounds import data
from validation.structures import STRUCTURES
from validation.studies import structure as study
from validation.study import Verdict

PLAIN = {"mlp": 250, "local": 220, "shared": 180, "pooled": 100, "equivariant": 110, "recurrent": 240}


def rows(d=lambda pixels, name: None, bits=lambda point: 0, keep=lambda point: True):
    """Accuracies that rise with ln d through the threshold; without changes each claim holds."""

    def measured(point):
        name, pixels = point["structure"], point["pixels"]
        at = d(pixels, name) or PLAIN[name] * (1 if pixels == "in order" else 3)
        message = 20 * at + 10 * point["seed"] + bits(point)
        whole = {"what": "run", "d": None, "score": 0.95, "test_score": 0.94, "D": 8000}
        scores = [
            (k, study.REACHED + 0.12 * np.log(k / at) + 0.005 * point["seed"]) for k in study.DIMENSIONS
        ]
        runs = [{**whole, "d": k, "score": float(np.clip(s, 0.1, 0.95))} for k, s in scores]
        return [whole, *runs, {"what": "message", "message_bits": message, "uniform_bits": 20_000.0}]

    return rows_of(study.STUDY, measured, keep)


def verdicts(table):
    return {claim.id: claim.check(table).verdict for claim in study.STUDY.claims}


def test_as_claimed_and_without_rows():
    assert set(verdicts(rows()).values()) == {Verdict.SUPPORTED}
    for table in (pd.DataFrame(), rows(keep=lambda point: point["pixels"] == "shuffled")):
        assert set(verdicts(table).values()) == {Verdict.INCONCLUSIVE}


def test_each_claim_can_fall():
    turned = {"mlp": 100, "local": 150, "shared": 180, "pooled": 250, "equivariant": 500, "recurrent": 150}
    found = verdicts(rows(d=lambda pixels, name: turned[name] / (1 if pixels == "in order" else 3)))
    assert set(found.values()) == {Verdict.NOT_SUPPORTED}


def test_one_draw_leaves_it_open():
    table = rows(bits=lambda point: 9000 * (point["seed"] == 1) * (point["structure"] == "pooled"))
    assert verdicts(table)["convolution_saves_bits"] is Verdict.INCONCLUSIVE
    near = rows(d=lambda pixels, name: 101 if name == "mlp" else None)
    assert verdicts(near)["convolution_saves_dimensions"] is Verdict.INCONCLUSIVE


def test_table_and_figure():
    found = study.numbers(rows())
    assert len(found) == 18
    one = found.set_index(["pixels", "structure"]).loc[("in order", "pooled")]
    assert one["d_low"] < one["d"] < one["d_high"]
    assert one["d"] == pytest.approx(100, rel=0.15)
    assert len(study.figure(rows()).axes[0].containers) == 3
    assert len(study.figure(pd.DataFrame()).axes) == 2


@pytest.mark.parametrize("name", STRUCTURES)
def test_networks_are_of_one_size(name):
    torch.manual_seed(0)
    net = STRUCTURES[name]()
    assert 7700 < sum(p.numel() for p in net.parameters()) < 8900
    assert net(torch.rand(5, 14, 14)).shape == (5, 10)


def test_a_local_layer_is_a_convolution_whose_patches_differ():
    torch.manual_seed(0)
    local, shared = STRUCTURES["local"]()[0], torch.nn.Conv2d(1, 8, 4, stride=2)
    with torch.no_grad():
        local.patches.weight.copy_(shared.weight.reshape(1, 8, 16).expand(36, 8, 16).reshape(-1, 16))
        local.patches.bias.copy_(shared.bias.repeat(36))
        images = torch.rand(3, 14, 14)
        expected = shared(images[:, None]).flatten(2).transpose(1, 2).flatten(1)
        assert torch.allclose(local(images), expected, atol=1e-5)
        local.patches.weight[0] += 1  # of the first patch: no other one changes
        assert int((local(images) - expected).abs().gt(1e-4).any(dim=0).sum()) == 1


def test_only_the_network_without_places_is_blind_to_shifts():
    torch.manual_seed(0)
    image = torch.zeros(1, 14, 14)
    image[:, 4:8, 4:8] = torch.rand(4, 4)
    moved = image.roll((2, 2), (1, 2))
    same = {
        name: torch.allclose(net(image), net(moved), atol=1e-6)
        for name in STRUCTURES
        for net in [STRUCTURES[name]()]
    }
    assert [name for name, equal in same.items() if equal] == ["equivariant"]


def test_pixels_are_moved_as_promised():
    if not _mnist():
        pytest.skip("MNIST is not to be had")
    plain, mixed, moved = (study.images(pixels, 50, 1)[0] for pixels in study.PIXELS)
    assert np.array_equal(np.sort(plain.reshape(50, -1)), np.sort(mixed.reshape(50, -1)))
    assert not np.array_equal(plain, mixed)
    steps = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
    found = [
        [np.array_equal(np.roll(x, s, (0, 1)), y) for s in steps].index(True)
        for x, y in zip(plain, moved, strict=True)
    ]
    assert len(set(found)) == 9


def test_the_smoke_tier():
    if not _mnist():
        pytest.skip("MNIST is not to be had")
    *runs, message = study.measure(study.GRID["smoke"][0])
    assert [row["d"] for row in runs] == [None, *study.DIMENSIONS]
    assert 0 < message["message_bits"] < 1.2 * message["uniform_bits"]


def _mnist():
    try:
        return data.load("mnist")
    except data.DataError:
        return None
