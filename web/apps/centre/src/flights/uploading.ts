/** Files on their way to the server by tus: several at a time, gone on with after a break, also after the page was closed. */
import { csrfHeaders } from "@dipper/api";
import type { Upload } from "tus-js-client";
import { computed, onScopeDispose, reactive, ref } from "vue";

/** Files sent at once: one fills most links, three hide the pauses between small ones. */
const AT_ONCE = 3;
/** Waits after a failure, milliseconds; after the last one a person decides. */
const RETRY_MS = [0, 1_000, 3_000, 8_000, 15_000];

export type SendingState = "waiting" | "sending" | "done" | "failed";

/** A file and how far it is. */
export interface Sending {
  readonly key: number;
  readonly file: File;
  state: SendingState;
  sent: number;
  /** The id of its upload, once it is whole. */
  upload?: string;
}

/** A list of files that is sent. */
export function useUploading(endpoint = "/api/v1/uploads") {
  const items = reactive<Sending[]>([]);
  const running = ref(false);
  const under_way = new Map<number, Upload>();
  let keys = 0;

  /** Takes files; one that is there already, of the same name, length and age, is not taken twice. */
  function add(files: Iterable<File>): void {
    for (const file of files) {
      const known = items.some(({ file: one }) => one.name === file.name && one.size === file.size && one.lastModified === file.lastModified);
      if (!known && file.size > 0) items.push({ key: (keys += 1), file, state: "waiting", sent: 0 });
    }
    if (running.value) next();
  }

  function remove(key: number): void {
    void under_way.get(key)?.abort(true).catch(() => undefined);
    under_way.delete(key);
    const at = items.findIndex((one) => one.key === key);
    if (at >= 0) items.splice(at, 1);
    next();
  }

  function start(): void {
    for (const one of items) if (one.state === "failed") one.state = "waiting";
    running.value = true;
    next();
  }

  function pause(): void {
    running.value = false;
    for (const [key, upload] of under_way) {
      void upload.abort();
      const one = items.find((item) => item.key === key);
      if (one) one.state = "waiting";
    }
    under_way.clear();
  }

  function next(): void {
    if (!running.value) return;
    const free = AT_ONCE - items.filter(({ state }) => state === "sending").length;
    for (const one of items.filter(({ state }) => state === "waiting").slice(0, Math.max(0, free))) void send(one);
    if (items.every(({ state }) => state !== "sending")) running.value = false;
  }

  async function send(one: Sending): Promise<void> {
    one.state = "sending";
    const tus = await import("tus-js-client");
    // Paused, or taken away, while the program for sending was fetched.
    if (!running.value || !items.includes(one)) return;
    const upload = new tus.Upload(one.file, {
      endpoint,
      metadata: { filename: one.file.name },
      headers: csrfHeaders(),
      retryDelays: RETRY_MS,
      removeFingerprintOnSuccess: true,
      onProgress: (sent) => (one.sent = sent),
      onSuccess: () => {
        const id = upload.url?.split("/").at(-1);
        Object.assign(one, { state: "done", sent: one.file.size, ...(id ? { upload: id } : {}) });
        under_way.delete(one.key);
        next();
      },
      onError: () => {
        one.state = "failed";
        under_way.delete(one.key);
        next();
      },
    });
    under_way.set(one.key, upload);
    // Where the page was closed while this very file was on its way, it goes on.
    const [earlier] = await upload.findPreviousUploads();
    if (earlier) upload.resumeFromPreviousUpload(earlier);
    if (under_way.get(one.key) === upload) upload.start();
  }

  onScopeDispose(pause);
  return {
    items,
    running,
    add,
    remove,
    start,
    pause,
    bytes: computed(() => items.reduce((sum, { file }) => sum + file.size, 0)),
    sent: computed(() => items.reduce((sum, { sent }) => sum + sent, 0)),
    done: computed(() => items.length > 0 && items.every(({ state }) => state === "done")),
    failed: computed(() => items.filter(({ state }) => state === "failed").length),
  };
}
