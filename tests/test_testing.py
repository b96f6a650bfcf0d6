from dataclasses import replace

import pytest

from idbounds import bounds, testing
from idbounds.errors import InputError
from idbounds.functions import binomial_tail_inverse, kl_inverse, log, sqrt
from idbounds.sources import Source
from idbounds.testing import check_bound


@pytest.mark.parametrize("bound", bounds.values(), ids=lambda b: b.id)
def test_every_bound_keeps_the_laws(bound):
    check_bound(bound)


@pytest.mark.parametrize(
    ("id", "says", "law"),
    [
        (
            "occam-hoeffding",
            lambda R, L, m, d: R - sqrt((L * log(2) + log(1 / d)) / (2 * m)),
            "grow|fall|below",
        ),
        ("occam-hoeffding", lambda R, L, m, d: R + sqrt(log(1 / d) / (2 * m)), "mention every quantity"),
        (
            "occam-hoeffding",
            lambda R, L, m, d: R + sqrt((L * 0 + log(1 / d)) / (2 * m)),
            "does not depend on code_bits",
        ),
        (
            "occam-kl",
            lambda R, L, m, d: kl_inverse(R, L * log(2) + log(1 / d) + m * 0),
            "does not depend on n",
        ),
        (
            "occam-kl",
            lambda R, L, m, d: kl_inverse(R, (L * log(2) + log(1 / d)) * m),
            "fall with n|depend on train_error",
        ),
        (
            "occam-kl",
            lambda R, L, m, d: kl_inverse(R, (L * log(2) + log(2) + log(d / 2) + 99) / m),
            "fall with delta",
        ),
        ("test-binomial", lambda k, m, d: binomial_tail_inverse(k, m, -log(1 / d) / (1 + k)), "does not"),
    ],
)
def test_wrong_sentences_are_caught(id, says, law):
    with pytest.raises(InputError, match=law):
        check_bound(replace(bounds[id], says=says))


@pytest.mark.parametrize(
    ("change", "law"),
    [
        ({"assumes": ()}, "names no assumption"),
        ({"title": ""}, "title, family or holds"),
        ({"source": Source("nobody", "N", 1, "x")}, "no entry 'nobody'"),
        ({"assumes": (replace(bounds["occam-kl"].assumes[0], vouched="hoped"),)}, "nobody vouches"),
    ],
)
def test_papers_out_of_order_are_caught(change, law):
    with pytest.raises(InputError, match=law):
        check_bound(replace(bounds["occam-kl"], **change))


def test_the_other_checks_are_here():
    from idbounds.codes.laws import check_codec

    assert testing.check_codec is check_codec
    assert callable(testing.check_projection)
    with pytest.raises(AttributeError):
        getattr(testing, "check_nothing")  # noqa: B009
