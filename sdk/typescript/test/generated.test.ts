import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("the generated types are those of the gateway's OpenAPI document", () => {
  const args = ["scripts/generate.mjs", "--check"];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  assert.equal(status, 0, stderr);
});

test("the lock file names no registry", () => {
  const lock = readFileSync(`${root}package-lock.json`, "utf8");
  for (const [url] of lock.matchAll(/https?:\/\/[^"]+/g)) {
    assert.match(url, /^https:\/\/(registry\.npmjs\.org|github\.com|opencollective\.com)\//);
  }
});
