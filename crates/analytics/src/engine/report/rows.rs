//! The messages that can be searched, in columns.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use serde::Serialize;

use super::super::view::Opened;
use super::answer::Answer;
use super::words::number;

/// Columns of texts, as the payload names them, and the view `mail`'s for each. The first three are needed.
const TEXTS: [(&str, &str); 9] = [
    ("sender", "writer"),
    ("recipient", "recipient"),
    ("status", "status"),
    ("subject", "subject"),
    ("source_ip", "source_ip"),
    ("destination_ip", "destination_ip"),
    ("message_id", "message_id"),
    ("trace_id", "trace_id"),
    ("cause", "cause"),
];
const NEEDED: usize = 3;
/// Where the columns of texts begin in the answer.
const FIRST_TEXT: usize = 3;

/// `email.direction`, each at its number in the payload.
pub(super) const DIRECTIONS: [&str; 5] = ["", "inbound", "outbound", "internal", "external"];

/// Rows in the order of time, oldest first.
pub(super) struct Rows {
    /// Milliseconds since 1970 UTC.
    times: Vec<i64>,
    sizes: Vec<i64>,
    directions: Vec<usize>,
    texts: Vec<Texts>,
}

/// A column: each distinct text once, the empty one first, and each row's number.
struct Texts {
    name: &'static str,
    distinct: Vec<String>,
    rows: Vec<usize>,
}

impl Rows {
    /// The newest rows of the view `mail`, at most so many.
    pub(super) async fn read(archive: &Opened, most: usize) -> Result<Self> {
        let columns: Vec<&str> = TEXTS.iter().map(|(_, column)| *column).collect();
        // Equal times in an order that does not depend on the files.
        let sql = format!(
            "SELECT CAST(time AS BIGINT) AS micros, size, direction, {} FROM mail
            ORDER BY time DESC, event_id DESC NULLS LAST, recipient DESC NULLS LAST, message_id DESC NULLS LAST LIMIT {most}",
            columns.join(", ")
        );
        let answer = Answer::of(archive, &sql).await?;
        let rows = || (0..answer.rows).rev();
        let direction = |row| {
            let found = DIRECTIONS.iter().position(|name| *name == answer.text(row, 2));
            found.unwrap_or(0)
        };
        Ok(Self {
            times: rows().map(|row| answer.number(row, 0).div_euclid(1000)).collect(),
            sizes: rows()
                .map(|row| answer.some_number(row, 1).unwrap_or(-1))
                .collect(),
            directions: rows().map(direction).collect(),
            texts: TEXTS
                .iter()
                .enumerate()
                .map(|(at, (name, _))| Texts::of(name, rows().map(|row| answer.text(row, FIRST_TEXT + at))))
                .collect(),
        })
    }

    /// How many there are.
    pub(super) const fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether any of them has a text in a column.
    pub(super) fn has(&self, name: &str) -> bool {
        self.texts
            .iter()
            .any(|texts| texts.name == name && texts.has_any(0))
    }

    /// The newest of them for the payload, `of` how many there are in all, without some of the columns.
    pub(super) fn packed(&self, newest: usize, of: usize, without: &[&str]) -> Packed<'_> {
        let first = self.len().saturating_sub(newest);
        let times = self.times.get(first..).unwrap_or_default();
        let mut before = 0;
        let distances = times.iter().map(|&time| {
            let distance = time - before;
            before = time;
            distance
        });
        let directions = self.directions.get(first..).unwrap_or_default();
        let mut columns = BTreeMap::from([
            ("time", Column::Numbers(distances.collect())),
            (
                "size",
                Column::Numbers(self.sizes.get(first..).unwrap_or_default().to_vec()),
            ),
            ("direction", Column::Indices(directions.to_vec())),
        ]);
        for (at, texts) in self.texts.iter().enumerate() {
            let is_needed = at < NEEDED;
            if is_needed || (!without.contains(&texts.name) && texts.has_any(first)) {
                columns.insert(texts.name, texts.packed(first));
            }
        }
        Packed {
            count: times.len(),
            selection: if times.len() == of {
                "all".to_owned()
            } else {
                format!("the newest {}", number(times.len()))
            },
            columns,
        }
    }
}

impl Texts {
    fn of<'a>(name: &'static str, values: impl Iterator<Item = &'a str>) -> Self {
        let mut numbers = HashMap::from([("", 0)]);
        let mut distinct = vec![String::new()];
        let rows = values.map(|value| {
            *numbers.entry(value).or_insert_with(|| {
                distinct.push(value.to_owned());
                distinct.len() - 1
            })
        });
        let rows = rows.collect();
        Self { name, distinct, rows }
    }

    /// The numbers of the rows from one on.
    fn tail(&self, first: usize) -> &[usize] {
        self.rows.get(first..).unwrap_or_default()
    }

    fn has_any(&self, first: usize) -> bool {
        self.tail(first).iter().any(|&number| number > 0)
    }

    fn text(&self, number: usize) -> &str {
        self.distinct.get(number).map_or("", String::as_str)
    }

    /// As distinct texts and numbers, or one text a row where hardly any repeats.
    fn packed(&self, first: usize) -> Column<'_> {
        let rows = self.tail(first);
        if self.distinct.len() > rows.len() / 2 + 1 {
            return Column::Each {
                texts: rows.iter().map(|&number| self.text(number)).collect(),
            };
        }
        // Rows that are left out take their texts with them.
        let mut numbers = vec![usize::MAX; self.distinct.len()];
        let mut texts = vec![""];
        if let Some(none) = numbers.first_mut() {
            *none = 0;
        }
        let rows = rows.iter().map(|&number| {
            let Some(new) = numbers.get_mut(number) else {
                return 0;
            };
            if *new == usize::MAX {
                *new = texts.len();
                texts.push(self.text(number));
            }
            *new
        });
        let rows = rows.collect();
        Column::Distinct { texts, rows }
    }
}

/// `rows` of the payload.
#[derive(Serialize)]
pub(super) struct Packed<'a> {
    pub(super) count: usize,
    selection: String,
    columns: BTreeMap<&'static str, Column<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Column<'a> {
    Numbers(Vec<i64>),
    Indices(Vec<usize>),
    Distinct { texts: Vec<&'a str>, rows: Vec<usize> },
    Each { texts: Vec<&'a str> },
}
