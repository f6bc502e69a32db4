"""YAML in: places, every problem at once, and what is refused."""

from pathlib import Path

import pytest

from chipbrief.config import Id, Seconds, Strict, Watts, Whole, load, parse_yaml, read_columns, read_yaml, validate
from chipbrief.errors import InputError


class Level(Strict):
    ttft_p95: Seconds | None = None
    tpot_p95: Seconds | None = None


class Entry(Strict):
    id: Id
    level: Level = Level()
    months: Whole = 1
    title: str | None = None


class Page(Strict):
    name: str
    entries: tuple[Entry, ...] = ()
    by_name: dict[str, Entry] = {}
    cap: Watts | None = None


def problems_of(text: str) -> list[str]:
    with pytest.raises(InputError) as refused:
        validate(parse_yaml(text, "page.yaml"), Page)
    return [str(p) for p in refused.value.problems]


def read(text: str) -> object:
    return parse_yaml(text, "page.yaml").data


def refusal(text: str) -> str:
    with pytest.raises(InputError) as refused:
        parse_yaml(text, "page.yaml")
    return str(refused.value)


def test_every_problem_is_reported_at_once_with_line_and_column() -> None:
    text = (
        "name: NO\n"
        "entries:\n"
        "  - id: first\n"
        "    level: {ttft_p95: 2, tpot_p59: 1 s}\n"
        "  - id: '-second'\n"
        "    months: 1.5\n"
        "  - title: third\n"
        "cap: 8 TB\n"
    )
    assert problems_of(text) == [
        "page.yaml:4:23: entries[0].level.ttft_p95: expected a time such as 2 s, got '2'; did you mean '2 s'?",
        "page.yaml:4:36: entries[0].level.tpot_p59: is not a field here; did you mean 'tpot_p95'?",
        "page.yaml:5:9: entries[1].id: expected an id that begins with a letter or digit, got '-second'",
        "page.yaml:6:13: entries[1].months: expected a whole number, got '1.5'",
        "page.yaml:7:5: entries[2].id: is missing",
        "page.yaml:8:6: cap: expected a power such as 14.3 kW, got '8 TB'",
    ]


def test_an_unknown_field_is_told_the_nearest_one_inside_lists_and_mappings() -> None:
    [one, two] = problems_of("name: x\nentries: [{id: a, tittle: b}]\nby_name: {k: {id: a, mounths: 2}}\n")
    assert one.endswith("entries[0].tittle: is not a field here; did you mean 'title'?")
    assert two.endswith("by_name.k.mounths: is not a field here; did you mean 'months'?")


def test_the_suggested_field_is_the_name_as_it_is_typed(shipped_mix: Path) -> None:
    from chipbrief.workload import mix_from_document

    text = shipped_mix.read_text(encoding="utf-8").replace("schema: workload-mix/1", "shema: workload-mix/1")
    with pytest.raises(InputError, match=r"shema: is not a field here; did you mean 'schema'\?"):
        mix_from_document(parse_yaml(text, "mix.yaml"), Path(), models={}, hardware={})


def test_wrong_shapes_say_what_was_expected() -> None:
    assert [p.split(": ", 2)[2] for p in problems_of("name: true\nentries: {a: b}\nby_name: [1]\n")] == [
        "expected text, got True",
        "expected a list, got {'a': 'b'}",
        "expected a mapping, got ['1']",
    ]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "- a\n- b\n", "just text\n", "---\n"])
def test_a_file_without_fields_is_refused_in_words(text: str) -> None:
    [problem] = problems_of(text)
    assert problem.startswith("page.yaml:")
    assert problem.endswith("expected a mapping of fields, found none")


@pytest.mark.parametrize("scalar", ["NO", "on", "12:30", "1e3", "010", "0x1F", ".inf", ".nan", "2026-11-23", "1_000"])
def test_plain_scalars_arrive_as_the_text_that_was_written(scalar: str) -> None:
    assert read(f"a: {scalar}\n") == {"a": scalar}


def test_nothing_true_and_false_are_read_where_they_are_plain() -> None:
    text = "a: null\nb: ~\nc:\nd: true\ne: {f: , g: False}\n"
    assert read(text) == {"a": None, "b": None, "c": None, "d": True, "e": {"f": None, "g": False}}
    assert read("a: 'null'\nb: \"true\"\nc: ''\n") == {"a": "null", "b": "true", "c": ""}


def test_an_optional_level_may_be_written_as_null() -> None:
    page = validate(parse_yaml("name: x\nentries: [{id: a, level: {ttft_p95: null}}]\n", "page.yaml"), Page)
    assert page.entries[0].level.ttft_p95 is None


def test_keys_that_yaml_takes_for_booleans_stay_text() -> None:
    assert read("on: 1\nno: 2\ny: 3\n") == {"on": "1", "no": "2", "y": "3"}


def test_a_repeated_key_is_refused_where_it_stands_the_second_time() -> None:
    assert refusal("a: 1\nb: {c: 1, c: 2}\na: 3\n") == (
        "page.yaml:2:11: b.c: stands twice in the same mapping\npage.yaml:3:1: a: stands twice in the same mapping"
    )


def test_billions_of_aliases_are_refused_and_the_field_is_named() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    message = refusal("\n".join(lines))
    assert "holds more than 100000 values once its aliases are followed" in message
    assert len(message) < 200


def test_an_alias_inside_itself_is_refused() -> None:
    message = refusal("a: &x [*x]\n")
    assert message == "page.yaml:1:4: a: goes 40 deep once its aliases are followed"


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused_before_it_costs_anything(opening: str) -> None:
    assert "is nested more than 40 deep" in refusal(opening * 100_000)


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system [ls]",
        "!!python/name:os.system ''",
        "!foo {b: 1}",
        "!foo bar",
        "!!binary aGk=",
        "!!set {b}",
        "[!foo {b: 1}]",
    ],
)
def test_tags_are_refused_on_scalars_lists_and_mappings(value: str) -> None:
    assert "and tags are not read" in refusal(f"a: {value}\n")


@pytest.mark.parametrize(
    ("text", "place"),
    [("a: [1, 2\n", "page.yaml:2:1"), ("a: b\n\tc: d\n", "page.yaml:2:1"), ("a: *nope\n", "page.yaml:1:4")],
)
def test_broken_syntax_is_reported_with_its_place(text: str, place: str) -> None:
    assert refusal(text).startswith(f"{place}: is not valid YAML: ")


def test_a_second_document_is_refused() -> None:
    assert "expected a single document" in refusal("a: 1\n---\nb: 2\n")


@pytest.mark.parametrize("text", ["price: {value: $37,000}", "price: {value: $37,000, kind: assumed}"])
def test_the_comma_that_cuts_a_number_in_two_is_explained(text: str) -> None:
    assert "quote values that hold a comma" in refusal(text)


def test_the_comma_trap_with_a_unit_is_explained() -> None:
    [problem] = problems_of("name: x\nentries: [{id: a, title: 37,000 USD}]\n")
    assert problem == "page.yaml:2:36: entries[0].000 USD: is not a field here; quote values that hold a comma"


def test_a_key_that_is_no_text_does_not_print_the_parser() -> None:
    message = refusal("{{a: b}: c}")
    assert "has a key that is not text" in message
    assert "Node" not in message


def test_a_file_is_read_with_its_name_in_every_message(tmp_path: Path) -> None:
    path = tmp_path / "page.yaml"
    path.write_text("name: x\ncap: 5\n")
    with pytest.raises(InputError) as refused:
        load(path, Page)
    assert str(refused.value).startswith(f"{path}:2:6: cap: ")


def test_a_byte_order_mark_is_not_part_of_the_first_key(tmp_path: Path) -> None:
    path = tmp_path / "page.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: x\n")
    assert load(path, Page).name == "x"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"name: \xff\xfe\n", "is not UTF-8 text (byte 6)"),
        ("name: x\n".encode("utf-16"), "is not UTF-8 text"),
        (b"a: " + b"x" * 1_000_000, "is larger than 1000 kB"),
    ],
    ids=["latin", "utf-16", "huge"],
)
def test_files_that_cannot_be_text_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "page.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        read_yaml(path)
    assert f"{path}: {reason}" in str(refused.value)


def test_a_file_that_never_ends_is_refused() -> None:
    with pytest.raises(InputError, match="is larger than 1000 kB"):
        read_yaml(Path("/dev/zero"))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read_yaml(path)


def test_columns_are_read_by_heading(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text('\ufeffarrival,input_tokens,output_tokens\n0,100,5\n1,"2,000",7\n', encoding="utf-8")
    assert read_columns(path, ["output_tokens", "input_tokens"]) == {
        "output_tokens": [5.0, 7.0],
        "input_tokens": [100.0, 2000.0],
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n", "log.csv:1:1: has no column input_tokens"),
        ("input_tokens,b\n1,2\nmany,2\n", "log.csv:3:1: input_tokens: expected a number such as 12M, got 'many'"),
        ("b,input_tokens\n1,2\n1\n", "log.csv:3:1: input_tokens: expected a number such as 12M, got nothing"),
        ("input_tokens\n-3\n", "log.csv:2:1: input_tokens: expected a number that is not negative, got '-3'"),
        ("input_tokens\nnan\n", "log.csv:2:1: input_tokens: expected a number such as 12M, got 'nan'"),
        ("", "log.csv:1:1: has no column input_tokens"),
    ],
)
def test_a_broken_row_is_named_by_its_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(content)
    with pytest.raises(InputError) as refused:
        read_columns(path, ["input_tokens"])
    assert str(refused.value).removeprefix(f"{tmp_path}/") == message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('a: "x\\0y"', "page.yaml:1:4: a: holds U+0000"),
        ('a: ["\\x07", "\\e[31m"]', "page.yaml:1:5: a[0]: holds U+0007"),
        ('a: "\\x9b"', "page.yaml:1:4: a: holds U+009B"),
        ('a:\n  b: "\\uFFFE"', "page.yaml:2:6: a.b: holds U+FFFE"),
        ('a: "\\u202E"', "page.yaml:1:4: a: holds U+202E"),
        ("a: b\u202dc", "page.yaml:1:4: a: holds U+202D"),
        ('"k\\x1b": 1', "page.yaml:1:1: k\ufffd: holds U+001B"),
        ("a: b\nc: d\0e", "page.yaml:2:5: holds U+0000"),
        ("# \x1b[31m\na: b", "page.yaml:1:3: holds U+001B"),
        ("a: \uffff", "page.yaml:1:4: holds U+FFFF"),
        ("a: \ud800", "page.yaml:1:4: holds U+D800"),
    ],
)
def test_characters_that_cannot_be_printed_are_refused_where_they_stand(text: str, told: str) -> None:
    """As they are or as an escape, in a value or a key; libyaml says of some that they stand in line 1."""
    said = refusal(text)
    assert said.splitlines()[0] == f"{told}, which cannot be printed: leave it out"
    assert "\x1b" not in said
    assert not any(0xD800 <= ord(c) <= 0xDFFF for c in said)


def test_half_a_pair_as_an_escape_is_no_yaml() -> None:
    assert refusal('a: "\\uD800"').startswith("page.yaml:1:")


@pytest.mark.parametrize(
    "text", ["t\u00e4glich \u2264 5 \u202f% \U0001f680\U0001f469\u200d\U0001f4bb", "\u062e\u0637\u0629"]
)
def test_letters_of_every_script_stay(text: str) -> None:
    assert read(f"a: {text}\n") == {"a": text}
