//! A coding agent that is a script, and a client that talks to it with nothing in between.
//!
//! The agent's prompt says what to do. `turn FILE`: one update, then the end; when its input ends
//! it adds a [`Stamp`] to the file. `flood COUNT EVERY_US DIR`: so many updates, each so long after
//! the one before, then a question that its client answers once it has heard them all, the file
//! `ready-PID` in the directory, and the end once a file `go` is there.

use crate::spine::Outcome;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Lines, StdinLock, Write, stdin, stdout};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What the agent says in the update with this number: all of them together are its answer.
#[must_use]
pub fn piece(number: usize) -> String {
    format!("{number:06} some words of an answer\n")
}

/// When an agent began, was told its first line, and saw the end of its input, in nanoseconds of
/// the clock that all processes share.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// Its first act.
    pub began: f64,
    /// The first line was there.
    pub heard: f64,
    /// The conversation was over.
    pub ended: f64,
}

impl Stamp {
    /// Reads a line of the file.
    #[must_use]
    pub fn read(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace().map(str::parse);
        let mut next = || words.next()?.ok();
        Some(Self { began: next()?, heard: next()?, ended: next()? })
    }
}

/// Is the agent until its input ends.
///
/// # Errors
/// Those of its files and pipes.
pub fn serve() -> Outcome<()> {
    let began = now_ns();
    let mut told = stdin().lock().lines();
    let (mut heard, mut stamps) = (0, None);
    while let Some(line) = told.next() {
        let message: Value = serde_json::from_str(&line?)?;
        if heard == 0 {
            heard = now_ns();
        }
        let result = match message["method"].as_str().unwrap_or_default() {
            "initialize" => json!({ "protocolVersion": 1, "agentCapabilities": {} }),
            "session/new" => json!({ "sessionId": "s1" }),
            "session/prompt" => {
                let prompt = message["params"]["prompt"][0]["text"].as_str().unwrap_or_default();
                stamps = turn(prompt, &mut told)?;
                json!({ "stopReason": "end_turn" })
            }
            _ => continue,
        };
        say(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }))?;
    }
    if let Some(file) = stamps {
        let line = format!("{began} {heard} {}\n", now_ns());
        let mut file = OpenOptions::new().append(true).create(true).open(file)?;
        file.write_all(line.as_bytes())?;
    }
    Ok(())
}

/// One turn; the file for the stamp, if one is named.
fn turn(prompt: &str, told: &mut Lines<StdinLock<'_>>) -> Outcome<Option<String>> {
    let words: Vec<&str> = prompt.split_whitespace().collect();
    match words[..] {
        ["turn", file] => {
            update(0)?;
            Ok(Some(file.to_owned()))
        }
        ["flood", count, every_us, dir] => {
            let (count, every) = (count.parse()?, Duration::from_micros(every_us.parse()?));
            let began = Instant::now();
            for number in 0..count {
                sleep((every * number).saturating_sub(began.elapsed()));
                update(usize::try_from(number)?)?;
            }
            say(&json!({ "jsonrpc": "2.0", "id": "heard", "method": "bench/heard" }))?;
            for line in told.by_ref() {
                if serde_json::from_str::<Value>(&line?)?["id"] == "heard" {
                    break;
                }
            }
            File::create(Path::new(dir).join(format!("ready-{}", std::process::id())))?;
            while !Path::new(dir).join("go").exists() {
                sleep(Duration::from_millis(10));
            }
            Ok(None)
        }
        _ => Err(format!("no such prompt: {prompt}").into()),
    }
}

fn update(number: usize) -> io::Result<()> {
    let content = json!({ "type": "text", "text": piece(number) });
    let update = json!({ "sessionUpdate": "agent_message_chunk", "content": content });
    let params = json!({ "sessionId": "s1", "update": update });
    say(&json!({ "jsonrpc": "2.0", "method": "session/update", "params": params }))
}

/// Says a line at once, as agents do.
fn say(message: &Value) -> io::Result<()> {
    let mut out = stdout().lock();
    out.write_all(format!("{message}\n").as_bytes())?;
    out.flush()
}

fn now_ns() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()
}

/// Has an agent take one turn, with nothing in between.
///
/// # Errors
/// It does not start, or does not keep to the protocol.
pub fn directly(agent: &[String], prompt: &str) -> Outcome<()> {
    let (program, args) = agent.split_first().ok_or("no program")?;
    let mut child =
        Command::new(program).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let talked = talk(&mut child, prompt);
    let ended = child.wait()?;
    talked?;
    if !ended.success() {
        return Err(format!("the agent ended with {ended}").into());
    }
    Ok(())
}

fn talk(child: &mut Child, prompt: &str) -> Outcome<()> {
    let mut to = child.stdin.take().ok_or("no pipe")?;
    let mut from = BufReader::new(child.stdout.take().ok_or("no pipe")?);
    let hello = json!({ "protocolVersion": 1, "clientCapabilities": {} });
    ask(&mut to, &mut from, 0, "initialize", &hello)?;
    let place = json!({ "cwd": "/", "mcpServers": [] });
    let session = ask(&mut to, &mut from, 1, "session/new", &place)?["sessionId"].clone();
    let prompt = json!([{ "type": "text", "text": prompt }]);
    let request = json!({ "sessionId": session, "prompt": prompt });
    ask(&mut to, &mut from, 2, "session/prompt", &request)?;
    Ok(())
}

/// Asks and reads until the answer is there.
fn ask(
    to: &mut ChildStdin,
    from: &mut BufReader<ChildStdout>,
    id: u64,
    method: &str,
    params: &Value,
) -> Outcome<Value> {
    let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    to.write_all(format!("{request}\n").as_bytes())?;
    let mut line = String::new();
    loop {
        line.clear();
        if from.read_line(&mut line)? == 0 {
            return Err("the agent has ended".into());
        }
        let mut message: Value = serde_json::from_str(&line)?;
        if message["id"] == id {
            return Ok(message["result"].take());
        }
    }
}
