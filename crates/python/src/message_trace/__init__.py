"""Turns raw Microsoft 365 message-trace rows into events for a SIEM.

A *line* is one raw JSON object as Microsoft wrote it; an *event* is what becomes of it. The mapping is a sealed
WebAssembly module inside this package: it can open no file, no socket and no clock.

>>> import message_trace
>>> line = '{"receivedDateTime": "2025-06-13T10:30:00Z", "status": "delivered"}'
>>> message_trace.normalize(line, target="ecs", keep_original=False)[:40]
'{"@timestamp":"2025-06-13T10:30:00Z","ec'
"""

from ._normalizer import Engine, Normalizer, about, normalize, normalize_batch
from ._types import About, Batch, Rejected, Rejection, Target

__all__ = [
    "About",
    "Batch",
    "Engine",
    "Normalizer",
    "Rejected",
    "Rejection",
    "Target",
    "about",
    "normalize",
    "normalize_batch",
]
__version__ = "0.1.0"
