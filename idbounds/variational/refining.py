"""Choose again among the draws of the last layer: fewer errors, and hardly a bit more.

The scores are linear in the last layer. For one block of its weights, every candidate is scored by a
second-order model of the loss, and the best few by the loss itself; a candidate is taken if the loss falls.
From pass to pass the loss comes nearer to the error. Between two passes the scales of the layer are chosen
again, at the price of their bits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from idbounds.codes.reals.steps import STEPS, step_size
from idbounds.decoders.draws import Scales
from idbounds.projections.stream import Stream, hash32, permutation, stream_key
from idbounds.variational.fitter import Fitter
from idbounds.variational.losses import power_loss

SAMPLE = 20_000  # examples behind the curvature
TRIED = 96  # candidates whose loss is measured on the sample
EXACT = 12  # candidates whose loss is measured on all examples
POWERS = (0.5, 0.5, 0.8, 0.8, 1.0)  # of the loss, pass by pass; the last one stays
STRIDES = (-4, -2, 2, 4)  # by which a scale may move in one pass
FLOOR = 1e-7  # by which the loss must fall
BATCH = 2000
WARMER = (0.85, 0.92, 1.0, 1.08, 1.17)
LINEAR = 1e-3  # how closely the layer must explain the scores, relative to the largest


class Refiner:
    """The last layer of a fitted hypothesis, and the scores of all training examples.

    Attributes:
        blocks: of the last layer's weights, in the order of the message.
        order: of the examples here, drawn, so that any run of them is a sample whatever the data set's order.
        labels: int64, in that order.
        scores: float32, (classes, n).
        given: 1 if the layer has one output, the score of the second of two classes; the first one's is 0.
        temperature: of the scores in the loss.
        power: of the loss.
        changed: blocks whose draw was replaced since the pass began.

    Args:
        fitter: after its last `draw`.

    Raises:
        TypeError: when the module's scores are not those of a linear layer at its end; a bias is allowed.
    """

    def __init__(self, fitter: Fitter) -> None:
        """Compute what enters the last layer: 4 bytes for each example and input of it."""
        self.fitter = fitter
        posterior = fitter.posterior
        self.name = next((name for name in reversed(posterior.names) if name in posterior.linear), "")
        if not self.name or posterior.names.index(self.name) < len(posterior.names) - 2:
            raise TypeError("the module does not end in a linear layer")
        before = posterior.names.index(self.name)
        self.start = sum(posterior.sizes[:before])
        self.rows, self.width = posterior.shapes[before]
        self.given = int(self.rows == 1)
        self.order = torch.from_numpy(permutation(0, Stream.ORDER, len(fitter.labels)))
        self.labels = fitter.labels[self.order]
        self.entering, self.scores = self._entering(posterior.linear[self.name])
        self.temperature = math.exp(posterior.log_temperature.item())
        self.power = POWERS[0]
        self.target = nn.functional.one_hot(self.labels, len(self.scores)).T.float()
        self.changed = 0
        end = self.start + posterior.sizes[before]
        self.blocks = [b for b, rows in enumerate(fitter.drawing.blocks) if self.start <= rows[0] < end]

    def losses(self, scores: Tensor, labels: Tensor) -> Tensor:
        """Mean loss of scores (..., classes, m), shape (...)."""
        return power_loss(scores * self.temperature, labels, self.power)

    def loss(self) -> float:
        """Mean loss of all training examples."""
        return float(self.losses(self.scores, self.labels))

    @property
    def errors(self) -> int:
        """Training errors, in float32."""
        return int((self.scores.argmax(0) != self.labels).sum())

    def visit(self, visits: int) -> bool:
        """Choose the draw of one block again; the blocks of a pass come in random order.

        Args:
            visits: how many there were before.

        Returns:
            False when a pass over all blocks has ended without a change, and the loss stays as it is.
        """
        turn, place = divmod(visits, len(self.blocks))
        if place == 0:
            if turn >= len(POWERS) and not self.changed:
                return False
            self.changed = 0
            self.power = POWERS[min(turn, len(POWERS) - 1)]
            self._temper()
            if turn:
                self._rescale()
        order = permutation(turn, Stream.ORDER, len(self.blocks))
        self._choose_again(self.blocks[order[place]], visits)
        return True

    def arrays(self) -> dict[str, Any]:
        """The state, for a checkpoint; the scores are in it, as sums made anew differ in their last bits."""
        return {
            "scores": self.scores.numpy(), "temperature": self.temperature, "changed": self.changed,
            "power": self.power,
        }  # fmt: skip

    def restore(self, arrays: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.scores = torch.from_numpy(arrays["scores"].copy())
        self.temperature, self.changed, self.power = (
            arrays[k].item() for k in ("temperature", "changed", "power")
        )

    @torch.no_grad()
    def _choose_again(self, block: int, visits: int) -> None:
        fitter = self.fitter
        rows = torch.from_numpy(fitter.drawing.blocks[block])
        classes = (rows - self.start) // self.width + self.given
        features = (rows - self.start) % self.width
        labels, part = self.labels, self._part(visits)
        entering = self.entering[features]
        probability = torch.softmax(self.scores * self.temperature, 0)
        weight = probability.gather(0, labels[None])[0] ** self.power  # what an example counts in the loss
        gradient = (entering * ((probability - self.target) * weight)[classes]).sum(1)
        gradient *= self.temperature / len(labels)
        some, chance = entering[:, part], probability[classes][:, part]
        once = some * chance
        weighted = once * weight[part]
        curvature = (weighted @ some.T) * (classes[:, None] == classes) - weighted @ once.T
        curvature *= self.temperature**2 / some.shape[1]
        scale = fitter.posterior.log_scale[fitter.posterior.group[rows]].exp()
        present = fitter.weights[rows]
        linear = scale * (gradient - curvature @ present)
        square = 0.5 * curvature * scale * scale[:, None]
        found = fitter.search(block, lambda z: z @ linear + ((z @ square) * z).sum(1), keep=TRIED)

        changes = torch.from_numpy(fitter.drawing.drawn(block, found.numpy())).float() * scale - present
        tried = self.losses(self._moved(changes, classes, some, self.scores[:, part]), labels[part])
        top = tried.argsort(stable=True)[:EXACT]
        moved = self._moved(changes[top], classes, entering, self.scores)
        exact = self.losses(moved, labels)
        best = int(exact.argmin())
        if float(exact[best]) < self.loss() - FLOOR:
            fitter.choose(block, int(found[top[best]]))
            self.scores = moved[best].clone()
            self.changed += 1

    @torch.no_grad()
    def _rescale(self) -> None:
        """Move each scale of the layer's own groups where loss and price of its bits together fall most."""
        fitter, labels = self.fitter, self.labels
        price = fitter.price * fitter.nats**-self.power
        mine = slice(self.start, self.start + self.rows * self.width)
        groups = fitter.posterior.group[mine].view(self.rows, self.width)
        code = Scales(len(fitter.scales))
        for group in torch.unique(groups).tolist():
            if int((groups == group).sum()) < int((fitter.posterior.group == group).sum()):
                continue  # weights of other layers share the scale
            weights = fitter.weights[mine].view(self.rows, self.width) * (groups == group)
            features = weights.any(0)
            share = self._grounded(weights[:, features] @ self.entering[features])
            present, last = int(fitter.scales[group]), code.ideal_length(fitter.scales)
            best, kept = self.loss() - FLOOR, present
            for index in (present + stride for stride in STRIDES):
                if 0 <= index < STEPS:
                    ratio = step_size(index) / step_size(present)
                    scales = fitter.scales.copy()
                    scales[group] = index
                    bits = code.ideal_length(scales) - last
                    value = float(self.losses(self.scores + (ratio - 1) * share, labels)) + price * bits
                    if value < best:
                        best, kept = value, index
            if kept != present:
                self.scores = self.scores + (step_size(kept) / step_size(present) - 1) * share
                fitter.rescale(group, kept)

    def _part(self, visits: int) -> slice:
        """Some of the examples, others at each visit."""
        choices = max(1, len(self.labels) - SAMPLE + 1)
        word = hash32(stream_key(self.fitter.seed, Stream.NOISE), self.fitter.step + 1 + visits)
        return slice(word % choices, word % choices + SAMPLE)

    def _moved(self, changes: Tensor, classes: Tensor, entering: Tensor, scores: Tensor) -> Tensor:
        """The scores after each of several changes of a block's weights, (changes, classes, m)."""
        moved = scores.repeat(len(changes), 1, 1)
        for label in torch.unique(classes).tolist():
            of_class = classes == label
            moved[:, label] += changes[:, of_class] @ entering[of_class]
        return moved

    def _temper(self) -> None:
        """Fit the temperature, which no decoder needs, to the present scores."""
        present, losses = self.temperature, []
        for factor in WARMER:
            self.temperature = present * factor
            losses.append(self.loss())
        self.temperature = present * WARMER[losses.index(min(losses))]

    def _grounded(self, outputs: Tensor) -> Tensor:
        """Scores (classes, n) of the layer's outputs, (rows, n)."""
        return nn.functional.pad(outputs, (0, 0, self.given, 0))

    def _entering(self, head: nn.Linear) -> tuple[Tensor, Tensor]:
        """What enters the last layer, (width, n), and the scores, (classes, n)."""
        fitter, caught = self.fitter, list[Tensor]()
        entering = torch.empty(self.width, len(self.labels))
        scores = torch.empty(self.rows + self.given, len(self.labels))
        state = fitter.posterior.state(fitter.weights)
        bias = state.get(self.name.removesuffix("weight") + "bias", head.bias)
        hook = head.register_forward_pre_hook(lambda _module, inputs: caught.append(inputs[0]))
        try:
            with torch.no_grad():
                for first in range(0, len(self.labels), BATCH):
                    x = fitter.inputs[self.order[first : first + BATCH]].float()
                    found = torch.func.functional_call(fitter.posterior.body, state, (x,))
                    y = caught.pop()
                    ours = self._grounded(nn.functional.linear(y, state[self.name], bias).T).T
                    if found.shape != ours.shape or not torch.allclose(
                        found, ours, atol=LINEAR * float(found.abs().max()), rtol=0
                    ):
                        raise TypeError("what follows the module's last linear layer is not nothing")
                    entering[:, first : first + len(x)] = y.T
                    scores[:, first : first + len(x)] = ours.T
        finally:
            hook.remove()
        return entering, scores
