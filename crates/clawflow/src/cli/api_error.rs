//! Errors of calls as errors of the command line.

use super::error::CliError;
use super::exit::Exit;
use clawflow_engine::api::ApiError;

impl From<ApiError> for CliError {
    fn from(error: ApiError) -> Self {
        let exit = match error.code.as_str() {
            "not_found" | "ambiguous" => Exit::NotFound,
            "invalid" | "bad_request" | "bad_file" => Exit::Usage,
            "unavailable" | "store_full" | "persist_failed" => Exit::Unavailable,
            "internal" => Exit::Failed,
            // What is left are refusals by the record's state.
            _ => Exit::Refused,
        };
        let mut made = Self::new(exit, &error.code, error.message);
        made.hints.extend(error.hint);
        if let Some(flow) = error.current.as_ref().filter(|_| exit == Exit::Refused) {
            let (status, revision) = (flow.status, flow.revision);
            made.hints.push(format!("the flow is {status}, at revision {revision}"));
        }
        if !error.candidates.is_empty() {
            made = made.detail("candidates", error.candidates);
        }
        match error.current.map(serde_json::to_value) {
            Some(Ok(current)) => made.detail("current", current),
            _ => made,
        }
    }
}
