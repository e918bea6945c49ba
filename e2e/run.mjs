// Runs the black-box tests: `npm test`, or `npm test -- cli open311` for some of them.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const venv = path.join(here, ".venv");

// The foreign clients are Python's; their versions are pinned in requirements.txt.
if (!existsSync(path.join(venv, "bin/python"))) execFileSync("python3", ["-m", "venv", venv], { stdio: "inherit" });
const install = (file, ...flags) =>
  execFileSync(path.join(venv, "bin/python"), ["-m", "pip", "install", "--quiet", ...flags, "--requirement", path.join(here, "clients", file)], { stdio: "inherit" });
install("requirements.txt");
install("requirements-ledger.txt", "--ignore-requires-python");

const names = process.argv.slice(2);
const all = readdirSync(path.join(here, "tests")).filter((name) => name.endsWith(".test.mjs")).sort();
const chosen = names.length === 0 ? all : all.filter((name) => names.some((word) => name.startsWith(word)));
if (chosen.length === 0) throw new Error(`no test is named ${names.join(", ")}; there are: ${all.join(", ")}`);
// One after another: load, crashes and browsers measure each other otherwise.
const flags = ["--test", "--test-concurrency=1", "--test-reporter=spec"];
const done = spawnSync(process.execPath, [...flags, ...chosen.map((name) => path.join("tests", name))], { cwd: here, stdio: "inherit" });
process.exit(done.status ?? 1);
