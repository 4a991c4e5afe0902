//! Signals of a process that stands between its caller and a job.

use std::io;
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

/// What is passed on to the job; the others act on both, or on neither.
const PASSED: [libc::c_int; 7] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGALRM,
];

/// A signal that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// Something happened to a child.
    Child,
    /// Somebody sent this one to us alone.
    Sent(i32),
    /// The terminal sent it to the whole group: the job has it too.
    Terminal,
}

/// The signals that a wrapper takes instead of dying of them.
pub(crate) struct Signals {
    set: libc::sigset_t,
    /// What the caller had blocked.
    was: libc::sigset_t,
    /// What the caller wanted of ended children.
    on_child: libc::sighandler_t,
}

impl Signals {
    /// Takes them from now on.
    #[expect(unsafe_code, reason = "rustix has no stable sigprocmask or signal")]
    pub(crate) fn take() -> io::Result<Self> {
        let (mut set, mut was) = (MaybeUninit::uninit(), MaybeUninit::zeroed());
        // SAFETY: sigemptyset initialises the set before it is used, zero is a valid set, and both
        // outlive the calls.
        unsafe {
            libc::sigemptyset(set.as_mut_ptr());
            for number in PASSED.into_iter().chain([libc::SIGCHLD]) {
                libc::sigaddset(set.as_mut_ptr(), number);
            }
            let set = set.assume_init();
            // An inherited "ignore" would make the kernel reap the job behind our back.
            let on_child = libc::signal(libc::SIGCHLD, libc::SIG_DFL);
            if libc::sigprocmask(libc::SIG_BLOCK, &raw const set, was.as_mut_ptr()) != 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(Self { set, was: was.assume_init(), on_child })
        }
    }

    /// Makes a command that has the signals as the caller has them.
    #[expect(unsafe_code, reason = "only in the child itself can its signals be given back")]
    pub(crate) fn give_back(&self, command: &mut Command) {
        let (was, on_child) = (self.was, self.on_child);
        // SAFETY: between fork and exec only two async-signal-safe calls are made, with copies.
        unsafe {
            command.pre_exec(move || {
                libc::signal(libc::SIGCHLD, on_child);
                match libc::sigprocmask(libc::SIG_SETMASK, &raw const was, std::ptr::null_mut()) {
                    0 => Ok(()),
                    _ => Err(io::Error::last_os_error()),
                }
            });
        }
    }

    /// Waits for one of them; `None`: none came in that time.
    #[expect(unsafe_code, reason = "rustix has no sigtimedwait")]
    pub(crate) fn wait(&self, at_most: Option<Duration>) -> io::Result<Option<Came>> {
        let limit = at_most.map(|time| libc::timespec {
            tv_sec: libc::time_t::try_from(time.as_secs()).unwrap_or(libc::time_t::MAX),
            tv_nsec: time.subsec_nanos().into(),
        });
        let limit = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
        // SAFETY: set, info and limit outlive the call, which fills the info.
        let (number, code) = unsafe {
            let number = libc::sigtimedwait(&raw const self.set, info.as_mut_ptr(), limit);
            (number, info.assume_init().si_code)
        };
        match number {
            -1 => match io::Error::last_os_error() {
                error if error.raw_os_error() == Some(libc::EAGAIN) => Ok(None),
                error if error.kind() == io::ErrorKind::Interrupted => Ok(Some(Came::Terminal)),
                error => Err(error),
            },
            libc::SIGCHLD => Ok(Some(Came::Child)),
            // What the kernel sends by itself, it sends to the whole foreground group.
            _ if code > 0 => Ok(Some(Came::Terminal)),
            number => Ok(Some(Came::Sent(number))),
        }
    }
}

/// Dies of this signal, so that the caller sees what became of the job; returns where that does
/// not work.
#[expect(unsafe_code, reason = "rustix has no stable signal, sigprocmask or raise")]
pub(crate) fn die_of(number: i32) {
    // SAFETY: no handler is installed, the set is initialised before its use, and the limit is
    // plain data that outlives its call.
    unsafe {
        let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // The job has left a core, if one is wanted.
        libc::setrlimit(libc::RLIMIT_CORE, &raw const none);
        libc::signal(number, libc::SIG_DFL);
        let mut set = MaybeUninit::uninit();
        libc::sigemptyset(set.as_mut_ptr());
        let set: libc::sigset_t = set.assume_init();
        libc::sigprocmask(libc::SIG_SETMASK, &raw const set, std::ptr::null_mut());
        libc::raise(number);
    }
}
