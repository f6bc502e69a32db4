"""`chipbrief sensitivity`: what it prints, as text and as data, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chipbrief_reports.cli.app import root
from chipbrief_reports.cli.sensitivity_text import text

MIX = (Path(__file__).parent / "data" / "small-mix.yaml").read_text(encoding="utf-8")


def invoke(*args: object) -> Result:
    return CliRunner().invoke(root, ["sensitivity", *map(str, args)], prog_name="chipbrief")


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mix") / "mix.yaml"
    path.write_text(MIX)
    return path


@pytest.fixture(scope="module")
def printed(mix: Path) -> Result:
    done = invoke(mix, "--as-of", "2026-11-24", "--json")
    assert done.exit_code == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def document(printed: Result) -> dict[str, Any]:
    return json.loads(printed.stdout)


def test_the_document_says_what_it_stands_on(document: dict[str, Any], printed: Result) -> None:
    assert {name: document[name] for name in ("mix", "as_of", "samples", "seed", "interval", "systems")} == {
        "mix": "small",
        "as_of": "2026-11-24",
        "samples": 2000,
        "seed": 1,
        "interval": "80 %",
        "systems": ["nvidia-b200", "groq-lpu"],
    }
    assert printed.stderr.splitlines()[-1] == "chat: where the cheapest offer changes"


def test_shares_add_up_by_offer_and_by_system(document: dict[str, Any]) -> None:
    [chat] = document["classes"]
    assert sum(offer["cheapest_share"] for offer in chat["offers"]) == pytest.approx(1)
    assert sum(chat["cheapest_share_by_system"].values()) == pytest.approx(1)
    assert chat["leader"] == {name: chat["offers"][0][name] for name in ("system", "lane")}
    for offer in chat["offers"]:
        assert offer["usd_mtok"]["low"] <= offer["usd_mtok"]["value"] <= offer["usd_mtok"]["high"]


def test_every_axis_has_its_grid_of_winners_and_every_change_is_between_two_of_them(document: dict[str, Any]) -> None:
    [chat] = document["classes"]
    axes = [axis["axis"] for axis in chat["axes"]]
    assert axes[:4] == ["output_tokens", "requests_per_day", "utilisation", "usd_per_kwh"]
    assert "system_price_usd" in axes
    assert chat["break_evens"]
    for axis in chat["axes"]:
        values = [point["value"] for point in axis["grid"]]
        assert values == sorted(values)
        assert (axis["low"], axis["high"]) == (values[0], values[-1])
        mine = [c for c in chat["break_evens"] if (c["axis"], c["of"]) == (axis["axis"], axis["of"])]
        assert len(mine) == axis["changes"]
        for change in mine:
            assert change["below"] != change["above"]
            assert axis["low"] <= change["value"] <= axis["high"]
        for point in axis["grid"]:
            below = [c for c in mine if c["value"] < point["value"]]
            above = [c for c in mine if c["value"] > point["value"]]
            winner = below[-1]["above"] if below else above[0]["below"] if above else point["cheapest"]
            assert point["cheapest"] == winner


def test_bars_are_sorted_by_swing_and_name_their_ends(document: dict[str, Any]) -> None:
    bars = document["classes"][0]["tornado"]
    swings = [bar["swing_usd_mtok"] for bar in bars]
    assert swings == sorted(swings, reverse=True)
    assert all(bar["low"] and bar["value"] and bar["high"] for bar in bars)


def test_the_same_seed_gives_the_same_bytes(mix: Path, printed: Result) -> None:
    assert invoke(mix, "--as-of", "2026-11-24", "--json").stdout == printed.stdout


def test_the_text_says_the_share_the_break_evens_and_how_they_are_counted(document: dict[str, Any]) -> None:
    lines = text(document).splitlines()
    assert lines[0] == "Small (as of 2026-11-24, 2,000 draws, seed 1)"
    assert lines[2] == "Chat (chat): llama-3.1-8b"
    share = document["classes"][0]["offers"][0]["cheapest_share"]
    assert lines[3].endswith(" of 2,000 draws.")
    assert f"is cheapest in {share * 100:.2g} %" in lines[3]
    assert "Where the cheapest offer changes" in lines
    assert any("a draw misses a service level" in line for line in lines)
    assert max(map(len, lines)) < 180


CLASS = {
    "id": "chat",
    "title": "Chat",
    "model": "llama-3.1-8b",
    "leader": {"system": "acme-x1", "lane": "rent_three_years"},
    "cheapest_at_values": {"system": "acme-x1", "lane": "rent_three_years"},
    "offers": [
        {
            "system": "acme-x1",
            "lane": "rent_three_years",
            "cheapest_share": 0.9125,
            "usd_mtok": {"value": 1.0, "low": 0.8, "high": 1.5},
        },
        {
            "system": "acme-x3",
            "lane": "api",
            "cheapest_share": 0.0875,
            "usd_mtok": {"value": 1.4, "low": 1.4, "high": 1.4},
        },
    ],
    "cheapest_share_by_system": {"acme-x1": 0.9125, "acme-x3": 0.0875},
    "tied_share": 0.0,
    "not_offered": {"acme-x2": "TTFT p95 3 s > 2 s"},
    "tornado": [],
    "break_evens": [],
    "axes": [{"axis": "usd_per_kwh", "of": None, "changes": 0}],
}
PAGE = {"title": "Mix", "as_of": "2026-11-24", "samples": 2000, "seed": 1}


def test_a_class_in_words() -> None:
    lines = text({**PAGE, "classes": [CLASS]}).splitlines()
    assert lines[3] == "acme-x1, rented for 3 years, is cheapest in 91 % of 2,000 draws."
    assert "acme-x2: TTFT p95 3 s > 2 s" in lines
    assert "No input with a range moves the price of acme-x1, rented for 3 years." in lines
    assert "No change within 1/8 to 8 times today's value: electricity." in lines


def test_ties_another_leader_and_what_nearly_always_wins_are_said() -> None:
    close = {
        **CLASS,
        "cheapest_at_values": {"system": "acme-x2", "lane": "api"},
        "offers": [{**CLASS["offers"][0], "cheapest_share": 0.9995}, CLASS["offers"][1]],
        "cheapest_share_by_system": {"acme-x1": 1.0},
        "tied_share": 0.25,
    }
    lines = text({**PAGE, "classes": [close]}).splitlines()
    assert lines[3:7] == [
        "acme-x1, rented for 3 years, is cheapest in more than 99 % of 2,000 draws.",
        "acme-x1 in one way or another is cheapest in 100 %.",
        "At the inputs' values acme-x2, from the API, costs less: the order is by the median of the draws.",
        "In 25 % of the draws several are equally cheap and share the draw.",
    ]


def test_the_one_that_wins_most_often_is_named_where_it_does_not_lead() -> None:
    leader, other = CLASS["offers"]
    split = {**CLASS, "offers": [{**leader, "cheapest_share": 0.3}, {**other, "cheapest_share": 0.7}]}
    split["cheapest_share_by_system"] = {"acme-x1": 0.3, "acme-x3": 0.7}
    lines = text({**PAGE, "classes": [split]}).splitlines()
    assert lines[4] == "acme-x3, from the API, is cheapest more often, in 70 %, but dearer in the median."


def test_an_offer_without_a_rival_is_not_said_to_win() -> None:
    alone = {**CLASS, "offers": CLASS["offers"][:1]}
    lines = text({**PAGE, "classes": [alone]}).splitlines()
    assert lines[3] == "acme-x1, rented for 3 years, is the only offer that keeps the service levels."


def test_of_many_changes_the_nearest_to_today_are_shown_in_their_order() -> None:
    """Prices of 100 USD that break even at 10, 20 ... 90: the eight nearest in ratio are 20 to 90."""
    own, other = ({"system": name, "lane": "own"} for name in ("acme-x1", "acme-x2"))
    sides = {"today": 100.0, "below": own, "above": other, "by_service_levels": False, "within_range": None}
    changes = [{"axis": "system_price_usd", "of": own, "value": 10.0 * i, **sides} for i in range(1, 10)]
    lines = text({**PAGE, "classes": [{**CLASS, "break_evens": changes}]}).splitlines()
    rows = [line.split()[4:6] for line in lines if line.startswith("price of acme-x1")]
    assert rows == [["100", f"{10 * i}.0"] for i in range(2, 10)]
    assert "1 more changes, farther from today's values, are in the JSON." in lines


def test_a_class_that_nobody_serves_in_words() -> None:
    nobody = {**CLASS, "offers": []}
    lines = text({**PAGE, "classes": [nobody]}).splitlines()
    assert lines[3:5] == ["No system keeps the service levels.", "acme-x2: TTFT p95 3 s > 2 s"]


def test_one_class_and_other_systems(mix: Path) -> None:
    done = invoke(mix, "--class", "chat", "--hardware", "b200", "--samples", "20", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["systems"] == ["nvidia-b200"]


def test_an_unknown_class_is_refused_with_the_nearest(mix: Path) -> None:
    done = invoke(mix, "--class", "chta", "--class", "zzz")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "no class 'chta'; did you mean 'chat'?" in done.stderr
    assert "no class 'zzz'; expected one of chat" in done.stderr
