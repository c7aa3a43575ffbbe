from __future__ import annotations

import json
import os
import signal
import smtplib
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from sandbox.server import SandboxServer, SandboxStartError

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[3]


def test_the_command_tells_where_it_listens_and_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    arguments = ["--seed", "3", "--start", "2026-09-01T00:00:00Z", "--mail-dir", str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ}
    ) as process:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        assert where["start"] == "2026-09-01T00:00:00+00:00"
        assert httpx2.get(where["mailbox_url"]).status_code == 200
        with smtplib.SMTP(where["smtp_host"], where["smtp_port"], timeout=5) as smtp:
            smtp.sendmail("a@example.org", ["b@example.org"], b"Subject: hello\r\n\r\nbody\r\n")
        assert httpx2.post(where["slack_webhook_url"], json={"text": "hello"}).text == "ok"
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    assert {file.suffix for file in tmp_path.iterdir()} == {".eml", ".json"}


def test_a_taken_port_is_said_so(sandbox: SandboxServer) -> None:
    port = int(sandbox.url.rsplit(":", 1)[1])
    with pytest.raises(SandboxStartError, match=f"port {port} is taken"):
        SandboxServer(port=port).start()
    with pytest.raises(SandboxStartError, match="SMTP port"):
        SandboxServer(smtp_port=sandbox.smtp_port).start()


def test_a_stopped_server_frees_its_ports() -> None:
    with SandboxServer(seed=1) as first:
        url, smtp_port = first.url, first.smtp_port
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/mailbox")
    with SandboxServer(seed=1, port=int(url.rsplit(":", 1)[1]), smtp_port=smtp_port) as second:
        assert second.url == url


def test_an_unfinished_request_does_not_keep_the_server_from_stopping() -> None:
    server = SandboxServer(seed=1).start()
    with pytest.raises(httpx2.ReadTimeout):
        httpx2.get(f"{server.url}/vinted/fr/www/", headers={"X-Sandbox-Fault": "slow; seconds=60"}, timeout=0.2)
    server.stop()
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{server.url}/mailbox")
