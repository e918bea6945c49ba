// Filing for somebody at the window: every call names the mandate of the sitting.
import { api, ask, newKey, uploadEvidence, type Answer, type PrefillView, type ServiceForm } from "@dipper/api";
import { splitAnswers, type Answers } from "@dipper/ui";

export type Counter = Answer<"get_counter">;
export type Office = Counter["offices"][number];
export type Mandate = Answer<"open_sitting">["mandate"];

function headersOf(mandate: string): Record<string, string> {
  return { "x-acting-for": mandate };
}

/** What departments may be asked, and what they answered. */
export function findPrefill(mandate: string, id: string): Promise<PrefillView> {
  return ask(api.GET("/api/v1/services/{id}/prefill", { params: { path: { id } }, headers: headersOf(mandate) }));
}

/** Has departments asked, as the person agreed. */
export function fetchPrefill(mandate: string, id: string, sources: string[]): Promise<PrefillView> {
  return ask(api.POST("/api/v1/services/{id}/prefill", { params: { path: { id } }, headers: headersOf(mandate), body: { sources } }));
}

/** The key under which one application is handed in once, however often the button is pressed. */
export const freshKey = newKey;

/** Hands an application in for who stands at the window; its number. */
export async function fileFor(mandate: string, form: ServiceForm, answers: Answers, key: string): Promise<string> {
  const headers = headersOf(mandate);
  const { body, photos } = splitAnswers(form.fields, answers);
  const files: Record<string, string[]> = {};
  for (const photo of photos) (files[photo.field] ??= []).push((await uploadEvidence(photo.blob, api, headers)).id);
  const params = { path: { id: form.service }, header: { "idempotency-key": key } };
  return (await ask(api.POST("/api/v1/services/{id}/applications", { params, headers, body: { answers: { ...body, ...files } } }))).case_no;
}
