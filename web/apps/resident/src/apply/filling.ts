// A form being filled in: the answers, their draft with the server, the photos on their way, and the handing in.
import { serverNow, toProblem, type Draft, type Field, type PrefillView, type Problem } from "@dipper/api";
import { checkAnswers, licenceOf, splitAnswers, tidyAnswer, type Answers, type Photo } from "@dipper/ui";
import { reactive, shallowReactive } from "vue";
import type { PendingStore } from "./pending.ts";
import type { Port } from "./port.ts";

/** How the draft stands. `moved`: a newer one was saved elsewhere. `gone`: it was handed in or thrown away elsewhere. */
export type Saving = "none" | "saving" | "saved" | "failed" | "moved" | "gone";

/** A photo that has no id yet. */
export interface Upload {
  field: string;
  photo: Photo;
  problem?: Problem;
}

interface State {
  /** The draft, if there is one, has been read. */
  ready: boolean;
  saving: Saving;
  problem: Problem | undefined;
  at: string | undefined;
  updated_at: string | undefined;
  kept_until: string | undefined;
  /** The newer draft of another device. */
  theirs: Draft | undefined;
  uploads: Upload[];
  /** What departments answer of the form. */
  prefill: PrefillView | undefined;
  /** The number of an earlier try that arrived after all. */
  arrived: string | undefined;
}

/** The server's clock is known to two seconds ({@link serverNow}). */
const CLOCK_MS = 5_000;

function isNothing(value: unknown): boolean {
  return value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}

export class Filling {
  readonly answers = reactive<Answers>({});
  readonly state = shallowReactive<State>({
    ready: false,
    saving: "none",
    problem: undefined,
    at: undefined,
    updated_at: undefined,
    kept_until: undefined,
    theirs: undefined,
    uploads: [],
    prefill: undefined,
    arrived: undefined,
  });
  #fields: readonly Field[] = [];
  #version = 0;
  /** What the server holds, to know whether there is anything to save. */
  #held = "";
  /** Saves go one after another: each names the version the one before it made. */
  #saves = Promise.resolve();
  #handing: Promise<string> | undefined;

  constructor(
    private readonly port: Port,
    private readonly pending: PendingStore,
  ) {}

  /** Reads the draft. What this page already holds is not read over. */
  async open(fields: readonly Field[]): Promise<void> {
    this.#fields = fields;
    if (this.state.ready) return;
    const [draft, prefill] = await Promise.all([this.port.findDraft(), this.port.findPrefill()]);
    this.#fill(prefill);
    if (draft) this.#take(draft);
    else if (!(await this.#hasArrived())) this.pending.clear();
    this.#held = this.#snapshot();
    this.state.ready = true;
  }

  /** Agrees that departments are asked, and takes what they answer. */
  async fetch(sources: string[]): Promise<void> {
    this.#fill(await this.port.fetchPrefill(sources));
  }

  /** Reads again what departments have answered, and how sure the city is of who this is. */
  async refreshPrefill(): Promise<void> {
    this.#fill(await this.port.findPrefill());
  }

  /** Whether a department gave the answer, so that it stays as it is. */
  isLocked(id: string): boolean {
    return Object.hasOwn(this.state.prefill?.values ?? {}, id);
  }

  /** Whether a department alone can answer it. */
  isFetchedOnly(id: string): boolean {
    return this.state.prefill?.sources.some(({ fields }) => fields.some((field) => field.id === id && !field.self_declared)) ?? false;
  }

  /** Fields that are no questions: answered by departments, or theirs alone to answer. */
  get skipped(): ReadonlySet<string> {
    const bound = this.state.prefill?.sources.flatMap(({ fields }) => fields) ?? [];
    return new Set(bound.map(({ id }) => id).filter((id) => this.isLocked(id) || this.isFetchedOnly(id)));
  }

  #fill(prefill: PrefillView): void {
    this.state.prefill = prefill;
    Object.assign(this.answers, prefill.values);
  }

  /** Whether anything has been answered. */
  get isBegun(): boolean {
    return this.answered > 0;
  }

  /** How many questions are answered. */
  get answered(): number {
    return Object.keys(this.#known()).length;
  }

  /** Whether something here is not with the server. */
  get isUnsaved(): boolean {
    return this.isBegun && this.#snapshot() !== this.#held;
  }

  /** Notes an answer, as the person is done with it. */
  answer(field: Field, value: unknown): void {
    this.answers[field.id] = tidyAnswer(field, value);
  }

  /** Notes which question is looked at. */
  look(id: string): void {
    this.state.at = id;
  }

  /** Saves what is not saved yet; without an answer there is nothing to keep. */
  save(): Promise<void> {
    this.#saves = this.#saves.then(() => this.#save());
    return this.#saves;
  }

  /** Goes on with the draft of the other device. */
  takeTheirs(): void {
    const { theirs } = this.state;
    if (!theirs) return;
    this.#take(theirs);
    this.#held = this.#snapshot();
    Object.assign(this.state, { theirs: undefined, saving: "saved" });
  }

  /** Goes on with what is here, over the draft of the other device. */
  keepMine(): Promise<void> {
    this.#version = this.state.theirs?.version ?? 0;
    Object.assign(this.state, { theirs: undefined, saving: "none" });
    return this.save();
  }

  /** Throws the draft away, here and with the server. */
  async discard(): Promise<void> {
    await this.#saves;
    await this.port.deleteDraft();
    this.pending.clear();
    this.#empty();
  }

  /** Sends a photo at once, so that the draft can name it from any device. A photo that is there already is left out. */
  async upload(field: string, photo: Photo): Promise<void> {
    await this.#send(shallowReactive<Upload>({ field, photo }));
  }

  async #send(one: Upload): Promise<void> {
    delete one.problem;
    if (!this.state.uploads.includes(one)) this.state.uploads = [...this.state.uploads, one];
    try {
      const id = await this.port.upload(one.photo.blob);
      const files = (this.answers[one.field] as string[] | undefined) ?? [];
      if (!files.includes(id)) this.answers[one.field] = [...files, id];
      this.#drop(one);
      await this.save();
    } catch (cause) {
      one.problem = toProblem(cause);
    }
  }

  /** Gives a licence instead of photos; it is shown when the application is handed in. */
  giveLicence(field: string, licence: string): void {
    for (const one of this.uploadsOf(field)) this.#drop(one);
    this.answers[field] = { licence };
    void this.save();
  }

  /** Takes photos instead of a licence. */
  photograph(field: string): void {
    if (!this.isPhotographed(field)) this.answers[field] = [];
  }

  isPhotographed(field: string): boolean {
    return Array.isArray(this.answers[field]) || this.uploadsOf(field).length > 0;
  }

  /** Answers a question in text that is not answered yet. */
  suggest(id: string, value: unknown): void {
    const field = this.#fields.find((one) => one.id === id);
    if (field?.type === "text" && typeof value === "string" && isNothing(this.answers[id])) this.answers[id] = value;
  }

  /** Sends once more what did not arrive. */
  async uploadAgain(field: string): Promise<void> {
    for (const one of this.uploadsOf(field)) if (one.problem) await this.#send(one);
  }

  uploadsOf(field: string): Upload[] {
    return this.state.uploads.filter((one) => one.field === field);
  }

  removePhoto(field: string, key: string): void {
    for (const one of this.uploadsOf(field)) if (one.photo.key === key) this.#drop(one);
    this.answers[field] = ((this.answers[field] as string[] | undefined) ?? []).filter((id) => id !== key);
  }

  #drop(one: Upload): void {
    URL.revokeObjectURL(one.photo.url);
    this.state.uploads = this.state.uploads.filter((other) => other !== one);
  }

  /** Hands the application in, once: a second press waits for the first. Gives its number. */
  submit(): Promise<string> {
    this.#handing ??= this.#submit().finally(() => {
      this.#handing = undefined;
    });
    return this.#handing;
  }

  async #submit(): Promise<string> {
    if (Object.keys(checkAnswers(this.#fields, this.answers)).length > 0) throw new Error("answers are missing or wrong");
    // A save that came after it would bring the draft back.
    await this.#saves;
    const { key } = this.pending.begin(serverNow());
    const { body } = splitAnswers(this.#fields, this.answers);
    try {
      return this.#handedIn(await this.port.apply(key, await this.#shown(body)));
    } catch (cause) {
      const problem = toProblem(cause);
      // An earlier try arrived without its answer, and the answers have changed since: that one counts.
      const isUsed = problem.fields.some(({ field }) => field === "idempotency-key");
      if (isUsed && (await this.#hasArrived()) && this.state.arrived !== undefined) return this.state.arrived;
      throw problem;
    }
  }

  /** Shows the licences that are given: signed by this device, now, with the facts asked for. */
  async #shown(body: Answers): Promise<Answers> {
    const shown = { ...body };
    for (const field of this.#fields) {
      const licence = licenceOf(body[field.id]);
      if (field.type !== "evidence" || !field.licence || licence === undefined) continue;
      const facts = field.licence.facts.map(({ claim }) => claim);
      shown[field.id] = { presentation: await this.port.present(licence, facts) };
    }
    return shown;
  }

  /** Whether an earlier try arrived after all, without its answer: then the draft is gone because it was handed in. */
  async #hasArrived(): Promise<boolean> {
    const tried = this.pending.find();
    const case_no = tried && (await this.port.findFiled(tried.tried_ms - CLOCK_MS));
    if (case_no === undefined) return false;
    this.state.saving = "saved";
    this.state.arrived = this.#handedIn(case_no);
    return true;
  }

  /** The server has forgotten the draft; what is here must not bring it back. */
  #handedIn(case_no: string): string {
    this.pending.clear();
    this.#held = this.#snapshot();
    return case_no;
  }

  async #save(): Promise<void> {
    const { state } = this;
    if (!this.isUnsaved || state.saving === "moved" || state.saving === "gone") return;
    const held = this.#snapshot();
    state.saving = "saving";
    try {
      const saved = await this.port.saveDraft({ answers: this.#known(), version: this.#version, ...(state.at === undefined ? {} : { at: state.at }) });
      this.#version = saved.version;
      this.#held = held;
      Object.assign(state, { saving: "saved", problem: undefined, updated_at: saved.updated_at, kept_until: saved.kept_until });
    } catch (cause) {
      const problem = toProblem(cause);
      if (problem.code === "draft_moved") await this.#meet();
      else Object.assign(state, { saving: "failed", problem });
    }
  }

  /** Another device saved since, or a save of ours arrived without its answer. */
  async #meet(): Promise<void> {
    try {
      const theirs = await this.port.findDraft();
      if (!theirs && (await this.#hasArrived())) return;
      if (theirs && JSON.stringify(sorted(theirs.answers)) === JSON.stringify(sorted(this.#known()))) {
        this.#version = theirs.version;
        Object.assign(this.state, { saving: "saved", problem: undefined, updated_at: theirs.updated_at, kept_until: theirs.kept_until });
        this.#held = this.#snapshot();
      } else {
        Object.assign(this.state, { saving: theirs ? "moved" : "gone", theirs, problem: undefined });
      }
    } catch (cause) {
      Object.assign(this.state, { saving: "failed", problem: toProblem(cause) });
    }
  }

  #take(draft: Draft): void {
    for (const id of Object.keys(this.answers)) delete this.answers[id];
    Object.assign(this.answers, draft.answers, this.state.prefill?.values);
    this.#version = draft.version;
    Object.assign(this.state, { at: draft.at, saving: "saved", problem: undefined, updated_at: draft.updated_at, kept_until: draft.kept_until });
  }

  #empty(): void {
    for (const id of Object.keys(this.answers)) delete this.answers[id];
    for (const one of this.state.uploads) URL.revokeObjectURL(one.photo.url);
    this.#version = 0;
    Object.assign(this.state, { at: undefined, saving: "none", problem: undefined, updated_at: undefined, kept_until: undefined, theirs: undefined, uploads: [] });
    // What departments answered went with the draft.
    if (this.state.prefill) this.state.prefill = { ...this.state.prefill, values: {}, provenance: {}, sources: this.state.prefill.sources.map(({ outcome: _outcome, asked_at: _at, ...source }) => source) };
    this.#held = this.#snapshot();
  }

  /** Answers to fields the form has, without those that say nothing: the server takes no others. */
  #known(): Record<string, unknown> {
    const known = this.#fields.filter(({ id }) => !this.isLocked(id) && !isNothing(this.answers[id])).map(({ id }) => [id, this.answers[id]] as const);
    return JSON.parse(JSON.stringify(Object.fromEntries(known))) as Record<string, unknown>;
  }

  #snapshot(): string {
    return JSON.stringify([this.#known(), this.state.at]);
  }
}

function sorted(answers: Record<string, unknown>): [string, unknown][] {
  return Object.entries(answers).sort(([a], [b]) => (a < b ? -1 : 1));
}
