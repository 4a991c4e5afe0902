//! Limits of the server for agents, each with its reason.

use std::time::Duration;

/// Bytes of one message on stdio: as much as a request's body over HTTP.
pub(super) const LINE_BYTES: usize = crate::limits::BODY_BYTES;
/// Requests of one stdio client that are carried out at once; a further one is refused at once.
pub(super) const REQUESTS_MAX: usize = 64;
/// Messages for a stdio client that wait until it reads; then the requests themselves wait.
pub(super) const OUTBOX_MAX: usize = 256;
/// How long commands have to end whose client went away: one of them may be starting a gateway.
pub(super) const LEAVE_GRACE: Duration = Duration::from_secs(15);
/// Questions of which a connection remembers that they were asked; beyond them they may be again.
pub(super) const ASKED_MAX: usize = 4096;
/// How long a `flow_wait` waits that names no time, in milliseconds.
pub(super) const WAIT_MS_DEFAULT: u64 = 25_000;
/// How long it waits at most: clients commonly give a call up after 60 seconds.
pub(super) const WAIT_MS_MAX: u64 = 45_000;
/// Characters of one text in a digest; the record has the rest.
pub(super) const TEXT_CHARS: usize = 400;
/// Lines of news in a digest; the newest are told.
pub(super) const NEWS_MAX: usize = 12;
/// Reasons in a digest.
pub(super) const REASONS_MAX: usize = 6;
/// Steps, tasks or waits in one answer; a flow may have thousands.
pub(super) const ROWS_MAX: usize = 100;
/// Bytes of one value in an overview; a value that is asked for by name may have more.
pub(super) const VALUE_BYTES: usize = 2 << 10;
/// Bytes of a value that is asked for by name, and of a flow's outputs at its end: a model reads
/// all of it.
pub(super) const NAMED_BYTES: usize = 64 << 10;
/// Bytes of the end of a log.
pub(super) const LOG_BYTES: usize = 4 << 10;
/// Parts of a log, of 1 MiB, that are read for its end.
pub(super) const LOG_PARTS_MAX: usize = 16;
/// Bytes of a resource.
pub(super) const RESOURCE_BYTES: usize = 1 << 20;
/// Flows on one page of resources or tasks.
pub(super) const PAGE: usize = 50;
/// Flows above one that are looked at: deeper than flows may be nested.
pub(super) const PARENTS_MAX: usize = 64;
/// Least time between two polls, in milliseconds, that a task suggests.
pub(super) const POLL_MS_MIN: i64 = 500;
/// What it suggests while work is done that may end at any time.
pub(super) const POLL_MS_WORKING: i64 = 2_000;
/// What it suggests while a person is asked.
pub(super) const POLL_MS_PERSON: i64 = 5_000;
/// The most that it suggests: other things than time may move a flow.
pub(super) const POLL_MS_MAX: i64 = 60_000;
/// How long a client may keep lists of tools and prompts, in milliseconds: they change with the
/// program.
pub(super) const LIST_TTL_MS: u64 = 600_000;
