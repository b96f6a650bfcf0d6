import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from idbounds.errors import InputError  # noqa: E402
from idbounds.projections import buffers  # noqa: E402


def learnt():
    net = nn.Sequential(nn.BatchNorm1d(3), nn.InstanceNorm1d(3, track_running_stats=True), nn.BatchNorm1d(3))
    net.register_buffer("mask", torch.full((2,), 7.0))
    net[0](torch.randn(20, 3) + 5)
    return net


def test_constants_are_copies():
    net = learnt()
    now, first = buffers.constants(net, initial=False), buffers.constants(net, initial=True)
    assert now.keys() == first.keys() == dict(net.named_buffers()).keys()
    assert torch.equal(now["0.running_mean"], net[0].running_mean)
    assert first["0.running_mean"].tolist() == [0, 0, 0]
    assert first["0.running_var"].tolist() == [1, 1, 1]
    assert first["0.num_batches_tracked"] == 0
    assert now["0.num_batches_tracked"] == 1
    assert first["mask"].tolist() == now["mask"].tolist() == [7, 7]
    first["mask"][0] = 0
    assert net.mask[0] == 7


def test_layers_with_statistics_are_found():
    net = learnt()
    assert buffers.normalisations(net) == list(net)
    assert buffers.normalisations(nn.Sequential(nn.LayerNorm(3), nn.InstanceNorm1d(3))) == []
    with pytest.raises(InputError, match=r"0\.1 normalises by batch statistics"):
        buffers.normalisations(
            nn.Sequential(nn.Sequential(nn.ReLU(), nn.BatchNorm1d(3, track_running_stats=False)))
        )
