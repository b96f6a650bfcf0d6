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
        implied_by: names of stronger assumptions.
    """

    name: str
    says: str
    vouched: str
    implied_by: tuple[str, ...] = ()


iid = Assumption("iid", "the examples are independent draws from one distribution", "declared")
zero_one_loss = Assumption("zero_one_loss", "the loss counts errors: 0 or 1 an example", "checked")
unit_loss = Assumption("unit_loss", "the loss of an example lies in [0, 1]", "checked", ("zero_one_loss",))
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
variance_known = Assumption(
    "variance_known",
    "the variance of the loss is at most the number given, which was not read off these examples",
    "declared",
)
class_before_sample = Assumption(
    "class_before_sample", "the finite class was fixed before the sample was seen", "declared"
)
menu_before_sample = Assumption(
    "menu_before_sample",
    "the alternatives of which the best was taken (codes, decoders) were declared before the sample was seen",
    "declared",
)
plain_message = Assumption(
    "plain_message", "a string of that many bits decodes to the model that made the errors", "declared"
)
one_sequence = Assumption(
    "one_sequence",
    "each look takes the first n examples of one sequence, in an order that the losses did not choose",
    "declared",
)
tuned_before_sample = Assumption(
    "tuned_before_sample", "the sample size to which the bound is tuned was fixed before any look", "declared"
)
subgaussian_loss = Assumption(
    "subgaussian_loss",
    "under the data distribution the loss of each fixed hypothesis is sub-Gaussian with the given parameter",
    "declared",
)
information_known = Assumption(
    "information_known",
    "the mutual information of the algorithm is known or bounded for this data distribution",
    "declared",
)
interpolation = Assumption("interpolation", "the training error is 0 on every sample", "declared")
compression_scheme = Assumption(
    "compression_scheme",
    "the predictor is rebuilt from its compression set and message alone, by a map fixed before the sample",
    "declared",
)
compression_set_alone = Assumption(
    "compression_set_alone",
    "the predictor is rebuilt from its compression set alone, with no message, by a map fixed beforehand",
    "declared",
)
remaining_only = Assumption(
    "remaining_only", "errors were counted on the examples outside the compression set only", "declared"
)
consistent_outside = Assumption(
    "consistent_outside", "there is no error on the examples outside the compression set", "declared"
)
preferent_compression = Assumption(
    "preferent_compression",
    "dropping examples that were not selected does not change the selection; the predictor depends on the "
    "selected alone, and a new example on which it errs, joined to the selected alone, changes the selection",
    "declared",
)
compressed_within_margin = Assumption(
    "compressed_within_margin",
    "the compressed network is right on each training example that the original gets right with margin above "
    "gamma, but for the share named, if any",
    "declared",
)
helper_before_sample = Assumption(
    "helper_before_sample",
    "what the compressed network uses besides its parameters (helper string, number and levels of the "
    "parameters) was fixed before the sample",
    "declared",
)
lipschitz_in_ball = Assumption(
    "lipschitz_in_ball",
    "the coordinates lie in a ball fixed before the sample, where the loss of each example is Lipschitz with "
    "the constant given",
    "declared",
)
scale_before_sample = Assumption(
    "scale_before_sample", "the scale of the covering was fixed before the sample", "declared"
)
prior_from_others = Assumption(
    "prior_from_others",
    "the prior (and the reference hypothesis or previous posterior, if any) saw none of the bound_n examples",
    "declared",
)
private_prior = Assumption(
    "private_prior",
    "the prior was chosen by a differentially private algorithm with the epsilon given",
    "declared",
)
earlier_stages = Assumption(
    "earlier_stages",
    "the previous stage's bound holds by its own share of the same delta; number of stages and gamma were "
    "fixed beforehand",
    "declared",
)
smoothed_model = Assumption(
    "smoothed_model",
    "the likelihoods are those of the decoded model mixed with the uniform distribution over the vocabulary",
    "declared",
)
causal_loss = Assumption(
    "causal_loss",
    "the loss of a token depends on it and on tokens before it, and on nothing later",
    "declared",
)
fresh_subsample = Assumption(
    "fresh_subsample",
    "what was evaluated was drawn uniformly from the training set, after model and settings were fixed",
    "declared",
)
predictable_centre = Assumption(
    "predictable_centre",
    "the centre Y of each token's loss is a possible loss, found without the token; s was among the settings "
    "declared",
    "declared",
)
parameter_before_sample = Assumption(
    "parameter_before_sample",
    "the free parameter of the bound was fixed before the sample was seen",
    "declared",
)
posterior_draws = Assumption(
    "posterior_draws",
    "the Monte-Carlo draws from the posterior are independent, and they did not choose it; all are counted: "
    "each on the whole sample, or each on one example and every example as often as the others",
    "declared",
)
posterior_pairs = Assumption(
    "posterior_pairs",
    "each Monte-Carlo draw is a fresh hypothesis from the posterior on a training example drawn evenly",
    "declared",
)
capacity_before_sample = Assumption(
    "capacity_before_sample",
    "the class of predictors was fixed before the sample was seen, and its capacity is at most the one given",
    "declared",
)
margin_before_sample = Assumption(
    "margin_before_sample",
    "the margin, or its ratio to the norm, is one of as many values as stated, fixed before the sample",
    "declared",
)
relu_network = Assumption(
    "relu_network",
    "the predictor names the highest score of linear maps (with biases) and ReLU, of the sizes given",
    "declared",
)
