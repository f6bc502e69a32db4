"""A class's requests on one deployment: what does not depend on how they arrive."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from chipbrief import physics
from chipbrief.architecture import Architecture
from chipbrief.evaluate.lengths import Lengths
from chipbrief.evaluate.service import Request, Service, ready_together, serve, transfer_s
from chipbrief.hardware import Deployment, Hardware
from chipbrief.physics import Num
from chipbrief.workload import Shape

__all__ = ["Replica"]


@dataclass(frozen=True)
class Replica:
    """One copy of a model in the shape of a deployment, and the token counts of the requests that it serves.

    `at_random` tells whether they arrive at random (E8) or are of a constant number in flight (E5).
    """

    hardware: Hardware
    architecture: Architecture
    deployment: Deployment
    shape: Shape
    at_random: bool = False

    @property
    def output(self) -> float:
        """Mean output tokens of a request, at least one."""
        return max(self.shape.output_mean, 1.0)

    @cached_property
    def mean(self) -> Request:
        """The request of mean tokens."""
        cached = self.shape.cached_fraction
        return Request(self.shape.input_mean * (1.0 - cached), self.shape.input_mean * cached, self.output)

    @cached_property
    def limit(self) -> Num:
        """Sequences of mean context that run together at most, at least one (E5b)."""
        room = self.hardware.throughput.running_batch_limit(self.architecture, self.deployment, self.shape.context_mean)
        return np.maximum(np.floor(room), 1.0)

    def serve(self, batch: Num) -> Service:
        """Requests of mean tokens at some running batches, beside prompts of all lengths."""
        return serve(
            self.hardware,
            self.architecture,
            self.deployment,
            self.mean,
            batch,
            lengths=self.lengths,
            at_random=self.at_random,
        )

    @cached_property
    def lengths(self) -> Lengths:
        """Prompts by length: what they take grows faster than their tokens, so that a mean prompt takes too little."""
        return Lengths.through(self.shape.input_p50, self.shape.input_p95)

    @cached_property
    def reading_scv(self) -> Num:
        """Variance over squared mean of what prompts take of the chips that read them [1]."""
        lengths, mean = self.lengths, self.mean
        return lengths.scv(
            self.hardware.throughput.prefill_blocking_s(
                self.architecture, self.deployment, mean.new * lengths.over_mean, mean.cached * lengths.over_mean
            )
        )

    @cached_property
    def before_s(self) -> Num:
        """Time that a request holds its slot before its first token, alone: its prompt's, without the host's (E4)."""
        if self.deployment.is_disaggregated:
            return 0.0
        return self.prompt_s(self.shape.input_mean) - self.hardware.profile.latency.host.value

    def prompt_s(self, tokens: float) -> Num:
        """A prompt of so many tokens alone (E4), and its cache on the way where other chips decode (E10) [s]."""
        new, cached = tokens * (1.0 - self.shape.cached_fraction), tokens * self.shape.cached_fraction
        prompt = self.hardware.throughput.prefill_s(self.architecture, self.deployment, new, cached)
        if self.deployment.is_disaggregated:
            prompt = prompt + transfer_s(self.hardware, self.architecture, self.deployment, self.mean)
        return prompt

    def prefill_share(self, service: Service) -> Num:
        """Share of the replica's time that prefill takes; of its chips, where they are apart [1]."""
        share = service.requests_s * service.blocking_s
        if self.deployment.is_disaggregated:
            share = share + self.deployment.prefill.chips / self.deployment.chips
        return share

    def cached_share(self, service: Service) -> Num:
        """Share that reading cached prompt tokens takes, within prefill's [1]."""
        together = ready_together(service.batch, self.output, at_random=self.at_random)
        new = self.mean.new * self.lengths.over_mean
        uncached = self.lengths.mean(
            self.hardware.throughput.prefill_blocking_s(self.architecture, self.deployment, new, 0.0, together)
        )
        if self.deployment.is_disaggregated:
            return self.prefill_share(service) * (1.0 - uncached / service.reading_s)
        return service.requests_s * (service.blocking_s - uncached)

    def passes(self, tokens: float) -> Num:
        """Passes through the layers that a prompt of so many tokens takes on chips that decode too (E4) [1]."""
        if self.deployment.is_disaggregated:
            return 0.0
        new = tokens * (1.0 - self.shape.cached_fraction)
        return physics.passes_a_prompt(new, chunk=self.hardware.profile.latency.prefill_chunk.value)

    def share_of_a_pass(self, tokens: float) -> Num:
        """Passes over which a prompt's tokens are spread where prompts fill them together (E5) [1]."""
        if self.deployment.is_disaggregated:
            return 0.0
        new = tokens * (1.0 - self.shape.cached_fraction)
        return new / self.hardware.profile.latency.prefill_chunk.value
