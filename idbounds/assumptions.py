"""What a bound takes for granted, and who vouches for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Assumption:
    """One condition under which a bound holds.

    Attributes:
        name: identifier, the same in code, pages and certificates.
        says: the condition in words.
        vouched: "checked" when replaying a certificate verifies it, "declared" when only the author can know.
    """

    name: str
    says: str
    vouched: str


iid = Assumption("iid", "the examples are independent draws from one distribution", "declared")
zero_one_loss = Assumption("zero_one_loss", "the loss counts errors: 0 or 1 an example", "checked")
unit_loss = Assumption("unit_loss", "the loss of an example lies in [0, 1]", "checked")
code_before_sample = Assumption(
    "code_before_sample",
    "the code (decoder, menus, architecture) was fixed before the sample was seen",
    "declared",
)
prefix_code = Assumption(
    "prefix_code", "the message is prefix-free and decodes to the model that made the errors", "checked"
)
prior_before_sample = Assumption(
    "prior_before_sample", "the prior distribution was fixed before the sample was seen", "declared"
)
gibbs_predictor = Assumption(
    "gibbs_predictor",
    "predictions are drawn from the posterior anew; the error is its expectation",
    "declared",
)
held_out = Assumption(
    "held_out", "the held-out examples chose nothing: no model, no epoch, no setting", "declared"
)
