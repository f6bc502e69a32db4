"""What holds for every engine, wherever the work is done."""

import os
from collections.abc import Iterator

import engine_work as work
import pytest

from chipbrief.engine import DaskEngine, Engine, EngineError, ItemError, ProcessEngine, SerialEngine
from chipbrief.errors import ChipbriefError, Refusal


@pytest.mark.parametrize("size", [0, 1, 7, 1000])
def test_each_index_comes_once_with_the_result_of_its_item(engine: Engine, size: int) -> None:
    done = list(engine.imap(work.wiggle, range(size)))
    assert sorted(index for index, _ in done) == list(range(size))
    assert dict(done) == {x: work.wiggle(x) for x in range(size)}  # bytes of arrays: to the last bit


def test_serial_keeps_the_order() -> None:
    with SerialEngine() as serial:
        assert list(serial.imap(work.echo, "abc")) == [(0, "a"), (1, "b"), (2, "c")]


def test_arrays_arrive_as_the_function_made_them(engine: Engine) -> None:
    [(_, array)] = engine.imap(work.array, [3])
    assert array.tolist() == [0.0, 1.0, 2.0]
    array[0] = 5.0  # writable, as it was there


def test_items_are_drawn_as_results_are_taken(engine: Engine) -> None:
    drawn = taken = 0
    excess = []

    def items() -> Iterator[int]:
        nonlocal drawn
        while True:  # without end: an engine that drew ahead without bound would never come back
            drawn += 1
            excess.append(drawn - taken)
            yield drawn - 1

    run = engine.imap(work.echo, items())
    for _, _ in run:
        taken += 1
        if taken == 200:
            break
    run.close()  # type: ignore[attr-defined]
    assert max(excess) <= engine.in_flight
    assert len(excess) <= 200 + engine.in_flight


def test_an_exception_names_its_item_and_is_not_tried_again(engine: Engine, tmp_path) -> None:
    fails = work.FailsAt(3, tmp_path / "calls")
    with pytest.raises(ItemError, match=r"^item 3: ValueError: 3 is unlucky$") as caught:
        list(engine.imap(fails, range(10), retries=5))
    assert caught.value.index == 3
    assert isinstance(caught.value.__cause__, ValueError)
    assert isinstance(caught.value, ChipbriefError)
    assert (tmp_path / "calls").read_text().count("3") == 1


def test_our_own_exceptions_keep_their_type_and_words(engine: Engine) -> None:
    with pytest.raises(ItemError, match=r"^item 0: needs 3 chips, has 2$") as caught:
        list(engine.imap(work.refuses, [0]))
    assert type(caught.value.cause) is Refusal


@pytest.mark.parametrize(
    ("function", "told"),
    [(work.raises_unreadable, "Unreadable: 0 and 0"), (work.exits, "SystemExit: 0")],
)
def test_even_exceptions_that_do_not_travel_are_told(engine: Engine, function, told: str) -> None:
    with pytest.raises(ItemError, match=told):
        list(engine.imap(function, [0]))


def test_an_exception_of_the_items_ends_the_run(engine: Engine) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(engine.imap(work.echo, items()))
    assert dict(engine.imap(work.echo, [7])) == {0: 7}


def test_an_engine_works_on_after_a_failure_and_after_an_early_end(engine: Engine) -> None:
    for _ in engine.imap(work.echo, range(50)):
        break
    with pytest.raises(ItemError):
        list(engine.imap(work.exits, [1]))
    assert dict(engine.imap(work.echo, range(5))) == dict(enumerate(range(5)))


def test_one_run_at_a_time(engine: Engine) -> None:
    run = engine.imap(work.echo, range(5))
    next(run)
    with pytest.raises(EngineError, match="another run"):
        next(engine.imap(work.echo, range(5)))
    assert len(list(run)) == 4


def test_retries_are_not_negative(engine: Engine) -> None:
    with pytest.raises(ValueError, match="-1"):
        engine.imap(work.echo, [1], retries=-1)


@pytest.mark.parametrize("made", [SerialEngine(), ProcessEngine(1), DaskEngine("tcp://127.0.0.1:9")])
def test_nothing_runs_outside_the_with_block(made: Engine) -> None:
    with pytest.raises(EngineError, match="inside its `with` block"):
        next(made.imap(work.echo, [1]))


@pytest.mark.parametrize("made", [SerialEngine(), ProcessEngine(1)])
def test_a_run_ends_with_the_block(made: Engine) -> None:
    with made:
        run = made.imap(work.echo, range(5))
        next(run)
    with pytest.raises(EngineError, match="was left in the middle"):
        next(run)


@pytest.mark.parametrize("engine", ["processes", "dask"], indirect=True)
def test_what_does_not_pickle_is_said(engine: Engine) -> None:
    with pytest.raises(EngineError, match="expected a function of a module"):
        list(engine.imap(lambda x: x, [1]))
    with pytest.raises(ItemError, match="item 1: "):
        list(engine.imap(work.echo, [1, lambda x: x]))
    with pytest.raises(ItemError, match="item 0: "):
        list(engine.imap(work.returns_unpicklable, [1]))


@pytest.mark.parametrize("engine", ["processes", "dask"], indirect=True)
def test_work_is_done_elsewhere_by_two(engine: Engine) -> None:
    pids = set(dict(engine.imap(work.pid, range(40))).values())
    assert len(pids) == 2
    assert os.getpid() not in pids


@pytest.mark.parametrize("engine", ["processes", "dask"], indirect=True)
def test_the_trace_of_the_worker_is_a_note(engine: Engine) -> None:
    with pytest.raises(ItemError) as caught:
        list(engine.imap(work.refuses, [0]))
    assert "engine_work.py" in caught.value.cause.__notes__[0]
