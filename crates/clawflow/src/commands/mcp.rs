//! `clawflow mcp`: the server for agents on standard input and output.
//!
//! It holds nothing itself: every call finds whoever holds the home, as other commands do. Work
//! needs a gateway, which is started in the background where none runs and that is allowed.

use super::binding::BindingArgs;
use super::gateway::spawn_background;
use super::run::{chosen_env, workflow};
use crate::cli::{CliError, Ctx, Exit};
use crate::open::{Opened, Want, open};
use clap::Args;
use clawflow_core::json::Object;
use clawflow_core::token::Access;
use clawflow_engine::api::{ApiError, Caller, FlowRunRequest};
use clawflow_gateway::Kind;
use clawflow_gateway::mcp::{Boxed, Door, Need, Place, Room, serve};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Who answers where no session is known.
const NOBODY: &str = "mcp";
/// Bytes on their way from or to the client.
const PIPE_BYTES: usize = 64 << 10;
/// How long the last answers may take to be written.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// The flow in one of whose steps this process runs.
const FLOW_VARIABLE: &str = "CLAWFLOW_FLOW_ID";

/// On whose behalf.
#[derive(Debug, Args)]
#[command(after_help = "\
An agent's program starts it and speaks with it. For example:
  claude mcp add clawflow -- clawflow mcp --session agent:main:main
Without a session it acts for the owner of flows that are run from this terminal (run.owner).")]
pub(crate) struct McpArgs {
    #[command(flatten)]
    binding: BindingArgs,
}

/// Serves until the client goes away.
pub(crate) async fn run(ctx: Ctx, args: McpArgs) -> Result<Exit, CliError> {
    let remote = ctx.settings.remote.is_some();
    // There the token says whose calls these are, unless a session is named.
    let caller = match remote {
        true => args.binding.caller(&ctx)?,
        false => args.binding.owner_or_own(&ctx)?,
    };
    // The name of the user at this terminal is a person's: an agent does not get it.
    let caller = Caller { actor: None, ..caller };
    let door = Arc::new(Home { ctx, caller });
    let (output, written) = standard_output();
    let served = serve(door, standard_input(), output).await;
    served.map_err(|error| CliError::io("cannot read standard input", error))?;
    // What was said last is written before the process ends, if somebody reads it.
    let _ = tokio::time::timeout(LAST_WORDS, written).await;
    Ok(Exit::Done)
}

/// Standard input, read by a thread of its own: a read may last for ever, and the end of the
/// process must not wait for it.
fn standard_input() -> DuplexStream {
    let (mut from_client, input) = tokio::io::duplex(PIPE_BYTES);
    let runtime = Handle::current();
    std::thread::spawn(move || {
        let mut buffer = vec![0; PIPE_BYTES];
        let mut stdin = std::io::stdin().lock();
        // An error of it is its end: there is nobody to talk to any more.
        while let Ok(read @ 1..) = stdin.read(&mut buffer) {
            if runtime.block_on(from_client.write_all(&buffer[..read])).is_err() {
                return;
            }
        }
    });
    input
}

/// Standard output, written by a thread of its own: a client that does not read holds up nothing
/// else. The second says when all was written, or nobody reads any more.
fn standard_output() -> (DuplexStream, oneshot::Receiver<()>) {
    let (output, mut to_client) = tokio::io::duplex(PIPE_BYTES);
    let (done, written) = oneshot::channel();
    let runtime = Handle::current();
    std::thread::spawn(move || {
        let mut buffer = vec![0; PIPE_BYTES];
        let mut stdout = std::io::stdout().lock();
        while let Ok(read @ 1..) = runtime.block_on(to_client.read(&mut buffer)) {
            let wrote = stdout.write_all(&buffer[..read]).and_then(|()| stdout.flush());
            if wrote.is_err() {
                break;
            }
        }
        // Whoever waits for it may have given up.
        let _ = done.send(());
    });
    (output, written)
}

/// The way to whoever holds the home.
struct Home {
    ctx: Ctx,
    caller: Caller,
}

impl Home {
    async fn open(&self, need: Need) -> Result<Opened, CliError> {
        let settings = &self.ctx.settings;
        if need == Need::Records {
            return Ok(open(settings, Want::Command).await?);
        }
        let opened = match open(settings, Want::Client).await {
            Err(_) if settings.gateway.autostart => {
                spawn_background(settings).await?;
                open(settings, Want::Client).await?
            }
            other => other?,
        };
        if let Opened::Remote { holder, .. } = &opened
            && holder.kind == Kind::Run
        {
            let pid = holder.pid;
            let message = format!("a foreground run (pid {pid}) holds the home, and no gateway");
            let error = CliError::new(Exit::Unavailable, "unavailable", message);
            return Err(error.hint("wait until it ends: it drives its own flows only"));
        }
        Ok(opened)
    }
}

impl Door for Home {
    fn enter(&self, need: Need) -> Boxed<'_, Result<Room, ApiError>> {
        Box::pin(async move {
            let opened = self.open(need).await.map_err(told)?;
            let backend = opened.backend().as_caller(self.caller.clone());
            let alone = !opened.is_remote();
            Ok(Room { backend, alone, leave: Some(Box::new(|| Box::pin(opened.close()))) })
        })
    }

    /// Over the socket the user may do everything; a gateway elsewhere knows what its token may.
    fn access(&self) -> Access {
        Access::Admin
    }

    fn name(&self) -> String {
        self.caller.owner.clone().unwrap_or_else(|| NOBODY.to_owned())
    }

    fn within(&self) -> Option<String> {
        self.ctx.env.get(FLOW_VARIABLE)?.to_str().map(str::to_owned)
    }

    fn place(&self) -> Result<Place, ApiError> {
        let cwd = self.ctx.env.current_dir().and_then(|dir| dir.to_str().map(str::to_owned));
        Ok(Place { cwd, env: chosen_env(&self.ctx, &[]).map_err(told)? })
    }

    fn file(&self, path: &str, args: &Object) -> Result<FlowRunRequest, ApiError> {
        if path == "-" {
            let why = "standard input is the client's: name a file";
            return Err(ApiError::new("bad_request", why));
        }
        let mut request = workflow(&self.ctx, Path::new(path), args).map_err(told)?;
        // The session's, whatever the file says.
        request.owner = None;
        Ok(request)
    }
}

/// An error of the command line as one of a call.
fn told(error: CliError) -> ApiError {
    let mut made = ApiError::new(&error.code, error.whole_message());
    if !error.hints.is_empty() {
        made.hint = Some(error.hints.join("\n"));
    }
    made
}
