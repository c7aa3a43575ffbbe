"""Child processes: waited for, explained when they fail, and never left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from services.supervisor import ServiceError, Supervisor, free_port, interrupted_by_signals, is_free, port_answers
from tests.integration.services.processes import alive_with, wait_for

pytestmark = pytest.mark.integration
MARK = "PRICESCOPE_TEST_MARK"


def supervisor(folder: Path) -> Supervisor:
    return Supervisor(log_dir=folder / "logs", cwd=folder)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_service_that_ends_at_once_is_explained_by_the_end_of_its_log(tmp_path: Path) -> None:
    with supervisor(tmp_path) as group:
        service = group.start("web", python("import sys; print('the shelf is empty'); sys.exit(3)"))
        with pytest.raises(ServiceError, match=r"web ended at once with exit code 3") as told:
            group.await_answer(service, lambda: False, seconds=20)
    assert "the shelf is empty" in str(told.value)
    assert str(service.log_path) in str(told.value)


def test_an_exception_in_the_log_is_told_with_its_first_cause_and_without_its_traceback(tmp_path: Path) -> None:
    code = """
try:
    {}["the key"]
except KeyError as error:
    raise RuntimeError("cannot go on\\nwithout it") from error
"""
    with supervisor(tmp_path) as group:
        group.start("web", python("raise ValueError('of an earlier start')")).process.wait(20)
        second = group.start("web", python(code))
        with pytest.raises(ServiceError) as told:
            group.await_answer(second, lambda: False, seconds=20)
    said = str(told.value).splitlines()[1:]
    assert said == ["KeyError: 'the key'", "RuntimeError: cannot go on", "without it"]


def test_a_service_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with supervisor(tmp_path) as group, pytest.raises(ServiceError, match="did not answer within 1 s"):
        group.await_answer(group.start("web", python("import time; time.sleep(60)")), lambda: False, seconds=1)


def test_a_service_that_answers_is_found_on_its_port(tmp_path: Path) -> None:
    port = free_port()
    with supervisor(tmp_path) as group:
        service = group.start("web", [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"])
        group.await_answer(service, lambda: port_answers(port), seconds=20)
        assert not is_free(port)
        assert free_port(port) != port
        assert group.ended() is None
    assert is_free(port)


STUBBORN_CHILD = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
)
PARENT = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {STUBBORN_CHILD!r}]); time.sleep(60)"


def test_what_a_service_started_is_stopped_with_it_even_where_it_refuses(tmp_path: Path) -> None:
    mark = str(tmp_path)
    with supervisor(tmp_path) as group:
        service = group.start("code", python(PARENT), {MARK: mark})
        assert wait_for(lambda: "up" in service.log_path.read_text(), seconds=20)
        assert len(alive_with(MARK, mark)) == 2
        group.stop(grace_seconds=0.5)
        assert alive_with(MARK, mark) == []


def test_what_a_crashed_service_started_is_stopped_too(tmp_path: Path) -> None:
    mark = str(tmp_path)
    with supervisor(tmp_path) as group:
        service = group.start("code", python(PARENT), {MARK: mark})
        assert wait_for(lambda: "up" in service.log_path.read_text(), seconds=20)
        service.process.kill()
        assert wait_for(lambda: group.ended() is service, seconds=20)
        group.stop(grace_seconds=0.5)
        assert alive_with(MARK, mark) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_unwinds_and_a_second_does_not_cut_the_clean_up_short(number: signal.Signals) -> None:
    cleaned = []
    before = signal.getsignal(number)
    with contextlib.suppress(KeyboardInterrupt), interrupted_by_signals():
        try:
            os.kill(os.getpid(), number)
            pytest.fail("the signal was not heard")
        finally:
            os.kill(os.getpid(), number)
            cleaned.append(number)
    assert cleaned == [number]
    assert signal.getsignal(number) is before


def test_a_signal_that_was_to_be_ignored_stays_ignored() -> None:
    code = (
        "import os, signal; from services.supervisor import interrupted_by_signals\n"
        "with interrupted_by_signals(): os.kill(os.getpid(), signal.SIGHUP)\n"
        "print('still here')"
    )
    done = subprocess.run(["nohup", sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "still here" in done.stdout


def test_a_log_that_grew_too_large_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.supervisor._LOG_BYTES", 10)
    for text in ("first", "a second, longer one", "third"):
        with supervisor(tmp_path) as group:
            group.start("web", python(f"print({text!r})")).process.wait(20)
    assert (tmp_path / "logs" / "web.log").read_text() == "third\n"
    assert "second" in (tmp_path / "logs" / "web.log.1").read_text()


def test_a_port_that_somebody_listens_on_is_not_free() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert not is_free(taken.getsockname()[1])


def test_an_interruption_while_a_process_is_being_started_leaves_none_behind(tmp_path: Path) -> None:
    mark = str(tmp_path)
    for tenths in range(0, 40, 2):
        timer = threading.Timer(tenths / 10_000, os.kill, (os.getpid(), signal.SIGTERM))
        with contextlib.suppress(KeyboardInterrupt), interrupted_by_signals(), supervisor(tmp_path) as group:
            timer.start()
            group.start("sleeper", python("import time; time.sleep(60)"), {MARK: mark})
            timer.join()
            wait_for(lambda: False, seconds=0.2)
    assert alive_with(MARK, mark) == []
