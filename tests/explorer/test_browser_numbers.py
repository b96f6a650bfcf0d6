"""What the page computes is what Python computes."""

import json
import math

import numpy as np
import pytest

from idbounds import bounds
from idbounds.codes import encode_adaptive, encode_static
from idbounds.combining import dominates
from idbounds.explorer.sentences import racers, shown
from idbounds.projections.stream import Stream, words
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
    for name in (
        "occam-binomial",
        "occam-hoeffding",
        "maurer-kl",
        "subspace-kl",
        "gibbs-monte-carlo-binomial",
    ):
        bound = bounds[name]
        point = typical(bound, np.random.default_rng(2))
        for price in bound.explain(**point).prices:
            found = visit.call("(id, name, at) => idbounds.price(id, name, at)", name, price.name, point)
            assert found == (None if price.cost is None else pytest.approx(price.cost, abs=1e-12)), price


def test_what_python_refuses_the_page_refuses(visit):
    visit.go("")
    for name, value in (
        ("n", 0),
        ("n", 2.5),
        ("delta", 0),
        ("delta", 1),
        ("train_error", 1.2),
        ("code_bits", -1),
    ):
        assert visit.call("(name, x) => idbounds.problem(name, x)", name, value).startswith(f"{name} = ")
    assert "exceeds" in visit.call("(name, x, at) => idbounds.problem(name, x, at)", "errors", 11, {"n": 10})
    assert visit.call("(name, x, at) => idbounds.problem(name, x, at)", "errors", 10, {"n": 10}) == ""


def test_the_race_reads_its_axes_as_dominates_does(visit):
    visit.go("#race")
    n, delta = 5000, 0.01
    for name in racers():
        table = dominates(name, "occam-kl", points=6, known={"n": n, "delta": delta})
        for row in table.itertuples():
            bits = row.nats_per_example / math.log(2)
            run = "(id, e, b, n, d) => idbounds.value(id, idbounds.racing(id, e, b, n, d))"
            found = min(visit.call(run, name, row.error, bits, n, delta), 1)
            assert found == pytest.approx(row.a, rel=1e-12, abs=1e-12), (name, row)


def test_the_least_of_the_racers_wins(visit):
    visit.go("#race")
    names = ["occam-hoeffding", "pac-bayes-mixed-rate", "occam-kl"]
    for error, bits in ((0.05, 0.02), (0.4, 0.02), (0.59, 3.0), (0.0, 1e-4)):
        best = visit.call("(...a) => idbounds.winner(...a)", names, error, bits, 60000, 0.05)
        run = "(id, e, b) => idbounds.value(id, idbounds.racing(id, e, b, 60000, 0.05))"
        values = {name: visit.call(run, name, error, bits) for name in names}
        least = min(values, key=values.get)
        assert (best["id"] or least) == least
        assert best["value"] == pytest.approx(min(values[least], 1), rel=1e-15)
    assert visit.call("(...a) => idbounds.winner(...a)", names[:1], 0.59, 3.0, 60000, 0.05)["id"] == ""


def test_the_random_words_are_those_of_the_package(visit):
    visit.go("")
    for seed in (0, 1, 2**32 + 5, 2**53 - 1):
        found = visit.call("(...a) => idbounds.words(...a)", seed, int(Stream.TEST), 7, 50)
        assert found == words(seed, Stream.TEST, 7, 50).tolist()


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
    for _ in range(60):
        size, length = int(rng.integers(2, 9)), int(rng.integers(0, 40))
        weights = rng.integers(1, 33, size).tolist()
        symbols = rng.integers(0, size, length).tolist()
        for expected, given in (
            (encode_static(symbols, weights), (symbols, weights, 0)),
            (encode_adaptive(symbols, size), (symbols, [1] * size, 2)),
        ):
            found = visit.call("(...a) => idbounds.arithmeticBits(...a)", *given)
            assert found == "".join(map(str, expected.to_array()))


def test_canonical_codewords_are_free_of_prefixes(visit):
    visit.go("#codes")
    rng = np.random.default_rng(6)
    kinds = set()
    for _ in range(60):
        lengths = rng.integers(1, 6, rng.integers(2, 9)).tolist()
        found = visit.call("x => idbounds.canonicalCode(x)", lengths)
        possible = sum(2.0**-length for length in lengths) <= 1
        kinds.add(possible)
        assert (found is not None) == possible
        if found is not None:
            assert [len(word) for word in found] == lengths
            assert not any(
                a != b and found[b].startswith(found[a]) for a in range(len(found)) for b in range(len(found))
            )
    assert kinds == {True, False}
