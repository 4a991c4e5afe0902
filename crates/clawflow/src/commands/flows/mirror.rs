//! `clawflow flows mirror`: a flow over what others start.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::client::Client;
use crate::commands::cron::start::blank;
use crate::commands::workflow_file;
use clap::Args;
use clawflow_core::definition::Mirrored;
use clawflow_core::flow::NotifyPolicy;
use clawflow_core::schedule::{Deadline, Member, MemberBy, PayloadKind, Policies, Schedule, Spec};
use clawflow_engine::api::{
    ScheduleAdd, ScheduleAddRequest, ScheduleEdit, ScheduleEditRequest, ScheduleRef, ScheduleShow,
    ScheduleStart,
};
use jiff::tz::TimeZone;
use std::path::PathBuf;

/// What is to be watched.
#[derive(Debug, Args)]
#[command(after_help = "\
For example, three lines of a crontab whose jobs run under `clawflow tasks wrap --label …`:
  clawflow flows mirror --name morning-operations --deadline 08:00 \\
      --member backup=label:backup@06:30 --member import=label:import --member report=label:report

Each day has a flow of its own then, named morning-operations-DATE. It starts and stops nothing. A
member that has not begun at its deadline is missing. The same name again changes the group;
`clawflow cron list`, `show`, `disable` and `rm` know it too.")]
pub(crate) struct MirrorArgs {
    /// a mirrored file (`mode: mirrored`) that says all of it; `-` reads standard input
    #[arg(value_name = "FILE", required_unless_present = "name")]
    #[arg(conflicts_with_all = ["name", "members", "goal", "deadline", "window", "tz"])]
    file: Option<PathBuf>,
    /// what the group is called
    #[arg(long, value_name = "NAME", requires = "members")]
    name: Option<String>,
    /// a member: tasks of a label, flows of a workflow, or runs of a schedule; may be given more
    /// than once
    #[arg(long = "member", value_name = "ID=label|flow|schedule:VALUE[@DEADLINE]")]
    #[arg(id = "members", value_parser = member)]
    members: Vec<Member>,
    /// when members must have begun that do not say it: 06:30, or 3h [default: the window's end]
    #[arg(long, value_name = "DEADLINE")]
    deadline: Option<String>,
    /// when windows begin, by a cron expression [default: each day at midnight]
    #[arg(long, value_name = "EXPR")]
    window: Option<String>,
    /// the zone of windows and deadlines [default: this machine's]
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
    /// what the members are to reach together, for people [default: the name]
    #[arg(long, value_name = "TEXT")]
    goal: Option<String>,
    /// whose tasks are watched [default: run.owner]
    #[arg(long, visible_alias = "session", value_name = "SESSION")]
    owner: Option<String>,
    /// what the owner is told: done_only, state_changes or silent [default: done_only]
    #[arg(long, value_name = "POLICY", value_parser = policy)]
    notify: Option<NotifyPolicy>,
}

fn policy(text: &str) -> Result<NotifyPolicy, String> {
    let found = NotifyPolicy::ALL.iter().find(|policy| policy.as_str() == text);
    found.copied().ok_or_else(|| "it is done_only, state_changes or silent".to_owned())
}

/// `backup=label:backup@06:30`.
fn member(text: &str) -> Result<Member, String> {
    let form = || "write ID=label:VALUE, ID=flow:VALUE or ID=schedule:VALUE".to_owned();
    let (id, watched) = text.split_once('=').ok_or_else(form)?;
    let (kind, value) = watched.split_once(':').ok_or_else(form)?;
    let by = MemberBy::ALL.iter().find(|by| by.as_str() == kind).copied().ok_or_else(form)?;
    // What follows an `@` and is no deadline belongs to the name.
    let split = value.rsplit_once('@').filter(|(_, end)| Deadline::parse(end).is_ok());
    let (value, deadline) = match split {
        Some((value, deadline)) => (value, Some(deadline.to_owned())),
        None => (value, None),
    };
    Ok(Member { id: id.to_owned(), by, value: value.to_owned(), deadline })
}

/// Watches it from now on.
pub(crate) async fn run(ctx: &Ctx, args: MirrorArgs) -> Result<Exit, CliError> {
    let request = request(ctx, args)?;
    let client = Client::open(ctx).await?;
    let nobody = !client.is_remote() || client.foreground_run().is_some();
    let made = make(&client, &request).await;
    let (made, is_new) = client.close(made).await?;
    if ctx.mode.json {
        ctx.mode.print_json(&made)?;
        return Ok(Exit::Done);
    }
    ctx.mode.print(&format!("{}\n", made.schedule_id))?;
    let name = escape(&made.name);
    let does = if is_new { "is watched" } else { "is watched as it is said now" };
    ctx.mode.note(&format!("{name} {does}, with a flow for each window of {}", made.spec));
    if nobody {
        ctx.mode.note("hint: windows begin and deadlines pass in a gateway: clawflow gateway run");
    }
    Ok(Exit::Done)
}

fn request(ctx: &Ctx, args: MirrorArgs) -> Result<ScheduleAddRequest, CliError> {
    let (group, owner) = match &args.file {
        Some(path) => (file(path)?, args.owner),
        None => {
            let notify = None;
            let cron = args.window.unwrap_or_else(|| "0 0 * * *".to_owned());
            let MirrorArgs { goal, deadline, members, tz: zone, .. } = args;
            let name = args.name.unwrap_or_default();
            let group = Mirrored { name, goal, owner: None, notify, cron, zone, deadline, members };
            (group, args.owner)
        }
    };
    let told = group.notify.as_deref();
    let told = told.and_then(|word| NotifyPolicy::ALL.iter().find(|it| it.as_str() == word));
    let notify = args.notify.or(told.copied()).unwrap_or(NotifyPolicy::DoneOnly);
    let owner = owner.or(group.owner).unwrap_or_else(|| ctx.settings.run.owner.clone());
    // A machine whose zone has no name keeps the time of the world.
    let here = || TimeZone::system().iana_name().unwrap_or("UTC").to_owned();
    Ok(ScheduleAddRequest {
        name: group.name,
        spec: Spec::Cron { expr: group.cron, tz: group.zone.unwrap_or_else(here) },
        start: ScheduleStart {
            goal: group.goal,
            members: group.members,
            deadline: group.deadline,
            ..blank(PayloadKind::Mirror)
        },
        policies: Policies { notify, ..Policies::default() },
        owner: Some(owner),
        disabled: false,
        idempotency_key: None,
    })
}

fn file(path: &std::path::Path) -> Result<Mirrored, CliError> {
    let bytes = workflow_file::read(path)?;
    let name = path.display().to_string();
    match Mirrored::parse(&name, &bytes) {
        Ok(Some(group)) => Ok(group),
        Ok(None) => {
            let message = format!("{name} is no mirrored file: it has no `mode: mirrored`");
            let error = CliError::new(Exit::Usage, "bad_file", message);
            Err(error.hint("a file with steps is run: clawflow run FILE"))
        }
        Err(errors) => {
            let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Err(CliError::new(Exit::Usage, "bad_file", all.join("\n")))
        }
    }
}

/// Makes the group, or changes the one of this name; whether it is new.
async fn make(client: &Client, request: &ScheduleAddRequest) -> Result<(Schedule, bool), CliError> {
    let error = match client.call::<ScheduleAdd>(request).await {
        Ok(made) => return Ok((made, true)),
        Err(error) if error.code == "key_conflict" => error,
        Err(error) => return Err(error),
    };
    let found = ScheduleRef { schedule: request.name.clone() };
    let view = client.call::<ScheduleShow>(&found).await?;
    let is_it = view.schedule.payload.kind() == PayloadKind::Mirror
        && Some(&view.schedule.owner_key) == request.owner.as_ref();
    if !is_it {
        return Err(error);
    }
    let edit = ScheduleEditRequest {
        schedule: view.schedule.schedule_id.0,
        spec: Some(request.spec.clone()),
        start: Some(request.start.clone()),
        policies: Some(request.policies.clone()),
        ..ScheduleEditRequest::default()
    };
    Ok((client.call::<ScheduleEdit>(&edit).await?, false))
}
