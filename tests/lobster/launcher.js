#!/usr/bin/env node
import { spawn } from "node:child_process";
const child = spawn("@BIN@", ["lobster", ...process.argv.slice(2)], { stdio: "inherit" });
for (const name of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"])
    process.on(name, () => child.kill(name));
child.on("exit", (code) => process.exit(code ?? 1));
