// Correcting an application: the same form, opened with the answers handed in. What departments gave stays locked, and so
// does a licence that was shown.
import { api, ask, uploadEvidence, type ApplicationAnswers, type PrefillView } from "@dipper/api";
import { isLicence, type Answers } from "@dipper/ui";
import type { PendingStore } from "./pending.ts";
import type { Port } from "./port.ts";

/** The calls of a correction. Nothing is saved on the way: what is corrected counts when it is handed in. */
export function correctionPort(case_no: string, handed_in: () => ApplicationAnswers): Port {
  const at = () => new Date().toISOString();
  return {
    findDraft: async () => {
      const { service, answers, version } = handed_in();
      return { service, answers: structuredClone(answers), version, updated_at: at(), kept_until: at() };
    },
    saveDraft: async ({ version }) => ({ version: version + 1, updated_at: at(), kept_until: at() }),
    deleteDraft: async () => undefined,
    apply: async (_key, answers) => {
      const body = { answers, version: handed_in().version };
      await ask(api.PUT("/api/v1/reports/{case_no}/application", { params: { path: { case_no } }, body }));
      return case_no;
    },
    findFiled: async () => undefined,
    upload: async (photo) => (await uploadEvidence(photo)).id,
    findPrefill: async () => {
      const { service, answers, provenance } = handed_in();
      const isGiven = ([id, answer]: [string, unknown]) => provenance[id]?.self_declared === false || isLicence(answer);
      const values = Object.fromEntries(Object.entries(answers).filter(isGiven)) as PrefillView["values"];
      return { service, level: "L1", connected: false, sources: [], values, provenance };
    },
    fetchPrefill: () => Promise.reject(new Error("a correction asks no department")),
    present: () => Promise.reject(new Error("a correction shows no licence")),
  };
}

/** A correction sent twice is one: the server knows it by its answers. */
export const NO_PENDING: PendingStore = { find: () => undefined, begin: (tried_ms) => ({ key: "", tried_ms }), clear: () => undefined };

/** The questions whose answers differ; no answer, an empty one and none of many are the same. */
export function differing(before: Answers, now: Answers): string[] {
  const plain = (value: unknown) => JSON.stringify(value === null || value === "" || (Array.isArray(value) && value.length === 0) ? undefined : value);
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((id) => plain(before[id]) !== plain(now[id]));
}
