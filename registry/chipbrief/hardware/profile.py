"""The profile of a system: what a vendor's YAML file says, every number a Figure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from chipbrief.architecture import FormatName
from chipbrief.config import Document, Id, Strict, parse_yaml, read_yaml, validate
from chipbrief.errors import InputError
from chipbrief.figures import (
    Amount,
    Bandwidth,
    Capacity,
    Compute,
    Figure,
    FigurePath,
    HourlyPrice,
    Number,
    Power,
    Proportion,
    Share,
    Source,
    Speed,
    Time,
    TokenPrice,
    figures_in,
    replace_figures,
)
from chipbrief.hardware.calibration import Nearness, with_calibration
from chipbrief.precision import FORMATS

PARTNER = "partner."

__all__ = ["ApiPrice", "HardwareProfile", "Observation"]

ComputeName = Literal["fp4", "fp8", "int8", "bf16", "fp16"]
MemoryKind = Literal["hbm", "gddr", "lpddr", "sram"]
MachineClass = Literal["hbm", "sram"]


class SystemPart(Strict):
    """What is bought: chips that work in one system, systems in one rack."""

    name: str
    chips: Number
    systems_per_rack: Number
    replica_step: Number | None = None


class MemoryPart(Strict):
    """The memory of one chip that holds weights and KV cache."""

    kind: MemoryKind
    capacity: Capacity
    bandwidth: Bandwidth
    usable: Share
    capacity_marketed: Capacity | None = None

    @property
    def machine(self) -> MachineClass:
        """Whose equations hold: those of SRAM pipelines, or those of HBM for any DRAM that each step reads."""
        return "sram" if self.kind == "sram" else "hbm"


class ComputePart(Strict):
    """Dense and, apart from them, sparse peaks of one chip; only dense ones are computed with."""

    dense: Annotated[dict[ComputeName, Compute], Field(min_length=1)]
    sparse: dict[ComputeName, Compute] = {}

    @property
    def not_below_sparse(self) -> tuple[ComputeName, ...]:
        """Formats whose dense peak is not below the sparse one: swapped, or the marketed one twice."""
        both = (name for name in self.dense if name in self.sparse)
        return tuple(name for name in both if self.dense[name].value >= self.sparse[name].value)

    @model_validator(mode="after")
    def _dense_below_sparse(self) -> Self:
        for name in self.not_below_sparse:
            raise ValueError(f"the dense {name} peak is not below the sparse one: are they swapped?")
        return self


class EfficiencyPart(Strict):
    """Reached shares: of bandwidth reading weights and KV cache, of peaks in decode, prefill and attention, of links.

    `experts` is what matrix products of routed experts reach of what dense ones do.
    """

    weights: Share
    kv: Share
    decode: Share
    prefill: Share
    attention: Share
    experts: Share | None = None
    collectives: Share | None = None


class LatencyPart(Strict):
    """Times that do not shrink with bandwidth.

    HBM machines use `layer` (one chip), `layer_spread` (added by eight chips) and `sequence`; SRAM pipelines use
    `layer`, `layer_per_hidden` (added for every unit of hidden width) and `hop`. `expert_layer` and `chained_layer`
    are what routed experts and latent, linear or indexed attention add to a layer. `prefill_pass` is a layer's
    latency in each pass of at most `prefill_chunk` prompt tokens, to which experts and such attention add theirs.
    Where two systems share every layer (E12), `exchange` is one way between them, and `attention_share` what attention
    takes of the partner's `layer`.
    """

    layer: Time
    layer_spread: Time | None = None
    layer_per_hidden: Time | None = None
    expert_layer: Time | None = None
    chained_layer: Time | None = None
    sequence: Time | None = None
    hop: Time | None = None
    exchange: Time | None = None
    attention_share: Share | None = None
    prefill_pass: Time
    prefill_expert_pass: Time | None = None
    prefill_chained_pass: Time | None = None
    prefill_chunk: Number
    host: Time


class SchedulingPart(Strict):
    """How engines share a machine between requests.

    `overlap` is the sharpness q with which reading and computing overlap (E3); `imbalance` the busiest chip's expert
    bytes over the mean (E1); `stall` the share of other prompts that falls between a request's tokens, `prompt_wait`
    the share of them that falls before its first (E5), both apart for requests of equal lengths, which end together
    and so arrive in waves; `pass_share` the part of a pass's latency that decode steps
    do not pay anyway; `load_at_slo` the share of capacity at which service levels at the 99th percentile hold;
    `tpot_tail` the 99th percentile of TPOT over its mean.
    """

    overlap: Proportion | None = None
    imbalance: Proportion | None = None
    stall: Share | None = None
    stall_in_waves: Share | None = None
    prompt_wait: Share | None = None
    prompt_wait_in_waves: Share | None = None
    pass_share: Share | None = None
    load_at_slo: Share | None = None
    tpot_tail: Proportion | None = None


class Seen(Strict):
    """Ids of the systems and models of some measured points, the models' sizes and sorts of attention."""

    hardware: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    attention: tuple[str, ...] = ()


class CalibratedOn(Strict):
    """What the measured points of times, and those of saturated throughput, came from."""

    times: Seen = Seen()
    throughput: Seen = Seen()


class SpeculationPart(Strict):
    """A draft model as engines use it: tokens drafted a step, share of them accepted, draft time over a step (E7)."""

    draft_tokens: Number
    acceptance: Share
    draft_step: Share


class InterconnectPart(Strict):
    """Links of a chip in one direction.

    `chip` inside a scale-up domain of `domain` chips, `scale_out` beyond it, `stage` between pipeline stages.
    """

    chip: Bandwidth | None = None
    stage: Bandwidth | None = None
    scale_out: Bandwidth | None = None
    domain: Number


class FormatsPart(Strict):
    """Number formats that the machine stores; `serving` replaces a model's native one where the vendor does so."""

    storage: Annotated[tuple[FormatName, ...], Field(min_length=1)]
    serving: FormatName | None = None
    note: str | None = None

    @property
    def stored(self) -> frozenset[str]:
        """The formats it stores; bf16 and fp16 stand in for one another."""
        sixteen = {"bf16", "fp16"}
        return frozenset(self.storage) | (sixteen if sixteen & set(self.storage) else set())


class LimitsPart(Strict):
    """What the machine, or the service on it, does not exceed."""

    context: Number | None = None


class PowerPart(Strict):
    """Power of one system: its maximum, and the share it draws when idle."""

    system: Power
    idle: Share
    chip: Power | None = None


class RentPart(Strict):
    """Rental of one chip for an hour, by commitment."""

    on_demand: HourlyPrice | None = None
    one_year: HourlyPrice | None = None
    three_years: HourlyPrice | None = None


class PricePart(Strict):
    """What a system costs to buy, what a chip costs to rent, and an outside estimate of owning it to compare with.

    Where a system is not `sold` the price only serves to compare costs at capacity; owning it is no offer.
    """

    system: Amount
    sold: bool = True
    rent: RentPart = RentPart()
    owned_hour_anchor: HourlyPrice | None = None


class ApiPrice(Strict):
    """List price of tokens served on this hardware by its vendor or a provider."""

    provider: str
    input: TokenPrice
    output: TokenPrice
    cached: TokenPrice | None = None


class Observation(Strict):
    """A published speed of one stream, to hold the model against; `fitted` ones went into its constants."""

    model: str
    speed: Speed
    fitted: bool = False
    speculative: Literal["no", "yes", "unknown"] = "no"


class ReferenceFigures(Strict):
    """Published figures that no equation uses, kept because readers meet them."""

    power: dict[Id, Power] = {}
    money: dict[Id, Amount] = {}
    hourly: dict[Id, HourlyPrice] = {}
    bandwidth: dict[Id, Bandwidth] = {}
    compute: dict[Id, Compute] = {}
    count: dict[Id, Number] = {}
    capacity: dict[Id, Capacity] = {}
    time: dict[Id, Time] = {}
    speed: dict[Id, Speed] = {}


class HardwareProfile(Strict):
    """One system of the registry. Figure ids are `<id>:<path>`, as in `acme-x1:memory.bandwidth`.

    `partner` is the system that it works beside, in the file the name of the profile beside it; its Figures keep
    their own ids.
    """

    schema_: Annotated[Literal["hardware/1"], Field(alias="schema")]
    id: Id
    name: str
    vendor: str
    chip: str
    aliases: tuple[str, ...] = ()
    summary: str
    strengths: tuple[str, ...] = ()
    limitations: tuple[str, ...] = ()
    system: SystemPart
    memory: MemoryPart
    compute: ComputePart
    calibration: Id | None = None
    efficiency: EfficiencyPart
    latency: LatencyPart
    scheduling: SchedulingPart = SchedulingPart()
    speculation: SpeculationPart | None = None
    calibrated_on: CalibratedOn = CalibratedOn()
    errors: dict[Id, dict[Nearness, Proportion]] = {}
    interconnect: InterconnectPart
    formats: FormatsPart
    limits: LimitsPart = LimitsPart()
    power: PowerPart
    price: PricePart
    api: dict[str, ApiPrice] = {}
    partner: HardwareProfile | None = None
    observed: tuple[Observation, ...] = ()
    reference: ReferenceFigures = ReferenceFigures()
    sources: dict[Id, Source]

    @field_validator("sources")
    @classmethod
    def _some_source(cls, sources: dict[str, Source]) -> dict[str, Source]:
        if not sources:
            raise ValueError("a profile needs at least one source")
        return sources

    @model_validator(mode="after")
    def _runs_what_it_stores(self) -> Self:
        for name in self.formats.storage:
            if not any(path in self.compute.dense for path in FORMATS[name].computes_as):
                raise ValueError(f"formats.storage has {name}, which no dense peak of this chip can run")
        return self

    @model_validator(mode="after")
    def _complete_for_its_memory(self) -> Self:
        needed: dict[str, Figure | None] = {}
        if self.memory.machine == "hbm":
            needed = {
                "latency.layer_spread": self.latency.layer_spread,
                "latency.sequence": self.latency.sequence,
                "interconnect.chip": self.interconnect.chip,
                "efficiency.collectives": self.efficiency.collectives,
            }
        absent = [name for name, figure in needed.items() if figure is None]
        if absent:
            raise ValueError(f"a machine that reads {self.memory.kind.upper()} also needs {' and '.join(absent)}")
        return self

    @classmethod
    def from_yaml(cls, path: Path) -> Self:
        """Read a profile and the calibration beside it that it names; raises InputError with every problem."""
        return cls.from_document(read_yaml(path), path.parent)

    @classmethod
    def from_text(cls, text: str, name: str = "profile.yaml") -> Self:
        """Check a profile given as text; raises InputError with every problem."""
        return cls.from_document(parse_yaml(text, name))

    @classmethod
    def from_document(cls, document: Document, folder: Path | None = None) -> Self:
        """Check a parsed profile; `folder` holds the calibration that it may name. Raises InputError."""
        document = cls._with_partner(with_calibration(document, folder), folder)
        data = document.data if isinstance(document.data, dict) else {}
        declared = data.get("sources")
        return validate(document, cls, {"sources": set(declared) if isinstance(declared, dict) else None})

    @classmethod
    def _with_partner(cls, document: Document, folder: Path | None) -> Document:
        """The same document with the profile that `partner` names read from beside it."""
        data = document.data
        if not isinstance(data, dict) or not isinstance(data.get("partner"), str):
            return document
        path = folder / data["partner"] if folder else None
        if path is None or path.parent != folder or not path.is_file():
            raise InputError([document.problem(("partner",), f"there is no profile {data['partner']!r} beside it")])
        beside = read_yaml(path)
        if isinstance(beside.data, dict) and "partner" in beside.data:
            raise InputError([document.problem(("partner",), f"{data['partner']} has a partner itself")])
        return dataclasses.replace(document, data={**data, "partner": cls.from_document(beside, folder)})

    @cached_property
    def figures(self) -> Mapping[str, tuple[FigurePath, Figure]]:
        """Every Figure of the profile, and of its partner, with its path, by id."""
        return {self.figure_id(_dotted(path)): (path, figure) for path, figure in figures_in(self)}

    @property
    def own_figures(self) -> Mapping[str, Figure]:
        """The Figures of the profile itself, by id."""
        return {name: figure for name, (path, figure) in self.figures.items() if path[0] != "partner"}

    def figure_id(self, name: str) -> str:
        """`memory.bandwidth` as the id of a Figure; `partner.memory.bandwidth` as that of the partner's."""
        if self.partner and name.startswith(PARTNER):
            return self.partner.figure_id(name.removeprefix(PARTNER))
        return f"{self.id}:{name}"

    def source_of(self, figure_id: str) -> Source:
        """Where a Figure of this profile, or of its partner, comes from."""
        home = self.partner if self.partner and figure_id.startswith(f"{self.partner.id}:") else self
        return home.sources[self.figures[figure_id][1].source]

    def at(self, values: Mapping[str, Any]) -> Self:
        """The same profile with the values of some Figures replaced.

        Args:
            values: by Figure id, a float or an array of shape (samples,); ids of other profiles are passed over.
        """
        paths = {self.figures[name][0]: _leading_axis(value) for name, value in values.items() if name in self.figures}
        if not paths:
            return self
        changed: Self = replace_figures(self, paths)
        for copied in filter(None, (changed, changed.partner)):
            vars(copied).pop("figures", None)  # the copy must not keep the original's Figures
        return changed

    @property
    def chips(self) -> int:
        """Chips that work in one system."""
        return int(self.system.chips.value)


def _dotted(path: FigurePath) -> str:
    return ".".join(map(str, path))


def _leading_axis(value: Any) -> Any:
    array = np.asarray(value, dtype=float)
    return float(array) if array.ndim == 0 else array[:, np.newaxis]
