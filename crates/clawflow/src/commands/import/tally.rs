//! What became of the rows, in numbers and one by one.

use crate::cli::{CliError, Ctx, escape};
use clawflow_core::import::ImportOutcome;
use clawflow_engine::api::ImportedRecord;
use clawflow_store::foreign::Table;
use serde_json::{Value, json};

/// Lines about single records that people are shown.
const LINES_MAX: usize = 20;

/// What became of the rows.
pub(super) struct Tally {
    dry_run: bool,
    /// Whether every line is kept.
    all: bool,
    counts: [[u64; ImportOutcome::ALL.len()]; Table::ALL.len()],
    left: Vec<Line>,
    notes: Vec<Line>,
    /// Lines that are not kept.
    more: u64,
}

/// A line about a record.
struct Line {
    table: Table,
    id: String,
    outcome: ImportOutcome,
    text: String,
}

impl Tally {
    pub(super) fn new(dry_run: bool, all: bool) -> Self {
        let counts = [[0; ImportOutcome::ALL.len()]; Table::ALL.len()];
        Self { dry_run, all, counts, left: Vec::new(), notes: Vec::new(), more: 0 }
    }

    pub(super) fn add(&mut self, table: Table, id: &str, record: ImportedRecord) {
        let outcome = record.outcome;
        self.counts[table as usize][outcome as usize] += 1;
        let line = |text| Line { table, id: id.to_owned(), outcome, text };
        if let Some(reason) = record.reason {
            // What is too old is told by its number: it is no loss.
            let shown = outcome != ImportOutcome::Expired && self.left.len() < LINES_MAX;
            match self.all || shown {
                true => self.left.push(line(reason)),
                false => self.more += u64::from(outcome != ImportOutcome::Expired),
            }
        }
        for note in record.notes {
            match self.all || self.notes.len() < LINES_MAX {
                true => self.notes.push(line(note)),
                false => self.more += 1,
            }
        }
    }

    fn count(&self, outcome: ImportOutcome) -> u64 {
        self.counts.iter().map(|counts| counts[outcome as usize]).sum()
    }

    /// Whether anything was written.
    pub(super) fn has_changed(&self) -> bool {
        let written = self.count(ImportOutcome::Taken) + self.count(ImportOutcome::Updated);
        !self.dry_run && written > 0
    }

    /// Says it all.
    pub(super) fn tell(&self, ctx: &Ctx, from: &[String], enable: bool) -> Result<(), CliError> {
        if ctx.mode.json {
            return ctx.mode.print_json(&self.json(from));
        }
        let mut out = String::new();
        for path in from {
            out.push_str(&format!("from {}\n", escape(path)));
        }
        for table in Table::ALL {
            out.push_str(&format!("{}: {}\n", word(table, true), self.numbers(table)));
        }
        for Line { table, id, text, .. } in self.left.iter().chain(&self.notes) {
            let table = word(*table, false);
            out.push_str(&format!("  {table} {}: {}\n", escape(id), escape(text)));
        }
        if self.more > 0 {
            out.push_str(&format!("  and {} more: --json has them all\n", self.more));
        }
        ctx.mode.print(&out)?;
        self.hint(ctx, enable);
        Ok(())
    }

    fn hint(&self, ctx: &Ctx, enable: bool) {
        if self.count(ImportOutcome::Active) > 0 {
            ctx.mode
                .note("hint: what is still active in OpenClaw can be imported when it has ended");
        }
        if self.count(ImportOutcome::Expired) > 0 {
            let hint = "hint: how long what has ended is kept here is in the configuration: \
                        clawflow config show";
            ctx.mode.note(hint);
        }
        if self.dry_run {
            ctx.mode.note("hint: nothing was changed: leave --dry-run out");
        } else if !enable && self.counts[Table::Jobs as usize][ImportOutcome::Taken as usize] > 0 {
            let hint = "hint: the schedules are disabled: clawflow cron enable NAME, once OpenClaw \
                        fires them no more";
            ctx.mode.note(hint);
        }
    }

    fn numbers(&self, table: Table) -> String {
        let counts = ImportOutcome::ALL.iter().map(|outcome| {
            (told(*outcome, self.dry_run), self.counts[table as usize][*outcome as usize])
        });
        let parts = counts.filter(|(_, count)| *count > 0);
        let parts: Vec<String> = parts.map(|(word, count)| format!("{count} {word}")).collect();
        if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
    }

    fn json(&self, from: &[String]) -> Value {
        let counts = Table::ALL.into_iter().map(|table| {
            let counts = ImportOutcome::ALL.iter().map(|outcome| {
                let count = self.counts[table as usize][*outcome as usize];
                let name =
                    if *outcome == ImportOutcome::LeftOut { "leftOut" } else { outcome.as_str() };
                (name.to_owned(), json!(count))
            });
            (word(table, true).to_owned(), Value::Object(counts.collect()))
        });
        let left = self.left.iter().map(|Line { table, id, outcome, text }| {
            json!({ "kind": word(*table, false), "id": id, "outcome": outcome, "reason": text })
        });
        let notes = self.notes.iter().map(|Line { table, id, text, .. }| {
            json!({ "kind": word(*table, false), "id": id, "note": text })
        });
        json!({
            "from": from,
            "dryRun": self.dry_run,
            "counts": Value::Object(counts.collect()),
            "leftOut": left.collect::<Vec<_>>(),
            "notes": notes.collect::<Vec<_>>(),
        })
    }
}

fn word(table: Table, many: bool) -> &'static str {
    match (table, many) {
        (Table::Flows, true) => "flows",
        (Table::Flows, false) => "flow",
        (Table::Tasks, true) => "tasks",
        (Table::Tasks, false) => "task",
        (Table::Jobs, true) => "schedules",
        (Table::Jobs, false) => "schedule",
    }
}

fn told(outcome: ImportOutcome, dry_run: bool) -> &'static str {
    match outcome {
        ImportOutcome::Taken if dry_run => "to be taken",
        ImportOutcome::Taken => "taken",
        ImportOutcome::Updated if dry_run => "to be updated",
        ImportOutcome::Updated => "updated",
        ImportOutcome::Present => "already there",
        ImportOutcome::Kept => "kept as they are here",
        ImportOutcome::Active => "still active there",
        ImportOutcome::Expired => "too old to be kept",
        ImportOutcome::LeftOut => "left out",
    }
}
