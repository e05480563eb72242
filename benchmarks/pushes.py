"""Web Push over TLS: how many a second one sender manages, against npm `web-push` and plain `webpush()`.

Every sender is a process of its own with the same recipients, the same payload and as many in flight; the service is
another. The rounds of all contenders take turns. A sender that is not the limit of the run still shows what it costs:
`per core` is pushes by CPU second of the sender.
"""

import ipaddress
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.channels.push_service import OWNER, Browser, KeyPair

NPM = "web-push@3.6.7"
OURS, CHANNEL, NODE, PER_CALL = "sender, guard included", "whole channel, SQLite", f"npm {NPM}", "webpush() per call"
IN_FLIGHT, WARM = 20, 200
PAYLOAD = json.dumps({"web_push": 8030, "notification": {"title": "10:00: Visit", "body": ""}})
PAYLOAD = PAYLOAD.replace('""', f'"{"x" * (250 - len(PAYLOAD))}"')
GOALS = ((OURS, NODE, 2.5), (CHANNEL, NODE, None), (OURS, PER_CALL, 20.0))
_PYTHON = [sys.executable, "-m", "benchmarks.push_senders"]


def main(count: int, runs: int) -> None:
    """Prints a table; without Node, what there is to print without it."""
    with tempfile.TemporaryDirectory(prefix="punctual-bench-") as temporary:
        folder = Path(temporary)
        certificate, key = _certificate(folder)
        contenders = {OURS: [*_PYTHON, "sender"], CHANNEL: [*_PYTHON, "channel"], PER_CALL: [*_PYTHON, "webpush"]}
        if node := _node(folder):
            contenders[NODE] = node
        with _service(certificate, key) as port:
            work = _work(f"https://localhost:{port}", count)
            found: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
            for _ in range(runs):
                for name, command in contenders.items():
                    found[name].append(_run(name, command, work, certificate, folder))
    _print(found)


def _work(origin: str, count: int) -> dict[str, Any]:
    vapid = KeyPair()
    browsers = [Browser(f"b{n}").subscription(f"{origin}/push/{n}") for n in range(IN_FLIGHT)]
    devices = [{"endpoint": one.endpoint, "keys": {"p256dh": one.p256dh, "auth": one.auth}} for one in browsers]
    return {
        "origin": origin, "devices": devices, "payload": PAYLOAD, "private": vapid.private, "public": vapid.public,
        "owner": OWNER, "in_flight": IN_FLIGHT, "warm": WARM, "count": count,
    }  # fmt: skip


def _run(name: str, command: list[str], work: dict[str, Any], certificate: Path, folder: Path) -> dict[str, float]:
    """Pushes a second and by CPU second."""
    if name == PER_CALL:
        work = {**work, "warm": 5, "count": max(work["count"] // 50, 20)}
    # Ours beside those that everybody trusts: reading them all is what plain `webpush()` does for each call.
    bundle = folder / "bundle.pem"
    bundle.write_bytes(Path(certifi.where()).read_bytes() + certificate.read_bytes())
    trust = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), str(bundle))
    ended = subprocess.run(
        command, input=json.dumps(work), capture_output=True, text=True, check=True, env={**os.environ, **trust},
        cwd=folder if name == NODE else None,
    )  # fmt: skip
    told = json.loads(ended.stdout.splitlines()[-1])
    return {"rate": work["count"] / told["seconds"], "per_core": work["count"] / told["cpu"]}


def _print(found: dict[str, list[dict[str, float]]]) -> None:
    middle = {name: {of: median(run[of] for run in runs) for of in runs[0]} for name, runs in found.items()}
    print(f"\n{'pushes, 250 bytes, TLS, 20 in flight':40}{'a second':>10}{'per core':>10}{'µs CPU':>8}")
    for name, figures in middle.items():
        cost = 1e6 / figures["per_core"]
        print(f"{name:40}{figures['rate']:10,.0f}{figures['per_core']:10,.0f}{cost:8,.0f}")
    for ours, theirs, goal in GOALS:
        if theirs not in middle:
            print(f"{theirs}: not measured, for there is no Node here or npm could not install it")
            continue
        per_core, rate = (middle[ours][of] / middle[theirs][of] for of in ("per_core", "rate"))
        wanted = f" (goal {goal:g})" if goal else ""
        print(f"{ours} ÷ {theirs}: {per_core:.2f} per core{wanted}, {rate:.2f} a second", flush=True)


def _node(folder: Path) -> list[str] | None:
    """The command that runs npm's contender, once it is installed."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return None
    command = [npm, "install", "--no-audit", "--no-fund", NPM]
    installed = subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0
    return [node, str(Path(__file__).with_name("web_push.mjs"))] if installed else None


@contextmanager
def _service(certificate: Path, key: Path) -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.push_service", str(certificate), str(key)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(hours=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths
