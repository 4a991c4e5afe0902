//! Pings: the shortest reports there are, by the secret of a job's URL.

use super::{Api, ApiError, Caller, TaskListRequest, TaskRecordRequest};
use crate::clock::now;
use clawflow_core::limits::KEY_CHARS_MAX;
use clawflow_core::task::{Exit, Runtime, Task, TaskReport, TaskStatus};
use clawflow_core::token::{Access, Token};

/// Runs of a job that are looked through for the one that is meant.
const OPEN_MAX: usize = 1000;

/// What a ping says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ping {
    /// It has begun.
    Start,
    /// It goes on.
    Log,
    /// It has ended with this exit code.
    Exit(i32),
    /// It has ended badly.
    Fail,
}

impl Api {
    /// The valid token of a ping URL with this secret. Others are none here: what is in a URL is
    /// seen by many.
    ///
    /// # Errors
    /// Those of the store.
    pub fn ping_token(&self, secret: &str) -> Result<Option<Token>, ApiError> {
        Ok(self.token_of(secret)?.filter(|token| token.access == Access::Ping))
    }

    /// Takes a ping of this job. `text` is a line about how it goes, `run` tells runs at the same
    /// time apart.
    ///
    /// # Errors
    /// `not_found` for a log without a run, `invalid` for texts that cannot be, and those of the
    /// store.
    pub async fn ping(
        &self,
        token: &Token,
        ping: Ping,
        text: Option<String>,
        run: Option<String>,
    ) -> Result<Task, ApiError> {
        if run.as_ref().is_some_and(|run| run.chars().count() > KEY_CHARS_MAX) {
            let message = format!("`rid` has at most {KEY_CHARS_MAX} characters");
            return Err(ApiError::new("invalid", message));
        }
        let actor = Some(format!("ping {}", token.label));
        let owner = token.owner_key.clone();
        let job =
            Job { api: self.as_caller(Caller { owner, actor, ..Caller::default() }), token, run };
        // One for all: pings are few, and each is a moment.
        let _turn = self.engine.inner.pings.lock().await;
        job.take(ping, text).await
    }
}

/// The job of a ping URL, or one run of it.
struct Job<'t> {
    api: Api,
    token: &'t Token,
    run: Option<String>,
}

impl Job<'_> {
    async fn take(&self, ping: Ping, text: Option<String>) -> Result<Task, ApiError> {
        let open = self.open().await?;
        let (status, error, exit) = match ping {
            Ping::Start => return self.start(open).await,
            Ping::Log => {
                let none = || ApiError::new("not_found", "no run of this job is open");
                let told = TaskReport { progress_summary: text, ..TaskReport::default() };
                return self.api.take_report(open.ok_or_else(none)?, told).await;
            }
            Ping::Exit(0) => (TaskStatus::Succeeded, None, Some(Exit::Code(0))),
            Ping::Exit(code) => {
                (TaskStatus::Failed, Some(format!("exit code {code}")), Some(Exit::Code(code)))
            }
            Ping::Fail => (TaskStatus::Failed, Some("it has failed".to_owned()), None),
        };
        match open {
            Some(task) => {
                let told = TaskReport {
                    status: Some(status),
                    terminal_summary: text,
                    error,
                    exit,
                    ..TaskReport::default()
                };
                self.api.take_report(task, told).await
            }
            None => {
                let mut told = self.said();
                (told.status, told.error, told.exit) = (Some(status), error, exit);
                told.terminal_summary = text;
                told.ended_at = Some(now());
                self.api.task_record(told).await
            }
        }
    }

    async fn start(&self, open: Option<Task>) -> Result<Task, ApiError> {
        match open {
            // The same run, told of twice.
            Some(task) if self.run.is_some() => return Ok(task),
            Some(task) => {
                let told = TaskReport {
                    status: Some(TaskStatus::Lost),
                    error: Some(
                        "another run has begun, and of this one no end was told".to_owned(),
                    ),
                    ..TaskReport::default()
                };
                self.api.take_report(task, told).await?;
            }
            None => {}
        }
        self.api.task_record(self.said()).await
    }

    fn said(&self) -> TaskRecordRequest {
        TaskRecordRequest {
            label: Some(self.token.label.clone()),
            source_id: Some(self.token.token_id.0.clone()),
            run_id: self.run.clone(),
            owner: self.token.owner_key.clone().unwrap_or_default(),
            ..TaskRecordRequest::new("ping", self.token.label.clone())
        }
    }

    /// The newest run that is open, of this run id if one is named.
    async fn open(&self) -> Result<Option<Task>, ApiError> {
        let request = TaskListRequest {
            status: vec![TaskStatus::Running],
            runtime: vec![Runtime::External],
            label: Some(self.token.label.clone()),
            limit: Some(OPEN_MAX),
            ..TaskListRequest::default()
        };
        let listed = self.api.task_list(request).await?;
        let source = Some(self.token.token_id.as_str());
        let ours = |task: &Task| task.source_id.as_deref() == source && task.run_id == self.run;
        Ok(listed.tasks.into_iter().find(ours))
    }
}
