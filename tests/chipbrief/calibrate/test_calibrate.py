"""The fit: points made with known constants give those constants back, and files are the same every time."""

import io
from dataclasses import replace

import numpy as np
import pytest

from chipbrief.calibrate import calibrate, error_summary
from chipbrief.calibrate.constants import CONSTANTS, assumptions, of_memory
from chipbrief.calibrate.crossvalidate import _quantile, _student
from chipbrief.calibrate.fit import fit
from chipbrief.calibrate.problem import Problem, family_key, rows_of
from chipbrief.catalogue import Catalogue
from chipbrief.config import parse_yaml, validate
from chipbrief.errors import ChipbriefError
from chipbrief.evidence import Point
from chipbrief.evidence.operating import outlook
from chipbrief.evidence.points import parse_points
from chipbrief.hardware import Hardware
from chipbrief.hardware.calibration import CalibrationFile
from chipbrief.registry import Registry

TRUE = {"latency.layer": 40e-6, "efficiency.weights": 0.80, "latency.sequence": 6e-6}


def made(registry: Registry, catalogue: Catalogue, hardware: str = "h100") -> list[Point]:
    """Times a token of a dense model on one chip, as a machine with the TRUE constants would have them."""
    heads = "split,hardware,n_chips,model,precision,isl,isl_effective,osl,concurrency,metric,value,date,source_title"
    rows = [
        f"calibrate,{hardware},1,{model},bf16,{isl},{isl * 0.9},{osl},{n},tpot_ms,1,2026-01-{day:02d},source {day % 2}"
        for day, (model, isl, osl, n) in enumerate(
            [(m, s, 512, n) for m in ("llama3.1-8b", "llama3-8b") for s in (256, 2048) for n in (1, 2, 4, 8, 16, 32)], 1
        )
    ]
    text = "\n".join([heads, *rows]) + "\n"
    points = parse_points(io.BytesIO(text.encode()), "made.csv").points
    moved = []
    for row in rows_of(points, registry, catalogue):
        machine = row.job.hardware
        machine = machine.at({machine.profile.figure_id(path): value for path, value in TRUE.items()})
        value = outlook(row.job, machine, 1, speculative=False).metric("tpot_ms", row.job.request)[0]
        moved.append(replace(row.point, value=float(value)))
    return moved


def problem_of(registry: Registry, catalogue: Catalogue) -> Problem:
    rows = rows_of(made(registry, catalogue), registry, catalogue)
    kinds = {family_key(row.job.hardware): row.job.hardware.profile.memory.kind for row in rows}
    return Problem(rows, kinds)


def test_points_of_known_constants_are_fitted_closely(registry: Registry, catalogue: Catalogue) -> None:
    problem = problem_of(registry, catalogue)
    begin = np.abs(problem.errors(problem.start)).max()
    end = np.abs(problem.errors(fit(problem))).max()
    assert begin > 0.10
    assert end < 0.03  # what the pull towards the starts leaves


def test_derivatives_are_those_of_the_residuals(registry: Registry, catalogue: Catalogue) -> None:
    """Every column of the sampled Jacobian against moving that constant by hand."""
    problem = problem_of(registry, catalogue)
    x = np.clip(problem.start, problem.bounds[0] + 1e-2, problem.bounds[1] - 1e-2)
    jacobian = problem.derivatives(x)
    base = problem.residuals(x)
    for i in range(problem.size):
        moved = x.copy()
        moved[i] += 5e-3
        assert (problem.residuals(moved) - base) / 5e-3 == pytest.approx(jacobian[:, i], abs=1e-6)


def test_constants_stay_within_their_bounds(registry: Registry, catalogue: Catalogue) -> None:
    problem = problem_of(registry, catalogue)
    low, high = problem.bounds
    found = fit(problem)
    assert (found >= low).all()
    assert (found <= high).all()


def test_every_constant_starts_between_its_bounds_and_is_in_the_profiles(registry: Registry) -> None:
    for constant in CONSTANTS:
        assert constant.low < constant.start < constant.high
    for hardware in registry:
        kind = hardware.profile.memory.kind
        for path in [c.path for c in of_memory(kind)] + [a.path for a in assumptions(kind)]:
            assert hardware.profile.figure_id(path) in hardware.profile.figures, (hardware.id, path)


@pytest.mark.slow
def test_a_calibration_is_written_for_a_vendor_and_the_same_every_time(
    registry: Registry, catalogue: Catalogue, tmp_path
) -> None:
    points = made(registry, catalogue)
    first, second = (calibrate(points, registry, catalogue, measured="made.csv") for _ in range(2))
    assert first.texts == second.texts
    text = first.texts[registry["h100"].profile.vendor]
    never = {h.profile.vendor for h in registry if not h.profile.calibrated_on.times.hardware}
    assert set(first.texts) <= never | {registry["h100"].profile.vendor}  # no other family that has points is touched
    document = parse_yaml(text, "calibration.yaml")
    read = validate(document, CalibrationFile)
    family = registry["h100"].profile.calibration
    assert family in read.families
    pooled = [name for name in read.families if name != family]
    assert all(not read.families[name]["calibrated_on"]["times"]["hardware"] for name in pooled)
    assert read.families[family]["calibrated_on"]["times"]["hardware"] == [registry["h100"].id]
    assert "2026-01-24" in text  # the newest point's date stands for the software's
    [summary] = [s for s in error_summary(first) if s["errors"] == "tpot"]
    assert summary["points"] == len(points) == 24
    assert summary["fitted_median"] <= summary["left_out_median"]


@pytest.mark.slow
def test_a_profile_takes_its_constants_and_bands_from_the_file(
    registry: Registry, catalogue: Catalogue, tmp_path, root
) -> None:
    found = calibrate(made(registry, catalogue), registry, catalogue, measured="made.csv")
    text = found.texts[registry["h100"].profile.vendor]
    (tmp_path / "calibration.yaml").write_text(text)
    profile = next(p for p in (root / "plugins").glob("*/h100.yaml"))
    (tmp_path / "h100.yaml").write_text(profile.read_text())
    [machine] = Hardware.from_folder(tmp_path)
    assert machine.profile.latency.layer.kind == "calibrated"
    assert machine.profile.errors["tpot"]["seen"].lowest <= 1 <= machine.profile.errors["tpot"]["seen"].highest
    # no point has a prompt of a model with experts: its pass is said to be assumed
    assert machine.profile.latency.prefill_expert_pass.kind == "assumed"


def test_only_the_calibrate_split_is_fitted(registry: Registry, catalogue: Catalogue) -> None:
    points = [replace(p, split="validate") for p in made(registry, catalogue)]
    with pytest.raises(ChipbriefError, match="no point of the split 'calibrate' can be fitted"):
        calibrate(points, registry, catalogue, measured="made.csv")


def test_rows_with_a_draft_model_are_not_fitted(registry: Registry, catalogue: Catalogue) -> None:
    points = [replace(p, speculative="yes") for p in made(registry, catalogue)]
    assert not any(row.fitted for row in rows_of(points, registry, catalogue))


def test_quantiles_weigh_groups_and_few_groups_widen() -> None:
    # one group of nine equal points and one of a single point: each half
    values, weights = np.array([0.0] * 9 + [1.0]), np.array([1 / 9] * 9 + [1.0])
    assert _quantile(values, weights, 0.9) == pytest.approx(1.0)
    assert _quantile(values, np.ones(10), 0.85) < 0.5
    # Student's t at 90 %: 1.886 for two degrees of freedom, 1.372 for ten (tables)
    assert [round(_student(n), 3) for n in (2, 10)] == [1.886, 1.372]
