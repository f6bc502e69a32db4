"""What one replica does for requests of one length at some running batches: E3 to E7."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chipbrief import physics
from chipbrief.architecture import Architecture
from chipbrief.evaluate.lengths import Lengths
from chipbrief.figures import value_or
from chipbrief.hardware import Deployment, Hardware, HardwareProfile
from chipbrief.physics import Num

__all__ = ["Request", "Service", "Speculation", "ready_together", "serve", "transfer_s"]


@dataclass(frozen=True, slots=True)
class Request:
    """Tokens of a request: new and cached ones of its prompt, and its answer; any shape [tokens]."""

    new: Num
    cached: Num
    output: Num

    @property
    def context(self) -> Num:
        """Tokens that it holds on average while it decodes."""
        return self.new + self.cached + self.output / 2.0


@dataclass(frozen=True, slots=True)
class Speculation:
    """A draft model beside the model (E7): tokens drafted a step, share accepted, draft time over a step [1]."""

    draft_tokens: Num
    acceptance: Num
    draft_step: Num

    @classmethod
    def of(cls, profile: HardwareProfile) -> Speculation | None:
        """What the profile says of drafts; None where it says nothing."""
        part = profile.speculation
        if part is None:
            return None
        return cls(part.draft_tokens.value, part.acceptance.value, part.draft_step.value)


@dataclass(frozen=True, slots=True)
class Service:
    """A replica at some running batches; arrays of shape (points,), or (samples, points) when sampling.

    Attributes:
        batch: running sequences, B [1].
        step_s: time in which every sequence gains a token, speculation included (E3, E7) [s].
        pass_s: time of one pass of the model, in which a draft is verified where there is one (E3) [s].
        prompt_s: a prompt alone (E4) [s].
        blocking_s: what it takes from the running batch (E5) [s].
        reading_s: what it takes of the chips that read prompts, whether they decode too or not (E5, E10) [s].
        tpot_s: time per output token at a constant number of requests in flight (E5) [s].
        tpot_full_s: the same when all other prompts fall between the tokens, as at random arrivals [s].
        wait_s: wait of a prompt for those before it (E5) [s].
        requests_s: requests that the full replica ends in a second [1/s].
    """

    batch: Num
    step_s: Num
    pass_s: Num
    prompt_s: Num
    blocking_s: Num
    reading_s: Num
    tpot_s: Num
    tpot_full_s: Num
    wait_s: Num
    requests_s: Num

    @property
    def ttft_s(self) -> Num:
        """Time to the first token: the pass in progress, the prompts before it, and the prompt [s]."""
        return self.pass_s + self.wait_s + self.prompt_s


def serve(
    hardware: Hardware,
    architecture: Architecture,
    deployment: Deployment,
    request: Request,
    batch: Num,
    speculation: Speculation | None = None,
    *,
    waves: bool = False,
    lengths: Lengths | None = None,
    at_random: bool = False,
) -> Service:
    """Run requests on a replica at some running batches; arrays broadcast.

    Args:
        hardware: the machine, at its values or sampled.
        architecture: the model.
        deployment: the replica's shape.
        request: tokens of a request.
        batch: running sequences, B [1].
        speculation: a draft model at work.
        waves: whether all requests are of one length, so that a constant number in flight ends and begins together.
        lengths: of the prompts, over which what they take is a mean; all of the request's for None.
        at_random: whether requests arrive at random, so that their prompts meet by chance.
    """
    model, scheduling = hardware.throughput, hardware.profile.scheduling
    output = np.maximum(request.output, 1.0)
    together = ready_together(batch, output, at_random=at_random)
    step, whole = _step_s(hardware, architecture, deployment, request, batch, speculation)
    prompt = model.prefill_s(architecture, deployment, request.new, request.cached)
    if lengths is None:
        blocking = model.prefill_blocking_s(architecture, deployment, request.new, request.cached, together)
    else:
        new, cached = request.new * lengths.over_mean, request.cached * lengths.over_mean
        blocking = lengths.mean(model.prefill_blocking_s(architecture, deployment, new, cached, together))
    reading = blocking
    requests = physics.requests_per_s(step, blocking, batch=batch, output_tokens=output)
    if deployment.is_disaggregated:
        decoding = physics.requests_per_s(step, 0.0 * blocking, batch=batch, output_tokens=output)
        requests = physics.disaggregated_requests_s(1.0 / blocking, decoding)
        prompt = prompt + transfer_s(hardware, architecture, deployment, request)
        blocking = 0.0 * blocking
    stall, wait = scheduling.stall, value_or(scheduling.prompt_wait, 0.0)
    bunched = None
    if waves:
        stall = scheduling.stall_in_waves or stall
        bunched = value_or(scheduling.prompt_wait_in_waves, wait)
    return Service(
        batch=batch,
        step_s=step,
        pass_s=whole,
        prompt_s=prompt,
        blocking_s=blocking,
        reading_s=reading,
        tpot_s=physics.aggregated_tpot_s(step, blocking, batch=batch, output_tokens=output, stall=value_or(stall, 1.0)),
        tpot_full_s=physics.aggregated_tpot_s(step, blocking, batch=batch, output_tokens=output),
        wait_s=physics.prompt_wait_s(blocking, batch=batch, share=wait, share_in_bunch=bunched),
        requests_s=requests,
    )


def ready_together(batch: Num, output: Num, *, at_random: bool = False) -> Num:
    """Prompts that are ready at the same time, as many as requests end in a step (E5).

    At random arrivals a Poisson number x of them comes in a step, and a prompt shares its passes with
    x/(1 - exp(-x)) on average, itself included.
    """
    a_step = np.asarray(batch, dtype=float) / output
    if not at_random:
        return np.maximum(a_step, 1.0)
    some = np.maximum(a_step, np.finfo(float).eps)
    return np.maximum(some / -np.expm1(-some), 1.0)


def transfer_s(hardware: Hardware, architecture: Architecture, deployment: Deployment, request: Request) -> Num:
    """A prompt's KV cache on its way from the pool that prefills to the one that decodes (E10)."""
    links = hardware.profile.interconnect
    link = links.scale_out or links.chip or links.stage
    if link is None:
        return 0.0
    cache = architecture.kv_bytes(request.new + request.cached, deployment.prefill.precision)
    return physics.kv_transfer_s(
        cache, link_bytes_s=link.value, links=min(deployment.prefill.chips, deployment.decode.chips)
    )


def _step_s(
    hardware: Hardware,
    architecture: Architecture,
    deployment: Deployment,
    request: Request,
    batch: Num,
    speculation: Speculation | None,
) -> tuple[Num, Num]:
    """Time in which every sequence gains a token, and time of one pass of the model; the same without a draft."""
    model = hardware.throughput
    plain = model.decode_step_s(architecture, deployment, batch, request.context)
    if speculation is None:
        return plain, plain
    drafted = speculation.draft_tokens
    verify = model.decode_step_s(architecture, deployment, batch, request.context, drafted + 1.0)
    a_token = physics.speculative_tpot_s(
        verify,
        speculation.draft_step * plain,
        draft_tokens=drafted,
        accepted=physics.accepted_tokens(speculation.acceptance, drafted),
    )
    return a_token, verify
