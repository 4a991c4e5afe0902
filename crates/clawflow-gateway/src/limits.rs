//! Limits of the wire, each with its reason.

use std::time::Duration;

/// Bytes of a request's body: a workflow file of 1 MiB, escaped, with arguments and environment.
pub const BODY_BYTES: usize = 4 << 20;
/// Bytes of a body that is too long which are still read, so that its sender gets to the answer.
pub const DRAIN_BYTES: usize = 32 << 20;
/// Time that a request's body may take: 4 MiB over a slow line.
pub const BODY_TIME: Duration = Duration::from_secs(60);
/// Time that the rest of a body is read for whose request was refused already.
pub const DRAIN_TIME: Duration = Duration::from_secs(5);
/// Bytes of a request's line and headers; longer ones are answered with 431.
pub const HEAD_BYTES: usize = 64 << 10;
/// Time in which a whole head must be there; as long a connection may be idle between two requests.
pub const HEAD_TIME: Duration = Duration::from_secs(30);
/// Time that requests under way have to end once the server stops.
pub const STOP_GRACE: Duration = Duration::from_secs(2);
/// The part of it after which they are answered without waiting for their end.
pub const STOP_ANSWER: Duration = Duration::from_millis(1500);
/// Time that a client gives the server beyond what the request itself says it may wait.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of a unix socket's path, without the null at its end: the kernel's limit.
pub const SOCKET_PATH_BYTES: usize = 107;
/// Connections at once on each listener, at most; a quarter of the descriptors that the process may
/// have, where that is less. Then the one that has been idle for longest makes room: what steps
/// need must never be used up by callers.
pub const CONNECTIONS_MAX: usize = 4096;
/// How long a new connection may be silent.
pub const SILENT_FIRST: Duration = Duration::from_secs(10);
/// How long a connection may be silent later: longer than any call waits for news.
pub const SILENT_LATER: Duration = Duration::from_secs(90);
/// How long a client may take nothing of an answer that is being sent.
pub const STALLED: Duration = Duration::from_secs(20);
/// Commands that are carried out at once, at most: also those whose callers have gone.
pub const COMMANDS_MAX: usize = 4096;
/// Streams of events at once, at most.
pub const STREAMS_MAX: usize = 256;
/// Those of one token.
pub const STREAMS_OF_TOKEN: usize = 16;
/// Those on the unix socket without a token: a quarter is left to tokens.
pub const STREAMS_OF_SOCKET: usize = 192;
/// Events that a stream reads from the store at once.
pub const STREAM_PAGE: usize = 64;
/// Bytes of events after which a stream hands over what it has.
pub const STREAM_BYTES: usize = 64 << 10;
/// Pause after which a stream says that it is alive, and looks into the store although nobody told
/// it to: for its token, and for events.
pub const STREAM_ALIVE: Duration = Duration::from_secs(15);
/// Requests per second of a token, and of a connection, where nothing else is set.
pub const RATE_DEFAULT: u32 = 20_000;
/// Tokens whose rates are remembered; more of them at once are not limited one by one.
pub const RATES_MAX: usize = 4096;
/// Bytes of a token's secret; those that are made are far shorter.
pub const SECRET_BYTES: usize = 512;
/// Bytes of a session key, an actor's name or an idempotency key in a header, decoded.
pub const NAME_BYTES: usize = 1024;
/// Bytes of an origin in a header, decoded.
pub const ORIGIN_BYTES: usize = 8 << 10;
/// Bytes read of the file in which a holder names itself.
pub const HOLDER_BYTES: u64 = 64 << 10;
/// How long a holder may take to name itself after it took the lock.
pub const HOLDER_NAMED: Duration = Duration::from_millis(500);
/// Pings of one job per second, and as many at once: a job begins, tells of itself and ends.
pub const PING_RATE: u32 = 20;
/// Bytes of a ping's body that are read: it is one line about how a job goes.
pub const PING_BYTES: usize = 10 << 10;
