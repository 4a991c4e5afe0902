//! Named limits of shims, each with its reason.

use std::time::Duration;

/// Version of the directory format and of the socket frames.
pub const FORMAT: u32 = 1;

/// Stdout up to this many bytes travels inside the exit record, so that most results need no
/// second file; the store keeps step results inline up to the same size.
pub const INLINE_OUTPUT_BYTES: usize = 64 * 1024;

/// A progress line longer than this is not progress: the scanner's memory stays bounded.
pub const PROGRESS_LINE_BYTES: usize = 8 * 1024;

/// One read from a pipe: its default capacity.
pub const READ_BYTES: usize = 64 * 1024;

/// Time between two reads from a program that is talked to and speaks in small pieces: shorter than
/// anybody sees, long enough that its gateway is woken some hundred times a second at most.
pub const BREATH: Duration = Duration::from_millis(4);

/// Small reads in close succession after which a program is read in breaths: a conversation, which
/// nobody may slow down, has fewer.
pub const BREATHLESS_READS: u32 = 32;

/// A read of so much is not small: a program that fills its pipe is not made to wait.
pub const BREATH_BYTES: usize = READ_BYTES / 4;

/// Room for a spec, so that most are read at once.
pub const SPEC_BYTES: usize = 4 * 1024;

/// Clients connected at once; a gateway, its successor and a few curious people.
pub const MAX_CLIENTS: usize = 16;

/// An attempt that lives longer than this gets a socket for others than the gateway that
/// started it, whether they need one or not: short ones are over before, and to make a file is
/// much of what they cost.
pub const SOCKET_AFTER: Duration = Duration::from_millis(100);

/// Shims that may come back for another attempt: more than are at work at once for so short a time
/// on most machines. Each is a page table and some ten pages while it is idle.
pub const SHIM_WAYS: usize = 64;

/// Time after which the server lets an idle shim go: the next step of a flow comes much sooner.
pub const IDLE_SHIM: Duration = Duration::from_secs(2);

/// Unsent bytes after which a client that does not read is dropped.
pub const CLIENT_BACKLOG_BYTES: usize = 512 * 1024;

/// A client's unfinished line; frames to the shim are tiny.
pub const CLIENT_LINE_BYTES: usize = 16 * 1024;

/// A working directory or program that takes longer to come by is taken for a file system
/// that hangs: the shim cannot act meanwhile. Automounters give up earlier.
pub const EXECUTE_WAIT: Duration = Duration::from_secs(60);

/// Time a program has between TERM and KILL if the spec says nothing.
pub const DEFAULT_GRACE_MS: u64 = 5_000;

/// Time a client has to say that it committed the exit, before the shim syncs it itself.
pub const COLLECT_WAIT: Duration = Duration::from_millis(200);

/// Pause between two rounds of KILL over a tree that is not empty yet.
pub const KILL_ROUND: Duration = Duration::from_millis(20);

/// Pause before the exit record, or the socket, is tried again on a full disk.
pub const RECORD_RETRY: Duration = Duration::from_millis(500);

/// Tries for the lock: whoever only looks at it holds it for microseconds.
pub const LOCK_TRIES: u32 = 40;

/// Pause between two tries for the lock.
pub const LOCK_PAUSE: Duration = Duration::from_millis(5);
