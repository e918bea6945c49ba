// Forms: the platform, the npm validator ajv, the PyPI validator jsonschema and the browser decide alike.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import Ajv2020 from "ajv/dist/2020.js";
import { BIN, ROOT, folder } from "../lib/dipper.mjs";

const SEED = process.env.SEED ?? String(Date.now() % 1_000_000);

/** Answers to every form of the demo city, with what the platform says of each. */
function casesOf() {
  const program = path.join(path.dirname(BIN), "examples/form_cases");
  if (!existsSync(program)) return undefined;
  const text = execFileSync(program, [path.join(ROOT, "packs/demo"), SEED], { encoding: "utf8", maxBuffer: 1 << 30 });
  return text.trim().split("\n").map((line) => JSON.parse(line));
}

const cases = casesOf();
const skip = cases ? false : "skipped: form_cases is not built; cargo build --workspace --all-targets";
const words = ({ form, answers, faults }) => `seed ${SEED}, ${form}: ${JSON.stringify(answers)}\n${faults.join("\n")}`;
const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true });
const compiled = new Map();

function fits(schema, answers) {
  const key = JSON.stringify(schema);
  if (!compiled.has(key)) compiled.set(key, ajv.compile(schema));
  return compiled.get(key)(answers);
}

test("enough answers fit and enough do not", { skip }, () => {
  const count = cases.filter((one) => one.fits).length;
  assert.ok(count > cases.length / 10 && count < (cases.length * 9) / 10, `${count} of ${cases.length}`);
  assert.ok(new Set(cases.map((one) => one.form)).size >= 16, "forms of at least sixteen services");
});

test("ajv decides as the platform does", { skip }, () => {
  for (const one of cases) assert.equal(fits(one.schema, one.answers), one.fits, words(one));
});

test("jsonschema of Python decides as the platform does", { skip }, () => {
  const input = cases.map(({ schema, answers }) => JSON.stringify({ schema, answers })).join("\n");
  const python = path.join(ROOT, "e2e/.venv/bin/python");
  const run = spawnSync(python, [path.join(ROOT, "e2e/clients/check_forms.py")], { input, encoding: "utf8", maxBuffer: 1 << 30 });
  assert.equal(run.status, 0, run.stderr);
  JSON.parse(run.stdout).forEach((fit, at) => assert.equal(fit, cases[at].fits, words(cases[at])));
});

/** Whether inputs of a page can hold these answers: a text is text, a list a list. */
function canBeEntered({ fields, answers }) {
  const isText = (answer) => typeof answer === "string";
  const isList = (answer) => Array.isArray(answer) && answer.every(isText);
  const is = { number: (answer) => isText(answer) || typeof answer === "number", choices: isList, evidence: isList };
  return fields.every((field) => !(field.id in answers) || (is[field.type] ?? isText)(answers[field.id]));
}

test("the browser takes what fits, and what it sends fits", { skip }, async (t) => {
  const { build } = createRequire(path.join(ROOT, "web/package.json"))("vite");
  const outDir = await folder(t);
  const entry = path.join(ROOT, "web/packages/ui/src/forms.ts");
  await build({ configFile: false, root: ROOT, logLevel: "error", build: { outDir, emptyOutDir: false, minify: false, lib: { entry, formats: ["es"], fileName: () => "forms.mjs" } } });
  const { checkAnswers, splitAnswers } = await import(pathToFileURL(path.join(outDir, "forms.mjs")));
  for (const one of cases) {
    const faults = Object.keys(checkAnswers(one.fields, one.answers));
    if (one.fits) assert.deepEqual(faults, [], words(one));
    if (faults.length === 0 && canBeEntered(one)) assert.ok(fits(one.schema, splitAnswers(one.fields, one.answers).body), words(one));
  }
});
