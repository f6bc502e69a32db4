"""Machines of round numbers, alike but for what a test sets, and a mix on them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chipbrief.catalogue import Catalogue
from chipbrief.config import parse_yaml
from chipbrief.evaluate import Results, evaluate
from chipbrief.hardware import Hardware
from chipbrief.registry import Registry
from chipbrief.workload import mix_from_document

MIX = """
schema: workload-mix/1
name: one
classes:
  - id: chat
    kind: chat
    model: llama-3.1-8b
    tokens: {{input: 1000, output: 100}}
    arrival: {{{arrival}}}
    slo: {slo}
finance: {finance}
"""
PRICE = """  system: {value: "$100,000", low: 80000 USD, high: 150000 USD, kind: list_price, source: acme, date: 2026}
  rent:
    on_demand: {value: 2 USD/h, kind: list_price, source: acme, date: 2026}
"""


def figure(value: str, *ends: str) -> str:
    """A Figure of the made-up maker, with a range or without."""
    inside = "".join(f", {name}: {end}" for name, end in zip(("low", "high"), ends, strict=False))
    return f"{{value: {value}{inside}, kind: assumed, source: acme, date: 2026}}"


@pytest.fixture(scope="session", name="figure")
def _figure() -> Callable[..., str]:
    return figure


Machine = Callable[..., Hardware]
Run = Callable[..., Results]


@pytest.fixture(scope="session")
def machine(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Make a machine like acme-x1 with its own id, price, rents, list prices and power."""
    template = (data / "acme-x1.yaml").read_text(encoding="utf-8")
    assert PRICE in template
    folder = tmp_path_factory.mktemp("machines")

    def make(
        name: str = "acme-x1",
        system: str = "100000 USD",
        power: str = "10 kW",
        rent: dict[str, str] | None = None,
        api: tuple[str, str] | None = None,
    ) -> Hardware:
        price = f"  system: {system if '{' in system else figure(system)}\n"
        if rent:
            price += "  rent:\n" + "".join(f"    {lane}: {offer}\n" for lane, offer in rent.items())
        if api:
            into, out = (end if "{" in end else figure(end) for end in api)
            price += f"api:\n  llama-3.1-8b: {{provider: Acme, input: {into}, output: {out}}}\n"
        text = template.replace(PRICE, price).replace("id: acme-x1", f"id: {name}")
        text = text.replace("aliases: [x1]\n", "").replace("system: {value: 10 kW", f"system: {{value: {power}")
        path = folder / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        return Hardware.from_yaml(path)

    return make


@pytest.fixture(scope="session")
def run(catalogue: Catalogue) -> Run:
    """Evaluate one class on some machines, which make up the whole registry."""

    def go(
        *machines: Hardware,
        arrival: str = "requests_per_day: 100k",
        slo: str = "{ttft_p95: 2 s, tpot_p95: 50 ms}",
        finance: str = "{}",
        samples: int = 40,
        seed: int = 1,
    ) -> Results:
        hardware = {one.id: one for one in machines}
        registry = Registry(hardware, {name: name for name in hardware}, ())
        text = MIX.format(arrival=arrival, slo=slo, finance=finance)
        mix = mix_from_document(parse_yaml(text, "mix.yaml"), Path(), models=catalogue.names, hardware=registry.names)
        return evaluate(mix, registry, catalogue, as_of="2026-11-24", samples=samples, seed=seed)

    return go
