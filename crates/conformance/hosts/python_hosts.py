"""The hosts that Python reaches, behind the protocol of the conformance test (README.md beside this folder).

    python python_hosts.py HOST ARTIFACT < jobs.jsonl > answers.jsonl

HOST is `core`, `core-plain` (the core module under wasmtime, by the package), `component`, `wasip2` (the component,
by the package), `cli` (the wasmtime command) or `extism`.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Any, Callable

Answer = tuple[bytes, list[dict[str, Any]]]
ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "crates/python/src"))


class Declined(Exception):
    """The host has no such call."""


def main() -> None:
    host, artifact = sys.argv[1:]
    call = {
        "core": package,
        "core-plain": package,
        "component": package,
        "wasip2": package,
        "cli": cli,
        "extism": with_extism,
    }[host](host, Path(artifact))
    for line in sys.stdin.buffer:
        job = json.loads(line)
        job["input"] = base64.b64decode(job["input"])
        seconds = float("inf")
        try:
            for _ in range(job["times"]):
                start = time.perf_counter()
                events, rejections = call(job)
                seconds = min(seconds, time.perf_counter() - start)
        except Declined as declined:
            answer = {"declined": str(declined)}
        else:
            answer = {"events": base64.b64encode(events).decode(), "rejections": rejections, "seconds": seconds}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def package(host: str, artifact: Path) -> Callable[[dict[str, Any]], Answer]:
    """The Python package, with the artifact that is named in place of its own."""
    from message_trace import Normalizer, Rejection, _load
    from wasmtime import component

    if host == "wasip2":
        # This build has the standard library's imports; they are given to it, and it calls none.
        class Linker(component.Linker):
            def __init__(self, engine: Any) -> None:
                super().__init__(engine)
                self.add_wasip2()

        from message_trace import _component

        _component.component.Linker = Linker  # type: ignore[misc]
    _load.artifact = lambda _: artifact.read_bytes()
    engine = "core" if host.startswith("core") else "component"
    made: dict[str, Normalizer] = {}

    def call(job: dict[str, Any]) -> Answer:
        key = json.dumps(job["options"])
        if key not in made:
            made[key] = Normalizer(**job["options"], engine=engine)
        normalizer = made[key]
        try:
            if job["call"] == "batch":
                batch = normalizer.normalize_batch(job["input"])
                return batch.events, [rejection(entry.line, entry.reason) for entry in batch.rejections]
            if job["call"] == "line":
                return normalizer.normalize(job["input"]).encode(), []
            event = normalizer.normalize_revision(
                job["input"], int(job["sequence"]), job.get("previous_status"), job.get("details")
            )
            return event.encode(), []
        except Rejection as reason:
            return b"", [rejection(1, reason)]

    def rejection(line: int, reason: Rejection) -> dict[str, Any]:
        entry = {"line": line, "reason": reason.reason}
        return entry if reason.detail is None else {**entry, "detail": reason.detail}

    return call


def cli(_: str, artifact: Path) -> Callable[[dict[str, Any]], Answer]:
    """`wasmtime run --invoke`: default options, one line a process, hence a few rows."""
    import wasmtime_cli

    command = Path(wasmtime_cli.__file__).parent / "wasmtime"
    if not os.access(command, os.X_OK):
        command.chmod(0o755)
    version = subprocess.run([command, "--version"], capture_output=True, text=True, check=True).stdout
    print(f"wasmtime-cli: {version.strip()}", file=sys.stderr)
    compiled = Path(sysconfig.get_paths()["data"]) / "message-trace.cwasm"
    subprocess.run([command, "compile", artifact, "-o", compiled], check=True)
    plain = {"organization_domains": [], "tenant_id": None, "keep_original": True, "max_line_bytes": 1_048_576}
    lines = 0

    def call(job: dict[str, Any]) -> Answer:
        nonlocal lines
        is_plain = all(job["options"][name] == value for name, value in plain.items())
        if job["call"] != "line" or job["options"]["target"] != "sekoia" or not is_plain:
            raise Declined("the command calls normalize(line), with default options")
        lines += 1
        if lines % CLI_EVERY:
            raise Declined(f"a process for each line: one fixture in {CLI_EVERY}")
        try:
            text = job["input"].decode()
        except UnicodeDecodeError:
            raise Declined("an argument is text") from None
        if len(job["input"]) > MAX_ARGUMENT:
            raise Declined(f"an argument has at most {MAX_ARGUMENT} bytes")
        arguments = ["run", "--allow-precompiled", "--invoke", f"normalize({wave(text)})", str(compiled)]
        done = subprocess.run([command, *arguments], capture_output=True, check=True)
        kind, _, value = done.stdout.decode().strip().partition("(")
        value = value.removesuffix(")")
        if kind == "ok":
            return unwave(value).encode(), []
        reason, _, detail = value.partition("(")
        entry = {"line": 1, "reason": reason}
        return b"", [{**entry, "detail": json.loads(detail.removesuffix(")"))} if detail else entry]

    return call


CLI_EVERY = 6
MAX_ARGUMENT = 100_000


def wave(text: str) -> str:
    """The text as WAVE writes it: a JSON string but for `\\u{…}`."""
    # Escape by escape: behind a backslash that is itself escaped, a `u` is only a letter.
    quoted = json.dumps(text, ensure_ascii=False)
    return re.sub(r"\\(?:u([0-9a-f]{4})|.)", lambda found: f"\\u{{{found[1]}}}" if found[1] else found[0], quoted)


def unwave(text: str) -> str:
    """The text that WAVE wrote."""

    def character(match: re.Match[str]) -> str:
        short = {"n": "\n", "r": "\r", "t": "\t"}
        return chr(int(match[1], 16)) if match[1] else short.get(match[2], match[2])

    return re.sub(r"\\(?:u\{([0-9a-f]+)\}|(.))", character, text[1:-1])


def with_extism(_: str, artifact: Path) -> Callable[[dict[str, Any]], Answer]:
    """The plug-in under Extism's own host library."""
    import extism

    manifest = {"wasm": [{"path": str(artifact)}]}
    made: dict[str, extism.Plugin] = {}

    def call(job: dict[str, Any]) -> Answer:
        key = json.dumps(job["options"])
        if key not in made:
            made[key] = extism.Plugin(manifest, config={"options": key})
        plugin = made[key]
        if job["call"] == "batch":
            events = plugin.call("normalize_batch", job["input"])
            return events, json.loads(plugin.call("rejections", b""))
        try:
            if job["call"] == "line":
                return plugin.call("normalize", job["input"]), []
            changed = {
                "line": job["input"].decode(),
                "sequence": int(job["sequence"]),
                "previous_status": job.get("previous_status"),
                "details": job.get("details"),
            }
            return plugin.call("normalize_revision", json.dumps(changed).encode()), []
        except extism.Error as error:
            return b"", [{"line": 1, **json.loads(str(error))}]

    return call


if __name__ == "__main__":
    main()
