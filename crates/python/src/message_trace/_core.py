"""The plain core module: bytes in, bytes out, over its linear memory. The fast way."""

from __future__ import annotations

import ctypes
import json
import struct
from typing import Any

import wasmtime

from ._load import core_module, engine
from ._types import Batch, Rejected, Rejection

_ABI = 2
_ANSWER = struct.Struct("<6I")


class Core:
    """One instance of the module. Not for two threads at once."""

    def __init__(self, options: bytes) -> None:
        self._store = wasmtime.Store(engine())
        # An empty list of imports: the module has none, and no host function could be reached.
        exports = wasmtime.Instance(self._store, core_module(), []).exports(self._store)
        self._exports: Any = exports
        self._memory: Any = exports["memory"]
        self._batch: Any = exports["normalize_batch"]
        self._one: Any = exports["normalize"]
        self._revision: Any = exports["normalize_revision"]
        if self._exports["abi"](self._store) != _ABI:
            raise RuntimeError("the module in this package keeps another contract: reinstall the package")
        self._at, self._room = 0, 0
        self._configure(options)

    def normalize(self, line: bytes) -> bytes:
        return self._only(self._answer(self._one, self._put(line), len(line)))

    def normalize_revision(
        self, line: bytes, sequence: int, previous_status: str | None, details: str | None
    ) -> bytes:
        if not 0 <= sequence < 1 << 64:
            raise ValueError("sequence: expected a whole number of 64 bits")
        texts = [b"" if text is None else text.encode() for text in (previous_status, details)]
        # Room of no bytes is no room: an empty text is none.
        rooms = [self._alloc(len(text)) if text else 0 for text in texts]
        try:
            for at, text in zip(rooms, texts):
                if at:
                    self._write(at, text)
            at = self._put(line)
            halves = (sequence & 0xFFFF_FFFF, sequence >> 32)
            spans = [number for at, text in zip(rooms, texts) for number in (_signed(at), len(text))]
            return self._only(self._answer(self._revision, at, len(line), *map(_signed, halves), *spans))
        finally:
            for at, text in zip(rooms, texts):
                if at:
                    self._exports["free"](self._store, _signed(at), len(text))

    def normalize_batch(self, lines: bytes) -> Batch:
        count, events, rejections = self._answer(self._batch, self._put(lines), len(lines))
        if not rejections:
            return Batch(events, count, [])
        rejected = [Rejected(entry["line"], _rejection(entry)) for entry in json.loads(rejections)]
        return Batch(events, count, rejected)

    def _configure(self, options: bytes) -> None:
        count, _, problem = self._answer(self._exports["configure"], self._put(options), len(options))
        if count != 1:
            raise ValueError(problem.decode())

    def _only(self, answer: tuple[int, bytes, bytes]) -> bytes:
        count, event, rejections = answer
        if count != 1:
            raise _rejection(json.loads(rejections)[0])
        return event

    def _answer(self, function: Any, at: int, *rest: int) -> tuple[int, bytes, bytes]:
        """Calls and copies out: how many events, the events, the rejections."""
        answer = function(self._store, _signed(at), *rest) & 0xFFFF_FFFF
        if answer == 0:
            raise RuntimeError("the module does not know this room: is one normalizer used by two threads?")
        count, events, events_len, _, rejections, rejections_len = _ANSWER.unpack(self._read(answer, _ANSWER.size))
        return count, self._read(events, events_len), self._read(rejections, rejections_len)

    def _put(self, text: bytes) -> int:
        """Copies `text` into room that is kept for the next call."""
        if len(text) > self._room:
            if self._room:
                self._exports["free"](self._store, _signed(self._at), self._room)
                self._room = 0
            room = 1 << max(16, (len(text) - 1).bit_length())
            self._at, self._room = self._alloc(room), room
        self._write(self._at, text)
        return self._at

    def _alloc(self, size: int) -> int:
        at: int = self._exports["alloc"](self._store, _signed(size)) & 0xFFFF_FFFF
        if at == 0:
            raise MemoryError(f"the module has no room for {size} bytes")
        return at

    # `Memory.read` and `Memory.write` of wasmtime copy once more and make a type for every length. The memory may
    # move when it grows, so its address is asked for each time.

    def _write(self, at: int, text: bytes) -> None:
        self._check(at, len(text))
        if text:
            ctypes.memmove(self._address() + at, text, len(text))

    def _read(self, at: int, size: int) -> bytes:
        self._check(at, size)
        return ctypes.string_at(self._address() + at, size) if size else b""

    def _address(self) -> int:
        return ctypes.addressof(self._memory.data_ptr(self._store).contents)

    def _check(self, at: int, size: int) -> None:
        if at + size > self._memory.data_len(self._store):
            raise IndexError("outside of the module's memory")


def _signed(number: int) -> int:
    """The number as an `i32` of WebAssembly."""
    return number - (1 << 32) if number >= 1 << 31 else number


def _rejection(entry: dict[str, Any]) -> Rejection:
    return Rejection(entry["reason"], entry.get("detail"), entry.get("message"))
