//! Limits of the wire, each with its reason.

use std::time::Duration;

/// Bytes of a request's body: a workflow file of 1 MiB, escaped, with arguments and environment.
pub const BODY_BYTES: usize = 4 << 20;
/// Bytes of a body that is too long which are still read, so that its sender gets to the answer.
pub const DRAIN_BYTES: usize = 32 << 20;
/// Time that requests under way have to end once the server stops.
pub const STOP_GRACE: Duration = Duration::from_secs(2);
/// The part of it after which they are answered without waiting for their end.
pub const STOP_ANSWER: Duration = Duration::from_millis(1500);
/// Time that a client gives the server beyond what the request itself says it may wait.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of a unix socket's path, without the null at its end: the kernel's limit.
pub const SOCKET_PATH_BYTES: usize = 107;
/// Connections at once, at most; half of the descriptors that the process may have, where that is
/// less. Further ones wait in the kernel: what steps need must never be used up by callers.
pub const CONNECTIONS_MAX: usize = 4096;
/// How long a new connection may be silent.
pub const SILENT_FIRST: Duration = Duration::from_secs(10);
/// How long a connection may be silent later: longer than any call waits for news.
pub const SILENT_LATER: Duration = Duration::from_secs(90);
/// Bytes read of the file in which a holder names itself.
pub const HOLDER_BYTES: u64 = 64 << 10;
/// How long a holder may take to name itself after it took the lock.
pub const HOLDER_NAMED: Duration = Duration::from_millis(500);
