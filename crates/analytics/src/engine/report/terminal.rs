//! The tables on a terminal, with bars.

use std::io::{self, IsTerminal as _, Write};

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::tables::{Table, Tables};

/// Columns of what is no terminal.
const WIDTH: usize = 100;
const INDENT: usize = 2;
const BETWEEN: usize = 2;
/// A text is cut no shorter.
const NARROWEST: usize = 8;
const SHORTEST_BAR: usize = 8;
const LONGEST_BAR: usize = 40;
/// A bar ends in eighths of a column.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// How a terminal is written to.
#[derive(Clone, Copy)]
pub(super) struct Look {
    width: usize,
    has_colour: bool,
}

impl Look {
    /// Standard output as it is: colour only on a terminal that did not ask for none.
    pub(super) fn of_stdout() -> Self {
        let is_terminal = io::stdout().is_terminal();
        let width = terminal_size::terminal_size().filter(|_| is_terminal);
        let asked_for_none = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            width: width.map_or(WIDTH, |(width, _)| usize::from(width.0)),
            has_colour: is_terminal && !asked_for_none,
        }
    }

    fn styled(self, code: &str, text: &str) -> String {
        if self.has_colour && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

const BOLD: &str = "1";
const DIM: &str = "2";
const BAR: &str = "36";

/// Writes all tables.
pub(super) fn write(tables: &Tables, look: Look, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", look.styled(BOLD, &tables.title))?;
    wrapped(&tables.lead, look, "", out)?;
    for table in &tables.all {
        writeln!(out, "\n{}", look.styled(BOLD, table.title))?;
        if let Some(lead) = &table.lead {
            wrapped(lead, look, "  ", out)?;
        }
        if !table.rows.is_empty() {
            write_table(table, look, out)?;
        }
    }
    if !tables.notes.is_empty() {
        writeln!(out, "\n{}", look.styled(BOLD, "Notes"))?;
        for note in &tables.notes {
            wrapped(note, look, "  ", out)?;
        }
    }
    Ok(())
}

fn write_table(table: &Table, look: Look, out: &mut impl Write) -> io::Result<()> {
    let first = if table.is_newest_last {
        table.rows.len().saturating_sub(table.on_terminal)
    } else {
        0
    };
    let rows = table.rows.iter().skip(first).take(table.on_terminal);
    let bars = table.bars.as_ref();
    let bars: Option<Vec<i64>> =
        bars.map(|bars| bars.iter().skip(first).take(table.on_terminal).copied().collect());
    let mut widths: Vec<usize> = table.head.iter().map(|head| head.name.width()).collect();
    for row in rows.clone() {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let for_bar = if bars.is_some() { SHORTEST_BAR + BETWEEN } else { 0 };
    let all = |widths: &[usize]| {
        INDENT + widths.iter().sum::<usize>() + BETWEEN * widths.len().saturating_sub(1) + for_bar
    };
    // Column by column from the widest one, until the line fits.
    while all(&widths) > look.width {
        let widest = (0..widths.len())
            .filter(|&at| table.head.get(at).is_some_and(|head| !head.is_number))
            .max_by_key(|&at| widths.get(at).copied());
        match widest.and_then(|at| widths.get_mut(at)) {
            Some(width) if *width > NARROWEST => *width -= 1,
            _ => break,
        }
    }
    let room = (look.width + SHORTEST_BAR)
        .saturating_sub(all(&widths))
        .min(LONGEST_BAR);
    let names: Vec<String> = table.head.iter().map(|head| head.name.to_owned()).collect();
    writeln!(
        out,
        "{}",
        look.styled(DIM, line(table, &names, &widths).trim_end())
    )?;
    let most = bars.iter().flatten().copied().max().unwrap_or(0);
    for (at, row) in rows.enumerate() {
        let mut text = line(table, row, &widths);
        if let Some(&value) = bars.as_ref().and_then(|bars| bars.get(at)) {
            text.push_str("  ");
            text.push_str(&look.styled(BAR, &bar(value, most, room)));
        }
        writeln!(out, "{}", text.trim_end())?;
    }
    if table.rows.len() > table.on_terminal {
        let which = if table.is_newest_last { "last" } else { "first" };
        let more = format!("  the {which} {} of {}", table.on_terminal, table.rows.len());
        writeln!(out, "{}", look.styled(DIM, &more))?;
    }
    Ok(())
}

fn line(table: &Table, cells: &[String], widths: &[usize]) -> String {
    let mut line = " ".repeat(INDENT);
    for (at, ((cell, head), &width)) in cells.iter().zip(&table.head).zip(widths).enumerate() {
        if at > 0 {
            line.push_str(&" ".repeat(BETWEEN));
        }
        let cell = cut(cell, width);
        let blank = " ".repeat(width.saturating_sub(cell.width()));
        if head.is_number {
            line.push_str(&blank);
            line.push_str(&cell);
        } else {
            line.push_str(&cell);
            line.push_str(&blank);
        }
    }
    line
}

/// A text in so many columns.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let mut kept = String::new();
    for letter in text.chars() {
        let needs = letter.width().unwrap_or(0);
        if needs > left {
            break;
        }
        left -= needs;
        kept.push(letter);
    }
    kept.push('…');
    kept
}

/// A bar as long as its part of the most.
fn bar(value: i64, most: i64, room: usize) -> String {
    let (Ok(value), Ok(most)) = (u128::try_from(value), u128::try_from(most)) else {
        return String::new();
    };
    if value == 0 || most == 0 {
        return String::new();
    }
    // What is there is seen.
    let eighths = usize::try_from(value * room as u128 * 8 / most)
        .unwrap_or(room * 8)
        .max(1);
    let mut bar = "█".repeat(eighths / 8);
    bar.push_str(EIGHTHS.get(eighths % 8).unwrap_or(&""));
    bar
}

/// A sentence, broken between words.
fn wrapped(text: &str, look: Look, indent: &str, out: &mut impl Write) -> io::Result<()> {
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && indent.len() + line.width() + 1 + word.width() > look.width {
            writeln!(out, "{indent}{line}")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(out, "{indent}{line}")
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::super::tables::{Head, Table, Tables};
    use super::{Look, bar, cut, write};

    #[test]
    fn a_bar_is_as_long_as_its_part_and_what_is_there_is_seen() {
        assert_eq!(bar(10, 10, 4), "████");
        assert_eq!(bar(5, 10, 4), "██");
        assert_eq!(bar(1, 10, 5), "▌");
        assert_eq!(bar(1, 1_000_000, 4), "▏");
        assert_eq!(bar(0, 10, 4), "");
        assert_eq!(bar(i64::MAX, i64::MAX, 40).width(), 40);
    }

    #[test]
    fn a_text_is_cut_to_the_columns_that_it_takes() {
        assert_eq!(cut("alice", 5), "alice");
        assert_eq!(cut("alice@example.com", 6), "alice…");
        // These letters are two columns wide.
        assert_eq!(cut("日本語", 4), "日…");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_colour_is_only_on_one() -> std::io::Result<()> {
        let head = |name, is_number| Head { name, is_number };
        let long = "a-very-long-local-part-of-an-address@a-very-long-domain.example.com".to_owned();
        let table = Table {
            title: "Top senders",
            lead: None,
            head: vec![
                head("Sender", false),
                head("Messages", true),
                head("Subject", false),
            ],
            rows: vec![vec![long.clone(), "1,000".to_owned(), long.clone()]; 30],
            bars: Some((1..=30).collect()),
            on_terminal: 10,
            is_newest_last: false,
        };
        let tables = Tables {
            title: "Mail".to_owned(),
            lead: "word ".repeat(40).trim_end().to_owned(),
            all: vec![table],
            notes: vec!["note ".repeat(40).trim_end().to_owned()],
        };
        for (width, has_colour) in [(50, false), (80, false), (200, false), (80, true)] {
            let mut out = Vec::new();
            write(&tables, Look { width, has_colour }, &mut out)?;
            let out = String::from_utf8_lossy(&out).into_owned();
            assert_eq!(out.contains('\u{1b}'), has_colour);
            assert!(out.contains('█'), "{out}");
            assert!(out.contains("the first 10 of 30"), "{out}");
            if !has_colour {
                for line in out.lines() {
                    assert!(line.width() <= width, "{width}: {line}");
                }
            }
        }
        Ok(())
    }
}
