"""Copies of editions: whole or not there, once, and `latest` beside them."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chipbrief_reports.delivery import DeliveryError, Parcel, send
from chipbrief_reports.delivery.folder import deliver
from chipbrief_reports.editions import Series, entries_of, read_manifest
from chipbrief_reports.timetable import Delivery, ToFolder

WAY = {"folder": {"path": "share"}}
SLOT = "2024-11-11T0600Z"
Fails = Callable[..., str]
Arrives = Callable[..., None]


def everything(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file below, with its inode and the moment it was written."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_ino, path.lstat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_copy_is_the_edition_byte_for_byte(parcel: Parcel, arrives: Arrives, tmp_path: Path) -> None:
    arrives(WAY, parcel)
    copy = tmp_path / "share" / "agentic" / SLOT
    assert parcel.folder
    assert entries_of(copy) == entries_of(parcel.folder)
    assert (copy / "manifest.json").read_bytes() == (parcel.folder / "manifest.json").read_bytes()
    assert (tmp_path / "share/agentic/latest").readlink() == Path(SLOT)
    assert copy.stat().st_mode & 0o777 == 0o755
    assert sorted(path.name for path in copy.parent.iterdir()) == [SLOT, "latest"]


def test_a_second_time_changes_nothing(parcel: Parcel, arrives: Arrives, tmp_path: Path) -> None:
    arrives(WAY, parcel)
    before = everything(tmp_path / "share")
    arrives(WAY, parcel)
    assert everything(tmp_path / "share") == before


def test_an_absolute_path_is_taken_as_it_is(parcel: Parcel, tmp_path: Path) -> None:
    delivery = Delivery.model_validate({"folder": {"path": str(tmp_path / "elsewhere/deep")}})
    send(delivery, delivery.recipients[0], parcel, base=Path("/proc/none"), environment={})
    assert (tmp_path / "elsewhere/deep/agentic" / SLOT / "briefing.pdf").is_file()


def test_home_is_not_a_folder_named_with_a_tilde(
    parcel: Parcel, arrives: Arrives, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    arrives({"folder": {"path": "~/news"}}, parcel)
    assert (tmp_path / "home/news/agentic" / SLOT).is_dir()


def test_the_folder_of_the_editions_itself_is_no_failure(parcel: Parcel, arrives: Arrives, tmp_path: Path) -> None:
    before = everything(tmp_path / "editions")
    arrives({"folder": {"path": "editions"}}, parcel)
    assert everything(tmp_path / "editions") == before


def test_another_edition_in_its_place_is_left_alone(
    parcel: Parcel, arrives: Arrives, fails: Fails, tmp_path: Path
) -> None:
    arrives(WAY, parcel)
    there = tmp_path / "share/agentic" / SLOT / "briefing.html"
    there.write_bytes(b"edited by hand")
    assert "briefing.html differs" in fails(WAY, parcel)
    assert there.read_bytes() == b"edited by hand"


def test_a_foreign_folder_in_its_place_is_left_alone(parcel: Parcel, fails: Fails, tmp_path: Path) -> None:
    foreign = tmp_path / "share/agentic" / SLOT
    foreign.mkdir(parents=True)
    (foreign / "mine.txt").write_text("mine")
    assert "is no edition" in fails(WAY, parcel)
    assert [path.name for path in foreign.iterdir()] == ["mine.txt"]


def test_latest_names_the_newest_even_when_an_older_one_comes_later(
    edition: Callable[..., Parcel], arrives: Arrives, tmp_path: Path
) -> None:
    newer, older = edition("2024-11-25T0600Z"), edition("2024-11-18T0600Z")
    arrives(WAY, newer)
    arrives(WAY, older)
    assert (tmp_path / "share/agentic/latest").readlink() == Path("2024-11-25T0600Z")


def test_what_retention_took_since_may_stay_with_the_recipient(
    parcel: Parcel, arrives: Arrives, tmp_path: Path
) -> None:
    arrives(WAY, parcel)
    before = everything(tmp_path / "share")
    assert parcel.folder
    Series(tmp_path / "editions", "agentic").prune(read_manifest(parcel.folder))
    assert not (parcel.folder / "briefing.pdf").exists()
    arrives(WAY, parcel)
    assert everything(tmp_path / "share") == before


def test_a_damaged_edition_is_not_passed_on(parcel: Parcel, fails: Fails, tmp_path: Path) -> None:
    assert parcel.folder
    (parcel.folder / "briefing.pdf").write_bytes(b"%PDF bad block")
    assert "briefing.pdf is not as its manifest says" in fails(WAY, parcel)
    assert list((tmp_path / "share/agentic").iterdir()) == []


@pytest.mark.parametrize("gone", ["briefing.pdf", "manifest.json"])
def test_a_missing_file_is_named(gone: str, parcel: Parcel, fails: Fails, tmp_path: Path) -> None:
    assert parcel.folder
    (parcel.folder / gone).unlink()
    assert gone in fails(WAY, parcel)
    assert list((tmp_path / "share/agentic").iterdir()) == []


def test_a_full_disk_leaves_nothing_half(parcel: Parcel, fails: Fails, tmp_path: Path, small_files: None) -> None:
    assert "File too large" in fails(WAY, parcel)
    assert list((tmp_path / "share/agentic").iterdir()) == []


def test_a_full_disk_leaves_no_half_note(failure: Parcel, fails: Fails, tmp_path: Path, small_files: None) -> None:
    assert "File too large" in fails(WAY, replace(failure, error="x" * 10_000))
    assert list((tmp_path / "share/agentic").iterdir()) == []


@pytest.mark.parametrize("path", ["/proc/none", "file.txt"])
def test_a_place_that_cannot_be_written_is_told(path: str, parcel: Parcel, fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("no folder")
    assert path.split("/")[-1] in fails({"folder": {"path": path}}, parcel)


def test_after_an_attempt_that_failed_the_next_succeeds(
    parcel: Parcel, fails: Fails, arrives: Arrives, tmp_path: Path
) -> None:
    (tmp_path / "share").write_text("in the way")
    fails(WAY, parcel)
    (tmp_path / "share").unlink()
    arrives(WAY, parcel)
    assert (tmp_path / "share/agentic/latest/briefing.md").is_file()


def test_leftovers_of_killed_attempts_go_and_running_ones_stay(
    parcel: Parcel, arrives: Arrives, tmp_path: Path
) -> None:
    old, new = (tmp_path / "share/agentic" / f".part-{SLOT}-{name}" for name in ("old", "new"))
    for part in (old, new):
        part.mkdir(parents=True)
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    arrives(WAY, parcel)
    assert not old.exists()
    assert new.exists()


def test_many_at_once_make_one_copy(parcel: Parcel, tmp_path: Path) -> None:
    delivery = Delivery.model_validate(WAY)
    problems: list[Exception] = []
    start = threading.Barrier(8)

    def one() -> None:
        start.wait()
        try:
            send(delivery, delivery.recipients[0], parcel, base=tmp_path, environment={})
        except DeliveryError as error:
            problems.append(error)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = sorted(path.name for path in (tmp_path / "share/agentic").iterdir() if not path.name.startswith(".latest"))
    assert names == [SLOT, "latest"]
    assert parcel.folder
    assert entries_of(tmp_path / "share/agentic" / SLOT) == entries_of(parcel.folder)
    assert all("latest" in str(problem) for problem in problems)


def test_a_share_without_links_gets_its_copy(
    parcel: Parcel, arrives: Arrives, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "symlink", no_links)  # as vfat answers
    arrives(WAY, parcel)
    assert [path.name for path in (tmp_path / "share/agentic").iterdir()] == [SLOT]


def test_a_copy_that_takes_too_long_is_given_up(edition: Callable[..., Parcel], fails: Fails, tmp_path: Path) -> None:
    big = edition(files={"briefing.pdf": os.urandom(16_000_000)})
    assert "is not done within 0.001 s" in fails({"folder": {"path": "share", "timeout": "1 ms"}}, big)
    assert list((tmp_path / "share/agentic").iterdir()) == []


def test_word_of_a_failure_stands_beside_and_goes_with_the_edition(
    parcel: Parcel, failure: Parcel, arrives: Arrives, tmp_path: Path
) -> None:
    arrives(WAY, failure)
    note = tmp_path / "share/agentic" / f"{SLOT}.failed.txt"
    before = everything(tmp_path / "share")
    arrives(WAY, failure)
    assert everything(tmp_path / "share") == before
    assert note.read_text() == f"Our plän\n\nNo edition could be printed for {SLOT}.\n\n{failure.error}\n"
    arrives(WAY, parcel)
    assert not note.exists()


def test_a_clock_set_back_does_not_take_latest_away(edition: Callable[..., Parcel], tmp_path: Path) -> None:
    way = ToFolder(path=str(tmp_path / "share"))
    deliver(way, edition("2024-11-18T0600Z"), base=tmp_path, now=datetime(2020, 1, 1, tzinfo=UTC))
    assert (tmp_path / "share/agentic/latest").readlink() == Path("2024-11-18T0600Z")
