"""The public face: options in front, an engine behind."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Literal, Protocol

from ._types import About, Batch, Rejected, Target, options_json

Engine = Literal["core", "component"]
"""What runs the mapping: the plain core module (fast), or the component through its WIT interface."""

CHUNK_BYTES = 1 << 18
"""How many bytes of lines pass into the module at once. Memory stays flat, and the crossing costs nothing by then."""


class _Host(Protocol):
    def normalize(self, line: bytes) -> bytes: ...
    def normalize_revision(
        self, line: bytes, sequence: int, previous_status: str | None, details: str | None
    ) -> bytes: ...
    def normalize_batch(self, lines: bytes) -> Batch: ...


class Normalizer:
    """Turns lines into events under one set of options.

    May be used from several threads: one call at a time is in it. For more speed give each thread its own; the calls
    release the interpreter's lock. Can be pickled, so that a cluster's workers can be given one.

    Args:
        target: the shape of the events.
        organization_domains: the organization's own mail domains, from which the direction of an e-mail follows.
        tenant_id: the tenant's id, written into every event by targets that have a field for it.
        keep_original: whether the event keeps the raw line; `sekoia` always does.
        max_line_bytes: the longest line that is read, 1 MiB unless said otherwise.
        engine: what runs the mapping.

    Raises:
        ValueError: an option that is none.
    """

    def __init__(
        self,
        *,
        target: Target = "sekoia",
        organization_domains: Iterable[str] = (),
        tenant_id: str | None = None,
        keep_original: bool = True,
        max_line_bytes: int | None = None,
        engine: Engine = "core",
    ) -> None:
        self._options = options_json(
            target=target,
            organization_domains=organization_domains,
            tenant_id=tenant_id,
            keep_original=keep_original,
            max_line_bytes=max_line_bytes,
        )
        self._engine: Engine = engine
        self._lock = threading.Lock()
        self._host = _host(engine, self._options)

    def normalize(self, line: str | bytes) -> str:
        """Turns one line into one event, without a line feed.

        The line is taken as it is: a trailing line feed stays in the event's copy of it. An envelope of exactly one
        row gives that row's event.

        Raises:
            Rejection: why the line gives no event.
        """
        with self._lock:
            return self._host.normalize(_bytes(line)).decode()

    def normalize_revision(
        self, line: str | bytes, sequence: int, previous_status: str | None = None, details: str | None = None
    ) -> str:
        """Turns one line that was delivered before into its next event: it has changed since, or its details came.

        Args:
            line: the line as it is now.
            sequence: higher than that of every earlier delivery of the row, below 2 to the 64th.
            previous_status: the status of the delivery before, as it was written.
            details: the answer of Graph's `getDetailsByRecipient` or of `MessageTraceDetail`, as JSON, as it came. It
                never costs the event.

        Raises:
            Rejection: why the line gives no event.
        """
        with self._lock:
            return self._host.normalize_revision(_bytes(line), sequence, previous_status, details).decode()

    def normalize_batch(self, lines: str | bytes) -> Batch:
        """Turns lines into events: the fast way. Of any length; a line feed ends a line, the last one may lack it."""
        whole = _bytes(lines)
        with self._lock:
            if len(whole) <= CHUNK_BYTES:
                return self._host.normalize_batch(whole)
            parts: list[bytes] = []
            rejections: list[Rejected] = []
            count = before = 0
            for chunk in _chunks(whole):
                batch = self._host.normalize_batch(chunk)
                parts.append(batch.events)
                count += batch.count
                rejections += _moved(batch.rejections, before)
                before += chunk.count(b"\n")
        return Batch(b"".join(parts), count, rejections)

    def batches(self, stream: BinaryIO) -> Iterator[Batch]:
        """Turns a binary file of lines into batches of events, with memory that does not grow with the file.

        The numbers of refused lines count from the start of the file. A compressed file is opened with `gzip.open`.
        """
        before, rest = 0, b""
        while read := stream.read(CHUNK_BYTES):
            head, line_feed, tail = read.rpartition(b"\n")
            if not line_feed:
                rest += read
                continue
            lines, rest = rest + head + line_feed, tail
            batch = self.normalize_batch(lines)
            yield Batch(batch.events, batch.count, _moved(batch.rejections, before))
            before += lines.count(b"\n")
        if rest:
            batch = self.normalize_batch(rest)
            yield Batch(batch.events, batch.count, _moved(batch.rejections, before))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self._options, self._engine)


def normalize(line: str | bytes, **options: Any) -> str:
    """Turns one line into one event. The options are those of `Normalizer`.

    Raises:
        Rejection: why the line gives no event.
    """
    return _kept(options).normalize(line)


def normalize_batch(lines: str | bytes, **options: Any) -> Batch:
    """Turns lines into events. The options are those of `Normalizer`."""
    return _kept(options).normalize_batch(lines)


_KEPT = threading.local()
_MAX_KEPT = 16


def _kept(options: dict[str, Any]) -> Normalizer:
    """This thread's normalizer for those options."""
    key = options_json(**options)
    kept: dict[bytes, Normalizer] = _KEPT.__dict__
    normalizer = kept.get(key)
    if normalizer is None:
        if len(kept) >= _MAX_KEPT:
            kept.pop(next(iter(kept)))
        normalizer = kept[key] = Normalizer(**options)
    return normalizer


def about() -> About:
    """Says what this package is: its version, those of the targets' schemas, the formats and the targets."""
    from ._component import about as of_component

    return of_component()


def _restore(options: bytes, engine: Engine) -> Normalizer:
    normalizer = Normalizer.__new__(Normalizer)
    normalizer._options, normalizer._engine = options, engine
    normalizer._lock = threading.Lock()
    normalizer._host = _host(engine, options)
    return normalizer


def _host(engine: Engine, options: bytes) -> _Host:
    if engine == "core":
        from ._core import Core

        return Core(options)
    if engine == "component":
        from ._component import Component

        return Component(options)
    raise ValueError(f"engine: expected core or component, but found {engine!r}")


def _bytes(text: str | bytes) -> bytes:
    if isinstance(text, str):
        # A lone surrogate becomes what is not UTF-8, and is refused like any other line that is not.
        return text.encode("utf-8", "surrogatepass")
    if isinstance(text, (bytes, bytearray, memoryview)):
        return bytes(text)
    # `bytes` would make room of that many bytes out of a number.
    raise TypeError(f"expected a line as str or bytes, but found {type(text).__name__}")


def _chunks(lines: bytes) -> Iterator[bytes]:
    """Pieces that end at a line feed."""
    start = 0
    while start < len(lines):
        end = start + CHUNK_BYTES
        if end < len(lines):
            end = lines.rfind(b"\n", start, end) + 1 or (lines.find(b"\n", end) + 1 or len(lines))
        yield lines[start:end]
        start = end


def _moved(rejections: list[Rejected], lines: int) -> list[Rejected]:
    if not lines:
        return rejections
    return [Rejected(rejected.line + lines, rejected.reason) for rejected in rejections]
