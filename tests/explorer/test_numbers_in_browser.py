"""What the page computes is what Python computes."""

import json
import math

import numpy as np
import pytest

from idbounds import bounds
from idbounds.codes import encode_adaptive, encode_static
from idbounds.combining import dominates
from idbounds.errors import InputError
from idbounds.explorer.sentences import racers, shown
from idbounds.projections.stream import Stream, words
from idbounds.quantities import QUANTITIES
from idbounds.testing import edge, typical

SIZE = 1000
EDGES = 50
RUN = """text => {
  const task = JSON.parse(text);
  return JSON.stringify(task.map(([id, names, rows]) => rows.map(row =>
    idbounds.value(id, Object.fromEntries(names.map((name, i) => [name, row[i]]))))));
}"""


def points(bound, rng):
    """Columns of random typical points and of edges that Python admits."""
    rows = [typical(bound, rng) for _ in range(SIZE)] + [edge(bound, rng) for _ in range(EDGES)]
    return {name: np.array([row[name] for row in rows], np.float64) for name in rows[0]}


def test_every_bound_agrees_with_python_at_a_thousand_points(visit):
    rng = np.random.default_rng(11)
    columns = {bound.id: points(bound, rng) for bound in shown()}
    task = [[name, list(c), np.stack(list(c.values()), axis=1).tolist()] for name, c in columns.items()]
    found = json.loads(visit.go("").evaluate(RUN, json.dumps(task)))
    assert len(found) == len(shown()) >= 80
    for (name, given), values in zip(columns.items(), found, strict=True):
        expected = bounds[name](**given)
        size = np.maximum(bounds[name].magnitude(**given), np.abs(expected))
        apart = np.abs(np.array(values, np.float64) - expected)
        assert np.all(apart <= 1e-12 * size), (name, np.max(apart))  # NaN fails, too


def test_prices_agree_with_the_explanation(visit):
    visit.go("")
    calls, expected = [], []
    for name in (
        "occam-binomial",
        "occam-hoeffding",
        "maurer-kl",
        "subspace-kl",
        "gibbs-monte-carlo-binomial",
    ):
        point = typical(bounds[name], np.random.default_rng(2))
        for price in bounds[name].explain(**point).prices:
            calls.append((name, price.name, point))
            expected.append(price.cost)
    found = visit.each("idbounds.price", calls)
    assert [price is None for price in found] == [price is None for price in expected]
    assert [p for p in found if p is not None] == pytest.approx(
        [p for p in expected if p is not None], abs=1e-12
    )


def test_what_python_refuses_the_page_refuses(visit):
    visit.go("")
    wrong = [("n", 0), ("n", 2.5), ("delta", 0), ("delta", 1), ("train_error", 1.2), ("code_bits", -1)]
    for (name, value), said in zip(wrong, visit.each("idbounds.problem", wrong), strict=True):
        with pytest.raises(InputError) as refused:
            QUANTITIES[name].check(value)
        assert said == str(refused.value)
    parts = [("errors", 11, {"n": 10}), ("errors", 10, {"n": 10})]
    assert visit.each("idbounds.problem", parts) == ["errors = 11 exceeds n = 10; give at most n", ""]


def test_the_race_reads_its_axes_as_dominates_does(visit):
    visit.go("#race")
    n, delta = 5000, 0.01
    calls, expected = [], []
    for name in racers():
        table = dominates(name, "occam-kl", points=6, known={"n": n, "delta": delta})
        bits = table.nats_per_example / math.log(2)
        calls += [(name, error, b, n, delta) for error, b in zip(table.error, bits, strict=True)]
        expected += list(table.a)
    found = visit.each("(id, ...at) => Math.min(idbounds.value(id, idbounds.racing(id, ...at)), 1)", calls)
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_the_least_of_the_racers_wins(visit):
    visit.go("#race")
    names = ["occam-hoeffding", "pac-bayes-mixed-rate", "occam-kl"]
    places = [(0.05, 0.02), (0.4, 0.02), (0.59, 3.0), (0.0, 1e-4)]
    rest = (60_000, 0.05)
    best = visit.each("idbounds.winner", [(names, *place, *rest) for place in places])
    run = "(id, ...at) => idbounds.value(id, idbounds.racing(id, ...at))"
    values = [visit.each(run, [(name, *place, *rest) for name in names]) for place in places]
    for found, each in zip(best, values, strict=True):
        assert found == {"id": names[int(np.argmin(each))], "value": min(each)}
    assert visit.call("idbounds.winner", names[:1], 0.59, 3.0, *rest) == {"id": "", "value": 1}  # vacuous


def test_the_random_words_are_those_of_the_package(visit):
    visit.go("")
    seeds = (0, 1, 2**32 + 5, 2**53 - 1)
    found = visit.each("idbounds.words", [(seed, int(Stream.TEST), 7, 50) for seed in seeds])
    assert found == [words(seed, Stream.TEST, 7, 50).tolist() for seed in seeds]


@pytest.mark.parametrize(("code", "bits"), [("before", math.log2(48)), ("after", 1)])
def test_the_coin_room_counts_what_python_counts(visit, code, bits):
    from scipy.stats import binom

    visit.go("#coins")
    coins, n, p, delta, rooms, seed = 48, 60, 0.3, 0.1, 200, 5
    state = {"code": code, "coins": coins, "n": n, "p": p, "delta": delta, "rooms": rooms, "seed": seed}
    found = visit.call(
        "s => { const f = idbounds.simulate(s); return [f.wrong, f.chance, f.fewest]; }", state
    )
    uniform = words(seed, Stream.TEST, 0, coins * rooms) / 2**32
    tosses = np.searchsorted(binom.cdf(np.arange(n + 1), n, p), uniform, side="right").reshape(rooms, coins)
    fewest = tosses.min(axis=1)
    value = bounds["occam-binomial"](errors=np.arange(n + 1), code_bits=bits, n=n, delta=delta)
    assert found[2] == fewest.tolist()
    assert found[0] == int((value[fewest] < p).sum())
    chance = 1 - (1 - binom.cdf(np.flatnonzero(value < p).max(initial=-1), n, p)) ** coins
    assert found[1] == pytest.approx(chance, rel=1e-9)
    assert (chance <= delta) == (code == "before")  # the lesson itself


def test_arithmetic_messages_are_those_of_the_package(visit):
    visit.go("#codes")
    rng = np.random.default_rng(4)
    calls, expected = [], []
    for _ in range(60):
        size, length = int(rng.integers(2, 9)), int(rng.integers(0, 40))
        weights = rng.integers(1, 33, size).tolist()
        symbols = rng.integers(0, size, length).tolist()
        calls += [(symbols, weights, 0), (symbols, [1] * size, 2)]
        expected += [encode_static(symbols, weights), encode_adaptive(symbols, size)]
    found = visit.each("idbounds.arithmeticBits", calls)
    assert found == ["".join(map(str, bits.to_array())) for bits in expected]


def test_canonical_codewords_are_free_of_prefixes(visit):
    visit.go("#codes")
    rng = np.random.default_rng(6)
    given = [rng.integers(1, 6, rng.integers(2, 9)).tolist() for _ in range(60)]
    possible = [sum(2.0**-length for length in lengths) <= 1 for lengths in given]
    assert {*possible} == {True, False}
    for lengths, fits, found in zip(
        given, possible, visit.each("idbounds.canonicalCode", [(x,) for x in given]), strict=True
    ):
        assert (found is not None) == fits
        if found is not None:
            assert [len(word) for word in found] == lengths
            pairs = [(a, b) for a in found for b in found if a is not b]
            assert not any(b.startswith(a) for a, b in pairs)
