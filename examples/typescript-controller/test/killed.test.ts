// The program is killed before and after each of its requests, and started again each time; and it
// goes on by itself where it does not hear the answer to one.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import * as http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type BoundTaskFlow, type ClawflowApi, connect, type FlowView } from "@clawflow/sdk";

const main = fileURLToPath(new URL("../src/main.js", import.meta.url));
const binary = process.env["CLAWFLOW_BIN"];
/** The environment without what is set for the user's own clawflow. */
const outside = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith("CLAWFLOW_")),
);
/** Longest time that anything here may take, in milliseconds. */
const DEADLINE_MS = 60_000;

const home = mkdtempSync(join(tmpdir(), "clawflow-example-"));
let gateway: ChildProcess;
let api: ClawflowApi;

before(async () => {
  assert(binary, "CLAWFLOW_BIN names the clawflow to test with");
  const args = ["--home", home, "gateway", "run"];
  gateway = spawn(binary, args, { env: outside, stdio: "ignore" });
  api = await connect({ home, retryForMs: DEADLINE_MS });
});

after(async () => {
  api.close();
  gateway.kill("SIGTERM");
  await once(gateway, "exit");
  rmSync(home, { recursive: true });
});

/** What happens to one request of the program. */
interface Fault {
  /** Which: the command with this end of its path, or the question with this number. */
  request: string | number;
  /** The program is killed before or after it is carried out, or does not hear the answer. */
  what: "killed before" | "killed after" | "no answer to";
}

/** How a run of the program ended. */
interface Ran {
  /** The ends of the paths of its commands. */
  commands: string[];
  /** How many questions it asked. */
  questions: number;
  /** Whether there was the request that the fault is for. */
  hit: boolean;
  code: number | null;
  stderr: string;
}

/** Runs the program behind a proxy that makes the fault. */
async function run(session: string, fault?: Fault): Promise<Ran> {
  const socket = join(home, `${session}.sock`);
  const commands: string[] = [];
  let questions = 0;
  let wasHit = false;
  let program: ChildProcess | undefined;
  /** Whether this is the request that the fault is for. */
  const isHit = (method: string, path: string): boolean => {
    if (path === "/readyz") return false;
    const command = path.split("/").at(-1) ?? "";
    if (method === "GET") return (questions += 1) === fault?.request;
    commands.push(command);
    return command === fault?.request;
  };
  const proxy = http.createServer((request, response) => {
    const isThis = !wasHit && isHit(request.method ?? "", request.url ?? "");
    const hit = isThis ? fault : undefined;
    wasHit ||= isThis;
    if (hit?.what === "killed before") {
      program?.kill("SIGKILL");
      return;
    }
    const { method, url, headers } = request;
    const on = http.request(
      { socketPath: join(home, "gateway.sock"), method, path: url, headers },
      (answer) => {
        if (hit) {
          // All of it has been done, and the program never hears of it.
          answer.resume().on("end", () => {
            if (hit.what === "no answer to") response.destroy();
            else program?.kill("SIGKILL");
          });
          return;
        }
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      },
    );
    on.on("error", () => response.destroy());
    request.pipe(on);
  });
  await new Promise<void>((resolve) => proxy.listen(socket, resolve));
  const env = { ...outside, CLAWFLOW_SOCKET: socket, SESSION_KEY: session };
  program = spawn(process.execPath, [main, "triage"], { env, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  program.stderr?.on("data", (piece) => (stderr += String(piece)));
  const timer = setTimeout(() => program?.kill("SIGKILL"), DEADLINE_MS);
  const [code] = (await once(program, "close")) as [number | null];
  clearTimeout(timer);
  proxy.close();
  proxy.closeAllConnections();
  return { commands, questions, hit: wasHit, code, stderr };
}

/** The owner: answers as soon as they are asked. */
async function answer(taskFlow: BoundTaskFlow, approve: boolean): Promise<void> {
  const until = Date.now() + DEADLINE_MS;
  while (!(await taskFlow.get("triage"))) {
    assert(Date.now() < until, "there is no flow");
    await pause(20);
  }
  const open = (view: FlowView): boolean =>
    view.waits.some((wait) => wait.state === "open" && wait.kind === "approval");
  await taskFlow.waitForFlow("triage", { until: open, timeoutMs: DEADLINE_MS });
  const done = await taskFlow.answer({ flowId: "triage", approve, by: "owner" });
  assert(done.applied, JSON.stringify(done));
}

/** What is left of a whole life, by whatever way it was reached. */
async function life(taskFlow: BoundTaskFlow): Promise<unknown> {
  const flows = await taskFlow.list();
  assert.equal(flows.length, 1);
  const view = await taskFlow.show("triage");
  const { deliveries } = await taskFlow.inbox.list();
  assert(view);
  return {
    status: view.status,
    revision: view.revision,
    state: view.stateJson,
    tasks: view.tasks.map((task) => [task.runId, task.status]),
    waits: view.waits.map((wait) => [wait.kind, wait.state, wait.answeredBy]),
    told: deliveries.map((one) => [one.kind, one.content, one.requesterOrigin]),
  };
}

test("whatever happens to any of its requests, it comes to the same", async (t) => {
  const bind = (sessionKey: string): BoundTaskFlow =>
    api.runtime.tasks.flow.bindSession({ sessionKey });
  const [whole] = await Promise.all([run("s:whole"), answer(bind("s:whole"), true)]);
  assert.equal(whole.code, 0, whole.stderr);
  const expected = (await life(bind("s:whole"))) as { status: string; told: unknown[] };
  assert.equal(expected.status, "succeeded");
  assert.equal(expected.told.length, 2, "the message, and the end");
  const commands = ["managed", "tasks", "set-waiting", "resume", "emit", "finish"];
  assert.deepEqual(whole.commands, commands);
  // How many looks there are depends on how fast things go: not every one need be there again.
  const questions = Array.from({ length: whole.questions }, (_, index) => index + 1);
  for (const request of [...commands, ...questions]) {
    for (const what of ["killed before", "killed after", "no answer to"] as const) {
      await t.test(
        `${what} ${typeof request === "number" ? "question " : ""}${request}`,
        async () => {
          const session = `s:${request}:${what.replaceAll(" ", "-")}`;
          const answered = answer(bind(session), true);
          const first = await run(session, { request, what });
          assert(first.hit || typeof request === "number", `there was no ${request}`);
          if (first.hit && what !== "no answer to") {
            assert.equal(first.code, null, "it was killed");
            const second = await run(session);
            assert.equal(second.code, 0, second.stderr);
          } else {
            assert.equal(first.code, 0, first.stderr);
          }
          await answered;
          assert.deepEqual(await life(bind(session)), expected);
        },
      );
    }
  }
});

test("after a no nothing is sent but that", async () => {
  const taskFlow = api.runtime.tasks.flow.bindSession({ sessionKey: "s:no" });
  const [ran] = await Promise.all([run("s:no"), answer(taskFlow, false)]);
  assert.equal(ran.code, 0, ran.stderr);
  const [message] = (await taskFlow.inbox.list()).deliveries;
  assert.equal(message?.content, "The summary was not wanted.");
});
