//! A Graph that behaves as the real one was measured to, with faults on demand.
