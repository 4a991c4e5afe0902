//! What a shim leaves behind at the end of an attempt.

use std::fs::File;
use std::path::Path;

use rustix::process::WaitStatus;

use super::command;
use super::frame::FromShim;
use super::layout;
use super::record::{Bytes, ExecError, ExitRecord, write_whole};
use super::watch::{Watch, pids};

impl Watch {
    /// Puts the exit on record and tells it. The record is in the page cache, which is enough
    /// while the machine is up: the gateway's own commit carries the result to disk.
    pub(super) fn record_exit(&mut self) {
        self.out.drain_and_freeze(&mut self.body.buffer);
        self.err.drain_and_freeze(&mut self.body.buffer);
        self.tell_progress();
        let record = self.exit_record();
        self.hello.exit = Some(Box::new(record.clone()));
        self.record = Some(record.clone());
        self.write_exit();
        self.tell(FromShim::Exit { record: Box::new(record) });
    }

    /// Tries to write the record.
    pub(super) fn write_exit(&mut self) {
        let Some(line) = self.record.as_ref().and_then(|record| record.seal().ok()) else { return };
        // Whoever removed the file wants no record: waiting for room could be for ever.
        self.unwritten = self.file.add_exit(&line).is_err() && self.file.is_linked();
    }

    /// Says on disk that the tree is empty, unless the exit record says so already.
    pub(super) fn record_empty(&self) {
        if self.record.as_ref().is_some_and(|record| !record.empty) {
            let _ = write_whole(Path::new(layout::EMPTY), b"");
        }
    }

    /// Brings the record to disk. Only needed when nobody collected it: else the gateway
    /// has committed its content, and a sync per attempt would cost more than the attempt.
    pub(super) fn sync(&self) {
        let _ = self.out.sync();
        let _ = self.file.sync();
        let _ = File::open(".").and_then(|dir| dir.sync_all());
    }

    fn exit_record(&mut self) -> ExitRecord {
        let exec_error = self.exec_error();
        let ended = self.ended;
        let ran = exec_error.is_none();
        let status = ended.map(|ended| ended.status).filter(|_| ran);
        let stopped = self.stopped();
        let list = |ids| if stopped { pids(ids) } else { Vec::new() };
        let (out_bytes, out_truncated) = self.out.totals();
        let (err_bytes, err_truncated) = self.err.totals();
        ExitRecord {
            task: self.spec.task.clone(),
            fence: self.spec.fence,
            code: status.and_then(WaitStatus::exit_status),
            signal: status.and_then(WaitStatus::terminating_signal),
            exec_error,
            timed_out: self.ending.timed_out,
            stop_requested: self.ending.stop_requested,
            over_output: self.over_output(),
            stop_reason: self.ending.stop_reason.clone(),
            signalled: list(&self.ending.signalled),
            survived_term: list(&self.ending.survived),
            empty: self.childless,
            started_at: self.hello.started_at,
            ended_at: ended.map_or_else(super::start::now_ms, |ended| ended.at_ms),
            out_bytes,
            err_bytes,
            out_truncated,
            err_truncated,
            out_sha256: self.out.sha256(),
            stdout: self.out.inline().map(Bytes::new),
        }
    }

    fn exec_error(&self) -> Option<ExecError> {
        self.failure.map(|failure| command::explain(failure, &self.spec))
    }
}
