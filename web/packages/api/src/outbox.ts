// What a person sent and the server has not yet taken: reports and actions, with their photos.
// Nothing leaves this list silently: an item is sent, or stays with the reason in plain sight.
import { shallowRef, type ShallowRef } from "vue";
import type { Kept } from "./kept.ts";
import { toProblem, type FieldProblem } from "./problem.ts";

/** A photo waiting to be sent. `field` is the form field it answers, or empty for a report's own photos. */
export interface OutPhoto {
  key: string;
  field: string;
  blob: Blob;
  evidence?: string;
}

/** Why an item did not go through. */
export interface OutProblem {
  status: number;
  code: string;
  message: string;
  fields: FieldProblem[];
  allowed: string[];
}

export type OutState = "waiting" | "sending" | "conflict" | "refused";

/** One thing to send. `id` is also its idempotency key: sending it twice files it once. */
export interface OutItem {
  id: string;
  kind: string;
  /** What to call it in a list, in the reader's language when it was made. */
  title: string;
  created_ms: number;
  body: unknown;
  photos: OutPhoto[];
  state: OutState;
  tries: number;
  problem?: OutProblem;
}

export interface OutboxSetup {
  kept: Kept;
  upload: (photo: Blob) => Promise<string>;
  /** Sends an item whose photos are all uploaded; gives back what the server answered. */
  deliver: (item: OutItem) => Promise<unknown>;
  now?: () => number;
  /** Runs one flush at a time across tabs; the default uses the Web Locks API where there is one. */
  alone?: (work: () => Promise<void>) => Promise<void>;
}

const PREFIX = "out/";

/** Random id in UUID form. `randomUUID` is missing where a page is served without TLS. */
export function newKey(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function alone(work: () => Promise<void>): Promise<void> {
  const locks = typeof navigator === "undefined" ? undefined : navigator.locks;
  return locks ? locks.request("dipper-outbox", async () => work()).then(() => undefined) : work();
}

/** The ids of uploaded photos by the field they answer. */
export function evidenceByField(item: OutItem): Record<string, string[]> {
  const fields: Record<string, string[]> = {};
  for (const photo of item.photos) if (photo.evidence) (fields[photo.field] ??= []).push(photo.evidence);
  return fields;
}

/** The list of what is still to be sent. */
export class Outbox {
  readonly items: ShallowRef<OutItem[]> = shallowRef([]);
  readonly #setup: OutboxSetup;
  readonly #delivered = new Map<string, (answer: unknown) => void>();
  #flushing: Promise<void> | undefined;

  constructor(setup: OutboxSetup) {
    this.#setup = setup;
  }

  /** Reads what earlier visits left. An item that was under way when the page closed is sent again. */
  async load(): Promise<void> {
    const items = await this.#setup.kept.list<OutItem>(PREFIX);
    this.items.value = items.map((item) => (item.state === "sending" ? { ...item, state: "waiting" as const } : item)).sort((a, b) => a.created_ms - b.created_ms);
  }

  /** Adds an item; it is safe on the phone when this returns. */
  async add(item: Pick<OutItem, "kind" | "title" | "body" | "photos"> & { id?: string }): Promise<OutItem> {
    const now = (this.#setup.now ?? Date.now)();
    const full: OutItem = { ...item, id: item.id ?? newKey(), created_ms: now, state: "waiting", tries: 0 };
    await this.#save(full);
    return full;
  }

  /** Sends what waits, oldest first. A passing failure ends the round: the rest would fail alike. */
  flush(): Promise<void> {
    this.#flushing ??= (this.#setup.alone ?? alone)(() => this.#round()).finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  /** Adds an item, tries to send it now, and gives back the answer; absent when it stayed in the list. */
  async send<T>(item: Pick<OutItem, "kind" | "title" | "body" | "photos"> & { id?: string }): Promise<{ item: OutItem; answer?: T }> {
    const added = await this.add(item);
    let answer: T | undefined;
    this.#delivered.set(added.id, (value) => {
      answer = value as T;
    });
    try {
      // A round already under way read its list before this item: let it end, then go again.
      await this.#flushing;
      await this.flush();
    } finally {
      this.#delivered.delete(added.id);
    }
    const left = this.items.value.find((one) => one.id === added.id);
    return left ? { item: left } : { item: added, answer: answer as T };
  }

  /** Tries an item again, as it is or with a corrected body. */
  async retry(id: string, body?: unknown): Promise<void> {
    const item = this.items.value.find((one) => one.id === id);
    if (!item) return;
    await this.#save({ ...item, body: body ?? item.body, state: "waiting", problem: undefined });
    await this.flush();
  }

  /** Throws an item away. */
  async drop(id: string): Promise<void> {
    await this.#setup.kept.remove(PREFIX + id);
    this.items.value = this.items.value.filter((item) => item.id !== id);
  }

  async #round(): Promise<void> {
    for (const { id } of this.items.value.filter((item) => item.state === "waiting")) {
      const item = this.items.value.find((one) => one.id === id);
      if (item?.state === "waiting" && !(await this.#sendOne(item))) return;
    }
  }

  /** Sends one item; false when there is no point in going on with the others. */
  async #sendOne(item: OutItem): Promise<boolean> {
    let current = await this.#save({ ...item, state: "sending", tries: item.tries + 1 });
    try {
      for (const photo of current.photos) {
        if (photo.evidence) continue;
        const evidence = await this.#setup.upload(photo.blob);
        // Kept at once, so that a lost connection does not upload the same photo twice.
        current = await this.#save({ ...current, photos: current.photos.map((one) => (one.key === photo.key ? { ...one, evidence } : one)) });
      }
      const answer = await this.#setup.deliver(current);
      this.#delivered.get(item.id)?.(answer);
      await this.drop(item.id);
      return true;
    } catch (cause) {
      const { status, code, message, fields, allowed, passing } = toProblem(cause);
      const problem = { status, code, message, fields, allowed };
      // 401: the session ended; it waits until the person has signed in again.
      if (passing || status === 401) {
        await this.#save({ ...current, state: "waiting", problem });
        return false;
      }
      await this.#save({ ...current, state: status === 409 ? "conflict" : "refused", problem });
      return true;
    }
  }

  async #save(item: OutItem): Promise<OutItem> {
    await this.#setup.kept.set(PREFIX + item.id, item);
    const known = this.items.value.some((one) => one.id === item.id);
    this.items.value = known ? this.items.value.map((one) => (one.id === item.id ? item : one)) : [...this.items.value, item];
    return item;
  }
}
