"""What is told of two editions: written out by hand for each kind of change, and laws that always hold."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chipbrief.errors import ChipbriefError
from chipbrief_reports.changes import (
    Facts,
    Given,
    Value,
    change_in_words,
    changes_from_json,
    difference,
    facts_from_json,
    main_changes,
)

PRICE = Given("$500,000", "", 500_000.0, "list_price", "2026-05-01", "Price list", "https://example.com/prices")


NAMES = {
    "chat": "Chat",
    "x1.own": "X1, owned",
    "y2.own": "Y2, owned",
    "acme.api": "Acme, by the token",
    "chat.x1": "Chat on X1",
}


def facts(**fields):
    start = {
        "title": "Weekly",
        "as_of": "2026-11-16",
        "values": {
            "chat.x1.own.usd_mtok": Value("price of a million tokens, Chat, X1, owned", 2.0, 1.5, 2.5, "USD", "x1")
        },
        "answers": {"chat": "x1.own"},
        "rankings": {"chat": ("x1.own", "y2.own", "acme.api")},
        "names": NAMES,
        "systems": {"x1": "Acme X1", "y2": "Acme Y2"},
        "inputs": {"x1:price.system": PRICE},
        "workload": {"classes[chat].model": "llama-3.1-8b"},
        "method": {"chipbrief": "1.0 sha256:aaaa"},
    }
    return Facts(**start | fields)


def told(before, after, threshold=0.02):
    return [change_in_words(change) for change in difference(before, after, threshold=threshold).found]


def value(amount):
    return {"chat.x1.own.usd_mtok": Value("price of a million tokens, Chat, X1, owned", amount, 1.0, 3.0, "USD", "x1")}


@pytest.mark.parametrize(
    ("after", "sentence"),
    [
        ({"values": value(2.2)}, "Price of a million tokens, Chat, X1, owned: $2.20, was $2.00 (+10 %)"),
        ({"values": value(1.0)}, "Price of a million tokens, Chat, X1, owned: $1.00, was $2.00 (−50 %)"),
        ({"values": value(9.0)}, "Price of a million tokens, Chat, X1, owned: $9.00, was $2.00 (4.5 times)"),
        ({"values": {}}, "Price of a million tokens, Chat, X1, owned: no longer there, was $2.00"),
        ({"answers": {"chat": "y2.own"}}, "Chat is cheapest with Y2, owned, no longer with X1, owned"),
        ({"answers": {"chat": ""}}, "Nothing carries Chat any more; it was X1, owned"),
        (
            {"rankings": {"chat": ("acme.api", "x1.own", "y2.own")}},
            "Acme, by the token, for Chat: place 1, was 3; passes X1, owned and Y2, owned",
        ),
        ({"systems": {"x1": "Acme X1", "y2": "Acme Y2", "z3": "Acme Z3"}}, "Acme Z3 is new in the comparison"),
        ({"systems": {"x1": "Acme X1"}}, "Acme Y2 is no longer compared"),
        ({"systems": {"x1": "Acme X1", "y2": "Acme Y2 Pro"}}, "Acme Y2 is called Acme Y2 Pro now"),
        ({"names": NAMES | {"chat": "Talk", "x1.own": "X1 Pro, owned"}}, None),
        ({"refused": {"chat.x1": "needs 136 GB"}}, "Chat on X1: not served any more: needs 136 GB"),
        (
            {"inputs": {"x1:price.system": replace(PRICE, text="$550,000", value=550_000.0)}},
            "Price of a system (x1): $550,000, was $500,000 (+10 %)",
        ),
        (
            {
                "inputs": {
                    "x1:price.system": Given("$500,000", "", 500_000.0, "list_price", "2026-11-01", "New list", "l")
                }
            },
            "Price of a system (x1): $500,000 as before; source Price list, now New list; dated 2026-05-01, now 2026-11-01",
        ),
        ({"workload": {"classes[chat].model": "qwen3-32b"}}, "classes[chat].model: qwen3-32b, was llama-3.1-8b"),
        ({"method": {"chipbrief": "1.1 sha256:bbbb"}}, "Chipbrief: 1.1, was 1.0"),
        ({"method": {"chipbrief": "1.0 sha256:bbbb"}}, "Chipbrief: 1.0 as before; its code is another"),
    ],
)
def test_one_change_in_words(after, sentence):
    assert told(facts(), facts(**after)) == ([sentence] if sentence else [])


def test_a_value_is_told_from_the_threshold_on():
    before, after = facts(), facts(values=value(2.05))
    assert difference(before, after, threshold=0.03).found == ()
    assert difference(before, after, threshold=0.03).small == 1
    assert len(difference(before, after, threshold=0.02).found) == 1


def test_a_change_of_exactly_the_threshold_is_told():
    assert len(difference(facts(), facts(values=value(1.8)), threshold=0.1).found) == 1


def test_another_place_of_the_same_source_is_told():
    moved = replace(PRICE, locator="https://example.com/new")
    [sentence] = told(facts(), facts(inputs={"x1:price.system": moved}))
    assert sentence.endswith("as before; source at https://example.com/prices, now https://example.com/new")


def test_what_belongs_to_a_system_that_came_or_went_is_not_told_again():
    after = facts(systems={"y2": "Acme Y2"}, values={}, inputs={}, rankings={"chat": ("y2.own", "acme.api")})
    assert told(facts(), after) == ["Acme X1 is no longer compared"]


def test_a_change_of_method_stands_apart():
    after = facts(values=value(3.0), method={"chipbrief": "2.0 sha256:cc"})
    found = difference(facts(), after, threshold=0.02)
    assert found.counts() == {"value": 1, "method": 1}
    assert main_changes(found, 5, method=False) == (
        "Price of a million tokens, Chat, X1, owned: $3.00, was $2.00 (+50 %)",
    )
    assert main_changes(found, 5)[0] == "Chipbrief: 2.0, was 1.0"


def test_the_main_changes_count_the_rest():
    after = facts(systems={f"n{i}": f"N{i}" for i in range(8)})
    assert main_changes(difference(facts(), after, threshold=0.02), 4)[-1] == "7 further changes"


amounts = st.dictionaries(st.sampled_from("abcdef"), st.floats(0.01, 1e6), max_size=6)


def of_amounts(found):
    return facts(values={key: Value(key, amount, amount, amount, "USD") for key, amount in found.items()})


@given(amounts)
def test_an_edition_does_not_differ_from_itself(found):
    assert difference(of_amounts(found), of_amounts(found), threshold=0.0).found == ()


@given(amounts, amounts)
def test_both_directions_tell_the_same_values(first, last):
    there = difference(of_amounts(first), of_amounts(last), threshold=0.0)
    back = difference(of_amounts(last), of_amounts(first), threshold=0.0)
    assert {c.id: (c.before, c.after) for c in there.found} == {c.id: (c.after, c.before) for c in back.found}


def test_facts_and_changes_are_read_back():
    before, after = facts(), facts(values=value(3.0), systems={})
    assert facts_from_json(before.as_bytes(), "x") == before
    found = difference(before, after, threshold=0.02, names=("a", "b"))
    assert changes_from_json(found.as_bytes(), "x") == found


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"schema": "other/1"}', b"\xff", json.dumps({"schema": "edition-facts/1", "x": 1}).encode()],
)
def test_a_file_of_something_else_is_refused(content):
    with pytest.raises(ChipbriefError, match=r"notes\.json does not hold the facts"):
        facts_from_json(content, "notes.json")
