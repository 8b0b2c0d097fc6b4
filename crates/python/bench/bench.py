"""Rows a second: this package against a mapping with `orjson` and with `json`.

    python bench/bench.py FILE      FILE holds lines, as `cargo run -p message-trace-conformance -- rows` writes them

CPU time of the process, the variants round by round, the median of the rounds. Every variant's events are compared
before anything is measured.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import Callable

import orjson
from peers import PEERS

from message_trace import Normalizer

ROUNDS = 5


def main() -> None:
    lines = Path(sys.argv[1]).read_bytes()
    rows = lines.count(b"\n")
    core, component = Normalizer(), Normalizer(engine="component")

    def line_by_line(text: bytes) -> bytes:
        return "".join(core.normalize(line) + "\n" for line in text.splitlines()).encode()

    variants: dict[str, Callable[[bytes], bytes]] = {
        "core, batch": lambda text: core.normalize_batch(text).events,
        "component, batch": lambda text: component.normalize_batch(text).events,
        "core, line by line": line_by_line,
        **PEERS,
    }
    expected = variants["core, batch"](lines).splitlines()
    for name, run in variants.items():
        found = run(lines).splitlines()
        same = len(found) == len(expected) and all(
            one == other or orjson.loads(one) == orjson.loads(other) for one, other in zip(found, expected)
        )
        if not same:
            sys.exit(f"{name}: other events than core, batch")
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(ROUNDS):
        for name, run in variants.items():
            start = time.process_time()
            run(lines)
            seconds[name].append(time.process_time() - start)
    slowest = statistics.median(seconds["orjson"])
    print(f"{rows} rows, {len(lines) / rows:.0f} bytes each")
    for name in variants:
        median = statistics.median(seconds[name])
        print(f"{name:20} {rows / median:12,.0f} rows/s {median / rows * 1e9:10,.0f} ns/row {slowest / median:6.2f} x orjson")


if __name__ == "__main__":
    main()
