//! The few system calls that rustix does not offer, each behind a safe face.

pub(crate) mod heap;
pub(crate) mod job;
pub(crate) mod pidfd;
pub(crate) mod program;

use std::ffi::{CStr, CString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

use rustix::process::Pid;

/// What a shim ignores: the ends of terminals, and of those that it writes to.
const IGNORED: [libc::c_int; 3] = [libc::SIGHUP, libc::SIGINT, libc::SIGPIPE];

/// Which side of a fork this is.
pub(super) enum Fork {
    /// The parent.
    Parent,
    /// The child.
    Child,
}

/// Forks the calling, single-threaded process.
///
/// By the bare system call: the C library's `fork` prepares for threads that a shim does not
/// have, and each page that it writes to is copied twice, by the parent and by the child.
#[expect(unsafe_code, reason = "rustix has no stable fork")]
pub(super) fn fork() -> io::Result<Fork> {
    let (flags, unused) = (libc::c_long::from(libc::SIGCHLD), 0 as libc::c_long);
    // SAFETY: shims have one thread, so the child's copy of locks and heap is consistent. It
    // has no use for the thread id that the C library remembers: it starts no threads and
    // takes no robust or recursive lock. Without a stack it goes on with a copy of this one.
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, unused, unused, unused, unused) };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Fork::Child),
        _ => Ok(Fork::Parent),
    }
}

/// Where the child of [`borrow_memory`] begins.
#[expect(unsafe_code, reason = "rustix has no clone")]
extern "C" fn enter(work: *mut libc::c_void) -> libc::c_int {
    // SAFETY: it is the pointer that `borrow_memory` gave to `clone`, to a reference that
    // lives while the parent sleeps.
    let work = unsafe { &mut *work.cast::<&mut dyn FnMut()>() };
    work();
    exit_now(127)
}

/// Runs `work` in a child that shares the memory of this single-threaded process, which
/// sleeps until the child executes a program or ends; it ends when `work` returns. The child
/// has its stack in `stack`.
#[expect(unsafe_code, reason = "rustix has no clone")]
pub(super) fn borrow_memory(
    stack: &mut [MaybeUninit<u8>],
    mut work: &mut dyn FnMut(),
) -> io::Result<Pid> {
    // What is large is on the heap; formatting a record takes a few KiB.
    assert!(stack.len() >= 32 * 1024, "the child needs a stack");
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    let work: *mut &mut dyn FnMut() = &raw mut work;
    // SAFETY: there is one thread and it sleeps (`CLONE_VFORK`), so that the child has the
    // memory for itself, with locks and heap consistent before and after; `work` and the
    // stack outlive it. A panic cannot leave `enter`, it aborts the child. The end of the
    // stack is aligned down to what every platform asks for.
    let pid = unsafe {
        let end = stack.as_mut_ptr_range().end.cast::<libc::c_void>();
        let top = end.map_addr(|end| end & !63);
        libc::clone(enter, top, flags, work.cast())
    };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        pid => Pid::from_raw(pid).ok_or_else(|| io::Error::other("clone gave a strange pid")),
    }
}

/// Leaves without running destructors or exit handlers of the parent's copy.
#[expect(unsafe_code, reason = "rustix has no stable _exit")]
pub(super) fn exit_now(code: i32) -> ! {
    // SAFETY: `_exit` has no preconditions.
    unsafe { libc::_exit(code) }
}

/// Blocks SIGCHLD and SIGTERM, ignores SIGHUP, SIGINT and SIGPIPE, and gives a descriptor
/// that becomes readable when one of the blocked two is pending.
#[expect(unsafe_code, reason = "rustix has no stable signalfd, sigprocmask or signal")]
pub(super) fn catch_signals() -> io::Result<OwnedFd> {
    // SAFETY: the set is initialised by sigemptyset before it is used; the descriptor is
    // fresh and owned by nobody else.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        libc::sigaddset(&raw mut set, libc::SIGTERM);
        if libc::sigprocmask(libc::SIG_SETMASK, &raw const set, std::ptr::null_mut()) != 0 {
            return Err(io::Error::last_os_error());
        }
        for number in IGNORED {
            libc::signal(number, libc::SIG_IGN);
        }
        // An inherited "ignore" would make the kernel reap children behind our back.
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        let fd = libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

/// Lets the kernel reap this process's children.
#[expect(unsafe_code, reason = "rustix has no stable signal")]
pub(super) fn ignore_children() {
    // SAFETY: no handler is installed, only a disposition.
    unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_IGN);
    }
}

/// Empties the descriptor of [`catch_signals`]; says whether SIGTERM was among them.
pub(super) fn take_signals(fd: BorrowedFd<'_>) -> bool {
    const SIZE: usize = size_of::<libc::signalfd_siginfo>();
    let mut term = false;
    let mut info = [0u8; SIZE];
    while let Ok(read) = rustix::io::read(fd, &mut info) {
        if read < SIZE {
            break;
        }
        let number = u32::from_ne_bytes([info[0], info[1], info[2], info[3]]);
        term |= i32::try_from(number) == Ok(libc::SIGTERM);
    }
    term
}

/// Undoes whatever this process inherited: the dispositions of a fresh process, no mask.
#[expect(unsafe_code, reason = "rustix has no stable sigprocmask or sigaction")]
pub(super) fn default_signals() {
    // The kernel's struct sigaction, no larger than this; all zero means the default.
    const DEFAULT: [u64; 8] = [0; 8];
    const KERNEL_SIGNALS: libc::c_int = 64;
    // SAFETY: both calls are async-signal-safe and the action outlives its call. It is the
    // plain system call because the C library refuses the two numbers that it keeps for
    // itself; refusals for KILL and STOP do not matter.
    unsafe {
        for number in 1..=KERNEL_SIGNALS {
            let (action, old) = (DEFAULT.as_ptr(), std::ptr::null_mut::<u64>());
            libc::syscall(libc::SYS_rt_sigaction, number, action, old, size_of::<u64>());
        }
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const set, std::ptr::null_mut());
    }
}

/// Gives the program the dispositions and the mask that a fresh process expects: undoes
/// [`catch_signals`], before which [`default_signals`] was called.
#[expect(unsafe_code, reason = "rustix has no stable sigprocmask or signal")]
pub(super) fn unignore_signals() {
    // SAFETY: no handler is installed, and the set is initialised before it is used.
    unsafe {
        for number in IGNORED {
            libc::signal(number, libc::SIG_DFL);
        }
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const set, std::ptr::null_mut());
    }
}

/// Kills this process after so long, unless it has executed a program by then: the kernel
/// takes timers away from a new program. Best effort.
#[expect(unsafe_code, reason = "rustix has no timers")]
pub(super) fn kill_myself_unless_executed(after: Duration) {
    let seconds = libc::time_t::try_from(after.as_secs()).unwrap_or(libc::time_t::MAX);
    // SAFETY: both structures are plain data for which zero is valid, and outlive the calls.
    unsafe {
        let mut event: libc::sigevent = std::mem::zeroed();
        event.sigev_notify = libc::SIGEV_SIGNAL;
        event.sigev_signo = libc::SIGKILL;
        let mut timer: libc::c_int = 0;
        let (clock, made) = (libc::CLOCK_MONOTONIC, &raw mut timer);
        if libc::syscall(libc::SYS_timer_create, clock, &raw mut event, made) == 0 {
            let mut time: libc::itimerspec = std::mem::zeroed();
            time.it_value.tv_sec = seconds;
            let old = std::ptr::null_mut::<libc::itimerspec>();
            libc::syscall(libc::SYS_timer_settime, timer, 0, &raw const time, old);
        }
    }
}

/// Puts a copy of `fd` at one of the numbers 0 to 2.
#[expect(unsafe_code, reason = "the standard streams are owned by nobody")]
pub(super) fn onto_stdio(fd: impl AsFd, number: i32) -> io::Result<()> {
    debug_assert!((0..=2).contains(&number), "only the standard streams are replaced");
    // SAFETY: numbers 0 to 2 belong to no OwnedFd of the shim.
    match unsafe { libc::dup2(fd.as_fd().as_raw_fd(), number) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Closes every descriptor from `first` on, or only marks them close-on-exec.
#[expect(unsafe_code, reason = "rustix has no close_range")]
pub(super) fn close_from(first: u32, only_on_exec: bool) {
    let flags = if only_on_exec { libc::CLOSE_RANGE_CLOEXEC } else { 0 };
    // SAFETY: closing is asked for before the shim owns a descriptor, so no OwnedFd is
    // broken; marking breaks nothing. Kernels before 5.9 refuse, which is harmless as all
    // our own descriptors are close-on-exec.
    unsafe {
        libc::syscall(libc::SYS_close_range, first, u32::MAX, flags);
    }
}

/// Takes over a descriptor that this process was started with.
#[expect(unsafe_code, reason = "an inherited descriptor comes as a number")]
pub(super) fn inherited_stdin() -> BorrowedFd<'static> {
    // SAFETY: 0 is open in every process that the supervisor starts, and a closed one only
    // makes the calls on it fail.
    unsafe { BorrowedFd::borrow_raw(0) }
}

/// Null-terminated pointers for `execve`, made before the fork.
pub(super) struct Vector {
    strings: Vec<CString>,
    pointers: Vec<*const libc::c_char>,
}

impl Vector {
    pub(super) fn new(strings: Vec<CString>) -> Self {
        let mut pointers: Vec<_> = strings.iter().map(|string| string.as_ptr()).collect();
        pointers.push(std::ptr::null());
        Self { strings, pointers }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.strings.is_empty()
    }
}

/// Replaces the program; returns only with an error.
#[expect(unsafe_code, reason = "rustix has no stable execve")]
pub(super) fn execve(program: &CStr, argv: &Vector, envp: &Vector) -> io::Error {
    debug_assert!(!argv.is_empty(), "a program needs a name");
    // SAFETY: the pointers point into strings that live as long as their vector and end
    // with a null pointer.
    unsafe {
        libc::execve(program.as_ptr(), argv.pointers.as_ptr(), envp.pointers.as_ptr());
    }
    io::Error::last_os_error()
}
