//! What a person is told.

use std::path::Path;
use std::time::Instant;

use message_trace_collector::poll::Fault;
use message_trace_folder::{Found, Told};
use message_trace_remedy::Remedy;

use super::super::handover::lock;
use super::super::run::Ended;
use super::{Run, Tally};

impl Run<'_> {
    pub(super) fn cannot_read(&mut self, found: &Found, why: String, left_alone: Option<Instant>) {
        self.say(why);
        self.failed
            .insert(found.path.clone(), (found.clone(), left_alone));
    }

    /// A run that ends by itself says by its exit code that not all could be read.
    pub(super) fn unreadable(&self) -> Ended {
        match self.failed.len() {
            0 => Ok(()),
            files => {
                let what = if files == 1 { "a file" } else { "files" };
                let sentence = format!("{what} could not be read ({files}); all others are delivered");
                Err(Fault::new(Remedy::Storage, sentence))
            }
        }
    }

    /// Warns once of the same.
    pub(super) fn say(&mut self, sentence: String) {
        if self.said.insert(sentence.clone()) {
            log::warn!("{sentence}");
        }
    }

    pub(super) fn tell(&self, how: &str, began: Option<Instant>) {
        let Tally {
            new,
            changed,
            known,
            files,
        } = self.tally;
        let dead_letters = lock(&self.handover.news()).dead_letters;
        let seconds = began.map_or_else(|| "-".to_owned(), |began| began.elapsed().as_secs().to_string());
        log::info!(
            delivered = new, changed = changed, read_again = known, files_read = files,
            files_known = self.marks.len(), files_unreadable = self.failed.len(),
            dead_letters = dead_letters, seconds:% = seconds;
            "{how}"
        );
    }
}

/// What is said of a file; once, however often it ends in half a row.
pub(super) fn sentence(path: &Path, told: Told) -> String {
    let path = path.display();
    match told {
        Told::Cut => format!(
            "{path} ends in the middle of a row: that row waits for its rest, and is taken as it is when the \
             file has not changed for ten minutes"
        ),
        Told::Torn => format!(
            "{path} is compressed and breaks off: what came before is read, the rest when it is there"
        ),
        Told::Foreign(what) => format!("{path}: {what}"),
        Told::Note(note) => format!("{path}: {note}"),
    }
}
