// The calls that filling in a form needs.
import { actingHeaders, api, ask, toProblem, uploadEvidence, type Draft, type DraftInput, type DraftSaved, type PrefillView } from "@dipper/api";
import { presentTo } from "../licences/device.ts";

export interface Port {
  findDraft(): Promise<Draft | undefined>;
  saveDraft(body: DraftInput): Promise<DraftSaved>;
  deleteDraft(): Promise<void>;
  apply(key: string, answers: Record<string, unknown>): Promise<string>;
  /** The number of an application for the service that arrived since an instant. */
  findFiled(since_ms: number): Promise<string | undefined>;
  upload(photo: Blob): Promise<string>;
  /** Shows a licence of one's own with these facts; gives what the office reads. */
  present(licence: string, facts: readonly string[]): Promise<string>;
  findPrefill(): Promise<PrefillView>;
  /** Agrees that departments are asked, and asks them. */
  fetchPrefill(sources: string[]): Promise<PrefillView>;
}

/** Nothing, where the server says there is none. */
async function orNone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (cause) {
    const problem = toProblem(cause);
    if (problem.status === 404 && problem.code === "not_found") return undefined;
    throw problem;
  }
}

export function portOf(service: string, party: string): Port {
  const path = { id: service };
  return {
    findDraft: () => orNone(ask(api.GET("/api/v1/services/{id}/draft", { params: { path } }))),
    saveDraft: (body) => ask(api.PUT("/api/v1/services/{id}/draft", { params: { path }, body })),
    deleteDraft: async () => {
      await orNone(ask(api.DELETE("/api/v1/services/{id}/draft", { params: { path } })));
    },
    apply: async (key, answers) => {
      const params = { path, header: { "idempotency-key": key } };
      return (await ask(api.POST("/api/v1/services/{id}/applications", { params, body: { answers } }))).case_no;
    },
    findFiled: async (since_ms) => {
      const { items } = await ask(api.GET("/api/v1/reports/mine", { params: { query: { limit: 20 } } }));
      return items.find((one) => one.service === service && Date.parse(one.opened_at) >= since_ms)?.case_no;
    },
    findPrefill: () => ask(api.GET("/api/v1/services/{id}/prefill", { params: { path } })),
    fetchPrefill: (sources) => ask(api.POST("/api/v1/services/{id}/prefill", { params: { path }, body: { sources } })),
    present: (licence, facts) => presentTo(service, party, licence, facts),
    upload: async (photo) => (await uploadEvidence(photo, api, actingHeaders())).id,
  };
}
