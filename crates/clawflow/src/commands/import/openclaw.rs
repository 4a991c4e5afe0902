//! `clawflow import openclaw`: reads OpenClaw's ledger in this process, and hands the rows to
//! whoever holds the home, a request of bounded size after the other.

use super::tally::Tally;
use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::client::Client;
use crate::commands::run::chosen_env;
use crate::commands::tasks::chosen_dir;
use clap::Args;
use clawflow_core::import::limits::{ROW_BYTES_MAX, ROWS_MAX};
use clawflow_core::import::{ImportOutcome, LeftOut};
use clawflow_core::json::Object;
use clawflow_engine::api::{ImportOpenclaw, ImportOpenclawRequest, ImportPlace, ImportedRecord};
use clawflow_store::foreign::{ForeignError, ForeignRow, Openclaw, Table};
use std::io::IsTerminal;
use std::path::PathBuf;

/// Bytes of rows of one request, as JSON: with one more row it is no longer than a gateway takes.
const REQUEST_BYTES: usize = 1 << 20;
/// Rows between two lines that say how far it is.
const PROGRESS_ROWS: u64 = 10_000;

/// Which ledger, and what becomes of its jobs.
#[derive(Debug, Args)]
#[command(after_help = "\
For example:
  clawflow import openclaw ~/.openclaw --dry-run
  clawflow import openclaw ~/.openclaw

It may run again at any time: what is here already is left alone, or follows what has changed there.
Records that are still active in OpenClaw are left out until they have ended. Schedules are
disabled, so that they do not fire in both. `docs/import.md` tells the rest.")]
pub(crate) struct OpenclawArgs {
    /// its state directory, or one of its databases
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// let schedules fire that are enabled in OpenClaw; to be used when that has been stopped
    #[arg(long)]
    enable: bool,
    /// the agent that takes scheduled turns [default: the one of the same name]
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,
}

/// Takes the records over.
pub(crate) async fn run(ctx: &Ctx, args: &OpenclawArgs) -> Result<Exit, CliError> {
    // Before anything of the home is touched.
    let mut ledger = Openclaw::open(&args.path).map_err(unreadable)?;
    let place = ImportPlace {
        cwd: chosen_dir(ctx, None)?,
        env: chosen_env(ctx, &[])?,
        tz: jiff::tz::TimeZone::system().iana_name().unwrap_or("UTC").to_owned(),
        agent: args.agent.clone(),
        enable: args.enable,
    };
    let client = Client::open(ctx).await?;
    let import = Import { ctx, client: &client, place, dry_run: args.dry_run };
    let mut tally = Tally::new(args.dry_run, ctx.mode.json);
    let done = import.all(&mut ledger, &mut tally).await;
    client.close(done.map_err(|error| began(error, &tally))).await?;
    let places = ledger.places().iter().map(|place| place.path.display().to_string());
    tally.tell(ctx, &places.collect::<Vec<_>>(), args.enable)?;
    Ok(Exit::Done)
}

/// What was taken before an error stays.
fn began(error: CliError, tally: &Tally) -> CliError {
    match tally.has_changed() {
        true => error.hint("what was taken over stays: the same command again goes on after it"),
        false => error,
    }
}

fn unreadable(error: ForeignError) -> CliError {
    let message = escape(&error.to_string());
    match error {
        ForeignError::None { .. } | ForeignError::Bad { .. } | ForeignError::Read { .. } => {
            CliError::new(Exit::Usage, "bad_file", message)
        }
        ForeignError::Copy { .. } => CliError::new(Exit::Failed, "io", message)
            .hint("the files are copied to read them: set TMPDIR to a directory with room"),
        ForeignError::Busy { .. } => CliError::new(Exit::Unavailable, "unavailable", message)
            .hint("try again, stop OpenClaw, or import a copy of its directory"),
    }
}

struct Import<'a> {
    ctx: &'a Ctx,
    client: &'a Client,
    place: ImportPlace,
    dry_run: bool,
}

/// Rows of one request, with their ids there.
#[derive(Default)]
struct Batch {
    ids: Vec<String>,
    rows: Vec<Object>,
    bytes: usize,
}

impl Import<'_> {
    async fn all(&self, ledger: &mut Openclaw, tally: &mut Tally) -> Result<(), CliError> {
        let total: u64 = Table::ALL.into_iter().map(|table| ledger.rows(table)).sum();
        let mut seen = 0;
        for table in Table::ALL {
            let mut batch = Batch::default();
            loop {
                let page = ledger.page(table, ROWS_MAX).map_err(unreadable)?;
                if page.is_empty() {
                    break;
                }
                let before = seen;
                seen += page.len() as u64;
                for row in page {
                    self.add(table, row, &mut batch, tally).await?;
                }
                self.progress(before, seen, total);
            }
            self.send(table, &mut batch, tally).await?;
        }
        Ok(())
    }

    /// Takes a row into the request that is next.
    async fn add(
        &self,
        table: Table,
        row: ForeignRow,
        batch: &mut Batch,
        tally: &mut Tally,
    ) -> Result<(), CliError> {
        let bytes = row.columns.as_ref().map_or(0, |it| {
            // invariant: JSON values are written without an error.
            serde_json::to_vec(it).map_or(usize::MAX, |text| text.len())
        });
        let columns = match row.columns {
            Ok(columns) if bytes <= ROW_BYTES_MAX => columns,
            Ok(_) => {
                let why = format!("it is larger than {ROW_BYTES_MAX} bytes");
                tally.add(table, &row.id, left_out(why));
                return Ok(());
            }
            Err(why) => {
                tally.add(table, &row.id, left_out(why));
                return Ok(());
            }
        };
        batch.ids.push(row.id);
        batch.rows.push(columns);
        batch.bytes += bytes;
        if batch.bytes > REQUEST_BYTES || batch.rows.len() >= ROWS_MAX {
            self.send(table, batch, tally).await?;
        }
        Ok(())
    }

    async fn send(
        &self,
        table: Table,
        batch: &mut Batch,
        tally: &mut Tally,
    ) -> Result<(), CliError> {
        let Batch { ids, rows, .. } = std::mem::take(batch);
        if rows.is_empty() {
            return Ok(());
        }
        let mut request =
            ImportOpenclawRequest { dry_run: self.dry_run, ..ImportOpenclawRequest::default() };
        match table {
            Table::Flows => request.flows = rows,
            Table::Tasks => request.tasks = rows,
            Table::Jobs => {
                request.jobs = rows;
                request.place = self.place.clone();
            }
        }
        let answer = self.client.call::<ImportOpenclaw>(&request).await?;
        for (id, record) in ids.iter().zip(answer.records) {
            tally.add(table, id, record);
        }
        Ok(())
    }

    fn progress(&self, before: u64, seen: u64, total: u64) {
        let steps = seen / PROGRESS_ROWS > before / PROGRESS_ROWS;
        if steps && std::io::stderr().is_terminal() {
            self.ctx.mode.note(&format!("{seen} of {total} rows"));
        }
    }
}

fn left_out(reason: String) -> ImportedRecord {
    let LeftOut { outcome, reason } = LeftOut { outcome: ImportOutcome::LeftOut, reason };
    ImportedRecord { outcome, id: None, reason: Some(reason), notes: Vec::new() }
}
