//! Running a program to its end, with its output in memory.

use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::env::Env;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::pipeline::limits::{OUTPUT_BYTES, PIPE_BYTES, STOP_GRACE};
use crate::lobster::value::trim;
use rustix::pipe::fcntl_setpipe_size;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Instant;

/// What is started.
pub(super) struct Program {
    name: String,
    args: Vec<String>,
    /// Who says that it failed.
    who: &'static str,
    /// What an error calls it, where it has said nothing.
    shown: String,
    missing: String,
    /// Bytes that it may write to each stream, and what is said of more.
    most: Option<(u64, String)>,
}

/// How a program ended.
pub(super) struct Done {
    pub(super) status: ExitStatus,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Done {
    /// Its exit code as Lobster says it.
    pub(super) fn code(&self) -> String {
        self.status.code().map_or_else(|| "null".to_owned(), |code| code.to_string())
    }
}

impl Program {
    /// A program with its arguments.
    pub(super) fn new(words: &[String]) -> Self {
        let name = words.first().cloned().unwrap_or_default();
        let args = words.iter().skip(1).cloned().collect();
        let missing = format!("exec command not found: {name}");
        Self { who: "exec", shown: name.clone(), name, args, missing, most: None }
    }

    /// A program of a command that is named after it.
    pub(super) fn called(words: &[String], who: &'static str, missing: &str) -> Self {
        let missing = missing.to_owned();
        Self { who, shown: String::new(), missing, ..Self::new(words) }
    }

    /// The same, which may write no more than this to a stream.
    pub(super) fn at_most(self, bytes: u64, over: String) -> Self {
        Self { most: Some((bytes, over)), ..self }
    }

    /// A line for the shell, which is that of `LOBSTER_SHELL` or `/bin/sh` as a login shell.
    pub(super) fn shell(line: &str, env: &Env) -> Self {
        let name = env.trimmed("LOBSTER_SHELL").unwrap_or_else(|| "/bin/sh".to_owned());
        let lower = name.to_lowercase();
        let is = |names: &[&str]| names.iter().any(|name| lower.ends_with(name));
        let flags: &[&str] = if is(&["powershell", "powershell.exe", "pwsh", "pwsh.exe"]) {
            &["-NoProfile", "-Command"]
        } else if is(&["cmd", "cmd.exe"]) {
            &["/d", "/s", "/c"]
        } else {
            &["-lc"]
        };
        let args = flags.iter().copied().chain([line]).map(str::to_owned).collect();
        let missing = "exec shell not found; check LOBSTER_SHELL or ComSpec".to_owned();
        Self { who: "exec", name, args, shown: line.to_owned(), missing, most: None }
    }

    fn start(&self, ctx: &Ctx<'_>, limited: bool) -> Result<Child, Failure> {
        if self.name.is_empty() {
            return Err(Failure::new("The argument 'file' cannot be empty. Received ''"));
        }
        let mut command = Command::new(&self.name);
        command.args(&self.args).env_clear().envs(ctx.env.iter());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(cwd) = &ctx.cwd {
            command.current_dir(cwd);
        }
        if limited {
            // Who breaks the limit is stopped with everything that it started.
            command.process_group(0);
        }
        command.spawn().map_err(|error| match error.kind() {
            ErrorKind::NotFound => Failure::new(&*self.missing),
            ErrorKind::PermissionDenied => Failure::new(format!("spawn {} EACCES", self.name)),
            ErrorKind::InvalidInput => {
                Failure::new("The arguments of a program must be strings without null bytes")
            }
            _ => Failure::new(format!("spawn {}: {error}", self.name)),
        })
    }
}

/// Runs a program; its output, if it ends well.
pub(super) fn run_program(
    program: &Program,
    stdin: Option<String>,
    ctx: &Ctx<'_>,
) -> Result<String, Failure> {
    let done = complete(program, stdin, ctx)?;
    if done.status.success() {
        return Ok(done.stdout);
    }
    let said = [trim(&done.stderr), trim(&done.stdout), &program.shown];
    let said = said.into_iter().find(|said| !said.is_empty()).unwrap_or_default();
    Err(Failure::new(format!("{} failed ({}): {said}", program.who, done.code())))
}

/// Runs a program to its end, however it ends.
pub(super) fn complete(
    program: &Program,
    stdin: Option<String>,
    ctx: &Ctx<'_>,
) -> Result<Done, Failure> {
    let set = ctx.env.bytes("LOBSTER_MAX_OUTPUT_BYTES")?;
    let own = program.most.as_ref().map(|(bytes, _)| *bytes);
    let limit = [set, own].into_iter().flatten().min();
    let mut child = program.start(ctx, limit.is_some())?;
    feed(&mut child, stdin);
    let most = limit.unwrap_or(OUTPUT_BYTES);
    let Some((stdout, stderr)) = outputs(&mut child, most) else {
        stop(&mut child, limit.is_some());
        return Err(Failure::new(match &program.most {
            Some((own, over)) if *own == most => over.clone(),
            _ => format!("Process output exceeded {most} bytes"),
        }));
    };
    let status = child.wait();
    let status = status.map_err(|error| Failure::new(format!("cannot wait: {error}")))?;
    Ok(Done { status, stdout, stderr })
}

/// Writes to a program that may read all, some or nothing of it.
fn feed(child: &mut Child, stdin: Option<String>) {
    let Some(mut pipe) = child.stdin.take() else { return };
    if let Some(text) = stdin.filter(|text| !text.is_empty()) {
        // Whoever does not read to the end is not to blame.
        std::thread::spawn(move || drop(pipe.write_all(text.as_bytes())));
    }
}

/// Both outputs to their ends; `None` as soon as one is longer than it may be.
fn outputs(child: &mut Child, most: u64) -> Option<(String, String)> {
    if let Some(pipe) = &child.stdout {
        // Where it may not be longer, there is only more going to and fro.
        let _ = fcntl_setpipe_size(pipe, PIPE_BYTES);
    }
    let (sender, receiver) = mpsc::channel();
    let pipes: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|pipe| Box::new(pipe) as _),
        child.stderr.take().map(|pipe| Box::new(pipe) as _),
    ];
    for (at, pipe) in pipes.into_iter().enumerate() {
        let sender = sender.clone();
        let mut pipe = pipe?.take(most + 1);
        // Not joined: a program that was stopped may have left somebody with the pipe.
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            // What cannot be read any more is as good as the end.
            let _ = pipe.read_to_end(&mut bytes);
            let _ = sender.send((at, bytes));
        });
    }
    let mut texts = [String::new(), String::new()];
    for _ in 0..2 {
        let (at, bytes) = receiver.recv().ok()?;
        if bytes.len() as u64 > most {
            return None;
        }
        texts[at] = text(bytes);
    }
    let [stdout, stderr] = texts;
    Some((stdout, stderr))
}

fn text(bytes: Vec<u8>) -> String {
    let lossy =
        |error: std::string::FromUtf8Error| String::from_utf8_lossy(error.as_bytes()).into_owned();
    String::from_utf8(bytes).unwrap_or_else(lossy)
}

/// Asks a program to end, and makes it end.
fn stop(child: &mut Child, has_group: bool) {
    let signal = |child: &Child, signal| {
        let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else { return };
        // It may have ended just now.
        let _ = match has_group {
            true => kill_process_group(pid, signal),
            false => kill_process(pid, signal),
        };
    };
    signal(child, Signal::TERM);
    let asked = Instant::now();
    while asked.elapsed() < STOP_GRACE && matches!(child.try_wait(), Ok(None)) {
        std::thread::sleep(STOP_GRACE / 25);
    }
    if matches!(child.try_wait(), Ok(None)) {
        signal(child, Signal::KILL);
        let _ = child.wait();
    }
}
