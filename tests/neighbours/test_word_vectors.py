import numpy as np
import pytest

from idbounds.errors import InputError
from idbounds.neighbours.word_vectors import all_but_the_top, similarity


@pytest.fixture
def vectors():
    rng = np.random.default_rng(0)
    return rng.normal(size=(300, 8)) * [9, 5, 1, 1, 1, 1, 1, 1] @ np.linalg.qr(rng.normal(size=(8, 8)))[0] + 3


def test_what_is_left_has_no_mean_and_no_strong_direction(vectors):
    centred = vectors - vectors.mean(axis=0)
    u, s, v = np.linalg.svd(centred, full_matrices=False)
    for components in range(9):
        got = all_but_the_top(vectors, components)
        s_left = np.where(np.arange(8) < components, 0, s)
        np.testing.assert_allclose(got, (u * s_left) @ v, atol=1e-10)
        np.testing.assert_allclose(got.mean(axis=0), 0, atol=1e-12)


def test_mean_and_components_can_come_from_frequent_words(vectors):
    got = all_but_the_top(vectors, 2, fitted_on=vectors[:50])
    np.testing.assert_allclose(got[:50], all_but_the_top(vectors[:50], 2), atol=1e-12)
    assert np.linalg.norm(got - all_but_the_top(vectors, 2)) > 1


WORDS = {"sun": 0, "moon": 1, "tea": 2, "coffee": 3, "Rome": 4, "rome": 0}


def test_similarity_is_the_rank_correlation_of_cosines():
    angles = np.radians([0, 10, 90, 95, 40])
    vectors = np.column_stack([np.cos(angles), np.sin(angles)]) * [[1], [5], [2], [1], [1]]
    pairs = [("sun", "moon", 9.0), ("tea", "coffee", 9.5), ("sun", "tea", 1.0), ("Moon", "Rome", 4.0)]
    unknown = [("sun", "venus", 9.0), ("xyz", "tea", 1.0)]
    got = similarity(WORDS, vectors, [*pairs, *unknown])
    assert (got.spearman, got.pairs) == (pytest.approx(1.0), 4)
    assert got.missing == (("sun", "venus"), ("xyz", "tea"))
    worse = similarity(WORDS, vectors, [("sun", "moon", 1.0), *pairs[1:]])
    assert worse.spearman == pytest.approx(3 / 22.5**0.5)  # ranks 3 4 1 2 against 1.5 4 1.5 3
    with pytest.raises(InputError, match="2 of 3 pairs"):
        similarity(WORDS, vectors, [*pairs[:2], unknown[0]])


def test_removing_the_shared_direction_brings_meaning_out():
    """Words of two topics in a common strong direction: cosines say nothing until it is gone."""
    rng = np.random.default_rng(0)
    topic = rng.normal(size=(40, 20))
    common = np.outer(rng.normal(size=40) * 10, np.ones(20)) + 10
    words = {f"w{i}": i for i in range(40)}
    true = [(f"w{i}", f"w{j}", float(topic[i] @ topic[j] / np.linalg.norm(topic[i]) / np.linalg.norm(topic[j])))
            for i in range(40) for j in range(i)]  # fmt: skip
    before = similarity(words, topic + common, true).spearman
    after = similarity(words, all_but_the_top(topic + common, 1), true).spearman
    assert before < 0.3
    assert after > 0.9


@pytest.mark.parametrize(
    ("given", "components", "more"),
    [
        (np.ones(5), 1, {}),
        (np.full((5, 3), np.nan), 1, {}),
        (np.ones((5, 3)), 4, {}),
        (np.ones((5, 3)), -1, {}),
        (np.ones((5, 3)), 1, {"fitted_on": np.ones((5, 2))}),
    ],
)
def test_bad_input_is_refused(given, components, more):
    with pytest.raises(InputError, match="given"):
        all_but_the_top(given, components, **more)
