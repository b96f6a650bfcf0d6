"""Train any torch module in d coordinates: theta = theta0 + sigma * P z.

Named apart from the function `attach`, because a submodule of that name would replace it in the package.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np

from idbounds.errors import InputError, MissingExtra
from idbounds.projections import make_projection
from idbounds.projections.base import Float64Array, Projection, Scale
from idbounds.projections.blocks import BlocksProjection
from idbounds.projections.stream import Stream, uniform_symmetric

try:
    import torch
    from torch import Tensor, nn
except ImportError as error:  # pragma: no cover - the test environment has torch
    raise MissingExtra("attach needs torch: pip install 'idbounds[torch]'") from error

Start = Literal["seed", "module"]
Buffers = Literal["frozen", "tracked"]

NORMALISATIONS = ("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "RMSNorm")
VECTOR_MOVEMENT = 0.1  # sigma of norm parameters and biases with relative=True: they start at 1 or 0
RUNNING = {"running_mean": 0.0, "running_var": 1.0, "num_batches_tracked": 0.0}


class Rows:
    """S of the blocks family as stored index and sign tensors: the path for accelerators.

    Built from the same integers as the compiled kernels, so it is the same S; 8 bytes an index plus one
    sign in the working dtype per parameter. On CUDA the adjoint's ``index_add_`` adds in no fixed order.

    Args:
        projection: the projection to copy.
        like: tensor that gives device and dtype.
    """

    def __init__(self, projection: BlocksProjection, like: Tensor) -> None:
        """Copy the rows to the device."""
        index, sign = projection.rows()
        self.index = torch.from_numpy(index).to(like.device)
        self.sign = torch.from_numpy(sign).to(like.device, like.dtype)
        # w stays float64: the product with z is rounded once, as the compiled kernels do.
        self.w = torch.from_numpy(projection.column_weights()).to(like.device)

    def apply(self, z: Tensor) -> Tensor:
        """Return P z for a tensor of shape (d,)."""
        return (z.double() * self.w).to(z.dtype)[self.index] * self.sign

    def adjoint(self, g: Tensor) -> Tensor:
        """Return P' g for a tensor of shape (D,)."""
        total = torch.zeros(len(self.w), dtype=g.dtype, device=g.device)
        total.index_add_(0, self.index, g * self.sign)
        return (total.double() * self.w).to(g.dtype)


class Operator:
    """A projection acting on tensors: numpy views on the CPU, stored rows for blocks elsewhere.

    Args:
        projection: the map; families other than blocks are computed on the CPU and copied.
        stored: use stored rows even on the CPU (what an accelerator would do).
    """

    def __init__(self, projection: Projection, *, stored: bool = False) -> None:
        """Keep the projection; rows are stored when a device first needs them."""
        self.projection = projection
        self.stored = stored
        self._rows: dict[tuple[torch.device, torch.dtype], Rows] = {}

    def apply(self, z: Tensor) -> Tensor:
        """Return P z."""
        rows = self._rows_for(z)
        return rows.apply(z) if rows else self._through_numpy(self.projection.apply, z)

    def adjoint(self, g: Tensor) -> Tensor:
        """Return P' g."""
        rows = self._rows_for(g)
        return rows.adjoint(g) if rows else self._through_numpy(self.projection.adjoint, g)

    def _rows_for(self, like: Tensor) -> Rows | None:
        projection = self.projection
        if not isinstance(projection, BlocksProjection) or (like.device.type == "cpu" and not self.stored):
            return None
        where = (like.device, like.dtype)
        if where not in self._rows:
            self._rows = {where: Rows(projection, like)}  # one at a time: they are the size of the model
        return self._rows[where]

    @staticmethod
    def _through_numpy(function: Callable[[Any], Any], x: Tensor) -> Tensor:
        return torch.from_numpy(function(x.detach().cpu().numpy())).to(x.device)


class _Linear(torch.autograd.Function):
    """z -> P z (or g -> P' g) with the other one as its derivative, so derivatives of any order exist."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, operator: Operator, transposed: bool) -> Tensor:
        ctx.operator, ctx.transposed = operator, transposed
        return operator.adjoint(x) if transposed else operator.apply(x)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return project(grads[0], ctx.operator, transposed=not ctx.transposed), None, None


def project(x: Tensor, operator: Operator, *, transposed: bool = False) -> Tensor:
    """Return P x, or P' x if ``transposed``, as a differentiable function of x.

    Args:
        x: tensor of shape (d,), or (D,) if ``transposed``.
        operator: the projection acting on tensors.
        transposed: apply the adjoint instead.

    Returns:
        Tensor of shape (D,), or (d,) if ``transposed``.
    """
    result: Tensor = _Linear.apply(x, operator, transposed)  # type: ignore[no-untyped-call]
    return result


class SubspaceModule(nn.Module):
    r"""A module whose only parameter is z, of shape (d,): :math:`\theta = \theta_0 + \sigma \odot P z`.

    Made by `attach`. The wrapped module is `module`; its own parameter values are not used after
    ``start="module"`` has read them, except those `left_alone`.
    """

    module: nn.Module
    z: nn.Parameter
    theta0: Tensor
    sigma: Tensor | None

    def __init__(
        self,
        module: nn.Module,
        *,
        d: int,
        seed: int,
        kind: str = "blocks",
        scale: Scale = "rms",
        start: Start = "seed",
        buffers: Buffers = "frozen",
        relative: bool = False,
    ) -> None:
        """See `attach`, which takes the same arguments."""
        super().__init__()
        _check_choice("start", start, ("seed", "module"))
        _check_choice("buffers", buffers, ("frozen", "tracked"))
        self.start, self.buffer_mode, self.relative = start, buffers, bool(relative)
        # Hidden from torch's registry: the module's parameters are not parameters of the wrapper.
        object.__setattr__(self, "module", module)
        self._survey = _survey(module)
        self._constants: dict[str, Tensor] = {}
        self._normalisations: list[nn.Module] = []
        self._read_tensors()
        if not self._counted:
            raise InputError("the module has no floating-point parameter that requires a gradient")
        self._sizes = [p.numel() for p in self._counted.values()]

        self.projection = make_projection(kind, seed=seed, d=d, D=sum(self._sizes), scale=scale)
        self.operator = Operator(self.projection)
        self._freeze_buffers()
        first = next(iter(self._counted.values()))
        wide = any(p.dtype == torch.float64 for p in self._counted.values())
        options: dict[str, Any] = {"dtype": torch.float64 if wide else torch.float32, "device": first.device}
        self.z = nn.Parameter(torch.zeros(self.projection.d, **options))
        theta0 = self._drawn() if start == "seed" else self._present()
        # theta0 is saved only when integers cannot rebuild it
        self.register_buffer("theta0", torch.from_numpy(theta0).to(**options), persistent=start == "module")
        factors = torch.from_numpy(self._factors()).to(**options) if relative else None
        self.register_buffer("sigma", factors, persistent=False)
        self.train(module.training)

    @property
    def certifiable(self) -> bool:
        """False if buffers learn from the sample: what they hold is then part of the model and unpaid."""
        return self.buffer_mode == "frozen"

    @property
    def parameter_count(self) -> int:
        """D, the number of trainable weights; tied weights count once."""
        return self.projection.D

    @property
    def left_alone(self) -> dict[str, str]:
        """Parameters that keep their values and are not in D, each with the reason."""
        return {name: why for name, _, why in self._survey if why != "counted" and not why.startswith("tied")}

    @property
    def start_digest(self) -> str:
        """SHA-256 of all that the weights depend on besides z: theta0, fixed parameters, frozen buffers."""
        start = torch.from_numpy(self._start())
        return _digest({"": start} | self._fixed() | self._constants)

    def dimension_report(self) -> list[tuple[str, int, str]]:
        """Return what D counts.

        Returns:
            (name, number of entries, ``"counted"`` or the reason why not) for every parameter.
        """
        return list(self._survey)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the wrapped module at theta0 + sigma * P z on any arguments.

        Args:
            *args: passed on.
            **kwargs: passed on.

        Returns:
            What the module returns.
        """
        # Half-precision z would meet kernels that are written for float32 and float64 only.
        z = self.z if self.z.dtype == torch.float64 else self.z.float()
        movement = project(z, self.operator)
        if self.sigma is not None:
            movement = movement * self.sigma
        flat = self.theta0 + movement
        state: dict[str, Tensor] = {}
        for (name, like), piece in zip(self._counted.items(), torch.split(flat, self._sizes), strict=True):
            state[name] = piece.view(like.shape).to(like.dtype)
        if self.certifiable:
            self._hold_normalisations()
            # Clones: a module that writes to its buffers in training must find the first ones again.
            state |= {name: value.clone() for name, value in self._constants.items()}
        return torch.func.functional_call(self.module, state, args, kwargs)

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
        if not isinstance(z, np.ndarray) or z.dtype != np.float64:
            raise InputError(
                f"weights needs a float64 numpy array, not {getattr(z, 'dtype', type(z).__name__)}"
            )
        movement = self.projection.apply(z)
        if self.relative:
            movement = movement * self._factors()
        flat = torch.from_numpy(self._start() + movement)
        pieces = torch.split(flat, self._sizes)
        found = {
            name: piece.view(like.shape).clone()
            for (name, like), piece in zip(self._counted.items(), pieces, strict=True)
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
        buffers = self._constants if self.certifiable else dict(self.module.named_buffers())
        return {
            "subspace": self._description(),
            "left_alone": _digest(self._fixed()),
            "buffers": {name: value.detach().clone() for name, value in buffers.items()},
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
        if state["left_alone"] != _digest(self._fixed()):
            raise InputError("the parameters left alone have other values than when the state was saved")
        target = self._constants if self.certifiable else dict(self.module.named_buffers())
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
        self._counted = {name: self._named[name] for name, _, why in self._survey if why == "counted"}

    def _fixed(self) -> dict[str, Tensor]:
        return {name: self._named[name] for name in self.left_alone}

    def _description(self) -> str:
        options = f"start={self.start} buffers={self.buffer_mode} relative={self.relative}"
        return f"{self.projection.description()} {options}"

    def _freeze_buffers(self) -> None:
        if not self.certifiable:
            return
        for name, value in self.module.named_buffers():
            leaf = name.rpartition(".")[2]
            self._constants[name] = value.detach().clone()
            if leaf in RUNNING and self.start == "seed":
                self._constants[name].fill_(RUNNING[leaf])
        for name, module in self.module.named_modules():
            if getattr(module, "running_mean", None) is not None:
                self._normalisations.append(module)
            elif isinstance(module, nn.modules.batchnorm._BatchNorm):
                raise InputError(
                    f"{name} normalises by batch statistics even in eval mode (track_running_stats=False), "
                    "so one prediction depends on other inputs; track them, or pass buffers='tracked'"
                )

    def _hold_normalisations(self) -> None:
        for module in self._normalisations:
            module.training = False

    def _start(self) -> Float64Array:
        if self.start == "seed":
            return self._drawn()
        return np.asarray(self.theta0.detach().cpu().double().numpy())

    def _present(self) -> Float64Array:
        return np.concatenate([p.detach().cpu().double().reshape(-1).numpy() for p in self._counted.values()])

    def _drawn(self) -> Float64Array:
        theta0 = np.zeros(self.parameter_count)
        offset = 0
        for (name, p), size in zip(self._counted.items(), self._sizes, strict=True):
            piece = theta0[offset : offset + size]
            role = self._roles[name]
            if role == "unit":
                piece[:] = 1.0
            elif role in {"matrix", "embedding"}:
                uniform = uniform_symmetric(self.projection.seed, Stream.INIT, size, start=offset)
                np.multiply(uniform, math.sqrt(3 * _variance(role, p.shape)), out=piece)
            offset += size
        return theta0

    def _factors(self) -> Float64Array:
        factors = np.empty(self.parameter_count)
        offset = 0
        for (name, p), size in zip(self._counted.items(), self._sizes, strict=True):
            role = self._roles[name]
            drawn = role in {"matrix", "embedding"}
            factors[offset : offset + size] = (
                math.sqrt(_variance(role, p.shape)) if drawn else VECTOR_MOVEMENT
            )
            offset += size
        return factors

    @property
    def _roles(self) -> dict[str, str]:
        return _roles(self.module, self._counted)


def attach(
    module: nn.Module,
    *,
    d: int,
    seed: int,
    kind: str = "blocks",
    scale: Scale = "rms",
    start: Start = "seed",
    buffers: Buffers = "frozen",
    relative: bool = False,
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

    Args:
        module: any module; parameters that need no gradient are left alone.
        d: number of coordinates, 1 <= d <= D.
        seed: integer in [0, 2**63); draws P and, with ``start="seed"``, theta0.
        kind: projection family, a key of `idbounds.projections.projections`.
        scale: ``"rms"`` or ``"unit"``, see `Projection`.
        start: ``"seed"``, or ``"module"`` for the values the module has now (a pretrained start).
        buffers: ``"frozen"``, or ``"tracked"`` to let them learn (the result is then not certifiable).
        relative: multiply each tensor's movement by its start's std (vectors and scalars by 0.1), so that all
            layers move in proportion.

    Returns:
        The wrapped module.

    Raises:
        InputError: if an option is unknown, a parameter is complex or not initialised, d is larger than D, or
            a batch norm without running statistics is to be frozen.

    Source: Li et al. 2018 (theta0 + P z); Aghajanyan et al. 2020 (pretrained theta0).
    """  # noqa: DOC502 - raised by SubspaceModule
    return SubspaceModule(
        module, d=d, seed=seed, kind=kind, scale=scale, start=start, buffers=buffers, relative=relative
    )


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InputError(f"{name} = {value!r}: allowed are {', '.join(allowed)}")


def _digest(tensors: dict[str, Tensor]) -> str:
    state = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        if tensor.is_floating_point():
            tensor = tensor.double()  # exact, so that moving a module to a wider type changes no digest
        state.update(f"{name} {tensor.dtype} {tuple(tensor.shape)} ".encode())
        state.update(tensor.numpy().tobytes())
    return state.hexdigest()


def _survey(module: nn.Module) -> list[tuple[str, int, str]]:
    """List every parameter name once, with its size and whether and why not it is counted."""
    first_name: dict[int, str] = {}
    found = []
    for name, p in module.named_parameters(remove_duplicate=False):
        if isinstance(p, nn.parameter.UninitializedParameter):
            raise InputError(f"parameter {name} is lazy and has no shape yet: run the module once first")
        if p.is_complex():
            raise InputError(f"parameter {name} is complex: only real parameters can be projected")
        if id(p) in first_name:
            why = f"tied to {first_name[id(p)]}"
        elif not p.is_floating_point():
            why = "not floating point"
        else:
            why = "counted" if p.requires_grad else "requires_grad=False"
        first_name.setdefault(id(p), name)
        found.append((name, p.numel(), why))
    return found


def _roles(module: nn.Module, counted: dict[str, nn.Parameter]) -> dict[str, str]:
    """Say how each parameter starts: unit, zero, embedding or matrix; every owner of a tied one has a say."""
    owners: dict[int, list[tuple[nn.Module, str]]] = {}
    for child in module.modules():
        for leaf, p in child.named_parameters(recurse=False, remove_duplicate=False):
            owners.setdefault(id(p), []).append((child, leaf))
    return {name: _role(p, owners[id(p)]) for name, p in counted.items()}


def _role(p: Tensor, owners: Iterable[tuple[nn.Module, str]]) -> str:
    for child, leaf in owners:
        # By class name, so that the many RMSNorm classes outside torch are known too.
        names = [cls.__name__ for cls in type(child).__mro__]
        if any(word in name for word in NORMALISATIONS for name in names):
            return "unit" if leaf == "weight" else "zero"
        if isinstance(child, nn.Embedding | nn.EmbeddingBag) and leaf == "weight":
            return "embedding"
    return "matrix" if p.ndim >= 2 else "zero"


def _variance(role: str, shape: torch.Size) -> float:
    fan_in = max(1, math.prod(shape[1:]))
    return (1.0 if role == "embedding" else 2.0) / fan_in
