//! Starts, follows and, where nobody else does, drives.

use super::args::RunArgs;
use super::plan;
use super::request::request;
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::gateway::spawn_background;
use crate::follow::{Gates, Show, print_result};
use crate::open::{Opened, Want, open};
use clawflow_core::Millis;
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::ids::WaitId;
use clawflow_core::task::{Task, TaskStatus};
use clawflow_core::wait::{WaitKind, WaitState};
use clawflow_engine::api::{
    ApiError, FlowAdopt, FlowAnswer, FlowAnswerRequest, FlowChild, FlowRef, FlowRun,
    FlowRunRequest, FlowView, FlowWait, FlowWaitRequest, FlowWaitResponse,
};
use clawflow_gateway::Kind;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};

/// How long one question for news waits, in milliseconds.
const NEWS_MS: u64 = 30_000;

/// How long a follower looks for somebody who goes on with the flow, if those whom it finds go
/// away.
const TAKE_OVER_PATIENCE: Duration = Duration::from_secs(10);
/// Pause between two tries.
const TAKE_OVER_PAUSE: Duration = Duration::from_millis(50);

/// Runs the command.
pub(crate) async fn run(ctx: &Ctx, args: RunArgs) -> Result<Exit, CliError> {
    if let (true, Some(file)) = (args.dry_run, &args.file) {
        return plan::run(ctx, &args, file);
    }
    let wanted = match (&args.continue_flow, &args.file) {
        (Some(flow), _) => Wanted::Continue(flow.clone()),
        (None, Some(file)) => Wanted::New(Box::new(request(ctx, &args, file)?)),
        (None, None) => return Err(CliError::usage("name a file, or a flow with --continue")),
    };
    if args.detach {
        return detach(ctx, wanted).await;
    }
    let (opened, flow) = match wanted {
        Wanted::Continue(flow) => adopt(ctx, &flow).await?,
        Wanted::New(_) => {
            let opened = open(&ctx.settings, Want::ForegroundRun).await?;
            match wanted.begin(&opened).await {
                Ok(flow) => (opened, flow),
                Err(error) => {
                    opened.close().await;
                    return Err(error.into());
                }
            }
        }
    };
    let mut follower = Follower {
        ctx,
        name: flow.key.clone().unwrap_or_else(|| flow.flow_id.0.clone()),
        flow,
        opened,
        gates: Gates::new(!ctx.mode.json),
        show: Show::new(ctx.mode.json, ctx.mode.color),
        after_event: 0,
        look_now: false,
        adrift: None,
        told_paused: None,
    };
    let followed = follower.follow().await;
    follower.show.close();
    follower.opened.close().await;
    match followed? {
        End::Ended(view) => print_result(&ctx.mode, &view),
        End::Left(exit) => Ok(exit),
    }
}

/// A new flow or one that was left.
enum Wanted {
    New(Box<FlowRunRequest>),
    Continue(String),
}

impl Wanted {
    async fn begin(self, opened: &Opened) -> Result<Flow, ApiError> {
        match self {
            Self::New(request) => opened.backend().call::<FlowRun>(&request).await,
            Self::Continue(flow) => opened.backend().call::<FlowAdopt>(&FlowRef { flow }).await,
        }
    }
}

/// Opens the home and has whoever holds it drive the flow. Goes on looking if those whom it finds
/// go away.
pub(crate) async fn adopt(ctx: &Ctx, flow: &str) -> Result<(Opened, Flow), CliError> {
    let request = FlowRef { flow: flow.to_owned() };
    let began = Instant::now();
    loop {
        let opened = open(&ctx.settings, Want::ForegroundRun).await?;
        let error = match opened.backend().call::<FlowAdopt>(&request).await {
            Ok(flow) => return Ok((opened, flow)),
            Err(error) => error,
        };
        let went_away = error.code == "unavailable" && opened.is_remote();
        opened.close().await;
        if !went_away || began.elapsed() > TAKE_OVER_PATIENCE {
            return Err(error.into());
        }
        tokio::time::sleep(TAKE_OVER_PAUSE).await;
    }
}

/// Starts the flow under a gateway and returns.
async fn detach(ctx: &Ctx, wanted: Wanted) -> Result<Exit, CliError> {
    let opened = match open(&ctx.settings, Want::Client).await {
        Ok(opened) => opened,
        Err(_) if ctx.settings.gateway.autostart => {
            ctx.mode.note("no gateway runs: starting one in the background");
            spawn_background(&ctx.settings).await?;
            open(&ctx.settings, Want::Client).await?
        }
        Err(error) => return Err(error.into()),
    };
    if let Opened::Remote { holder, .. } = &opened
        && holder.kind == Kind::Run
    {
        let message = format!("a foreground run (pid {}) holds the home", holder.pid);
        let hint = "it drives flows only until its own ends; start a gateway after it";
        return Err(CliError::new(Exit::Unavailable, "unavailable", message).hint(hint));
    }
    let flow = wanted.begin(&opened).await?;
    if ctx.mode.json {
        ctx.mode.print_json(&flow)?;
    } else {
        ctx.mode.print(&format!("{}\n", flow.flow_id))?;
        let name = flow.key.as_deref().unwrap_or(flow.flow_id.as_str());
        ctx.mode.note(&format!("hint: clawflow flows show {name}"));
    }
    Ok(Exit::Done)
}

/// Why the follower stopped.
enum End {
    Ended(Box<FlowView>),
    Left(Exit),
}

struct Follower<'a> {
    ctx: &'a Ctx,
    name: String,
    flow: Flow,
    opened: Opened,
    gates: Gates,
    show: Show,
    after_event: u64,
    /// Whether the next look must not wait for news.
    look_now: bool,
    /// Since when nobody has answered.
    adrift: Option<Instant>,
    /// The pause that was told of.
    told_paused: Option<Millis>,
}

impl Follower<'_> {
    async fn follow(&mut self) -> Result<End, CliError> {
        let id = &self.flow.flow_id;
        self.show.say(&match &self.flow.key {
            Some(key) => format!("flow {key} ({id})"),
            None => format!("flow {id}"),
        });
        let interrupted = interrupted()?;
        tokio::pin!(interrupted);
        loop {
            let ask = FlowWaitRequest {
                flow: self.flow.flow_id.0.clone(),
                after_event: self.after_event,
                timeout_ms: if std::mem::take(&mut self.look_now) { 0 } else { NEWS_MS },
                until_ended: false,
                until_rest: false,
            };
            let backend = self.opened.backend().clone();
            let news = tokio::select! {
                news = backend.call::<FlowWait>(&ask) => news,
                answer = self.gates.answer() => {
                    if let Some((wait_id, yes)) = answer {
                        self.answer(wait_id, yes).await;
                    }
                    // The next gate is asked; without a terminal all of them are told.
                    self.look_now = true;
                    continue;
                }
                () = &mut interrupted => return Ok(End::Left(self.leave())),
            };
            match news {
                Ok(news) => {
                    self.adrift = None;
                    if let Some(end) = self.take(news) {
                        return Ok(end);
                    }
                }
                Err(error) if error.code == "unavailable" => tokio::select! {
                    taken = self.take_over(&error) => taken?,
                    () = &mut interrupted => return Ok(End::Left(self.leave())),
                },
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Shows the news; says whether this is the end of the following.
    fn take(&mut self, news: FlowWaitResponse) -> Option<End> {
        self.show.news(&news);
        if let Some(last) = news.events.last() {
            self.after_event = last.event.number;
        }
        let caught_up = self.after_event >= news.view.last_event;
        if news.view.flow.is_terminal() && caught_up {
            return Some(End::Ended(Box::new(news.view)));
        }
        let asks = self.gates.look(&news.view, &self.show);
        let below = |child: &FlowChild| child.status == FlowStatus::Running;
        let idle = only_asks(&news.view) && !news.view.children.iter().any(below);
        let flow = &news.view.flow;
        let runs = news.view.tasks.iter().any(|task| task.status == TaskStatus::Running);
        let held = flow.paused_at.filter(|_| !runs && flow.cancel_requested_at.is_none());
        // A question that is asked tells of itself.
        if held != self.told_paused {
            self.told_paused = held;
            if held.is_some() {
                self.show.say("the flow is paused: nothing starts until it is unpaused");
                self.show.say(&format!("hint: clawflow flows unpause {}", self.name));
            }
        }
        // Under a gateway the flow waits by itself; nobody needs to sit here.
        if asks && idle && caught_up && self.opened.is_remote() && !self.gates.can_ask() {
            if self.ctx.mode.json {
                return match self.ctx.mode.print_json(&news.view) {
                    Ok(()) => Some(End::Left(Exit::NeedsPerson)),
                    Err(_) => Some(End::Left(Exit::Failed)),
                };
            }
            return Some(End::Left(Exit::NeedsPerson));
        }
        None
    }

    async fn answer(&mut self, wait_id: WaitId, approve: bool) {
        let request = FlowAnswerRequest {
            flow: self.gates.flow_of(&wait_id).unwrap_or(&self.flow.flow_id).0.clone(),
            step: None,
            wait_id: Some(wait_id.clone()),
            approve: Some(approve),
            response: None,
            by: person(),
            shown_hash: None,
        };
        let answered = self.opened.backend().call::<FlowAnswer>(&request).await;
        match answered {
            Ok(answer) if !answer.applied => {
                let by = answer.wait.answered_by.unwrap_or_default();
                self.show.say(&format!("{by} has answered before"));
            }
            Ok(_) => {}
            Err(error) => {
                self.show.say(&format!("error: {error}"));
                if matches!(error.code.as_str(), "unavailable" | "store_full") {
                    self.gates.ask_again(&wait_id);
                }
            }
        }
    }

    /// The server went away: another one, or this process, goes on with the flow.
    async fn take_over(&mut self, error: &ApiError) -> Result<(), CliError> {
        if !self.opened.is_remote() {
            return Err(error.clone().into());
        }
        match self.adrift {
            None => self.adrift = Some(Instant::now()),
            // Somebody was found, and has not answered either.
            Some(began) if began.elapsed() < TAKE_OVER_PATIENCE => {
                tokio::time::sleep(TAKE_OVER_PAUSE).await;
            }
            Some(_) => return Err(error.clone().into()),
        }
        (self.opened, _) = adopt(self.ctx, &self.flow.flow_id.0).await?;
        if !self.opened.is_remote() {
            self.show.say("the gateway is gone: this run goes on with the flow");
        }
        Ok(())
    }

    /// Ctrl-C: the flow is safe; say how to go on.
    fn leave(&mut self) -> Exit {
        self.show.close();
        let name = &self.name;
        let driven = self.opened.is_remote() && self.adrift.is_none();
        self.ctx.mode.note(&match driven {
            true => format!("the flow goes on without you\nhint: clawflow flows show {name}"),
            false => {
                format!("interrupted; nothing is lost\nhint: clawflow run --continue {name}")
            }
        });
        Exit::Interrupted
    }
}

/// Ends with Ctrl-C or SIGTERM. SIGHUP is left as it is: under `nohup` it is ignored, else it ends
/// the run like a crash, which loses nothing.
fn interrupted() -> Result<impl Future<Output = ()>, CliError> {
    let listen = |kind| signal(kind).map_err(|error| CliError::io("cannot catch signals", error));
    let mut int = listen(SignalKind::interrupt())?;
    let mut term = listen(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = int.recv() => {}
            _ = term.recv() => {}
        }
    })
}

/// Who answers at this terminal.
pub(crate) fn person() -> String {
    let user = std::env::var("USER").or_else(|_| std::env::var("LOGNAME"));
    user.ok().filter(|user| !user.is_empty()).unwrap_or_else(|| "operator".to_owned())
}

/// Whether nothing is at work but agents that wait for a permission.
fn only_asks(view: &FlowView) -> bool {
    let asking = |task: &Task| {
        view.waits.iter().any(|wait| {
            wait.kind == WaitKind::Permission
                && wait.state == WaitState::Open
                && wait.step_id.is_some()
                && wait.step_id == task.step_id
        })
    };
    let mut active = view.tasks.iter().filter(|task| !task.status.is_terminal());
    view.task_summary.active == 0 || active.all(asking)
}
