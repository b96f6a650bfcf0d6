"""Data sets changed on purpose are what they say, and `certify` takes them."""

import numpy as np
import pytest

from idbounds import data
from idbounds.replay import checked_sample
from validation import samples

DIGITS = data.load("digits")


@pytest.mark.parametrize("made", [samples.drawn(DIGITS, 100, 0), samples.noisy(DIGITS, 0.5, 0)])
def test_digests_and_counts_are_its_own(made):
    assert checked_sample(made) is made
    assert made.sha256 != DIGITS.sha256
    assert sum(made.card.train_counts) == len(made.train_y)


def test_a_draw_is_without_replacement_and_nested():
    small, large = (samples.drawn(DIGITS, n, 3).train_x.reshape(n, -1) for n in (100, 200))
    assert (large[:100] == small).all()
    assert len(np.unique(samples.drawn(DIGITS, 1297, 3).train_x.reshape(1297, -1), axis=0)) == len(
        np.unique(DIGITS.train_x.reshape(1297, -1), axis=0)
    )


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_share_of_labels_that_differ(share):
    made = samples.noisy(DIGITS, share, 1)
    for new, old in ((made.train_y, DIGITS.train_y), (made.test_y, DIGITS.test_y)):
        expected = 0.9 * share
        spread = np.sqrt(expected * (1 - expected) / len(old))
        assert abs((new != old).mean() - expected) <= 4 * spread
