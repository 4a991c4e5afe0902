// A controller: it classifies an inbox, asks its owner, and tells them what came of it.
//
// It keeps nothing in memory that matters. What is to be done next follows from the flow alone:
// from `currentStep`, `stateJson`, and its children and waits. So it may be killed at any point and
// started again, and two of it do no harm: each move names the revision that it was decided on, and
// whoever comes second looks again.

import { ClawflowError, isOver } from "@clawflow/sdk";
import type { BoundTaskFlow, Flow, FlowView, Task } from "@clawflow/sdk";

/** A message, as the classifier names it. */
interface Message {
  from: string;
  subject: string;
}

/** What the flow knows: its `stateJson`. */
interface State {
  businessThreads: Message[];
  personalItems: Message[];
  eodSummary: Message[];
  approved?: boolean;
}

/** What the controller works with. */
export interface Job {
  taskFlow: BoundTaskFlow;
  /** Names the flow: there is one for each key. */
  key: string;
  /** Directory of `classify`. */
  directory: string;
  /** The messages, as a path from there. */
  messages: string;
  /** Is told of every look at the flow. */
  log(line: string): void;
}

/** Makes one move, or waits for somebody else's. */
type Step = (job: Job, view: FlowView) => Promise<void>;

const STEPS: Record<string, Step> = { classify, review, notify };

/** Drives the flow from wherever it stands to its end. */
export async function drive(job: Job): Promise<Flow> {
  const { flowId } = await open(job);
  for (;;) {
    const view = await job.taskFlow.show(flowId);
    if (!view) throw new Error(`the flow ${flowId} is gone`);
    job.log(`${view.currentStep ?? "?"}: ${view.status}, revision ${view.revision}`);
    if (isOver(view)) return view;
    if (view.cancelRequestedAt !== undefined || view.pausedAt !== undefined) {
      // Somebody holds it: there is nothing to decide until they let go.
      const moved = (now: FlowView): boolean => now.revision !== view.revision || isOver(now);
      await job.taskFlow.waitForFlow(flowId, { until: moved });
      continue;
    }
    const step = STEPS[view.currentStep ?? ""];
    if (!step) throw new Error(`there is no step ${view.currentStep}`);
    await step(job, view).catch((error: unknown) => {
      // It may have been carried out or not: the next look at the flow says which.
      if (!(error instanceof ClawflowError) || error.code !== "unavailable") throw error;
      job.log(error.message);
    });
  }
}

/** The flow of this key, made if there is none. */
async function open({ taskFlow, key }: Job): Promise<Flow> {
  const state: State = { businessThreads: [], personalItems: [], eodSummary: [] };
  return (
    (await taskFlow.get(key)) ??
    (await taskFlow.createManaged({
      controllerId: "my-plugin/inbox-triage",
      goal: "triage inbox",
      key,
      currentStep: "classify",
      stateJson: state,
      // The first answer again, if this program died before it had read it.
      idempotencyKey: `${key}/create`,
    }))
  );
}

/** Lets a child classify the messages, and asks a person about what it found. */
async function classify(job: Job, view: FlowView): Promise<void> {
  const { taskFlow } = job;
  const { flowId, revision: expectedRevision } = view;
  const child = view.tasks.find((task) => task.runId === `${job.key}/classify`);
  if (!child) {
    const run = await taskFlow.runTask({
      flowId,
      runtime: "cli",
      // The same run is the same task: it is launched once.
      runId: `${job.key}/classify`,
      task: "Classify inbox messages",
      command: ["./classify", job.messages],
      cwd: job.directory,
      // From now on the flow waits for it, and the engine wakes the flow when it has ended.
      await: true,
    });
    if (!run.created) throw new Error(run.reason);
    return;
  }
  if (child.endedAt === undefined) {
    const ended = (now: FlowView): boolean => taskOf(now, child)?.endedAt !== undefined;
    await taskFlow.waitForFlow(flowId, { until: (now) => ended(now) || isOver(now) });
    return;
  }
  if (child.status !== "succeeded") {
    const error = `classify ${child.status}: ${child.error ?? "no reason given"}`;
    again(await taskFlow.fail({ flowId, expectedRevision, error }));
    return;
  }
  const log = await taskFlow.getTaskLogs({ taskId: child.taskId });
  const state = JSON.parse(log.text) as State;
  again(
    await taskFlow.setWaiting({
      flowId,
      expectedRevision,
      currentStep: "review",
      stateJson: state,
      waitJson: { kind: "review" },
      waitFor: { kind: "person", prompt: "Send the summary?", preview: summary(state) },
      // The flow stays where it is: this program goes on with it, and stores the answer as it does.
      onResolved: "tell",
    }),
  );
}

/** Waits for the person, and goes on with what they said. */
async function review({ taskFlow }: Job, view: FlowView): Promise<void> {
  const { flowId, revision: expectedRevision } = view;
  const wait = view.waits.findLast((one) => one.kind === "approval");
  if (!wait) throw new Error("nobody was asked");
  if (wait.state === "open") {
    const closed = (now: FlowView): boolean =>
      now.waits.find((one) => one.waitId === wait.waitId)?.state !== "open";
    await taskFlow.waitForFlow(flowId, { until: (now) => closed(now) || isOver(now) });
    return;
  }
  const { approved } = wait.answer as { approved: boolean };
  const state: State = { ...(view.stateJson as State), approved };
  again(
    await taskFlow.resume({
      flowId,
      expectedRevision,
      status: "running",
      currentStep: "notify",
      stateJson: state,
    }),
  );
}

/** Tells the owner, and ends the flow. */
async function notify({ taskFlow }: Job, view: FlowView): Promise<void> {
  const { flowId } = view;
  const state = view.stateJson as State;
  const told = await taskFlow.emitFlowUpdate({
    flowId,
    content: state.approved ? summary(state) : "The summary was not wanted.",
    // The same message, however often it is sent.
    eventKey: "summary",
  });
  again(await taskFlow.finish({ flowId, expectedRevision: told.flow.revision }));
}

/** A change that somebody else was faster than is decided again; any other refusal is a mistake. */
function again(done: { applied: true } | { applied: false; code: string; message: string }): void {
  if (done.applied) return;
  // Over, held or changed: the next look at the flow says what to do.
  const moved = ["revision_conflict", "cancel_requested", "paused", "terminal"];
  if (!moved.includes(done.code)) throw new Error(`${done.code}: ${done.message}`);
}

function taskOf(view: FlowView, task: Task): Task | undefined {
  return view.tasks.find((one) => one.taskId === task.taskId);
}

function summary(state: State): string {
  const line = (title: string, messages: Message[]): string =>
    `${title}: ${messages.map((one) => one.subject).join(", ") || "none"}`;
  return [
    line("business", state.businessThreads),
    line("personal", state.personalItems),
    line("may wait", state.eodSummary),
  ].join("\n");
}
