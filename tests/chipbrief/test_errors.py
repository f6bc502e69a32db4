"""Problems name their place, an error carries all of them, and near words are suggested."""

import pickle

from chipbrief.errors import ChipbriefError, InputError, Problem, UnitError, did_you_mean


def test_a_problem_reads_file_line_column_field() -> None:
    problem = Problem("expected a time", "mix.yaml", 14, 13, "classes[0].slo.ttft_p95")
    assert str(problem) == "mix.yaml:14:13: classes[0].slo.ttft_p95: expected a time"


def test_an_error_lists_its_problems_in_the_order_of_the_file() -> None:
    late, early = Problem("b", "f", 9, 1), Problem("a", "f", 2, 7)
    assert str(InputError([late, early])) == "f:2:7: a\nf:9:1: b"


def test_everything_raised_on_purpose_has_one_root() -> None:
    assert issubclass(InputError, ChipbriefError)
    assert issubclass(UnitError, (ChipbriefError, ValueError))


def test_of_two_words_that_differ_in_case_the_nearer_is_suggested() -> None:
    assert did_you_mean("TB", ["TB/s", "Tb/s"]) == "; did you mean 'TB/s'?"
    assert did_you_mean("Tb", ["TB/s", "Tb/s"]) == "; did you mean 'Tb/s'?"


def test_nothing_is_suggested_where_nothing_is_near() -> None:
    assert did_you_mean("zebra", ["bandwidth", "capacity"]) == ""


def test_an_error_keeps_its_problems_on_the_way_between_processes() -> None:
    sent = InputError([Problem("is too long", "mix.yaml", 3, 5, "name"), Problem("is no number", "mix.yaml", 1, 2)])
    came = pickle.loads(pickle.dumps(sent))
    assert type(came) is InputError
    assert came.problems == sent.problems
    assert str(came) == "mix.yaml:1:2: is no number\nmix.yaml:3:5: name: is too long"
