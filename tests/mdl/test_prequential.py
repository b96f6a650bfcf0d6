import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import AdaptiveRun, Bits, check_codec
from idbounds.errors import DecodeError, InputError
from idbounds.mdl import Prequential, doubling, portions, uniform_label_ideal_bits


class Counts:
    """A learner that ignores the inputs: Krichevsky-Trofimov, with scikit-learn's manners."""

    def __init__(self, size, only_seen=False):
        self.size, self.only_seen = size, only_seen

    def fit(self, x, y):
        assert len(x) == len(y)
        counts = np.bincount(y, minlength=self.size) + 0.5 * (not self.only_seen)
        self.classes_ = np.flatnonzero(counts)
        self.p = counts[self.classes_] / counts.sum()
        return self

    def predict_proba(self, x):
        return np.tile(self.p, (len(x), 1))


def nearest(classes, width=1.0):
    """A function learner: labels of the past inputs by a Gaussian kernel."""

    def train(x, y):
        def predict(new):
            near = np.exp(-((new[:, None] - x[None, :]) ** 2) / (2 * width**2)) + 1e-9
            votes = np.stack([(near * (y == c)).sum(axis=1) for c in range(classes)], axis=1) + 1e-9
            return votes / votes.sum(axis=1, keepdims=True)

        return predict

    return train


def clusters(n, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    return 4.0 * y + rng.standard_normal(n), y


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
def test_one_label_a_block_is_krichevsky_trofimov(size):
    y = np.random.default_rng(size).integers(0, size, 60)
    codec = Prequential(Counts(size), np.zeros(60), classes=size, ends=range(1, 61), smoothing=0)
    kt = AdaptiveRun(size, n=60).ideal_length(y)
    assert codec.ideal_length(y) == pytest.approx(kt, abs=1e-5)  # odds are rounded to 2^-30
    assert np.array_equal(codec.decode(codec.encode(y)), y)


def test_laws_over_all_labels():
    for classes, n in [(2, 5), (3, 4), (1, 3)]:
        codec = Prequential(Counts(classes), np.zeros(n), classes=classes, ends=doubling(n, first=1))
        check_codec(codec, [np.array(y) for y in itertools.product(range(classes), repeat=n)])


def test_a_message_is_read_back_and_learning_pays():
    x, y = clusters(500)
    codec = Prequential(nearest(3), x, classes=3)
    message = codec.encode(y)
    assert np.array_equal(codec.decode(message), y)
    assert message.ideal_bits <= message.code_bits < message.ideal_bits + 2
    assert message.code_bits < 0.4 * uniform_label_ideal_bits(500, 3)
    # random labels have nothing to learn
    noise = np.random.default_rng(1).permutation(y)
    assert codec.ideal_length(noise) > 0.95 * uniform_label_ideal_bits(500, 3)


def test_blocks_add_up_and_the_first_is_uniform():
    x, y = clusters(100)
    codec = Prequential(nearest(3), x, classes=3, ends=[10, 30, 100])
    blocks = codec.blocks(y)
    assert [(b.start, b.stop) for b in blocks] == [(0, 10), (10, 30), (30, 100)]
    assert blocks[0].ideal_bits == pytest.approx(10 * math.log2(3), abs=1e-6)
    assert sum(b.ideal_bits for b in blocks) == codec.ideal_length(y)


def test_no_label_is_predicted_by_itself():
    # The learner sees exactly the labels before the block.
    seen = []

    def train(x, y):
        seen.append((x.tolist(), y.tolist()))
        return lambda new: np.full((len(new), 2), 0.5)

    y = np.array([0, 1, 1, 0, 1])
    codec = Prequential(train, np.arange(5), classes=2, ends=[1, 3, 5])
    assert codec.ideal_length(y) == pytest.approx(5, abs=1e-6)
    assert seen == [([0], [0]), ([0, 1, 2], [0, 1, 1])]
    codec.length(y)
    assert len(seen) == 2  # trained once for the same labels


def test_classes_that_were_never_seen():
    y = np.array([0, 0, 2, 1, 2, 2, 1, 0])
    codec = Prequential(Counts(3, only_seen=True), np.zeros(8), classes=3, ends=[2, 5, 8])
    blocks = codec.blocks(y)
    # after two zeros: p = (2 + 1/3) / 3, 1/9, 1/9
    assert blocks[1].ideal_bits == pytest.approx(3 * math.log2(9), abs=1e-6)
    assert np.array_equal(codec.decode(codec.encode(y)), y)
    harsh = Prequential(Counts(3, only_seen=True), np.zeros(8), classes=3, ends=[2, 5, 8], smoothing=0)
    assert harsh.blocks(y)[1].ideal_bits == pytest.approx(
        90, abs=4
    )  # 30 bits for each surprise, not infinity
    assert np.array_equal(harsh.decode(harsh.encode(y)), y)


class Strict(Counts):
    """A learner that wants two classes at least, as many of scikit-learn do."""

    def fit(self, x, y):
        if len(set(y.tolist())) < 2:
            raise ValueError("at least 2 classes")
        return super().fit(x, y)


def test_a_learner_that_refuses_labels_that_are_all_alike():
    y = np.array([1, 1, 1, 1, 0, 1, 0, 1])
    codec = Prequential(Strict(2), np.zeros(8), classes=2, ends=[2, 4, 8])
    # after two ones: p = (2 + 1/2) / 3 for another
    assert [b.ideal_bits for b in codec.blocks(y)[:2]] == pytest.approx([2, 2 * math.log2(6 / 5)], abs=1e-6)
    assert np.array_equal(codec.decode(codec.encode(y)), y)

    class Broken(Strict):
        def fit(self, x, y):
            raise ValueError("for another reason")

    with pytest.raises(ValueError, match="another reason"):
        Prequential(Broken(2), np.zeros(8), classes=2, ends=[5, 8]).encode(y)


def test_sparse_inputs_of_scikit_learn():
    linear_model = pytest.importorskip("sklearn.linear_model")
    sparse = pytest.importorskip("scipy.sparse")
    y = np.random.default_rng(0).integers(0, 2, 60)
    y[:2] = 0  # one class in the first block
    x = sparse.csr_array(np.eye(4)[2 * y + np.arange(60) % 2])
    codec = Prequential(linear_model.LogisticRegression(), x, classes=2, ends=[2, 4, 8, 16, 60])
    message = codec.encode(y)
    assert np.array_equal(codec.decode(message), y)
    assert message.code_bits < 50


def test_schedules():
    assert doubling(100) == (8, 16, 32, 64, 100)
    assert doubling(8) == (8,)
    assert doubling(5) == (5,)
    assert doubling(3, first=1) == (1, 2, 3)
    assert portions(10_000) == (10, 20, 40, 80, 160, 320, 625, 1250, 2500, 5000, 10_000)
    assert portions(100) == (1, 3, 6, 12, 25, 50, 100)
    assert portions(1) == (1,)


def test_a_torch_learner():
    torch = pytest.importorskip("torch")
    values, y = clusters(120, classes=2)
    x = torch.tensor(values, dtype=torch.float32)[:, None]

    def train(x, y):
        assert isinstance(y, torch.Tensor)
        torch.manual_seed(0)
        net = torch.nn.Linear(1, 2)
        optimiser = torch.optim.LBFGS(net.parameters(), max_iter=30)

        def loss():
            optimiser.zero_grad()
            value = torch.nn.functional.cross_entropy(net(x), y) + 1e-3 * net.weight.square().sum()
            value.backward()
            return value

        optimiser.step(loss)
        return lambda new: net(new).softmax(1)

    codec = Prequential(train, x, classes=2)
    message = codec.encode(y)
    assert np.array_equal(codec.decode(message), y)
    assert message.code_bits < 70


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=20), st.integers(1, 4), st.integers(1, 20))
def test_hostile_bytes(data, classes, n):
    codec = Prequential(Counts(classes), np.zeros(n), classes=classes, ends=doubling(n, first=2))
    try:
        y = codec.decode(Bits(data, 8 * len(data)))
    except DecodeError:
        return
    assert codec.encode(y).bits == Bits(data, 8 * len(data))


def test_altered_messages():
    x, y = clusters(60)
    codec = Prequential(nearest(3), x, classes=3)
    text = str(codec.encode(y).bits)
    for i, digit in enumerate(text):
        try:
            other = codec.decode(Bits.from_string(text[:i] + "10"[int(digit)] + text[i + 1 :]))
        except DecodeError:
            continue
        assert not np.array_equal(other, y)
        with pytest.raises(DecodeError):
            codec.decode(Bits.from_string(text[:i]))


class Fixed:
    """A learner that says what it is told to."""

    def __init__(self, p, classes=None):
        self.p = p
        if classes is not None:
            self.classes_ = classes

    def fit(self, x, y):
        return None

    def predict_proba(self, x):
        return np.tile(np.array(self.p, dtype=float), (len(x), 1))


Y = np.array([0, 1, 0, 1])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Prequential(Counts(2), np.zeros(0), classes=2), "number of inputs"),
        (lambda: Prequential(Counts(2), 5.0, classes=2), "number of inputs"),
        (lambda: Prequential(Counts(2), np.zeros(4), classes=0), "classes"),
        (lambda: Prequential(Counts(2), np.zeros(4), classes=2**31), "classes"),
        (lambda: Prequential(Counts(2), np.zeros(4), classes=2, ends=[2, 2, 4]), "increasing"),
        (lambda: Prequential(Counts(2), np.zeros(4), classes=2, ends=[]), "increasing"),
        (lambda: Prequential(Counts(2), np.zeros(4), classes=2, ends=[2]), "up to 4"),
        (lambda: Prequential(Counts(2), np.zeros(4), classes=2, ends=[0, 4]), "end of a block"),
        (lambda: Prequential(Counts(2), np.zeros(4), classes=2, smoothing=-1), "smoothing"),
        (lambda: Prequential(Counts(2), np.zeros(4), classes=2, smoothing=math.nan), "smoothing"),
        (lambda: Prequential(object(), np.zeros(4), classes=2), "learner: object given"),
        (lambda: Prequential(Counts(2), np.zeros(4), classes=2).encode(np.array([0, 1])), "2 given; 4"),
        (lambda: Prequential(Counts(2), np.zeros(4), classes=2).encode(np.array([0, 1, 2, 0])), "0 to 2 given"),
        (lambda: Prequential(Fixed([math.nan, 1]), np.zeros(4), classes=2, ends=[2, 4]).encode(Y), "nan"),
        (lambda: Prequential(Fixed([3, -2]), np.zeros(4), classes=2, ends=[2, 4]).encode(Y), "softmax"),
        (lambda: Prequential(Fixed([0.5, 0.5]), np.zeros(4), classes=3, ends=[2, 4]).encode(Y), "learner"),
        (lambda: Prequential(Fixed([1.0], [7]), np.zeros(4), classes=2, ends=[2, 4]).encode(Y), "learner"),
        (lambda: doubling(0), "number of labels"),
        (lambda: portions(-1), "number of labels"),
        (lambda: doubling(5, first=0), "first block"),
    ],
)  # fmt: skip
def test_bad_input(call, words):
    with pytest.raises(InputError, match=words):
        call()
