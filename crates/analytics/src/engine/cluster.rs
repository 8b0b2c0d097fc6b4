//! A Ballista cluster that answers a question: this process asks and prints, the cluster plans and reads.

use std::fmt;
use std::str::FromStr;

#[cfg(feature = "cluster")]
use anyhow::Context as _;
use anyhow::Result;
#[cfg(not(feature = "cluster"))]
use anyhow::bail;
use datafusion::arrow::array::RecordBatch;
use datafusion::common::ScalarValue;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::{LogicalPlanBuilder, col, lit};
use datafusion::prelude::{DataFrame, SessionContext};

use super::steps;

/// Where schedulers listen.
const PORT: u16 = 50050;

/// Most cells of a step that travel as rows; together they stay far below the 16 MiB of a message.
const MOST_CELLS: usize = 50_000;

/// The scheduler of a cluster, as `df://HOST:PORT` names it.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    authority: String,
}

impl fmt::Display for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "df://{}", self.authority)
    }
}

impl FromStr for Cluster {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let authority = text.strip_prefix("df://").unwrap_or_default();
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()),
            _ => (authority, Some(PORT)),
        };
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
        match port {
            Some(port) if port > 0 && !host.is_empty() && host.bytes().all(is_host) => Ok(Self {
                authority: format!("{host}:{port}"),
            }),
            _ => Err(format!("name the scheduler of the cluster: df://HOST:{PORT}")),
        }
    }
}

#[cfg(feature = "cluster")]
impl Cluster {
    /// An engine like another one, whose questions the cluster answers.
    ///
    /// # Errors
    ///
    /// A scheduler that does not answer within ten seconds.
    pub(super) async fn context(&self, local: &SessionContext) -> Result<SessionContext> {
        use ballista::prelude::{SessionConfigExt as _, SessionContextExt as _};
        use datafusion::execution::SessionStateBuilder;
        self.reach()
            .with_context(|| format!("cannot reach the scheduler {self}; is it up?"))?;
        // Adaptive planning of 55.0.0 reads inputs of a `UNION ALL` several times where a `LIMIT` follows.
        let config = local.copied_config().upgrade_for_ballista();
        let config = config.set_bool("ballista.planner.adaptive.enabled", false);
        let state = SessionStateBuilder::new_from_existing(local.state()).with_config(config);
        Ok(SessionContext::remote_with_state(&self.to_string(), state.build()).await?)
    }

    /// Whether somebody listens there: what the client says of it names no address.
    fn reach(&self) -> std::io::Result<()> {
        use std::net::{TcpStream, ToSocketAddrs as _};
        let mut last = std::io::ErrorKind::AddrNotAvailable.into();
        for address in self.authority.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, std::time::Duration::from_secs(10)) {
                Ok(_) => return Ok(()),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

#[cfg(not(feature = "cluster"))]
impl Cluster {
    #[expect(clippy::unused_async, reason = "as with a cluster")]
    pub(super) async fn context(&self, _: &SessionContext) -> Result<SessionContext> {
        bail!(
            "this program was built without clusters; build one that can ask {self}: ./build.sh program --features cluster"
        )
    }
}

/// The plan of a question. What its `WITH` names is asked first, and travels as rows where these are few: otherwise a plan may
/// nest deeper than a scheduler takes (some fifty levels), and read the archive once for every mention of a step.
pub(super) async fn plan(context: &SessionContext, sql: &str, options: SQLOptions) -> Result<DataFrame> {
    steps::plan(context, steps::apart(sql)?, sql, options, MOST_CELLS, &register).await
}

/// Rows as a table that travels within the question: what is in the memory of this process, no cluster can read.
pub(super) fn register(context: &SessionContext, name: &str, rows: RecordBatch) -> Result<()> {
    let is_empty = rows.num_rows() == 0;
    // There are no values without a row.
    let values = (0..rows.num_rows().max(1)).map(|at| {
        let cells = rows.columns().iter().map(|column| {
            let cell = if is_empty {
                ScalarValue::try_new_null(column.data_type())
            } else {
                ScalarValue::try_from_array(column, at)
            };
            Ok(lit(cell?))
        });
        cells.collect::<Result<Vec<_>>>()
    });
    let values = LogicalPlanBuilder::values(values.collect::<Result<_>>()?)?.filter(lit(!is_empty))?;
    let names = rows.schema();
    let columns = values.schema().columns().into_iter().zip(names.fields());
    let columns: Vec<_> = columns
        .map(|(column, field)| col(column).alias(field.name()))
        .collect();
    let table = DataFrame::new(context.state(), values.project(columns)?.build()?);
    context.register_table(name, table.into_view())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_scheduler_has_a_scheme_and_a_host() {
        for (text, address) in [
            ("df://cluster.example:50050", "df://cluster.example:50050"),
            ("df://10.0.0.1", "df://10.0.0.1:50050"),
            ("df://[::1]:7000", "df://[::1]:7000"),
            ("df://[::1]", "df://[::1]:50050"),
        ] {
            assert_eq!(text.parse::<Cluster>().unwrap().to_string(), address);
        }
        for text in [
            "",
            "df://",
            "df://:50050",
            "df://h:0",
            "df://h:x",
            "http://h:1",
            "df://u@h:1",
            "df://h:1/x",
            "h:50050",
        ] {
            text.parse::<Cluster>().unwrap_err();
        }
    }
}
