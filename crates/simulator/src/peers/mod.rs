//! The polling policies that other collectors publish, as baselines over the same tenant in virtual time.
//!
//! Each is written from the description of its design alone, and where a description leaves a choice, the kinder one
//! was taken. They say what a policy can lose, not how good a product is; products change.

mod article;
mod elastic;
mod message_trace_report;
mod outcome;
mod sekoia;
mod world;
mod xsiam;

pub use article::Article;
pub use elastic::Elastic;
pub use message_trace_report::MessageTraceReport;
pub use outcome::Outcome;
pub use sekoia::Sekoia;
pub use world::{Crash, Fetched, Trouble, World};
pub use xsiam::Xsiam;

use chrono::{DateTime, Duration, Utc};

use crate::{Settings, Simulator};

/// A collector's way of polling. What it keeps in its fields survives a crash only if it says so in `restart`.
pub trait Policy {
    /// The name in tables.
    fn name(&self) -> String;

    /// How long it rests between two rounds.
    fn pause(&self) -> Duration;

    /// One round: asks for what it wants and delivers what it finds.
    ///
    /// # Errors
    /// When the process is killed.
    fn round(&mut self, world: &mut World<'_>) -> Result<(), Crash>;

    /// Loses what a killed process loses.
    fn restart(&mut self);
}

/// How long a baseline runs and how often it is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Course {
    /// When polling begins; rows received before are nobody's loss.
    pub from: DateTime<Utc>,
    /// When it ends.
    pub to: DateTime<Utc>,
    /// Rows and changes that appear within this time of the end are nobody's loss.
    pub margin: Duration,
    /// Requests in a thousand during which the process is killed.
    pub crashes_per_mille: u32,
}

impl Course {
    /// A course that begins when the tenant's traffic does, lasts some hours, goes on for 26 more hours in which
    /// everything late appears, and judges all of it.
    #[must_use]
    pub fn over(settings: &Settings, hours: u32) -> Self {
        let from = settings.from;
        Self {
            from,
            to: from + Duration::hours(i64::from(hours) + 26),
            margin: Duration::hours(2),
            crashes_per_mille: 0,
        }
    }
}

/// The published policies: Sekoia, Elastic without and with 60 minutes of age, Cortex XSIAM, `MessageTraceReport`.
#[must_use]
pub fn all(from: DateTime<Utc>) -> Vec<Box<dyn Policy>> {
    vec![
        Box::new(Sekoia::new(from)),
        Box::new(Elastic::new(from, Duration::zero())),
        Box::new(Elastic::new(from, Duration::minutes(60))),
        Box::new(Xsiam::new(from)),
        Box::new(MessageTraceReport::new(from)),
    ]
}

/// Lets a policy poll a tenant over a course and says what came of it.
///
/// The settings' `until` should lie at least a day before the course's end, else rows at the end are judged that nobody
/// had the time to read.
#[must_use]
pub fn run(policy: &mut dyn Policy, settings: &Settings, course: Course) -> Outcome {
    let mut simulator = Simulator::new(settings.clone());
    let mut world = World::new(&mut simulator, course);
    while world.now() < course.to {
        if policy.round(&mut world) == Err(Crash) {
            policy.restart();
            world.rest(Duration::seconds(30));
        } else {
            world.rest(policy.pause());
        }
    }
    world.outcome(policy.name(), course)
}

/// The published policies for the Reporting Web Service: the article's, once a day as it says, and once an hour.
#[must_use]
pub fn all_of_reports(from: DateTime<Utc>) -> Vec<Box<dyn Policy>> {
    let every = [Duration::hours(24), Duration::hours(1)];
    let article = |every| Box::new(Article::new(from, every)) as Box<dyn Policy>;
    every.into_iter().map(article).collect()
}

/// Runs every published policy over the same tenant.
#[must_use]
pub fn compare(settings: &Settings, course: Course) -> Vec<Outcome> {
    each(all(course.from), settings, course)
}

/// Runs every published policy for the Reporting Web Service over the same tenant.
#[must_use]
pub fn compare_reports(settings: &Settings, course: Course) -> Vec<Outcome> {
    each(all_of_reports(course.from), settings, course)
}

fn each(policies: Vec<Box<dyn Policy>>, settings: &Settings, course: Course) -> Vec<Outcome> {
    policies
        .into_iter()
        .map(|mut policy| run(policy.as_mut(), settings, course))
        .collect()
}
