//! The file in which the first layout keeps its cron jobs.

use super::error::ForeignError;
use super::limits::{ID_CHARS_MAX, JOBS_BYTES_MAX};
use super::snapshot::shown;
use super::table::ForeignRow;
use clawflow_core::json::Object;
use clawflow_core::limits::cut;
use serde_json::Value;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The jobs of the file, as rows.
pub(super) fn read(file: &Path) -> Result<Vec<ForeignRow>, ForeignError> {
    let fail = |error| ForeignError::Read { path: shown(file), error };
    let bad = |why: &str| ForeignError::Bad { path: shown(file), why: why.to_owned() };
    let opened = File::open(file).map_err(fail)?;
    if !opened.metadata().map_err(fail)?.is_file() {
        return Err(bad("is no regular file"));
    }
    let mut bytes = Vec::new();
    opened.take(JOBS_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > JOBS_BYTES_MAX {
        return Err(bad("is too large"));
    }
    let jobs = match serde_json::from_slice(&bytes) {
        Ok(Value::Object(mut all)) => all.remove("jobs"),
        Ok(list @ Value::Array(_)) => Some(list),
        Ok(_) => None,
        Err(_) => return Err(bad("is no JSON")),
    };
    let Some(Value::Array(jobs)) = jobs else { return Err(bad("has no list of jobs")) };
    Ok(jobs.into_iter().zip(1..).map(|(job, number)| row(&job, number)).collect())
}

fn row(job: &Value, number: i64) -> ForeignRow {
    let id = job.get("id").or_else(|| job.get("jobId"));
    let id = id.and_then(Value::as_str).filter(|id| !id.is_empty());
    let text = job.to_string();
    let bytes = text.len();
    let columns = match (job, id) {
        (Value::Object(_), Some(id)) => {
            let id = ("job_id".to_owned(), Value::from(id));
            Ok(Object::from_iter([id, ("job_json".to_owned(), Value::from(text))]))
        }
        (Value::Object(_), None) => Err("it has no id".to_owned()),
        _ => Err("it is no object".to_owned()),
    };
    let id = id.map_or_else(|| format!("job {number}"), |id| cut(id, ID_CHARS_MAX));
    ForeignRow { id, columns, bytes, rowid: number }
}
