"""What of each matrix the training part uses: the utilised rank as a rule for factors."""

from __future__ import annotations

from collections.abc import Sequence

from idbounds.compress.drafts import Draft
from idbounds.compress.looking import drawn, network_now
from idbounds.compress.pipeline import Bench
from idbounds.decoders.values import Reals
from idbounds.errors import InputError

_BATCH = 128


def utilised_products(
    drafts: Sequence[Draft], bench: Bench, energy: float, examples: int, seed: int
) -> list[tuple[Reals, int] | str]:
    """The matrices P_T W P_S of some tensors, and their utilised ranks.

    Args:
        drafts: the tensors.
        bench: network, data, and the weights of all tensors as they are now.
        energy: that both projections keep, in (0, 1).
        examples: of the training part that the layers meet, at most all.
        seed: of their choice.

    Returns:
        For each tensor its matrix, of the shape that the slot says, and the rank; or why there is none.
    """
    import torch

    from idbounds.dimension.utilised import utilised_rank

    module = network_now(drafts, bench)
    images, _ = drawn(bench, examples, seed)
    parts = torch.split(images, _BATCH)

    def advance(done: int) -> None:
        if bench.advance is not None:
            bench.advance(done, len(parts))

    try:
        report = utilised_rank(module, parts, energies=(energy,), advance=advance)
    except InputError as error:
        return [str(error)] * len(drafts)
    uses = {use.name: use for use in report.layers}
    found: list[tuple[Reals, int] | str] = []
    for draft in drafts:
        owner, _, leaf = draft.slot.name.rpartition(".")
        use = uses.get(owner)
        if use is None or leaf != "weight":
            found.append(report.skipped.get(owner, "no layer that multiplies by this tensor was measured"))
            continue
        matrix = torch.from_numpy(draft.coded.weights.reshape(draft.slot.matrix))
        turned = use.kind == "linear, transposed"
        up, down = use.factors(matrix.T if turned else matrix, 0)
        made = up @ down
        found.append(((made.T if turned else made).numpy(), use.rank(0)))
    return found
