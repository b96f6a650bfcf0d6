import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import BitReader, Bits, BitWriter
from idbounds.codes.symbols import mixture_reference, tables, tree
from idbounds.codes.symbols.mixture import mixture
from idbounds.errors import DecodeError, InputError

ENTRIES = st.integers(0, 20).flatmap(lambda k: st.integers(-(2**k), 2**k))


def mixed(columns, signs=1):
    """A mixture of fixed odds, evenly weighted: (fineness, column) each."""
    stay = np.stack([tables.stay(fine)[:, column] for fine, column in columns], axis=1)
    nodes = len(tables.nodes())
    return tree.Components(
        stay=np.ascontiguousarray(stay),
        spikes=0,
        base=np.empty((nodes, 0), dtype=np.uint32),
        prior=np.empty((nodes, 0), dtype=np.int64),
        weights=np.full(len(columns), (2**32 - 1) // len(columns), dtype=np.uint32),
        sign_weights=np.full(signs, (2**32 - 1) // signs, dtype=np.uint32),
    )


def small():
    """One component of each kind, two of fixed odds."""
    plain = mixed([(0, 4), (0, 18)], signs=2)
    base = np.ascontiguousarray(tables.stay(0)[:, 5:7])
    return tree.Components(
        stay=plain.stay,
        spikes=1,
        base=base,
        prior=np.maximum(tables.mass(0)[:, 5:7] >> 22, 1),
        weights=np.array([2**31, 2**20, 2**30, 1, 77, 2**29], dtype=np.uint32),
        sign_weights=plain.sign_weights,
    )


MIXTURES = [mixed([(0, 3)]), mixed([(1, 20), (1, 60), (1, 1)], signs=2), small(), mixture(0)]


def written(groups):
    out = BitWriter()
    tree.write(groups, out)
    return out.bits()


@settings(max_examples=100, deadline=None)
@given(st.lists(ENTRIES, max_size=12), st.sampled_from(range(len(MIXTURES))))
def test_same_decisions_and_bits_as_the_slow_reference(entries, which):
    components = MIXTURES[which]
    vector = np.array(entries, dtype=np.int64)
    bits, odds = tree.decisions(vector, components)
    assert mixture_reference.decisions(entries, components) == list(
        zip(bits.tolist(), odds.tolist(), strict=True)
    )
    text = mixture_reference.encode(entries, components)
    assert str(written([(vector, components)])) == text
    assert mixture_reference.decode(text, n=len(entries), mixture=components) == entries
    (back,) = tree.read(BitReader(Bits.from_string(text)), [(vector.size, components)])
    assert back.tolist() == entries


@settings(max_examples=100, deadline=None)
@given(st.text("01", max_size=40), st.integers(0, 6), st.sampled_from(range(len(MIXTURES))))
def test_same_verdict_on_any_bits(text, n, which):
    components = MIXTURES[which]
    try:
        slow = mixture_reference.decode(text, n=n, mixture=components)
        assert max(map(abs, slow), default=0) <= 2**20
    except (DecodeError, AssertionError):
        slow = None
    source = BitReader(Bits.from_string(text))
    try:
        fast = tree.read(source, [(n, components)])[0].tolist()
        source.finish()
    except DecodeError:
        fast = None
    assert fast == slow


def test_long_vectors_agree_too():
    vector = np.rint(3 * np.random.default_rng(5).standard_normal(400)).astype(np.int64)
    for components in (small(), mixture(1)):
        assert str(written([(vector, components)])) == mixture_reference.encode(vector.tolist(), components)


def test_odds_are_possible_whatever_is_seen():
    components = small()
    for vector in (np.zeros(5000), np.full(5000, 2**20), np.full(5000, -1), np.tile([0, 2**20], 2500)):
        bits, odds = tree.decisions(vector.astype(np.int64), components)
        assert odds.min() >= 1
        assert odds.max() <= 2**30 - 1
        assert bits.max() <= 1


def test_the_blend_is_bayes_mixture():
    rng = np.random.default_rng(0)
    columns = [(2, c) for c in range(0, 4 * tables.scale_count(2), 7)]
    for scale in (0.3, 2, 40):
        vector = np.rint(scale * rng.standard_normal(60)).astype(np.int64)
        each = [tree.ideal_bits(vector, mixed([column])) for column in columns]
        expected = np.log2(len(columns)) - np.logaddexp2.reduce(-np.array(each))
        assert tree.ideal_bits(vector, mixed(columns)) == pytest.approx(expected, abs=1e-3)


def test_a_component_that_was_written_off_comes_back():
    # 2000 zeros put the wide scale 10,000 bits behind; a plain mixture would never use it again.
    columns = [(0, 0), (0, 8)]  # scales 2^-4 and 2^4
    wide = np.rint(16 * np.random.default_rng(1).standard_normal(200)).astype(np.int64)
    vector = np.concatenate([np.zeros(2000, dtype=np.int64), wide])
    alone = tree.ideal_bits(wide, mixed([columns[1]]))
    assert tree.ideal_bits(vector, mixed(columns)) < alone + 40


def test_groups_share_one_run_and_one_ending():
    rng = np.random.default_rng(2)
    groups = [(rng.integers(-3, 4, n), MIXTURES[n % 3]) for n in (5, 0, 9, 1)]
    bits = written(groups)
    assert bits.length < sum(tree.ideal_bits(*group) for group in groups) + 2
    out = BitWriter()
    out.write_uint(5, 3)
    out.extend(bits)
    out.write_uint(9, 4)
    source = BitReader(out.bits())
    source.skip(3)
    back = tree.read(source, [(vector.size, components) for vector, components in groups])
    assert all(np.array_equal(a, b) for a, (b, _) in zip(back, groups, strict=True))
    assert source.remaining == 4


def test_an_entry_beyond_the_largest_is_refused():
    # The last bucket goes to 2^21 - 2; the format ends at 2^20. Such a message can be made by hand only.
    components = mixed([(0, 3)])
    text = mixture_reference.encode([2**20 + 1], components)
    with pytest.raises(DecodeError, match=str(2**20 + 1)):
        tree.read(BitReader(Bits.from_string(text)), [(1, components)])
    with pytest.raises(InputError, match=str(2**20 + 1)):
        tree.checked([2**20 + 1], 1)
