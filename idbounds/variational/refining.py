"""Choose again among the draws of the last layer: fewer errors, and not a bit more.

The scores are linear in the last layer. For one block of its weights, every candidate is scored by a
second-order model of the loss, and the best few by the loss itself; a candidate is taken if the loss falls.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from idbounds.projections.stream import Stream, hash32, permutation, stream_key
from idbounds.variational.fitter import Fitter

SAMPLE = 20_000  # examples behind the curvature
TRIED = 48  # candidates whose loss is measured on the sample
EXACT = 6  # candidates whose loss is measured on all examples
FLOOR = 1e-7  # by which the loss must fall
BATCH = 2000
WARMER = (0.85, 0.92, 1.0, 1.08, 1.17)
LINEAR = 1e-3  # how closely the layer must explain the scores, relative to the largest


class Refiner:
    """The last layer of a fitted hypothesis, and the scores of all training examples.

    Attributes:
        blocks: of the last layer's weights, in the order of the message.
        scores: float32, (classes, n).
        temperature: of the scores in the loss.
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
        self.classes, self.width = posterior.shapes[before]
        self.entering, self.scores = self._entering(posterior.linear[self.name])
        self.temperature = math.exp(posterior.log_temperature.item())
        self.target = nn.functional.one_hot(fitter.labels, self.classes).T.float()
        self.changed = 0
        end = self.start + posterior.sizes[before]
        self.blocks = [b for b, rows in enumerate(fitter.drawing.blocks) if self.start <= rows[0] < end]

    def loss(self, scores: Tensor, labels: Tensor) -> float:
        """Mean cross-entropy of scores (classes, m)."""
        return float(nn.functional.cross_entropy((scores * self.temperature).T, labels))

    @property
    def errors(self) -> int:
        """Training errors, in float32."""
        return int((self.scores.argmax(0) != self.fitter.labels).sum())

    def visit(self, visits: int) -> bool:
        """Choose the draw of one block again; the blocks of a pass come in random order.

        Args:
            visits: how many there were before.

        Returns:
            False when a pass over all blocks has ended without a change.
        """
        turn, place = divmod(visits, len(self.blocks))
        if place == 0:
            if turn and not self.changed:
                return False
            self._temper()
            self.changed = 0
        order = permutation(turn, Stream.ORDER, len(self.blocks))
        self._choose_again(self.blocks[order[place]], visits)
        return True

    def arrays(self) -> dict[str, Any]:
        """The state, for a checkpoint; the scores are in it, as sums made anew differ in their last bits."""
        return {"scores": self.scores.numpy(), "temperature": self.temperature, "changed": self.changed}

    def restore(self, arrays: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.scores = torch.from_numpy(arrays["scores"].copy())
        self.temperature, self.changed = (arrays[k].item() for k in ("temperature", "changed"))

    @torch.no_grad()
    def _choose_again(self, block: int, visits: int) -> None:
        fitter = self.fitter
        rows = torch.from_numpy(fitter.drawing.blocks[block])
        classes, features = (rows - self.start) // self.width, (rows - self.start) % self.width
        labels, part = fitter.labels, self._part(visits)
        entering = self.entering[features]
        probability = torch.softmax(self.scores * self.temperature, 0)
        gradient = (entering * (probability - self.target)[classes]).sum(1) / len(labels) * self.temperature
        some, chance = entering[:, part], probability[classes][:, part]
        weighted = some * chance
        curvature = (weighted @ some.T) * (classes[:, None] == classes) - weighted @ weighted.T
        curvature *= self.temperature**2 / some.shape[1]
        scale = fitter.posterior.log_scale[fitter.posterior.group[rows]].exp()
        present = fitter.weights[rows]
        linear = scale * (gradient - curvature @ present)
        square = 0.5 * curvature * scale * scale[:, None]
        found = fitter.search(block, lambda z: z @ linear + ((z @ square) * z).sum(1), keep=TRIED)

        changes = torch.from_numpy(fitter.drawing.drawn(block, found.numpy())).float() * scale - present
        tried = [
            self.loss(self._moved(c, classes, some, self.scores[:, part]), labels[part]) for c in changes
        ]
        best, kept = self.loss(self.scores, labels) - FLOOR, None
        for place in sorted(range(len(tried)), key=tried.__getitem__)[:EXACT]:
            moved = self._moved(changes[place], classes, entering, self.scores)
            loss = self.loss(moved, labels)
            if loss < best:
                best, kept = loss, (int(found[place]), moved)
        if kept is not None:
            fitter.choose(block, kept[0])
            self.scores = kept[1]
            self.changed += 1

    def _part(self, visits: int) -> slice:
        """Some of the examples, others at each visit; their order in the sample must tell nothing."""
        choices = max(1, len(self.fitter.labels) - SAMPLE + 1)
        word = hash32(stream_key(self.fitter.seed, Stream.NOISE), self.fitter.step + 1 + visits)
        return slice(word % choices, word % choices + SAMPLE)

    def _moved(self, change: Tensor, classes: Tensor, entering: Tensor, scores: Tensor) -> Tensor:
        """The scores after a change of the block's weights."""
        matrix = torch.zeros(self.classes, len(change))
        matrix[classes, torch.arange(len(change))] = change
        return torch.addmm(scores, matrix, entering)

    def _temper(self) -> None:
        """Fit the temperature, which no decoder needs, to the present scores."""
        present, losses = self.temperature, []
        for factor in WARMER:
            self.temperature = present * factor
            losses.append(self.loss(self.scores, self.fitter.labels))
        self.temperature = present * WARMER[losses.index(min(losses))]

    def _entering(self, head: nn.Linear) -> tuple[Tensor, Tensor]:
        """What enters the last layer, (width, n), and the scores, (classes, n)."""
        fitter, caught = self.fitter, list[Tensor]()
        entering = torch.empty(self.width, len(fitter.labels))
        scores = torch.empty(self.classes, len(fitter.labels))
        state = fitter.posterior.state(fitter.weights)
        bias = state.get(self.name.removesuffix("weight") + "bias", head.bias)
        hook = head.register_forward_pre_hook(lambda _module, inputs: caught.append(inputs[0]))
        try:
            with torch.no_grad():
                for first in range(0, len(fitter.labels), BATCH):
                    x = fitter.inputs[first : first + BATCH].float()
                    found = torch.func.functional_call(fitter.posterior.body, state, (x,))
                    y = caught.pop()
                    ours = nn.functional.linear(y, state[self.name], bias)
                    if found.shape != ours.shape or not torch.allclose(
                        found, ours, atol=LINEAR * float(found.abs().max()), rtol=0
                    ):
                        raise TypeError("what follows the module's last linear layer is not nothing")
                    entering[:, first : first + len(x)] = y.T
                    scores[:, first : first + len(x)] = ours.T
        finally:
            hook.remove()
        return entering, scores
