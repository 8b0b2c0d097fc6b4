//! Reading one window, page by page, newest row first.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::delivery::Held;
use super::plan::Tier;
use super::reread::pass_of;
use super::signal::Call;
use crate::ledger::Span;
use message_trace_sources::{Page, Query};

/// The most pages of one window before it is begun again from its last delivered row: 10 million rows at 5,000 a page.
const MOST_PAGES: u32 = 2_000;
/// The most empty pages in a row before the window is begun again.
const MOST_EMPTY_PAGES: u32 = 50;

/// A window that is being read.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) tier: Tier,
    /// What is left to be read: its end moves down with every page.
    pub(super) left: Span,
    /// The window as it was planned.
    pub(super) planned: Span,
    /// What is asked for next; `None` once the last page is here.
    pub(super) call: Option<Call>,
    /// The request under way.
    pub(super) asked: Option<u64>,
    /// When the reading began, in the service's seconds.
    pub(super) read_s: i64,
    /// How often it was begun again without a row more.
    pub(super) restarts: u32,
    /// Failures of its first page that may be due to its length.
    pub(super) failures: u32,
    /// When what it reads again was read, in the service's seconds.
    pub(super) before_s: i64,
    rows: u32,
    end_s: i64,
    oldest_us: i64,
    is_ordered: bool,
    links: HashSet<u64>,
    pages: u32,
    empty_pages: u32,
}

/// What became of a page.
pub(super) enum Turn {
    /// The window goes on, or is complete.
    On(Held),
    /// The window has to be begun again from its last delivered row.
    Again(Held, &'static str),
}

impl Lane {
    pub(super) fn new(tier: Tier, span: Span, rows: u32) -> Self {
        let mut lane = Self {
            tier,
            left: span,
            planned: span,
            call: None,
            asked: None,
            read_s: 0,
            restarts: 0,
            failures: 0,
            before_s: 0,
            rows,
            end_s: span.end_s,
            oldest_us: i64::MAX,
            is_ordered: true,
            links: HashSet::new(),
            pages: 0,
            empty_pages: 0,
        };
        lane.restart();
        lane
    }

    /// Begins again with what is left.
    pub(super) fn restart(&mut self) {
        self.end_s = self.left.end_s;
        self.oldest_us = i64::MAX;
        self.is_ordered = true;
        self.links.clear();
        self.pages = 0;
        self.empty_pages = 0;
        self.call = Some(Call::List(Query {
            start_s: self.left.start_s,
            end_s: self.end_s,
            rows: self.rows,
        }));
    }

    /// Gives up the older half of what is left, if none of it was asked for; it stays missing and is planned again.
    pub(super) fn halve(&mut self) {
        if self.is_at_start() && self.left.len_s() >= 120 {
            self.left.start_s = self.left.end_s - self.left.len_s() / 2;
            self.planned.start_s = self.left.start_s;
            self.restart();
        }
    }

    /// In which order requests are made, the first first: newest rows, what is most overdue, what is missing.
    pub(super) fn order(&self, now_s: i64, every_s: [i64; 3]) -> (u8, i64) {
        let overdue = pass_of(self.tier).map_or(0, |pass| {
            (now_s - self.before_s).saturating_mul(1000) / every_s[pass].max(1)
        });
        let class = match self.tier {
            Tier::Fresh => 0,
            Tier::Recent | Tier::Sweep | Tier::Deep => 1,
            Tier::CatchUp => 2,
            Tier::Backfill => 3,
        };
        (class, -overdue)
    }

    /// Notes that the next page is asked for.
    pub(super) fn ask(&mut self, request: u64) {
        self.asked = Some(request);
    }

    /// Whether the next request is the first of the window.
    pub(super) fn is_at_start(&self) -> bool {
        matches!(self.call, Some(Call::List(_)))
    }

    /// Takes in the page that was asked for.
    pub(super) fn turn(&mut self, page: Page) -> Turn {
        self.pages += 1;
        self.failures = 0;
        let times = || page.rows().iter().filter_map(|row| row.received_us);
        let newest_us = times().next().unwrap_or(i64::MIN);
        let falls = times().zip(times().skip(1)).all(|(this, next)| next <= this);
        self.is_ordered &= falls && newest_us <= self.oldest_us;
        self.oldest_us = times()
            .min()
            .map_or(self.oldest_us, |oldest| oldest.min(self.oldest_us));
        self.empty_pages = if page.rows().is_empty() {
            self.empty_pages + 1
        } else {
            0
        };
        let before = self.left;
        let link = page.next_link().map(str::to_owned);
        let mut tie_s = None;
        if link.is_none() {
            // Complete. When the order cannot be relied on, only now is anything known to be.
            self.left.end_s = self.left.start_s;
        } else if self.is_ordered && self.oldest_us != i64::MAX {
            // Rows of the oldest second may go on on the next page.
            let oldest_s = self.oldest_us.div_euclid(1_000_000);
            self.left.end_s = (oldest_s + 1).clamp(before.start_s, before.end_s);
            tie_s = Some(oldest_s);
        }
        if self.left.end_s < before.end_s {
            self.restarts = 0;
        }
        let held = Held {
            page,
            read_s: self.read_s,
            cover: Span::new(self.left.end_s, before.end_s),
            start_s: before.start_s,
            end_s: self.end_s,
            tie_s,
            keep_all: !self.is_ordered && link.is_some(),
            told: None,
        };
        let Some(link) = link else {
            self.call = None;
            return Turn::On(held);
        };
        let mut hasher = DefaultHasher::new();
        link.hash(&mut hasher);
        if !self.links.insert(hasher.finish()) {
            return Turn::Again(held, "the next link leads in a circle");
        }
        if self.empty_pages >= MOST_EMPTY_PAGES {
            return Turn::Again(held, "too many empty pages");
        }
        if self.pages >= MOST_PAGES {
            return Turn::Again(held, "too many pages");
        }
        self.call = Some(Call::Next(link));
        Turn::On(held)
    }
}
