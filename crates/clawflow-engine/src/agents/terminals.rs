//! The terminals of an attempt: what its agent wants of them, as far as it can be said now.

use super::plan::Prepared;
use super::terminal::{Place, Terminal, folder};
use crate::engine::Engine;
use crate::runtime::Attempt;
use crate::supervise::RunSpec;
use clawflow_core::acp::{
    TERMINAL_OUTPUT_BYTES_MAX, TOLD_BYTES_MAX, TerminalAction, TerminalCommand, TerminalDone,
    TerminalExit, TerminalRequest,
};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Notify;

/// What a terminal may print, all of it: a flood ends its command.
const PRINTED_BYTES_MAX: u64 = 1 << 30;
/// What an agent is sent of an output once it was told half of what it may be told in a turn: it
/// asks again and again, and goes on with its work by the end of what there is.
const SHORT_BYTES: usize = 4 * 1024;
/// Bytes of a character, at most.
const CHAR_BYTES: u64 = 4;

/// What became of a request; nothing yet, if it has to wait.
type Answer = Option<Result<TerminalDone, String>>;

/// The terminals of an attempt of an agent.
pub(super) struct Terminals {
    engine: Engine,
    attempt: Attempt,
    boot_id: String,
    cwd: String,
    env: BTreeMap<String, String>,
    timeout_ms: u64,
    /// Woken when one of them has changed.
    told: Arc<Notify>,
    known: BTreeMap<u64, Terminal>,
    /// Requests that are not answered.
    pending: Vec<TerminalRequest>,
    /// To be forgotten once the agent was told so, by the keys of the answers.
    released: BTreeMap<String, u64>,
}

impl Terminals {
    pub(super) fn new(engine: &Engine, attempt: &Attempt, prepared: &Prepared) -> Self {
        Self {
            engine: engine.clone(),
            attempt: attempt.clone(),
            boot_id: engine.inner.executor.boot_id.clone(),
            cwd: prepared.plan.cwd.clone(),
            env: prepared.env().clone(),
            timeout_ms: prepared.timeout_ms,
            told: engine.inner.running.told(&attempt.task_id),
            known: BTreeMap::new(),
            pending: Vec::new(),
            released: BTreeMap::new(),
        }
    }

    /// Does what the agent wants; `told` is how many bytes it was told so far.
    pub(super) fn serve(&mut self, request: &TerminalRequest, told: u64) -> Answer {
        if let TerminalAction::Create(command) = &request.action
            && !self.known.contains_key(&request.terminal)
        {
            let place = self.place(request.terminal);
            match self.spec(command) {
                Ok(spec) => {
                    let terminal = place.open(Some(spec), self.told.clone());
                    self.known.insert(request.terminal, terminal);
                }
                Err(why) => return Some(Err(why)),
            }
        }
        let answer = self.answer(request, told);
        if answer.is_none() {
            self.pending.push(request.clone());
        }
        answer
    }

    /// Requests that had to wait, and can be answered now.
    pub(super) fn look(
        &mut self,
        told: u64,
    ) -> Vec<(TerminalRequest, Result<TerminalDone, String>)> {
        let mut done = Vec::new();
        for request in std::mem::take(&mut self.pending) {
            match self.answer(&request, told) {
                Some(answer) => done.push((request, answer)),
                None => self.pending.push(request),
            }
        }
        done
    }

    /// Takes in a request that an engine before has answered. Says whether the terminal is there.
    pub(super) fn again(&mut self, request: &TerminalRequest) -> bool {
        let place = self.place(request.terminal);
        match request.action {
            TerminalAction::Create(_) => {
                let there = place.exists();
                if there {
                    let terminal = place.open(None, self.told.clone());
                    self.known.insert(request.terminal, terminal);
                }
                there
            }
            TerminalAction::Release => {
                self.known.remove(&request.terminal);
                place.forget();
                false
            }
            TerminalAction::Output { .. } | TerminalAction::Wait | TerminalAction::Kill => true,
        }
    }

    /// The agent was told what belongs to this key.
    pub(super) fn said(&mut self, key: &str) {
        if let Some(number) = self.released.remove(key)
            && let Some(terminal) = self.known.remove(&number)
        {
            terminal.place.forget();
        }
    }

    /// Has all commands end.
    pub(super) fn stop(&self) {
        self.known.values().for_each(Terminal::stop);
    }

    /// Waits until nothing is left of all that were asked to end.
    pub(super) async fn gone(&self) {
        for terminal in self.known.values() {
            terminal.gone().await;
        }
    }

    fn place(&self, number: u64) -> Place {
        let attempt = (&*self.boot_id, self.attempt.task_id.as_str(), self.attempt.fence);
        Place::new(&self.engine, attempt, &number.to_string())
    }

    fn answer(&mut self, request: &TerminalRequest, told: u64) -> Answer {
        let Some(terminal) = self.known.get(&request.terminal) else {
            return Some(Err("no such terminal".to_owned()));
        };
        let state = terminal.state();
        match (&state.began, &request.action) {
            (None, _) => return None,
            (Some(Err(why)), TerminalAction::Create(_)) => {
                let why = why.clone();
                terminal.place.forget();
                self.known.remove(&request.terminal);
                return Some(Err(why));
            }
            _ => {}
        }
        match request.action {
            TerminalAction::Create(_) => Some(Ok(TerminalDone::Yes)),
            TerminalAction::Output { max } => {
                let max = if told > TOLD_BYTES_MAX / 2 { max.min(SHORT_BYTES) } else { max };
                let exit = state.ended.map(Result::unwrap_or_default);
                Some(output(&terminal.place.output(), max, exit))
            }
            TerminalAction::Wait => Some(state.ended?.map(TerminalDone::Exited)),
            TerminalAction::Kill => {
                terminal.stop();
                state.ended.map(|_| Ok(TerminalDone::Yes))
            }
            TerminalAction::Release => {
                terminal.stop();
                state.gone.then(|| {
                    self.released.insert(request.key.clone(), request.terminal);
                    Ok(TerminalDone::Yes)
                })
            }
        }
    }

    /// What the shim of a terminal runs: with the environment of the agent, below its directory.
    fn spec(&self, command: &TerminalCommand) -> Result<RunSpec, String> {
        let settings = &self.engine.inner.settings;
        let line = command.command.clone();
        let argv = match &command.args {
            Some(args) => [line].into_iter().chain(args.iter().cloned()).collect(),
            None => vec![settings.shell.clone(), "-c".to_owned(), line],
        };
        let mut env = self.env.clone();
        env.extend(command.env.clone());
        let spec = RunSpec {
            cwd: inside(&self.cwd, command.cwd.as_deref())?,
            env,
            timeout_ms: Some(self.timeout_ms),
            grace_ms: settings.grace_ms,
            log_cap_bytes: TERMINAL_OUTPUT_BYTES_MAX as u64,
            output_max: Some(PRINTED_BYTES_MAX),
            screen: true,
            ..RunSpec::new(self.attempt.task_id.as_str(), self.attempt.fence, argv)
        };
        spec.check().map_err(|error| error.to_string())?;
        Ok(spec)
    }
}

/// Ends all terminals of an attempt that is over, whoever began them, and removes what is left of
/// them on disk.
///
/// # Errors
/// A sentence on why something of them may still run.
pub(crate) async fn end_terminals(
    engine: &Engine,
    attempt: &Attempt,
    boot_id: &str,
) -> Result<(), String> {
    let (task, fence) = (attempt.task_id.as_str(), attempt.fence);
    let root = folder(&engine.inner.supervisor.dir(boot_id, task, fence));
    let entries = match std::fs::read_dir(&root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(format!("failed to read {}: {error}", root.display())),
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        Place::new(engine, (boot_id, task, fence), &name).end().await?;
    }
    let _ = std::fs::remove_dir_all(&root);
    Ok(())
}

/// The folder that a command runs in: the agent's, or one below it, wherever links lead.
fn inside(cwd: &str, asked: Option<&str>) -> Result<PathBuf, String> {
    let real =
        |path: &Path| path.canonicalize().map_err(|error| format!("{}: {error}", path.display()));
    let root = real(Path::new(cwd))?;
    let Some(asked) = asked.filter(|asked| !asked.is_empty()) else { return Ok(root) };
    let found = real(&Path::new(cwd).join(asked))?;
    match (found.starts_with(&root), found.is_dir()) {
        (true, true) => Ok(found),
        (true, false) => Err(format!("{asked} is no folder")),
        (false, _) => Err(format!("{asked} is not below {cwd}")),
    }
}

/// The end of what was printed, at most so many bytes of text.
fn output(path: &Path, max: usize, exit: Option<TerminalExit>) -> Result<TerminalDone, String> {
    let (bytes, before) = end_of(path, max as u64).map_err(|error| error.to_string())?;
    let (text, cut) = newest(&bytes, max, exit.is_none());
    Ok(TerminalDone::Output { text, truncated: before || cut, exit })
}

/// The last bytes of a file, some more than asked for, and whether there are others before.
fn end_of(path: &Path, max: u64) -> io::Result<(Vec<u8>, bool)> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), false)),
        Err(error) => return Err(error),
    };
    let most = max.min(TERMINAL_OUTPUT_BYTES_MAX as u64);
    let begin = file.metadata()?.len().saturating_sub(most);
    file.seek(SeekFrom::Start(begin))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    // A character may have been cut in two: its rest is none.
    let rest = bytes.iter().take_while(|byte| **byte & 0xC0 == 0x80).count();
    if begin > 0 && (rest as u64) < CHAR_BYTES {
        bytes.drain(..rest);
    }
    Ok((bytes, begin > 0))
}

/// Bytes as text of at most so many bytes, and whether some of it was left out. What is no text is
/// shown as such; of a program that still prints, the last character may be incomplete.
fn newest(bytes: &[u8], max: usize, prints: bool) -> (String, bool) {
    let whole = match std::str::from_utf8(bytes) {
        Err(error) if prints && error.error_len().is_none() => &bytes[..error.valid_up_to()],
        _ => bytes,
    };
    let text = String::from_utf8_lossy(whole);
    let mut begin = text.len().saturating_sub(max);
    while !text.is_char_boundary(begin) {
        begin += 1;
    }
    (text[begin..].to_owned(), begin > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_command_runs_below_the_directory_and_nowhere_else() {
        let outside = tempfile::tempdir().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let cwd = dir.path().to_str().unwrap();
        let real = dir.path().canonicalize().unwrap();
        std::fs::create_dir(dir.path().join("src")).unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        symlink(outside.path(), dir.path().join("away")).unwrap();
        symlink("src", dir.path().join("near")).unwrap();
        let below = format!("{cwd}/src");
        for asked in [None, Some(""), Some("."), Some("src/.."), Some(cwd)] {
            assert_eq!(inside(cwd, asked), Ok(real.clone()), "{asked:?}");
        }
        for asked in ["src", "near", &below] {
            assert_eq!(inside(cwd, Some(asked)), Ok(real.join("src")), "{asked}");
        }
        let outside = outside.path().to_str().unwrap();
        for asked in ["away", "..", "/", outside, "file", "nowhere", "src/../.."] {
            assert!(inside(cwd, Some(asked)).is_err(), "{asked}");
        }
    }

    #[test]
    fn the_end_of_an_output_begins_and_ends_with_a_whole_character() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let shown = |max: usize, exit: Option<TerminalExit>| match output(&path, max, exit) {
            Ok(TerminalDone::Output { text, truncated, .. }) => (text, truncated),
            other => panic!("{other:?}"),
        };
        assert_eq!(shown(10, None), (String::new(), false));
        std::fs::write(&path, "aéé").unwrap();
        assert_eq!(shown(5, None), ("aéé".to_owned(), false));
        assert_eq!(shown(4, None), ("éé".to_owned(), true));
        assert_eq!(shown(3, None), ("é".to_owned(), true));
        assert_eq!(shown(1, None), (String::new(), true));
        assert_eq!(shown(0, None), (String::new(), true));
        // Half a character at the end: the rest of it may come, or not any more.
        std::fs::write(&path, b"a\xc3").unwrap();
        assert_eq!(shown(10, None), ("a".to_owned(), false));
        assert_eq!(shown(10, Some(TerminalExit::default())), ("a\u{fffd}".to_owned(), false));
        // What is no text takes more room as text than it had.
        std::fs::write(&path, [0xff; 100]).unwrap();
        let (text, truncated) = shown(10, Some(TerminalExit::default()));
        assert!(text.len() <= 10 && truncated && !text.is_empty(), "{text}");
        std::fs::write(&path, [0x80; 3000]).unwrap();
        let (text, truncated) = shown(99, Some(TerminalExit::default()));
        assert!(text.len() <= 99 && truncated && !text.is_empty(), "{text}");
    }
}
