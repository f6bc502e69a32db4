"""A real cluster on loopback: lost workers, workers that are not like us, and certificates."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import engine_work as work
import pytest
from conftest import HERE, Cluster, StartCluster, kill
from engine_certificates import make_certificates

from chipbrief.engine import DaskEngine, EngineError, TlsFiles, WorkerLostError, open_engine
from chipbrief.engine import dask as dask_engine
from chipbrief.errors import MissingLibraryError

# -- lost workers ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_worker_killed_in_mid_run_changes_no_bit(start_cluster: StartCluster) -> None:
    cluster = start_cluster(2)
    done = []
    with open_engine(f"dask:{cluster.address}") as engine:
        assert set(dict(engine.imap(work.pid, range(40))).values()) == {worker.pid for worker in cluster.workers}
        for index, result in engine.imap(work.slow_wiggle, range(100)):
            done.append((index, result))
            if len(done) == 30:
                kill(cluster.workers[0])
    assert len(done) == 100
    assert dict(done) == {x: work.wiggle(x) for x in range(100)}


def test_an_item_that_always_kills_is_named_and_no_other_is_charged(start_cluster: StartCluster) -> None:
    cluster = start_cluster(2, environment={"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"})
    done = []
    with DaskEngine(cluster.address) as engine, pytest.raises(WorkerLostError) as caught:
        done.extend(engine.imap(work.AlwaysDies(13), range(1000), retries=0))
    assert caught.value.index == 13
    assert caught.value.losses == 1
    assert [worker.poll() is None for worker in cluster.workers] == [False, False]


def test_a_run_without_workers_ends_when_patience_does(
    start_cluster: StartCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_engine, "LOOK_S", 0.2)
    cluster = start_cluster(1)
    with DaskEngine(cluster.address, patience_s=1) as engine:
        run = engine.imap(work.pid, [0, 1, 2])
        next(run)
        kill(cluster.workers[0])
        with pytest.raises(EngineError, match=r"has had no worker for 1 s; waiting for items \d"):
            list(run)
    with pytest.raises(EngineError, match=r"has had no worker for 1 s$"), DaskEngine(cluster.address, patience_s=1):
        pass


def test_a_lost_scheduler_is_said(start_cluster: StartCluster) -> None:
    cluster = start_cluster(1)
    with DaskEngine(cluster.address) as engine:
        run = engine.imap(work.pid, range(1000))
        next(run)
        kill(cluster.scheduler)
        with pytest.raises(EngineError, match=r"^lost the connection to "):
            list(run)


def test_leaving_early_drops_what_has_not_begun(cluster: Cluster, tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    with DaskEngine(cluster.address) as engine:
        for _ in engine.imap(work.FailsAt(-1, calls), range(10**9)):
            break
        seen = len(calls.read_text().split())
        assert seen <= 1 + engine.in_flight
        assert dict(engine.imap(work.echo, range(20))) == {x: x for x in range(20)}
        assert len(calls.read_text().split()) <= 1 + engine.in_flight


# -- workers that are not like us -----------------------------------------------------------------------------


def test_workers_with_other_versions_are_refused_before_the_start(start_cluster: StartCluster) -> None:
    cluster = start_cluster(1)
    other = cluster.add({"CHIPBRIEF_TEST_VERSION": "0.0.9"})
    with (
        pytest.raises(EngineError) as caught,
        DaskEngine(cluster.address, fingerprint=work.version_of_the_environment),
    ):
        pass
    assert str(caught.value) == f"worker {other}: chipbrief 0.0.9, here 0.1.0"


def test_a_worker_that_joins_in_mid_run_is_held_to_the_same(start_cluster: StartCluster) -> None:
    cluster = start_cluster(1)
    done = []
    with DaskEngine(cluster.address, fingerprint=work.version_of_the_environment) as engine:
        run = engine.imap(work.slow_wiggle, range(10**9))
        done.append(next(run))
        other = cluster.add({"CHIPBRIEF_TEST_VERSION": "0.0.9"})
        with pytest.raises(EngineError) as caught:
            done.extend(run)
    assert str(caught.value) == f"worker {other}: chipbrief 0.0.9, here 0.1.0"


def test_a_like_worker_that_joins_in_mid_run_takes_part(start_cluster: StartCluster) -> None:
    cluster = start_cluster(1)
    with DaskEngine(cluster.address, fingerprint=work.version_of_the_environment) as engine:
        before = engine.in_flight
        pids = set()
        for index, pid in engine.imap(work.pid, range(10**9)):
            pids.add(pid)
            if index == 3:
                cluster.add()
            if len(pids) == 2 and engine.in_flight > before:
                break
    assert pids == {worker.pid for worker in cluster.workers}


def test_a_worker_that_lacks_the_function_is_refused(start_cluster: StartCluster) -> None:
    cluster = start_cluster(0)
    bare = cluster.add({"PYTHONPATH": ""})
    with (
        pytest.raises(EngineError, match=rf"^worker {bare}: ModuleNotFoundError: No module named 'engine_work'$"),
        DaskEngine(cluster.address, fingerprint=work.version_of_the_environment),
    ):
        pass


def test_the_registry_is_the_same_on_every_worker(cluster: Cluster) -> None:
    from chipbrief.registry import registry_fingerprint

    with open_engine(f"dask:{cluster.address}", fingerprint=registry_fingerprint) as engine:
        assert dict(engine.imap(work.echo, range(5))) == {x: x for x in range(5)}


# -- the way there --------------------------------------------------------------------------------------------


@pytest.fixture
def no_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("something connects")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr("distributed.Client", refuse)


@pytest.mark.usefixtures("no_connections")
@pytest.mark.parametrize(
    "host", ["192.0.2.1", "10.0.0.5", "cluster.example", "localhost.example", "0.0.0.0", "[2001:db8::1]", "127.1"]
)
def test_off_loopback_nothing_is_sent_in_the_clear(host: str) -> None:
    with pytest.raises(EngineError) as caught:
        DaskEngine(f"tcp://{host}:8786")
    assert str(caught.value) == (
        f"tcp://{host}:8786 is not this machine, and tcp:// is not encrypted: use tls://{host}:8786"
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "[::1]"])
def test_loopback_needs_no_certificates(host: str) -> None:
    assert DaskEngine(f"tcp://{host}:8786").address == f"tcp://{host}:8786"


@pytest.mark.usefixtures("no_connections")
def test_tls_needs_certificates(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as caught, DaskEngine("tls://192.0.2.1:8786"):
        pass
    assert str(caught.value) == (
        "tls://192.0.2.1:8786 needs certificates: set DASK_DISTRIBUTED__COMM__TLS__CA_FILE,"
        " DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT, DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY"
        " (or the same in dask's configuration)"
    )
    absent = TlsFiles(*[tmp_path / "absent.pem"] * 3)
    with pytest.raises(EngineError, match=r"absent\.pem is named for TLS, and is no file"):
        DaskEngine("tls://192.0.2.1:8786", absent).__enter__()


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("", "expected an address such as tcp://127.0.0.1:8786, got ''"),
        ("127.0.0.1:8786", "expected an address such as tcp://127.0.0.1:8786"),
        ("tls//127.0.0.1", "expected an address"),
        ("tpc://127.0.0.1:8786", "did you mean 'tcp'"),
        ("tcp://", "expected an address"),
        ("tcp://127.0.0.1:8786/x", "expected an address"),
        ("tcp://127.0.0.1:eight", "is no address"),
        ("tcp://[127.0.0.1:8786", "is no address"),
        ("inproc://127.0.0.1:8786", "expected an address"),
    ],
)
def test_an_address_has_a_scheme_and_a_host(address: str, told: str) -> None:
    with pytest.raises(EngineError) as caught:
        DaskEngine(address)
    assert told in str(caught.value)


def test_a_scheduler_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_engine, "CONNECT_S", 0.5)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(EngineError, match=f"^cannot connect to {address}: "), DaskEngine(address):
            pass


def test_dask_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingLibraryError, match=r"pip install 'chipbrief\[dask\]'"):
        DaskEngine("tcp://127.0.0.1:8786").__enter__()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def tls_cluster(start_shared_cluster: StartCluster, certificates: TlsFiles) -> Cluster:
    files = ("--tls-ca-file", certificates.authority, "--tls-cert", certificates.certificate)
    arguments = (*files, "--tls-key", certificates.key)
    return start_shared_cluster(1, [str(part) for part in (*arguments, "--protocol", "tls")])


def test_a_cluster_with_certificates_works(tls_cluster: Cluster, certificates: TlsFiles) -> None:
    assert tls_cluster.address.startswith("tls://127.0.0.1:")
    with DaskEngine(tls_cluster.address, certificates) as engine:
        assert dict(engine.imap(work.wiggle, range(20))) == {x: work.wiggle(x) for x in range(20)}


def test_certificates_come_from_the_environment(tls_cluster: Cluster, certificates: TlsFiles) -> None:
    script = (
        "import engine_work, chipbrief.engine\n"
        f"with chipbrief.engine.open_engine('dask:{tls_cluster.address}') as engine:\n"
        "    print(sorted(engine.imap(engine_work.echo, 'abc')))"
    )
    settings = {
        "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": certificates.authority,
        "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT": certificates.certificate,
        "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY": certificates.key,
    }
    environment = {name: str(value) for name, value in settings.items()} | {"PYTHONPATH": str(HERE)}
    ran = subprocess.run([sys.executable, "-c", script], env=os.environ | environment, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "[(0, 'a'), (1, 'b'), (2, 'c')]\n", "")


def test_certificates_of_another_authority_are_refused(
    tls_cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_engine, "CONNECT_S", 1.0)
    other = make_certificates(tmp_path)
    with pytest.raises(EngineError, match="cannot connect to tls://"), DaskEngine(tls_cluster.address, other):
        pass
