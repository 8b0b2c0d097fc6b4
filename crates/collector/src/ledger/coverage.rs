//! Which spans of `receivedDateTime` are delivered, and how fresh that knowledge is.

/// The reading time of a segment that will not be read again.
pub const SETTLED: i64 = i64::MAX;

/// A half-open span of whole seconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first second.
    pub start_s: i64,
    /// The second after the last.
    pub end_s: i64,
}

impl Span {
    /// A span; empty when it ends before it starts.
    #[must_use]
    pub const fn new(start_s: i64, end_s: i64) -> Self {
        Self { start_s, end_s }
    }

    /// How many seconds it has.
    #[must_use]
    pub const fn len_s(self) -> i64 {
        if self.end_s > self.start_s {
            self.end_s - self.start_s
        } else {
            0
        }
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.end_s <= self.start_s
    }

    /// What both have.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::new(self.start_s.max(other.start_s), self.end_s.min(other.end_s))
    }
}

/// A delivered span and when it was last read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What is delivered.
    pub span: Span,
    /// When its last reading began, by the service's clock, in seconds since 1970-01-01 UTC; [`SETTLED`] if the rows
    /// were old enough then.
    pub read_s: i64,
}

/// Delivered spans: sorted, disjoint, and merged where they touch with the same reading time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    segments: Vec<Segment>,
}

impl Coverage {
    /// Coverage from its segments; `None` if they are empty, overlap or are out of order.
    #[must_use]
    pub fn from_segments(segments: Vec<Segment>) -> Option<Self> {
        let is_sorted = segments
            .windows(2)
            .all(|pair| pair[0].span.end_s <= pair[1].span.start_s);
        let has_empty = segments.iter().any(|segment| segment.span.is_empty());
        (is_sorted && !has_empty).then_some(Self { segments })
    }

    /// The segments, oldest first.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The second after the newest delivered one.
    #[must_use]
    pub fn end_s(&self) -> Option<i64> {
        self.segments.last().map(|segment| segment.span.end_s)
    }

    /// Adds a span that was read from `read_s` on. Rows received `settling_s` or more before that are settled. A span
    /// that was read later already keeps its later time.
    pub fn cover(&mut self, span: Span, read_s: i64, settling_s: i64) {
        if span.is_empty() {
            return;
        }
        let edge = read_s.saturating_sub(settling_s).clamp(span.start_s, span.end_s);
        self.overlay(Segment {
            span: Span::new(span.start_s, edge),
            read_s: SETTLED,
        });
        self.overlay(Segment {
            span: Span::new(edge, span.end_s),
            read_s,
        });
    }

    fn overlay(&mut self, new: Segment) {
        if new.span.is_empty() {
            return;
        }
        let mut merged = Vec::with_capacity(self.segments.len() + 3);
        let mut at = new.span.start_s;
        for &old in &self.segments {
            if old.span.end_s <= new.span.start_s || old.span.start_s >= new.span.end_s {
                if old.span.start_s >= new.span.end_s && at < new.span.end_s {
                    push(
                        &mut merged,
                        Segment {
                            span: Span::new(at, new.span.end_s),
                            read_s: new.read_s,
                        },
                    );
                    at = new.span.end_s;
                }
                push(&mut merged, old);
                continue;
            }
            push(
                &mut merged,
                Segment {
                    span: Span::new(old.span.start_s, at),
                    read_s: old.read_s,
                },
            );
            let both = old.span.and(new.span);
            push(
                &mut merged,
                Segment {
                    span: Span::new(at, both.start_s),
                    read_s: new.read_s,
                },
            );
            push(
                &mut merged,
                Segment {
                    span: both,
                    read_s: old.read_s.max(new.read_s),
                },
            );
            push(
                &mut merged,
                Segment {
                    span: Span::new(both.end_s, old.span.end_s),
                    read_s: old.read_s,
                },
            );
            at = both.end_s;
        }
        push(
            &mut merged,
            Segment {
                span: Span::new(at, new.span.end_s),
                read_s: new.read_s,
            },
        );
        self.segments = merged;
    }

    /// Forgets that anything but settled spans was delivered.
    pub fn keep_settled(&mut self) {
        self.segments.retain(|segment| segment.read_s == SETTLED);
    }

    /// The parts of `within` that are not delivered, oldest first.
    #[must_use]
    pub fn missing(&self, within: Span) -> Vec<Span> {
        let mut missing = Vec::new();
        let mut at = within.start_s;
        for segment in &self.segments {
            let part = Span::new(at, segment.span.start_s).and(within);
            if !part.is_empty() {
                missing.push(part);
            }
            at = at.max(segment.span.end_s);
        }
        let part = Span::new(at, within.end_s);
        if !part.is_empty() {
            missing.push(part);
        }
        missing
    }

    /// When the part of `within` that was read longest ago was read; `None` if nothing in it is unsettled.
    #[must_use]
    pub fn oldest_reading_s(&self, within: Span) -> Option<i64> {
        self.unsettled(within).map(|segment| segment.read_s).min()
    }

    /// The spans of `within` to read again: delivered, unsettled, and trimmed at both ends to what was last read at
    /// `read_s` or before. What lies between in one unbroken stretch comes along. Oldest first.
    #[must_use]
    pub fn stale(&self, within: Span, read_s: i64) -> Vec<Span> {
        let mut stale: Vec<Span> = Vec::new();
        let mut stretch_end = None;
        let mut in_stretch = false;
        for segment in self.unsettled(within) {
            if stretch_end != Some(segment.span.start_s) {
                in_stretch = false;
            }
            stretch_end = Some(segment.span.end_s);
            if segment.read_s > read_s {
                continue;
            }
            match stale.last_mut() {
                Some(last) if in_stretch => last.end_s = segment.span.end_s,
                _ => stale.push(segment.span),
            }
            in_stretch = true;
        }
        stale
    }

    /// Whether a second is delivered and settled: the keys of its rows are forgotten.
    #[must_use]
    pub fn is_settled(&self, second: i64) -> bool {
        let at = self
            .segments
            .partition_point(|segment| segment.span.end_s <= second);
        self.segments
            .get(at)
            .is_some_and(|segment| segment.span.start_s <= second && segment.read_s == SETTLED)
    }

    /// How many seconds of `within` are delivered and not settled.
    #[must_use]
    pub fn unsettled_s(&self, within: Span) -> i64 {
        self.unsettled(within).map(|segment| segment.span.len_s()).sum()
    }

    /// How old the oldest reading is of what is not settled in the last hour, the last six hours, and in all, in seconds;
    /// `None` where nothing is unsettled.
    #[must_use]
    pub fn freshness_s(&self, now_s: i64) -> [Option<i64>; 3] {
        [now_s - 3_600, now_s - 6 * 3_600, i64::MIN].map(|from_s| {
            let read_s = self.oldest_reading_s(Span::new(from_s, i64::MAX))?;
            Some((now_s - read_s).max(0))
        })
    }

    fn unsettled(&self, within: Span) -> impl Iterator<Item = Segment> {
        self.segments
            .iter()
            .map(move |segment| Segment {
                span: segment.span.and(within),
                read_s: segment.read_s,
            })
            .filter(|segment| !segment.span.is_empty() && segment.read_s != SETTLED)
    }
}

fn push(segments: &mut Vec<Segment>, segment: Segment) {
    if segment.span.is_empty() {
        return;
    }
    match segments.last_mut() {
        Some(last) if last.read_s == segment.read_s && last.span.end_s == segment.span.start_s => {
            last.span.end_s = segment.span.end_s;
        }
        _ => segments.push(segment),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(coverage: &Coverage, second: i64) -> Option<i64> {
        let holds = |segment: &&Segment| (segment.span.start_s..segment.span.end_s).contains(&second);
        coverage.segments.iter().find(holds).map(|segment| segment.read_s)
    }

    #[test]
    fn coverage_is_what_a_list_of_seconds_would_be() {
        let mut chance = fastrand::Rng::with_seed(3);
        for _ in 0..300 {
            let mut coverage = Coverage::default();
            let mut model = vec![None::<i64>; 60];
            for read_s in 0..20 {
                let start = chance.i64(0..60);
                let span = Span::new(start, chance.i64(start..=60));
                coverage.cover(span, read_s, 10);
                for (second, cell) in (0..).zip(&mut model) {
                    if (span.start_s..span.end_s).contains(&second) {
                        let read = if second < read_s - 10 { SETTLED } else { read_s };
                        *cell = Some(cell.map_or(read, |old| old.max(read)));
                    }
                }
                let missing = coverage.missing(Span::new(0, 60));
                for (second, cell) in (0..).zip(&model) {
                    assert_eq!(at(&coverage, second), *cell);
                    let is_missing = missing
                        .iter()
                        .any(|span| (span.start_s..span.end_s).contains(&second));
                    assert_eq!(is_missing, cell.is_none());
                }
                assert!(Coverage::from_segments(coverage.segments.clone()).is_some());
            }
        }
    }

    #[test]
    fn stale_spans_never_touch_settled_or_missing_seconds() {
        let mut chance = fastrand::Rng::with_seed(4);
        for _ in 0..300 {
            let mut coverage = Coverage::default();
            for read_s in 0..12 {
                let start = chance.i64(0..60);
                coverage.cover(Span::new(start, chance.i64(start..=60)), read_s, 4);
            }
            let limit = chance.i64(0..12);
            let stale = coverage.stale(Span::new(5, 55), limit);
            for second in 0..60 {
                let is_stale = stale
                    .iter()
                    .any(|span| (span.start_s..span.end_s).contains(&second));
                let read = at(&coverage, second);
                if is_stale {
                    assert!(read.is_some_and(|read| read != SETTLED) && (5..55).contains(&second));
                }
                if (5..55).contains(&second) && read.is_some_and(|read| read <= limit) {
                    assert!(is_stale);
                }
            }
        }
    }
}
