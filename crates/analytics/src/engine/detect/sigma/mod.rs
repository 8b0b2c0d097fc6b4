//! Rules of Sigma over an archive: day by day, in order of time, so that correlations see events as they came.

mod hits;
mod shown;

use anyhow::{Context as _, Result};
use chrono::{NaiveDate, TimeDelta};
use datafusion::physical_plan::execute_stream;
use futures::StreamExt as _;
use message_trace_sigma::document;
use rsigma_eval::event::JsonEvent;
use rsigma_eval::{CorrelationConfig, CorrelationEngine, CorrelationEventMode, TimestampFallback};

use super::objects;
use crate::engine::archive::is_gone;
use crate::engine::place::Place;
use crate::engine::view::{self, Opened};
pub(in crate::engine) use hits::Hits;
pub(in crate::engine) use message_trace_sigma::Pack;

/// Event ids that an alert names.
const EVIDENCE: usize = 100;
/// How many senders, recipients and the like are counted at a time, by all rules together; how many events of each.
const MOST_GROUPS: usize = 100_000;
const MOST_ENTRIES: usize = 100_000;
/// The columns that events are made of, in order of time.
const ROWS: &str = "SELECT * FROM records ORDER BY time, event_id";

/// What the rules find from a day on, and up to another one. Earlier days are read as far as correlations look back.
pub(in crate::engine) async fn find(
    archive: &Place,
    since: NaiveDate,
    until: Option<NaiveDate>,
    pack: &Pack,
) -> Result<Hits> {
    let mut hits = Hits::default();
    if pack.rules.is_empty() {
        return Ok(hits);
    }
    let mut engine = CorrelationEngine::new(CorrelationConfig {
        timestamp_fields: vec!["@timestamp".to_owned()],
        timestamp_fallback: TimestampFallback::Skip,
        max_state_entries: MOST_GROUPS,
        max_group_entries: Some(MOST_ENTRIES),
        emit_detections: false,
        correlation_event_mode: CorrelationEventMode::Refs,
        max_correlation_events: EVIDENCE,
        ..CorrelationConfig::default()
    });
    engine
        .add_collection(&pack.rules)
        .context("the rules cannot be evaluated together")?;
    let longest = pack
        .rules
        .correlations
        .iter()
        .map(|rule| rule.timespan.seconds)
        .max();
    let days_before = i64::try_from(longest.unwrap_or(0).div_ceil(86_400)).unwrap_or(0);
    let from = since - TimeDelta::days(days_before);
    let mut is_full = false;
    let days = archive.days().await?;
    let is_asked = |day: NaiveDate| day >= from && until.is_none_or(|until| day <= until);
    for &day in days.keys().filter(|&&day| is_asked(day)) {
        let seen = (day >= since).then_some(&mut hits);
        one_day(archive, day, &mut engine, pack, seen).await?;
        is_full |= engine.state_count() >= MOST_GROUPS * 9 / 10;
    }
    if is_full {
        eprintln!(
            "message-trace: Sigma's correlations count more than {MOST_GROUPS} groups at a time; the oldest were left out"
        );
    }
    Ok(hits)
}

/// Evaluates the rows of a day, each as it is now. Without `hits` for what correlations count alone.
async fn one_day(
    archive: &Place,
    day: NaiveDate,
    engine: &mut CorrelationEngine,
    pack: &Pack,
    mut hits: Option<&mut Hits>,
) -> Result<()> {
    let Some((opened, plan)) = planned(archive, day).await? else {
        return Ok(());
    };
    let mut rows = execute_stream(plan, opened.context.task_ctx())?;
    while let Some(batch) = rows.next().await {
        for row in objects(&[batch?])? {
            let event = document(&row);
            for result in engine.process_event(&JsonEvent::borrow(&event)) {
                let header = &result.header;
                let rule = header.rule_id.as_ref().unwrap_or(&header.rule_title);
                if let Some(hits) = hits.as_mut().filter(|_| !pack.counted.contains(rule)) {
                    hits.add(day, &event, &result);
                }
            }
        }
    }
    Ok(())
}

type Plan = std::sync::Arc<dyn datafusion::physical_plan::ExecutionPlan>;

/// A day, opened and planned while its files were there. `None` if it has none any more.
async fn planned(archive: &Place, day: NaiveDate) -> Result<Option<(Opened, Plan)>> {
    for left in (0..archive.tries()).rev() {
        let opened = match view::open_day(archive, day).await {
            Ok(Some(opened)) => opened,
            Ok(None) => return Ok(None),
            Err(error) if left > 0 && is_gone(&error) => {
                archive.wait();
                continue;
            }
            Err(error) => return Err(error),
        };
        let plan = opened.context.sql(ROWS).await?.create_physical_plan().await;
        let there = opened.still_there().await;
        match (plan, there) {
            (Ok(plan), Ok(())) => return Ok(Some((opened, plan))),
            (_, Err(error)) if left > 0 && is_gone(&error) => archive.wait(),
            (Err(error), _) => return Err(error.into()),
            (_, Err(error)) => return Err(error).context("the archive changed meanwhile; start again"),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use crate::COLUMNS;

    #[test]
    fn rules_find_every_column_where_the_target_has_it() {
        for (path, name) in message_trace_sigma::fields() {
            let column = COLUMNS.iter().find(|column| column.name == name);
            let is_domain = ["sender_domain", "recipient_domain"].contains(&name);
            assert!(column.is_some() || is_domain, "{path}");
        }
        // Each column is where it came from.
        for column in COLUMNS {
            let mut fields = message_trace_sigma::fields();
            assert!(
                fields.any(|field| field == (column.ecs, column.name)),
                "{}",
                column.name
            );
        }
    }
}
