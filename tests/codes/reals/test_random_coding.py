"""Plans, candidates and the two codes on top of them."""

import hashlib
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import Bits, BitWriter, EliasGamma, Uniform, check_codec
from idbounds.codes.reals import noise
from idbounds.codes.reals.candidates import Plan, PlanCode
from idbounds.codes.reals.random_coding import (
    RandomCode,
    RelativeEntropyCode,
    ideal_relative_entropy_bits,
    nearest,
    random_code,
    relative_entropy_code,
)
from idbounds.codes.reals.steps import step_size
from idbounds.divergences import kl_gaussian_diagonal
from idbounds.errors import DecodeError, InputError

CODES = [RandomCode, RelativeEntropyCode]
every = pytest.mark.parametrize("code", CODES)
plans = st.builds(Plan, st.integers(0, 63), st.integers(1, 6), st.integers(1, 9), st.integers(0, 2**63 - 1))


def slow(size, plan, indices):
    """The decoder once more, in Python integers, entry by entry."""
    ordering = noise.key(plan.seed, noise.Stream.ORDER)
    keys = [noise.mix((ordering + (i + 1) * noise.GOLDEN) % 2**64) for i in range(size)]
    places = sorted(range(size), key=lambda i: (keys[i], i))
    entries = min(plan.block, size)
    words = -(-entries // 5)
    key = noise.key(plan.seed, noise.Stream.CANDIDATES)
    found = [0.0] * size
    for at, place in enumerate(places):
        block, slot = divmod(at, plan.block)
        counter = (block * 2**16 + int(indices[block])) * words + slot // 5
        word = noise.mix((key + (counter + 1) * noise.GOLDEN) % 2**64)
        found[place] = noise.normal_levels()[(word >> 12 * (slot % 5)) % 4096] * step_size(plan.scale)
    return found


@settings(max_examples=100, deadline=None)
@given(plans, st.integers(0, 30), st.integers(0, 99))
def test_candidates_equal_the_definition(plan, size, seed):
    indices = np.random.default_rng(seed).integers(0, 1 << plan.widths(size))
    assert plan.made(size, indices).tolist() == slow(size, plan, indices)


@pytest.mark.parametrize(
    ("size", "bits", "block", "widths"),
    [
        (0, 5, 3, []),
        (6, 5, 3, [5, 5]),
        (7, 5, 3, [5, 5, 2]),
        (8, 5, 3, [5, 5, 4]),
        (2, 16, 100, [1]),
        (1, 3, 1, [3]),
    ],
)
def test_the_last_block_takes_its_share(size, bits, block, widths):
    assert Plan(40, bits, block).widths(size).tolist() == widths
    assert RandomCode(size, Plan(40, bits, block)).length(np.zeros(size)) == PlanCode().length(
        Plan(40, bits, block)
    ) + sum(widths)


@settings(max_examples=60, deadline=None)
@given(plans, st.integers(0, 99))
def test_the_nearest_candidate_is_chosen(plan, seed):
    size = 2 * plan.block + 1
    rng = np.random.default_rng(seed)
    x, w = rng.standard_normal(size), rng.exponential(size=size)
    found = nearest(plan, x, w)
    chosen = plan.made(size, found)
    for k, width in enumerate(plan.widths(size).tolist()):
        errors = []
        for j in range(1 << width):
            other = found.copy()
            other[k] = j
            errors.append(float(w @ (x - plan.made(size, other)) ** 2))
        assert errors[found[k]] == pytest.approx(min(errors), rel=1e-9)
        assert float(w @ (x - chosen) ** 2) <= min(errors) * (1 + 1e-9)


@every
@settings(max_examples=100, deadline=None)
@given(plan=plans, entries=st.lists(st.floats(-20, 20), max_size=20))
def test_what_is_decoded_is_what_was_quantised(code, plan, entries):
    x = np.array(entries)
    codec = code(x.size, plan)
    message = codec.encode(x)
    y = codec.decode(message)
    assert np.array_equal(y, codec.quantise(x))
    assert codec.encode(y) == message
    assert np.array_equal(code(x.size).decode(message), y)
    check_codec(codec, [y])


@every
@pytest.mark.parametrize("size", [0, 1, 3])
def test_laws_over_all_candidates(code, size):
    plan = Plan(42, 4, 2, 5)
    values = [plan.made(size, np.array(i)) for i in np.ndindex(*(1 << plan.widths(size)))]
    check_codec(code(size, plan), values)


def test_laws_of_plans():
    every_plan = [
        Plan(s, b, n, seed)
        for s in (0, 63)
        for b in (1, 16)
        for n in (1, 5, 2**24)
        for seed in (0, 9, 2**63 - 1)
    ]
    check_codec(PlanCode(), every_plan)
    assert PlanCode().length(Plan(40, 16, 16)) == 6 + 4 + 9 + 1


def test_the_bill():
    x = np.random.default_rng(0).standard_normal(70)
    message = random_code(x, bits=8, block=9, seed=3, scale=39)
    assert [(p.name, p.bits, p.ideal_bits) for p in message.parts] == [
        ("plan", 22, 22.0),
        ("indices", 63, 63.0),
    ]
    assert message == random_code(x, np.ones(70), bits=8, block=9, seed=3, scale=39)
    assert message.bits == RandomCode(70, Plan(39, 8, 9, 3)).encode(x).bits
    drawn = relative_entropy_code(x, np.full(70, 0.5), bits=8, block=9, scale=40)
    assert [p.name for p in drawn.parts] == ["plan", "indices"]
    assert drawn.decoder == "relative-entropy-code(70)"
    with pytest.raises(DecodeError, match="message written by"):
        RandomCode(70).decode(drawn)


def test_frozen_messages():
    """The wire never changes; the decoded numbers are those of every machine."""
    plan = Plan(43, 10, 7, 11)
    texts = []
    for code in CODES:
        message = code(40).message(plan, np.arange(6) * 613 % (1 << plan.widths(40)))
        text = str(message.bits).encode() + code(40).decode(message).astype("<f8").tobytes()
        texts.append(hashlib.sha256(text).hexdigest()[:16])
    assert texts == FROZEN


def test_weights_decide():
    x = np.random.default_rng(1).standard_normal(1000)
    w = np.where(np.arange(1000) < 300, 100.0, 0.01)
    y, plain = (RandomCode(1000).decode(random_code(x, v, bits=10, block=10, scale=39)) for v in (w, None))
    error, before = (x - y) ** 2, (x - plain) ** 2
    assert np.array_equal(RandomCode(1000, Plan(39, 10, 10)).quantise(y), y)
    assert error[:300].mean() < before[:300].mean() / 2
    assert error[300:].mean() > before[300:].mean()


@pytest.mark.parametrize("scale", [1e-2, 1.0, 40.0])
def test_the_scale_fits_by_itself(scale):
    x = scale * np.random.default_rng(2).standard_normal(2000)
    errors = []
    for bits, block in ((10, 10), (12, 6)):
        y = RandomCode(2000).decode(random_code(x, bits=bits, block=block))
        errors.append(((x - y) ** 2).mean() / scale**2)
    assert 0.25 < errors[0] < 0.37
    assert 0.0625 < errors[1] < 0.12


def test_zeros_and_nothing():
    for size in (0, 5):
        message = random_code(np.zeros(size), bits=4, block=2)
        assert np.abs(RandomCode(size).decode(message)).max(initial=0) < 1e-2
    assert RandomCode(2).decode(random_code([1.0, 2.0], [0.0, 0.0], bits=4, block=2)).size == 2


def test_ten_thousand_entries_take_seconds():
    x = np.random.default_rng(3).standard_normal(10_000)
    random_code(x[:20], bits=2, block=4)
    start = time.process_time()
    message = random_code(x, bits=16, block=16)
    between = time.process_time()
    y = RandomCode(10_000).decode(message)
    assert between - start < 20
    assert time.process_time() - between < 1
    assert message.code_bits == 20 + 10_000
    assert 0.29 < ((x - y) ** 2).mean() < 0.32  # the bound is 1/4; the sign times a scale has 0.363


def test_a_draw_from_the_posterior():
    """With candidates to spare, mean and variance are those of the posterior, and the bits close to KL."""
    d, s = 6000, 0.5
    rng = np.random.default_rng(4)
    mu = rng.standard_normal(d) * math.sqrt(1 - s**2)
    kl = float(kl_gaussian_diagonal(mu, np.full(d, s))) / math.log(2)
    z, lengths = {}, {}
    for block in (12, 4):
        message = relative_entropy_code(mu, np.full(d, s), bits=12, block=block, scale=40)
        z[block], lengths[block] = RelativeEntropyCode(d).decode(message), message.code_bits
    fair, hasty = z[4], z[12]
    assert fair @ mu / (mu @ mu) == pytest.approx(1, abs=0.03)
    assert ((fair - mu) ** 2).mean() / s**2 == pytest.approx(1, abs=0.06)
    assert 0.7 < hasty @ mu / (mu @ mu) < 0.93  # pulled towards the prior
    assert ((hasty - mu) ** 2).mean() / s**2 > 1.15
    assert 1.0 < lengths[4] / kl < 1.8
    assert 0.85 < lengths[12] / kl < 1.02


def test_draws_are_independent_of_each_other():
    """Different seeds of the draw: another message; their mean is the mean of the posterior."""
    d, s = 400, 0.7
    mu = np.linspace(-1, 1, d)
    draws = [
        RelativeEntropyCode(d).decode(
            relative_entropy_code(mu, np.full(d, s), bits=10, block=4, scale=40, seed=j, draw=j)
        )
        for j in range(100)
    ]
    assert np.mean(draws, axis=0) @ mu / (mu @ mu) == pytest.approx(1, abs=0.04)
    assert np.mean(np.var(draws, axis=0)) / s**2 == pytest.approx(1, abs=0.03)
    spread = (np.array(draws) - mu) / s
    assert (spread**3).mean() == pytest.approx(0, abs=0.05)
    assert (spread**4).mean() == pytest.approx(3, abs=0.2)


def test_a_posterior_wider_than_the_prior():
    s = np.full(2000, 1.5)
    z = RelativeEntropyCode(2000).decode(relative_entropy_code(np.zeros(2000), s, bits=12, block=2, scale=40))
    assert z.std() == pytest.approx(1.5, abs=0.06)


def test_ideal_relative_entropy_bits():
    assert ideal_relative_entropy_bits(0) == 4
    assert ideal_relative_entropy_bits(1023.0) == 1037
    for bad in (-1.0, math.nan, math.inf):
        with pytest.raises(InputError, match="KL divergence"):
            ideal_relative_entropy_bits(bad)


@every
def test_a_reader_cannot_write(code):
    for attempt in (code(2).encode, code(2).quantise, code(2).ideal_length):
        with pytest.raises(InputError, match="can only read"):
            attempt(np.zeros(2))
    with pytest.raises(InputError, match="size of the vector"):
        code(2**24 + 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vector": [1.0, math.nan]}, "nan at entry 1"),
        ({"vector": [[1.0]]}, "one dimension"),
        ({"vector": [1e308, 1.0], "scale": 0}, "scale the vector"),
        ({"weights": [1.0]}, "1 entries given; 2"),
        ({"weights": [1.0, -1.0]}, "weights: -1"),
        ({"weights": [1e300, 1.0]}, "scale the vector and its weights"),
        ({"bits": 0}, "bits of a block"),
        ({"bits": 17}, "bits of a block"),
        ({"block": 0}, "entries of a block"),
        ({"block": 2**24 + 1}, "entries of a block"),
        ({"seed": -1}, "seed"),
        ({"scale": 64}, "index of the scale"),
        ({"block": 1.5}, "entries of a block"),
    ],
)
def test_bad_input(changes, words):
    arguments = {"vector": [1.0, 2.0], "bits": 4, "block": 2, **changes}
    with pytest.raises(InputError, match=words):
        random_code(**arguments)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mean": [math.inf, 0.0]}, "mean: inf"),
        ({"sigma": [1.0]}, "sigma: 1 entries"),
        ({"sigma": [1.0, 0.0]}, "sigma: 0 given; positive"),
        ({"sigma": [1.0, 1e-300]}, "scale the vector"),
        ({"draw": -1}, "seed of the draw"),
    ],
)
def test_bad_posteriors(changes, words):
    arguments = {"mean": [1.0, 2.0], "sigma": [1.0, 1.0], "scale": 40, "bits": 4, "block": 2, **changes}
    with pytest.raises(InputError, match=words):
        relative_entropy_code(**arguments)


def test_more_blocks_than_bits():
    out = BitWriter()
    Uniform(64).write(40, out)
    Uniform(16).write(15, out)
    EliasGamma().write(1, out)
    out.write_bit(1)
    for code in CODES:
        with pytest.raises(DecodeError, match="truncated"):
            code(2**20).decode(Bits.from_string(str(out.bits()) + "01"))


FROZEN = ["abfa63b73301ca1c", "e04cc201ff53595b"]
