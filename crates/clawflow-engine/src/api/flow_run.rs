//! `flow.run` and `flow.adopt`.

use super::flow_create::JOINS_MAX;
use super::once::Once;
use super::{Api, ApiError, FlowRef, FlowRun, FlowRunRequest};
use crate::error::EngineError;
use crate::files::files_of;
use crate::held::Decided;
use clawflow_core::definition::{
    Definition, DefinitionError, Dialect, Files, Found, OnConflict, beside, gather,
};
use clawflow_core::drive::{self, Ctx, Decision, NewFlow};
use clawflow_core::error::{Code, Refusal};
use clawflow_core::flow::Flow;
use clawflow_core::json::Object;
use std::path::Path;
use std::sync::Arc;

/// The owner of flows that name none.
const OWNER_DEFAULT: &str = "agent:main:main";

impl Api {
    pub(super) async fn flow_run(&self, request: FlowRunRequest) -> Result<Flow, ApiError> {
        let dialect = Dialect::of_path(Path::new(&request.file));
        let parsed = Definition::parse(&request.file, request.source.as_bytes(), dialect);
        let definition = parsed.map_err(bad_file)?;
        let queues = self.engine.settings().queues.keys().map(String::as_str);
        definition.check_queues(&request.file, queues).map_err(bad_file)?;
        check_cwd(&request.cwd)?;
        let path = path_of(request.path.as_deref(), &request.file, &request.cwd)?;
        let sent = (&request.files, &request.args);
        let files = files_of(&sent_files(&request.file, &path, &definition, sent)?);
        let asked = self.owner_of_new(request.owner.clone())?;
        let owner = asked.or_else(|| definition.owner.clone());
        let owner = owner.unwrap_or_else(|| OWNER_DEFAULT.to_owned());
        self.once::<FlowRun, _>(&owner, &request, |once| {
            let request = request.clone();
            let new = NewFlow {
                definition: Arc::new(definition),
                file: request.file,
                args: request.args,
                cwd: request.cwd,
                env: request.env,
                owner_key: owner.clone(),
                requester_origin: self.caller().origin.clone(),
                key: request.key,
                auto_approve: request.auto_approve,
                reuse: None,
                path,
                files,
                child_of: None,
            };
            self.start_or_join(new, once)
        })
        .await
    }

    /// Makes a flow of the engine, or gives the live one of its key where its file says so.
    async fn start_or_join(&self, new: NewFlow, once: Option<Once>) -> Result<Flow, ApiError> {
        let join = match new.definition.on_conflict {
            OnConflict::Reject => None,
            OnConflict::Join => drive::key_of(&new).map_err(EngineError::from)?,
            OnConflict::Queue => return self.start_or_queue(new, once).await,
        };
        let Some(key) = join else { return self.start_flow(new, once).await };
        for _ in 0..JOINS_MAX {
            if let Some(live) = self.live_flow(&new.owner_key, &key)? {
                return Ok(live);
            }
            match self.start_flow(new.clone(), once.clone()).await {
                Err(error) if error.code == Code::KeyConflict.as_str() => {}
                made => return made,
            }
        }
        Err(ApiError::new("persist_failed", "the flow with this key changes too fast"))
    }

    /// Makes a flow of the engine; in line, where another one has its key or waits for that.
    async fn start_or_queue(&self, new: NewFlow, once: Option<Once>) -> Result<Flow, ApiError> {
        let Some(key) = drive::key_of(&new).map_err(EngineError::from)? else {
            return self.start_flow(new, once).await;
        };
        let owner_key = new.owner_key.clone();
        let nobody_waits = self.engine.store().next_in_line(&owner_key, &key)?.is_none();
        if nobody_waits && self.live_flow(&owner_key, &key)?.is_none() {
            match self.start_flow(new.clone(), once.clone()).await {
                Err(error) if error.code == Code::KeyConflict.as_str() => {}
                made => return made,
            }
        }
        let flow = self.make_flow(new, once, drive::create_in_line).await?;
        // The one with the key may have ended meanwhile.
        self.engine.admit_next(owner_key, key);
        Ok(flow)
    }

    /// Makes a flow of the engine.
    pub(super) async fn start_flow(
        &self,
        new: NewFlow,
        once: Option<Once>,
    ) -> Result<Flow, ApiError> {
        self.make_flow(new, once, drive::create).await
    }

    async fn make_flow(
        &self,
        new: NewFlow,
        once: Option<Once>,
        create: fn(NewFlow, &mut Ctx<'_>) -> Result<Decision, Refusal>,
    ) -> Result<Flow, ApiError> {
        let make = move |ctx: &mut Ctx<'_>| {
            let mut made = create(new, ctx)?;
            let flow = &made.state.flow;
            made.unit.outcomes.extend(once.map(|once| once.outcome(ctx.now, flow)));
            Ok(Decided::from(made))
        };
        Ok(self.engine.create(self.actor(), make).await?.flow)
    }

    pub(super) async fn flow_adopt(&self, request: FlowRef) -> Result<Flow, ApiError> {
        let flow = self.find_flow(&request.flow)?;
        if !flow.is_terminal() {
            self.engine.adopt(&flow.flow_id)?;
        }
        Ok(flow)
    }
}

/// The absolute path of the file. One that nobody knows is as if it lay where the steps run.
pub(super) fn path_of(path: Option<&str>, file: &str, cwd: &str) -> Result<String, ApiError> {
    match path {
        Some(path) if path.starts_with('/') && !path.contains('\0') => Ok(beside(path, path)),
        Some(path) => {
            Err(ApiError::new("bad_request", format!("path is not an absolute path: {path:?}")))
        }
        None => {
            let name = file.rsplit('/').next().unwrap_or_default();
            Ok(beside(&format!("{cwd}/"), name))
        }
    }
}

/// The files that the flow names as child flows, of those that were sent with it. One that was not
/// sent is an error: an edit of a file must change nothing for a flow that runs.
pub(super) fn sent_files(
    file: &str,
    path: &str,
    definition: &Definition,
    (sent, args): (&Files, &Object),
) -> Result<Files, ApiError> {
    let mut read = |wanted: &str| match sent.get(wanted) {
        Some(text) => Ok(Found { bytes: text.clone().into_bytes(), identity: wanted.to_owned() }),
        None => Err(format!("the workflow file {wanted} was not sent with the flow")),
    };
    let gathered = gather((file, path, path), definition, Some(args), &[], &mut read);
    gathered.map_err(|errors| {
        ApiError::new("bad_file", all_of(&errors)).hint("send what it names as `files`")
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it takes what a result has")]
fn bad_file(errors: Vec<DefinitionError>) -> ApiError {
    ApiError::new("bad_file", all_of(&errors))
}

/// The mistakes of a workflow file, one a line.
pub(super) fn all_of(errors: &[DefinitionError]) -> String {
    let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
    all.join("\n")
}

/// Steps run in a directory that somebody else chose: it must not depend on ours.
pub(super) fn check_cwd(cwd: &str) -> Result<(), ApiError> {
    if cwd.starts_with('/') && !cwd.contains('\0') {
        return Ok(());
    }
    Err(ApiError::new("bad_request", format!("cwd is not an absolute path: {cwd:?}")))
}
