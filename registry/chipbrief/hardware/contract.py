"""The contract between a vendor and chipbrief: three models behind one `Hardware`.

Shapes: operating points are float64 arrays of shape (points,), or floats. After `Hardware.at` with arrays of shape
(samples,), every result has a leading sample axis: (samples, points).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, Self, TypeVar

from chipbrief.architecture import Architecture, Precision
from chipbrief.finance import CostLine, Finance, Lane
from chipbrief.hardware.calibration import CALIBRATION_FILE
from chipbrief.hardware.deployment import Deployment, Pool
from chipbrief.hardware.profile import ApiPrice, HardwareProfile
from chipbrief.physics import Num

__all__ = ["CASES_FILE", "BandwidthModel", "CostModel", "Hardware", "ThroughputModel", "Trail", "trail_of", "uses"]

CASES_FILE = "cases.yaml"  # reference cases that a plugin is held against, beside its profiles

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Trail:
    """Where a result comes from: equation numbers and Figure ids."""

    equations: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()

    def __or__(self, other: Trail) -> Trail:
        """Both trails, without repeats, in order."""
        return Trail(
            tuple(dict.fromkeys(self.equations + other.equations)),
            tuple(dict.fromkeys(self.figures + other.figures)),
        )


def uses(*equations: str, figures: Sequence[str] = (), calls: Sequence[str] = ()) -> Callable[[F], F]:
    """Declare what a model's method stands on.

    Args:
        equations: numbers such as `E3`.
        figures: paths in the profile such as `memory.bandwidth`; a path that ends in `.*` takes all below it.
        calls: other declared methods of the same model whose trail is part of this one.
    """

    def mark(method: F) -> F:
        method.__trail__ = (equations, tuple(figures), tuple(calls))  # type: ignore[attr-defined] # a new attribute
        return method

    return mark


def trail_of(model: object, method: str, profile: HardwareProfile) -> Trail:
    """The declared trail of a model's method, with paths as Figure ids of that profile."""
    equations, paths, calls = getattr(getattr(type(model), method), "__trail__", ((), (), ()))
    ids = [i for path in paths for i in _matching(profile, path)]
    trail = Trail(tuple(equations), tuple(ids))
    for name in calls:
        trail |= trail_of(model, name, profile)
    return trail


def _matching(profile: HardwareProfile, path: str) -> list[str]:
    wanted = profile.figure_id(path)
    if path.endswith(".*"):
        return [name for name in profile.figures if name.startswith(wanted[:-1])]
    return [wanted] if wanted in profile.figures else []


class BandwidthModel(Protocol):
    """Where weights and KV cache live, how much of them fits, and how long a step takes to read them."""

    @classmethod
    def from_profile(cls, profile: HardwareProfile) -> Self:
        """Read the numbers off a profile; they may be arrays when sampling."""
        ...

    def memory_bytes(self, pool: Pool) -> Num:
        """Bytes that an engine may fill on all chips of a pool."""
        ...

    def weight_bytes(self, architecture: Architecture, pool: Pool) -> Num:
        """Bytes that the weights take on all chips of a pool, replicas included (E1)."""
        ...

    def running_batch_limit(self, architecture: Architecture, pool: Pool, context: Num) -> Num:
        """Sequences of some context [tokens] whose KV cache fits beside the weights (E5b); shape of `context`."""
        ...

    def read_s(self, architecture: Architecture, pool: Pool, batch: Num, context: Num) -> Num:
        """Seconds to read the weights and KV cache that one decode step touches (E1, E2); broadcast shape."""
        ...


class ThroughputModel(Protocol):
    """Which deployments are possible, and how long prefill and decode take on them."""

    @classmethod
    def from_profile(cls, profile: HardwareProfile, bandwidth: Any) -> Self:
        """Read the numbers off a profile and stand on its bandwidth model."""
        ...

    def deployments(self, architecture: Architecture, precision: Precision, context: float) -> Sequence[Deployment]:
        """Deployments that hold the weights and at least one sequence of `context` tokens, smallest first.

        Raises:
            Refusal: the model fits no deployment; says what it needs and what there is.
        """
        ...

    def pools(self, architecture: Architecture, precision: Precision, chips: int) -> Sequence[Pool]:
        """Shapes in which so many chips hold one copy, whether or not it fits.

        Raises:
            Refusal: no shape of so many chips is possible.
        """
        ...

    def prefill_s(self, architecture: Architecture, deployment: Deployment, new_tokens: Num, cached_tokens: Num) -> Num:
        """Seconds from the start of a prompt to its first token, alone (E4, E6); broadcast shape."""
        ...

    def prefill_blocking_s(
        self,
        architecture: Architecture,
        deployment: Deployment,
        new_tokens: Num,
        cached_tokens: Num,
        together: Num = 1.0,
    ) -> Num:
        """Seconds that one prefill takes from the running batch, with `together` prompts ready at once (E5)."""
        ...

    def decode_step_s(
        self, architecture: Architecture, deployment: Deployment, batch: Num, context: Num, tokens_each: Num = 1.0
    ) -> Num:
        """Seconds in which each of `batch` sequences at `context` tokens gains one (E3, E6); broadcast shape.

        `tokens_each` tokens of every sequence are computed together, as when a draft is verified (E7).
        """
        ...

    def running_batch_limit(self, architecture: Architecture, deployment: Deployment, context: Num) -> Num:
        """Sequences that may run together at a context [tokens] (E5b); shape of `context`."""
        ...


class CostModel(Protocol):
    """What a system costs by the hour, by lane and line, and what power it draws."""

    @classmethod
    def from_profile(cls, profile: HardwareProfile) -> Self:
        """Read the numbers off a profile."""
        ...

    def lines(self, lane: Lane, finance: Finance, load: Num) -> tuple[CostLine, ...]:
        """Cost lines of one system-hour in a lane, each coefficient x drivers (C1, C4); empty where not offered.

        Args:
            lane: own, or a rental lane.
            finance: the drivers' values.
            load: share of capacity in use [1].
        """
        ...

    def power_w(self, load: Num) -> Num:
        """IT power of one system at a load [W] (E9)."""
        ...

    def api_price(self, model: str) -> ApiPrice | None:
        """List price of a model's tokens on this hardware, by model id; None where none is published."""
        ...


Phase = Literal["bandwidth", "throughput", "cost"]


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """A system of the registry: its profile, the three models that read it, and the system it works beside, if any."""

    profile: HardwareProfile
    bandwidth: BandwidthModel
    throughput: ThroughputModel
    cost: CostModel
    partner: Hardware | None = None

    @classmethod
    def from_profile(
        cls,
        profile: HardwareProfile,
        *,
        bandwidth: type[BandwidthModel] | None = None,
        throughput: type[ThroughputModel] | None = None,
        cost: type[CostModel] | None = None,
    ) -> Self:
        """Build the models from a profile; a class left out is the shared one for the profile's memory."""
        from chipbrief.hardware.shared import shared_models

        common = shared_models(profile.memory.machine)
        memory = (bandwidth or common.bandwidth).from_profile(profile)
        return cls(
            profile=profile,
            bandwidth=memory,
            throughput=(throughput or common.throughput).from_profile(profile, memory),
            cost=(cost or common.cost).from_profile(profile),
            partner=Hardware.from_profile(profile.partner) if profile.partner else None,
        )

    @classmethod
    def from_yaml(
        cls,
        path: Path,
        *,
        bandwidth: type[BandwidthModel] | None = None,
        throughput: type[ThroughputModel] | None = None,
        cost: type[CostModel] | None = None,
    ) -> Self:
        """Read a profile and build its models; raises InputError with every problem of the file."""
        profile = HardwareProfile.from_yaml(path)
        return cls.from_profile(profile, bandwidth=bandwidth, throughput=throughput, cost=cost)

    @classmethod
    def from_folder(cls, folder: Path, *, but: Collection[str] = ()) -> list[Self]:
        """Every profile of a folder, one YAML file a system, beside the calibration and cases that they may share.

        Args:
            folder: where they are.
            but: names of files to leave out.
        """
        left_out = {CALIBRATION_FILE, CASES_FILE, *but}
        return [cls.from_yaml(path) for path in sorted(folder.glob("*.yaml")) if path.name not in left_out]

    @property
    def id(self) -> str:
        """The id of the profile."""
        return self.profile.id

    @property
    def systems(self) -> tuple[Hardware, ...]:
        """The systems that its deployments stand on: this one, behind its partner where it has one."""
        return (self.partner, self) if self.partner else (self,)

    def at(self, values: Mapping[str, Any]) -> Self:
        """The same hardware with some Figures replaced, by Figure id.

        Args:
            values: floats, or arrays of shape (samples,); results then have a leading sample axis.
        """
        return self.from_profile(
            self.profile.at(values),
            bandwidth=type(self.bandwidth),
            throughput=type(self.throughput),
            cost=type(self.cost),
        )

    def trail(self, part: Phase, method: str) -> Trail:
        """What a method of one of the three models stands on."""
        return trail_of(getattr(self, part), method, self.profile)
