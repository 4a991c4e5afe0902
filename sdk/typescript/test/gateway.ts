// A real gateway in a home of its own.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClawflowApi, connect, type ConnectOptions } from "../src/index.js";

/** Longest time that anything may take, in milliseconds. */
export const DEADLINE_MS = 30_000;

/** A gateway that may be killed and started again. */
export class Gateway {
  readonly home = mkdtempSync(join(tmpdir(), "clawflow-sdk-"));
  readonly #apis: ClawflowApi[] = [];
  #process: ChildProcess | undefined;

  /** Writes its configuration, for the next start. */
  configure(toml: string): void {
    writeFileSync(join(this.home, "config.toml"), toml);
  }

  /** Runs a command of the command line on its home, and returns what it prints. */
  async run(...args: string[]): Promise<string> {
    const child = spawn(binary(), ["--home", this.home, ...args]);
    let text = "";
    let errors = "";
    child.stdout.on("data", (piece) => (text += String(piece)));
    child.stderr.on("data", (piece) => (errors += String(piece)));
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 0, `clawflow ${args.join(" ")}: ${errors}`);
    return text;
  }

  /** Starts it; returns when it answers. */
  async start(): Promise<void> {
    const args = ["--home", this.home, "gateway", "run"];
    // What is set for the user's own clawflow is not meant for this one.
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith("CLAWFLOW_"));
    const env = { ...Object.fromEntries(own), CLAWFLOW_GATEWAY_LOG: "warn" };
    this.#process = spawn(binary(), args, { env, stdio: ["ignore", "ignore", "inherit"] });
    const api = await connect({ home: this.home, retryForMs: DEADLINE_MS });
    api.close();
  }

  /** Kills it as a power cut would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Stops it, and removes its home. */
  async remove(): Promise<void> {
    for (const api of this.#apis) api.close();
    await this.#end("SIGTERM");
    rmSync(this.home, { recursive: true });
  }

  /** Connects to it. */
  async connect(options: ConnectOptions = {}): Promise<ClawflowApi> {
    const place = options.url === undefined ? { home: this.home } : {};
    const api = await connect({ ...place, retryForMs: DEADLINE_MS, ...options });
    this.#apis.push(api);
    return api;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const ended = this.#process;
    this.#process = undefined;
    if (!ended || ended.exitCode !== null) return;
    const exit = once(ended, "exit");
    ended.kill(signal);
    await exit;
  }
}

function binary(): string {
  const path = process.env["CLAWFLOW_BIN"];
  assert(path, "CLAWFLOW_BIN names the clawflow to test with, e.g. target/debug/clawflow");
  return path;
}
