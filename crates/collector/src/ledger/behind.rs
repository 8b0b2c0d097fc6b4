//! Pages that not every sink has, and how far each sink has come.
//!
//! A file beside the ledger, made when a sink first falls behind. Each sink in it has a cursor: the last page that it has
//! acknowledged. A page is forgotten when all of them have it, a cursor when its sink has all pages. A sink without a cursor
//! has everything that the ledger counts as delivered.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use super::LedgerError;

/// Most bytes of rows that wait, 1 GiB: about two million rows. Beyond it polling waits for the sink.
pub const MAX_BEHIND_BYTES: u64 = 1 << 30;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS page (
    page INTEGER PRIMARY KEY AUTOINCREMENT,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS waiting (
    page INTEGER NOT NULL,
    place INTEGER NOT NULL,
    line BLOB NOT NULL,
    id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    previous_status TEXT,
    details TEXT,
    PRIMARY KEY (page, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursor (sink TEXT PRIMARY KEY, page INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

/// A row that waits, with all it takes to deliver it exactly as the first time.
#[derive(Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The row, byte for byte.
    pub line: Vec<u8>,
    /// The event's id.
    pub id: String,
    /// 0 for a row that was never delivered before.
    pub sequence: u64,
    /// The status that was delivered before, if it was another.
    pub previous_status: Option<String>,
    /// What the service says happened to the message, if that is delivered.
    pub details: Option<String>,
}

impl std::fmt::Debug for Waiting {
    /// Neither row nor id: both hold addresses.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting")
            .field("sequence", &self.sequence)
            .finish_non_exhaustive()
    }
}

/// How far a sink is behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lag {
    /// The sink.
    pub sink: String,
    /// Rows that it has not taken.
    pub rows: u64,
}

/// What waits for sinks that are behind.
#[derive(Debug)]
pub struct Behind {
    path: PathBuf,
    /// None as long as there is no file.
    connection: Option<Connection>,
}

impl Behind {
    /// Where it is for a ledger.
    #[must_use]
    pub fn path_of(ledger: &Path) -> PathBuf {
        let mut name = ledger.as_os_str().to_owned();
        name.push(".behind.db");
        name.into()
    }

    /// Opens the file at a path, if there is one.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn open(path: PathBuf) -> Result<Self, LedgerError> {
        let connection = path.exists().then(|| connect(&path)).transpose()?;
        Ok(Self { path, connection })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The sinks that are behind, by name.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn lags(&self) -> Result<Vec<Lag>, LedgerError> {
        const LAGS: &str =
            "SELECT sink, (SELECT coalesce(sum(rows), 0) FROM page WHERE page.page > cursor.page)
            FROM cursor ORDER BY sink";
        let Some(connection) = &self.connection else {
            return Ok(Vec::new());
        };
        let read = || -> rusqlite::Result<Vec<Lag>> {
            let mut statement = connection.prepare_cached(LAGS)?;
            let lags = statement.query_map([], |row| {
                let rows: i64 = row.get(1)?;
                Ok(Lag {
                    sink: row.get(0)?,
                    rows: rows.cast_unsigned(),
                })
            })?;
            lags.collect()
        };
        read().map_err(|error| failed(&self.path, &error))
    }

    /// How many bytes of rows wait.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn bytes(&self) -> Result<u64, LedgerError> {
        let Some(connection) = &self.connection else {
            return Ok(0);
        };
        let bytes: i64 = connection
            .query_row("SELECT coalesce(sum(bytes), 0) FROM page", [], |row| row.get(0))
            .map_err(|error| failed(&self.path, &error))?;
        Ok(bytes.cast_unsigned())
    }

    /// Keeps a page for these sinks, behind what waits for them already. On disk when it returns.
    ///
    /// # Errors
    ///
    /// When it cannot be written. Then the page may not be committed.
    pub fn add(&mut self, sinks: &[&str], rows: &[Waiting]) -> Result<(), LedgerError> {
        let of = |error: rusqlite::Error| failed(&self.path, &error);
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(connect(&self.path)?),
        };
        let bytes: usize = rows.iter().map(|row| row.line.len()).sum();
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let mut add = || -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            transaction.execute(
                "INSERT INTO page (rows, bytes) VALUES (?1, ?2)",
                [count(rows.len()), count(bytes)],
            )?;
            let page = transaction.last_insert_rowid();
            for (place, row) in rows.iter().enumerate() {
                let Waiting {
                    line,
                    id,
                    sequence,
                    previous_status,
                    details,
                } = row;
                transaction
                    .prepare_cached(
                        "INSERT INTO waiting (page, place, line, id, sequence, previous_status, details)
                            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    )?
                    .execute(params![
                        page,
                        count(place),
                        line,
                        id,
                        sequence.cast_signed(),
                        previous_status,
                        details
                    ])?;
            }
            for sink in sinks {
                transaction.execute(
                    "INSERT OR IGNORE INTO cursor VALUES (?1, ?2)",
                    params![sink, page - 1],
                )?;
            }
            transaction.commit()
        };
        add().map_err(of)
    }

    /// The oldest page that a sink has not acknowledged.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn next(&self, sink: &str) -> Result<Option<(i64, Vec<Waiting>)>, LedgerError> {
        const NEXT: &str =
            "SELECT min(page) FROM page WHERE page > (SELECT page FROM cursor WHERE sink = ?1)";
        const ROWS: &str =
            "SELECT line, id, sequence, previous_status, details FROM waiting WHERE page = ?1 ORDER BY place";
        let Some(connection) = &self.connection else {
            return Ok(None);
        };
        let read = || -> rusqlite::Result<Option<(i64, Vec<Waiting>)>> {
            let page: Option<Option<i64>> =
                connection.query_row(NEXT, [sink], |row| row.get(0)).optional()?;
            let Some(page) = page.flatten() else {
                return Ok(None);
            };
            let mut statement = connection.prepare_cached(ROWS)?;
            let rows = statement.query_map([page], |row| {
                let sequence: i64 = row.get(2)?;
                Ok(Waiting {
                    line: row.get(0)?,
                    id: row.get(1)?,
                    sequence: sequence.cast_unsigned(),
                    previous_status: row.get(3)?,
                    details: row.get(4)?,
                })
            })?;
            Ok(Some((page, rows.collect::<rusqlite::Result<_>>()?)))
        };
        read().map_err(|error| failed(&self.path, &error))
    }

    /// Moves a sink's cursor behind a page, and forgets what all have.
    ///
    /// # Errors
    ///
    /// When it cannot be written. Then the sink gets the page again, under the same ids.
    pub fn acknowledge(&mut self, sink: &str, page: i64) -> Result<(), LedgerError> {
        let Some(connection) = &mut self.connection else {
            return Ok(());
        };
        let mut acknowledge = || -> rusqlite::Result<()> {
            let transaction = connection.transaction()?;
            transaction.execute("UPDATE cursor SET page = ?2 WHERE sink = ?1", params![sink, page])?;
            transaction.execute(
                "DELETE FROM cursor WHERE page >= (SELECT coalesce(max(page), 0) FROM page)",
                [],
            )?;
            for table in ["waiting", "page"] {
                transaction.execute(
                    &format!("DELETE FROM {table} WHERE NOT EXISTS (SELECT 1 FROM cursor WHERE cursor.page < {table}.page)"),
                    [],
                )?;
            }
            transaction.commit()
        };
        acknowledge().map_err(|error| failed(&self.path, &error))
    }
}

fn connect(path: &Path) -> Result<Connection, LedgerError> {
    let connection = connect_with(path, TABLES, failed)?;
    let upgrade = || -> rusqlite::Result<()> {
        // A file of before the first release that asked for details.
        let has_details = connection
            .prepare("SELECT 1 FROM pragma_table_info('waiting') WHERE name = 'details'")?
            .exists([])?;
        if !has_details {
            connection.execute_batch("ALTER TABLE waiting ADD COLUMN details TEXT")?;
        }
        Ok(())
    };
    upgrade().map_err(|error| failed(path, &error))?;
    Ok(connection)
}

fn failed(path: &Path, error: &rusqlite::Error) -> LedgerError {
    let lost = "what a sink was behind with is in it; a new ledger with --since delivers it again, under the same event ids";
    LedgerError::beside(path, error, lost)
}

/// Opens or makes a file of rows beside the ledger, with these tables. `failed` says what an error means.
pub(super) fn connect_with(
    path: &Path,
    tables: &str,
    failed: fn(&Path, &rusqlite::Error) -> LedgerError,
) -> Result<Connection, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    make_private(path)?;
    let connect = || -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(tables)?;
        Ok(connection)
    };
    connect().map_err(|error| failed(path, &error))
}

/// Makes the file, for this user alone: it holds rows.
fn make_private(path: &Path) -> Result<(), LedgerError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let made = options.open(path).map(drop);
    made.map_err(|error| LedgerError::Unusable(path.to_owned(), error.kind()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn rows(names: &[&str]) -> Vec<Waiting> {
        let row = |name: &&str| Waiting {
            line: format!("{{\"id\":\"{name}\"}}").into_bytes(),
            id: (*name).to_owned(),
            sequence: 1,
            previous_status: Some("pending".to_owned()),
            details: Some("{}".to_owned()),
        };
        names.iter().map(row).collect()
    }

    fn lag(behind: &Behind) -> Vec<(String, u64)> {
        behind
            .lags()
            .unwrap()
            .into_iter()
            .map(|lag| (lag.sink, lag.rows))
            .collect()
    }

    #[test]
    fn a_page_is_forgotten_when_all_have_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = Behind::path_of(&folder.path().join("ledger.db"));
        let mut behind = Behind::open(path.clone()).unwrap();
        assert!(lag(&behind).is_empty() && !path.exists());
        behind.add(&["a"], &rows(&["1", "2"])).unwrap();
        behind.add(&["a", "b"], &rows(&["3"])).unwrap();
        // As another run finds it.
        let mut behind = Behind::open(path).unwrap();
        assert_eq!(lag(&behind), [("a".to_owned(), 3), ("b".to_owned(), 1)]);
        let (first, found) = behind.next("a").unwrap().unwrap();
        assert_eq!(found, rows(&["1", "2"]));
        let (second, found) = behind.next("b").unwrap().unwrap();
        assert_eq!(found, rows(&["3"]));
        behind.acknowledge("b", second).unwrap();
        assert_eq!(
            (lag(&behind), behind.next("b").unwrap()),
            (vec![("a".to_owned(), 3)], None)
        );
        behind.acknowledge("a", first).unwrap();
        assert_eq!(lag(&behind), [("a".to_owned(), 1)]);
        assert!(behind.bytes().unwrap() > 0);
        behind.acknowledge("a", second).unwrap();
        assert_eq!((lag(&behind), behind.bytes().unwrap()), (Vec::new(), 0));
        // Numbers are never given twice.
        behind.add(&["b"], &rows(&["4"])).unwrap();
        assert!(behind.next("b").unwrap().unwrap().0 > second);
    }
}
