"""The model's own error, and the measured points that ship with the package."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from chipbrief.catalogue import Catalogue
from chipbrief.errors import InputError
from chipbrief.evidence import SHIPPED, Point, Prediction, Selection, read_points
from chipbrief.evidence.model_error import ModelError, PointSource, model_error
from chipbrief.registry import Registry

COLUMNS = (
    "id,split,date,hardware,n_chips,system,model,precision,isl,isl_effective,osl,concurrency,scenario,ttft_slo_ms,"
    "tpot_slo_ms,speculative,engine,tp,dp,ep,metric,value,unit,kind,source_title,source_locator"
)
POINTS = """\
id,split,date,hardware,model,concurrency,scenario,speculative,metric,value,source_title,source_locator
a,validate,2026-02,b200,llama-3.1-8b,4,,,tpot_ms,10,Lab,https://lab.example/1
b,validate,2025~,b200,llama-3.1-8b,16,,,tpot_ms,20,Lab,https://lab.example/2
c,validate,,groq-lpu,llama-3.1-8b,,,unknown,tok_s_per_user,800,Blog,https://blog.example
d,validate,,abacus,llama-3.1-8b,1,,,tpot_ms,5,Blog,https://blog.example
e,calibrate,,b200,llama-3.1-8b,8,,,tpot_ms,15,Lab,https://lab.example/3
f,validate,,h100,llama-3.1-8b,,offline,,tok_s_total,1000,Blog,https://blog.example
"""
RATIO = {"a": 1.1, "b": 0.7, "c": 1.5}


def stand_in(points: list[Point], registry: Registry, catalogue: Catalogue) -> list[Prediction]:
    """Off by a known factor, within a quarter to either side; what is not named is refused."""
    told = []
    for point in points:
        value = (point.value or 0.0) * RATIO.get(point.id, 0.0)
        whole = Prediction(value, 0.75 * value, 1.25 * value, "ok", "")
        told.append(whole if value else Prediction(None, None, None, "refused", "too large"))
    return told


@pytest.fixture
def error(tmp_path: Path, registry: Registry, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> ModelError:
    monkeypatch.setattr("chipbrief.evidence.model_error.predict", stand_in)
    path = tmp_path / "points.csv"
    path.write_text(POINTS)
    return model_error(registry, catalogue, path)


# -- by hand --------------------------------------------------------------------------------------------------


def test_points_that_were_fitted_to_and_systems_elsewhere_are_left_out(error: ModelError) -> None:
    assert [point.id for point in error.points] == ["a", "b", "c", "f"]
    assert error.systems == ("nvidia-b200", "nvidia-b200", "groq-lpu", "nvidia-h100")


def test_errors_by_family_and_kind_of_machine(error: ModelError) -> None:
    tpot, speed, offline = error.by_machine
    assert [s.group for s in error.by_machine] == [
        "TPOT, HBM",
        "speed per user, SRAM, speculation",
        "throughput offline, HBM",
    ]
    # +10 % and -30 %: median of 10 and 30 is 20, p90 10 + 0.9 * 20 = 28, bias the mean of both, -10
    assert (tpot.points, tpot.covered) == (2, 2)
    assert (tpot.median, tpot.p90, tpot.bias) == tuple(pytest.approx(v) for v in (0.20, 0.28, -0.10))
    # 10 in 8.25..13.75 yes; 20 in 10.5..17.5 no; 800 in 900..1500 no
    assert (tpot.inside, speed.inside) == (0.5, 0.0)
    assert (offline.points, offline.covered, offline.median) == (1, 0, None)
    assert (error.whole.points, error.whole.covered) == (4, 3)
    assert error.whole.median == pytest.approx(0.30)  # of 10, 30 and 50
    assert error.whole.inside == pytest.approx(1 / 3)


def test_the_counts_of_every_grouping_add_up(error: ModelError) -> None:
    for scores in (error.by_machine, error.by_family, [error.of_system(s) for s in dict.fromkeys(error.systems)]):
        assert sum(score.points for score in scores) == error.whole.points == len(error.points)
        assert sum(score.covered for score in scores) == error.whole.covered


def test_the_error_of_one_system(error: ModelError) -> None:
    assert error.of_system("groq-lpu").median == pytest.approx(0.5)
    assert error.of_system("nvidia-h100").covered == 0
    assert error.of_system("cerebras-cs3").points == 0


def test_sources_with_their_dates_and_their_address_where_there_is_one(error: ModelError) -> None:
    assert error.sources == (
        PointSource("Blog", "https://blog.example", 2, "", ""),
        PointSource("Lab", "", 2, "2025", "2026-02"),
    )


def test_tables_for_export(error: ModelError) -> None:
    scores = error.scores_table()
    assert list(scores["group"]) == [s.group for s in error.by_machine] + ["all"]
    assert list(scores["points"]) == [2, 1, 1, 4]
    points = error.points_table().set_index("id")
    assert points.loc["a", ["hardware", "measured", "locator"]].tolist() == [
        "nvidia-b200",
        10.0,
        "https://lab.example/1",
    ]
    assert points.loc["b", "predicted"] == pytest.approx(14.0)
    assert points.loc["f", ["status", "reason"]].tolist() == ["refused", "too large"]


def test_a_registry_without_the_systems_has_no_error(tmp_path: Path, catalogue: Catalogue) -> None:
    found = model_error(Registry({}, {}, ()), catalogue)
    assert (found.points, found.by_machine, found.sources) == ((), (), ())
    assert (found.whole.points, found.whole.median) == (0, None)


def test_a_file_that_cannot_be_read(tmp_path: Path, registry: Registry, catalogue: Catalogue) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        model_error(registry, catalogue, tmp_path / "none.csv")


# -- what ships -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> list[dict[str, str]]:
    with SHIPPED.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_shipped_points_are_few_unseen_measured_and_cited(shipped: list[dict[str, str]]) -> None:
    assert ",".join(shipped[0]) == COLUMNS
    assert 100 <= len(shipped) <= 250
    assert len({row["id"] for row in shipped}) == len(shipped)
    for row in shipped:
        assert row["split"] == "validate", row["id"]  # no constant was fitted to it
        assert row["kind"] in ("third_party_measured", "vendor_measured"), row["id"]  # a claim is no measurement
        assert row["source_title"], row["id"]
        assert row["source_locator"], row["id"]
        assert row["unit"], row["id"]
        assert float(row["value"]) > 0, row["id"]


def test_no_shipped_point_stands_there_twice(shipped: list[dict[str, str]]) -> None:
    said = Counter(tuple(value for name, value in row.items() if name != "id") for row in shipped)
    assert [row for row, times in said.items() if times > 1] == []


def test_the_shipped_points_spread_over_systems_models_metrics_and_sources(
    shipped: list[dict[str, str]], registry: Registry, catalogue: Catalogue
) -> None:
    judged = {registry[row["hardware"]].id for row in shipped}
    fitted = {name for h in registry for name in h.profile.calibrated_on.times.hardware}
    assert fitted - judged <= {"nvidia-gh200"}  # measured in the calibrate split only
    assert all(row["model"] in catalogue.names for row in shipped)
    assert len({row["model"] for row in shipped}) >= 15
    assert {row["metric"] for row in shipped} >= {
        "tpot_ms",
        "ttft_ms",
        "tok_s_total",
        "tok_s_per_chip",
        "tok_s_per_user",
    }
    sources = Counter(row["source_title"] for row in shipped)
    assert len(sources) >= 15
    assert max(sources.values()) <= len(shipped) / 3


def test_every_shipped_point_is_scored_and_most_are_predicted(registry: Registry, catalogue: Catalogue) -> None:
    points = read_points(SHIPPED).points
    assert len(Selection(split="validate").of(points)) == len(points)
    found = model_error(registry, catalogue)
    assert len(found.points) == len(points)
    assert found.whole.coverage >= 0.9
