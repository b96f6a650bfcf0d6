"""Train any torch module in d coordinates: theta = theta0 + sigma * P z.

Named apart from the function `attach`, because a submodule of that name would replace it in the package.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from idbounds.errors import InputError
from idbounds.projections import buffers, starts
from idbounds.projections._torch import Tensor, nn, torch
from idbounds.projections.base import Float64Array, Scale
from idbounds.projections.operator import Operator, project
from idbounds.projections.options import Options, Start, WhatBuffersDo
from idbounds.projections.said import Lambdas, Layer, Method
from idbounds.projections.spaces import SpaceName, make_space


class SubspaceModule(nn.Module):
    r"""A module whose only parameter is z, of shape (d,): :math:`\theta = \theta_0 + \sigma \odot P z`.

    Made by `attach`. The wrapped module is `module`; its own parameter values are not used after
    ``start="module"`` has read them, except those `left_alone`.

    Args:
        module: the module to wrap.
        options: what `attach` was given.
    """

    module: nn.Module
    z: nn.Parameter
    theta0: Tensor
    sigma: Tensor | None
    origin: Tensor | None

    def __init__(self, module: nn.Module, options: Options) -> None:
        """See `attach`."""
        super().__init__()
        self.options = options
        # Hidden from torch's registry: the module's parameters are not parameters of the wrapper.
        object.__setattr__(self, "module", module)
        self._survey = starts.survey(module)
        self._read_tensors()
        if not self._trainable:
            raise InputError("the module has no floating-point parameter that requires a gradient")
        roles = starts.roles(module, self._trainable)
        self.space = make_space(options.space, options.rank, module, self._trainable, roles)
        self.lambdas = Lambdas(self.space.entries, options.layers) if options.method == "said" else None
        self.projection = options.projection(self.space, self.lambdas)
        self.operator = Operator(self.projection)
        self._constants: dict[str, Tensor] = {}
        self._normalisations: list[nn.Module] = []
        if self.certifiable:
            self._constants = buffers.constants(module, initial=options.start == "seed")
            self._normalisations = buffers.normalisations(module)
        first = next(iter(self._trainable.values()))
        self._wide = wide = any(p.dtype == torch.float64 for p in self._trainable.values())
        like: dict[str, Any] = {"dtype": torch.float64 if wide else torch.float32, "device": first.device}
        self.z = nn.Parameter(torch.zeros(self.projection.d + len(self.lambdas or ()), **like))
        theta0 = self._start()
        # theta0 is saved only when integers cannot rebuild it
        persistent = options.start == "module"
        self.register_buffer("theta0", torch.from_numpy(theta0).to(**like), persistent=persistent)
        for name, values in (("sigma", self._sigma()), ("origin", self._origin())):
            tensor = None if values is None else torch.from_numpy(values).to(**like)
            self.register_buffer(name, tensor, persistent=False)
        self.train(module.training)

    @property
    def certifiable(self) -> bool:
        """False if buffers learn from the sample: what they hold is then part of the model and unpaid."""
        return self.options.buffers == "frozen"

    @property
    def d(self) -> int:
        """The number of trained scalars, those of SAID's layers included."""
        return len(self.z)

    @property
    def parameter_count(self) -> int:
        """D, the number of trainable numbers of the space; tied weights count once."""
        return self.projection.D

    @property
    def left_alone(self) -> dict[str, str]:
        """Parameters that keep their values and are not in D, each with the reason."""
        return {name: why for name, _, why in self._survey if why != "counted" and not why.startswith("tied")}

    @property
    def start_digest(self) -> str:
        """SHA-256 of all that the weights depend on besides z: theta0, fixed parameters, frozen buffers."""
        start = {"": torch.from_numpy(self._start())}
        origin = self._origin()
        if origin is not None:
            start["factors"] = torch.from_numpy(origin)
        return starts.digest(start | self._fixed() | self._constants)

    def dimension_report(self) -> list[tuple[str, int, str]]:
        """Return what D counts, and with SAID what d counts.

        Returns:
            (name, number of entries, ``"counted"`` or the reason why not) for every parameter, and for the
            factors of ``space="low-rank"``; the counted ones sum to D. With ``method="said"`` the trained
            scalars follow as ``"trained"``: they sum to d.
        """
        rows = self.space.report(self._survey)
        if self.lambdas:
            rows.append(("theta", self.projection.d, "trained"))
            rows += [(f"lambda of {name}", 1, "trained") for name in self.lambdas.names]
        return rows

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the wrapped module at theta0 + sigma * P z on any arguments.

        Args:
            *args: passed on.
            **kwargs: passed on.

        Returns:
            What the module returns.
        """
        state = self.state(self.z)
        if self.certifiable:
            state |= self._held_buffers(self.z)
        return torch.func.functional_call(self.module, state, args, kwargs)

    def functional(self, z: Tensor, *args: Any, **kwargs: Any) -> Any:
        """Run the wrapped module at coordinates given from outside: a pure function of z and the arguments.

        For `torch.func.grad`, `jvp`, `jacrev` and `vmap`: ``vmap(lambda z: model.functional(z, x))(zs)``
        evaluates many points of one subspace. With dropout in training give vmap ``randomness="different"``.
        No buffer changes: with ``buffers="tracked"`` what the module would learn in this call is dropped.

        For several seeds and dimensions at once, attach copies of one architecture, stack what `state` gives,
        and vmap the module over it; each z keeps its own length, and nothing needs padding::

            states = [model.state(model.z) for model in models]
            stacked = {name: torch.stack([state[name] for state in states]) for name in states[0]}
            run = lambda state, x: torch.func.functional_call(models[0].module, state, (x,))
            outputs = torch.func.vmap(run, in_dims=(0, None))(stacked, x)

        Args:
            z: shape (d,).
            *args: passed on.
            **kwargs: passed on.

        Returns:
            What the module returns.
        """
        return torch.func.functional_call(self.module, self.state(z) | self._held_buffers(z), args, kwargs)

    def state(self, z: Tensor) -> dict[str, Tensor]:
        """Return the weights at z as a differentiable function of it, for `torch.func.functional_call`.

        Args:
            z: shape (d,).

        Returns:
            Parameter name -> tensor of its shape and dtype, for all that require a gradient; in float64 for
            a z in float64, as the reference evaluator gives it, though the module be in less.
        """
        widened = self._widened(z)
        # Half-precision z would meet kernels that are written for float32 and float64 only.
        z = z if z.dtype == torch.float64 else z.float()
        if self.lambdas:
            z, offsets = z[: self.projection.d], z[self.projection.d :]
        moved = project(z, self.operator)
        if self.sigma is not None:
            moved = moved * self.sigma
        if self.lambdas:
            moved = self.lambdas.scaled(moved, offsets)
        if self.origin is not None:
            moved = self.origin + moved
        return {
            name: piece.view(like.shape).to(torch.float64 if widened else like.dtype)
            for (name, like), piece in zip(
                self._trainable.items(), self.space.pieces(self.theta0, moved), strict=True
            )
        }

    def weights(self, z: Float64Array) -> dict[str, Tensor]:
        """Rebuild all parameters in float64 on the CPU, with the same bits on every machine.

        Each step is one correctly rounded operation per weight (for ``"blocks"``, a copy with a sign, a
        product and a sum), in numpy, where no two of them are fused. Tied weights appear once.

        Args:
            z: float64 array of shape (d,).

        Returns:
            Parameter name -> float64 tensor, counted and left alone (non-float ones excepted).

        Raises:
            InputError: if z has another dtype or shape.
        """
        if not isinstance(z, np.ndarray) or z.dtype != np.float64 or z.shape != (self.d,):
            given = f"{getattr(z, 'dtype', type(z).__name__)} of shape {getattr(z, 'shape', '?')}"
            raise InputError(f"weights needs a float64 numpy array of shape ({self.d},), not {given}")
        moved: Float64Array = self.projection.apply(z[: self.projection.d]).astype(np.float64, copy=False)
        sigma, origin = self._sigma(), self._origin()
        if sigma is not None:
            moved = moved * sigma
        if self.lambdas:
            moved = self.lambdas.exact(moved, z[self.projection.d :])
        if origin is not None:
            moved = origin + moved
        flat = torch.from_numpy(self.space.exact(self._start(), moved))
        found = {
            name: piece.view(shape).clone()
            for (name, shape), piece in zip(
                self.space.shapes.items(), torch.split(flat, self.space.sizes), strict=True
            )
        }
        for name in self.left_alone:
            if self._named[name].is_floating_point():
                found[name] = self._named[name].detach().cpu().double().clone()
        return found

    def train(self, mode: bool = True) -> SubspaceModule:
        """Set training mode here and in the wrapped module; frozen normalisation stays in eval mode.

        Args:
            mode: True for training, False for evaluation.

        Returns:
            The wrapper itself.
        """
        super().train(mode)
        self.module.train(mode)
        if self.certifiable:
            self._hold_normalisations()
        return self

    def get_extra_state(self) -> dict[str, Any]:
        """Return the integers and buffers that ``state_dict`` saves beside z.

        Returns:
            The description of the subspace, the digest of the parameters left alone, and the buffers.
        """
        return {
            "subspace": self._description(),
            "left_alone": starts.digest(self._fixed()),
            "buffers": {name: value.detach().clone() for name, value in self._buffers_in_use().items()},
        }

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Restore what `get_extra_state` saved.

        Args:
            state: the saved value.

        Raises:
            InputError: if it belongs to another subspace.
        """
        if state.get("subspace") != self._description():
            raise InputError(f"saved state is of {state.get('subspace')!r}, this is {self._description()!r}")
        if state["left_alone"] != starts.digest(self._fixed()):
            raise InputError("the parameters left alone have other values than when the state was saved")
        target = self._buffers_in_use()
        if target.keys() != state["buffers"].keys():
            raise InputError("the saved state has other buffers than this module")
        with torch.no_grad():
            for name, value in state["buffers"].items():
                target[name].copy_(value)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> SubspaceModule:
        # .to(), .double(), .cuda() reach the hidden module as well
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.module._apply(fn)  # type: ignore[no-untyped-call]
        self._constants = {name: fn(value) for name, value in self._constants.items()}
        self._read_tensors()
        return self

    def _read_tensors(self) -> None:
        self._named = dict(self.module.named_parameters())
        self._trainable = {name: self._named[name] for name, _, why in self._survey if why == "counted"}

    def _fixed(self) -> dict[str, Tensor]:
        return {name: self._named[name] for name in self.left_alone}

    def _description(self) -> str:
        return f"{self.projection.description()} {self.options.words()}"

    def _buffers_in_use(self) -> dict[str, Tensor]:
        return self._constants if self.certifiable else dict(self.module.named_buffers())

    def _widened(self, z: Tensor) -> bool:
        """Whether z is in float64 and the module in less: so the reference evaluator gives it."""
        return z.dtype == torch.float64 and not self._wide

    def _held_buffers(self, z: Tensor) -> dict[str, Tensor]:
        """Clones: a module that writes to its buffers in training must find the first ones again."""
        if self.certifiable:
            self._hold_normalisations()
        held = {name: value.clone() for name, value in self._buffers_in_use().items()}
        if self._widened(z):
            held = {name: v.double() if v.is_floating_point() else v for name, v in held.items()}
        return held

    def _hold_normalisations(self) -> None:
        for module in self._normalisations:
            module.training = False

    def _start(self) -> Float64Array:
        if self.options.start == "seed":
            roles = starts.roles(self.module, self._trainable)
            return starts.drawn(self._trainable, roles, self.options.seed)
        if "theta0" in self._buffers:
            return np.asarray(self.theta0.detach().cpu().double().numpy())
        present = [p.detach().cpu().double().reshape(-1).numpy() for p in self._trainable.values()]
        return np.concatenate(present)

    def _sigma(self) -> Float64Array | None:
        return self.space.sigma() if self.options.relative else None

    def _origin(self) -> Float64Array | None:
        return self.space.origin(self.options.seed)


def attach(
    module: nn.Module,
    *,
    d: int | None,
    seed: int,
    kind: str | None = None,
    scale: Scale = "rms",
    start: Start = "seed",
    buffers: WhatBuffersDo = "frozen",
    relative: bool = False,
    space: SpaceName = "all",
    rank: int | None = None,
    method: Method = "direct",
    layers: Layer = "tensor",
) -> SubspaceModule:
    r"""Put a torch module in a d-dimensional subspace of its weights.

    The result computes with :math:`\theta = \theta_0 + \sigma \odot P z` and has z as its only parameter,
    zero at first. Give ``result.parameters()`` to any optimiser. The module is kept, not copied; tied
    weights stay tied and count once; train(), eval() and .to() on the result reach it.

    With ``start="seed"`` theta0 comes from the hash stream alone, never from torch's generator: tensors with
    two or more dimensions are uniform in +-sqrt(3) std with std = sqrt(2 / fan-in), fan-in the product of
    the dimensions after the first (He et al. 2015), embeddings std = 1/sqrt(dimension); normalisation layers
    start at weight 1 and bias 0, every other vector or scalar at 0.

    With ``buffers="frozen"`` layers with running statistics always use their initial ones (mean 0 and
    variance 1; the module's present ones with ``start="module"``), in training too, and no other buffer
    changes: statistics learnt on the sample would be part of the model without being paid for.

    With ``space="norms"`` only the weights and biases of normalisation layers and all other biases move
    (FiLM, BitFit). With ``space="low-rank"`` each matrix moves as W0 + B A with factors of that rank, A drawn
    and B zero at first (LoRA; with a projection SubLoRA), and vectors stay at their start. D is then the
    number of those weights, or of the entries of all factors.

    With ``method="did"`` each tensor has a projection of its own, of the same z. With ``method="said"``
    the movement of layer i is also multiplied by a trained lambda_i, 1 at first: the last m of the d
    coordinates are lambda_i - 1. The published form adds ``scale="unit"`` and ``start="module"``. Kinds that
    are no member of `PerTensor` serve SAID as one projection whose rows are cut into layers.

    Args:
        module: any module; parameters that need no gradient are left alone.
        d: number of trained scalars, 1 <= d <= D; None for d = D without a projection.
        seed: integer in [0, 2**63); draws P and, with ``start="seed"``, theta0.
        kind: projection family, a key of `idbounds.projections.projections`; None is ``"blocks"``, and
            ``"fastfood"`` for the methods did and said.
        scale: ``"rms"`` or ``"unit"``, see `Projection`.
        start: ``"seed"``, or ``"module"`` for the values the module has now (a pretrained start, burn-in).
        buffers: ``"frozen"``, or ``"tracked"`` to let them learn (the result is then not certifiable).
        relative: multiply each tensor's movement by its start's std (vectors and scalars by 0.1), so that all
            layers move in proportion.
        space: which numbers are trainable: ``"all"`` weights, ``"norms"``, or ``"low-rank"``.
        rank: of ``"low-rank"``.
        method: ``"direct"``, ``"did"`` or ``"said"``.
        layers: what has a lambda of its own: each ``"tensor"``, ``"module"`` or ``"block"``.

    Returns:
        The wrapped module.

    Raises:
        InputError: if an option is unknown, a parameter is complex or not initialised, d is larger than D, or
            a batch norm without running statistics is to be frozen.

    Source: Li et al. 2018 (theta0 + P z); Aghajanyan et al. 2020 (pretrained theta0, DID, SAID); Hu et al.
    2021 (LoRA); Lotfi et al. 2023 (SubLoRA); Ben Zaken et al. 2021 (BitFit); Larsen et al. 2022 (burn-in).
    """  # noqa: DOC502 - raised by SubspaceModule
    return SubspaceModule(
        module,
        Options(d, seed, kind, scale, start, buffers, relative, space, rank, method, layers),
    )
