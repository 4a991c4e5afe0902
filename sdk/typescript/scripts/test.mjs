// Compiles sources and tests, then runs the tests. Arguments go to the runner of node.
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = (...args) => {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
};

rmSync(new URL("../build", import.meta.url), { recursive: true, force: true });
run("node_modules/typescript/bin/tsc", "-p", "tsconfig.json");
const tests = readdirSync(new URL("../build/test", import.meta.url))
  .filter((name) => name.endsWith(".test.js"))
  .map((name) => `build/test/${name}`);
run("--test", "--test-reporter=spec", ...process.argv.slice(2), ...tests);
