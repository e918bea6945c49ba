// Sending what the outbox holds, once its photos are uploaded: reports and actions.
import { api, ask } from "./client.ts";
import { evidenceByField, type OutItem } from "./outbox.ts";
import type { Answer, CaseView, ReportBody } from "./types.ts";

/** Field name of a report's own photos, as opposed to those that answer a question. */
export const OWN_PHOTOS = "";

/** What the outbox item of a report carries beside its photos. */
export interface ReportItemBody {
  report: Omit<ReportBody, "evidence">;
}

/** What the outbox item of an action carries beside its photos. */
export interface ActionItemBody {
  case_id: string;
  case_no: string;
  action: string;
  answers: Record<string, unknown>;
}

/** Files a report. The item's id is its idempotency key: sent twice, it is filed once. */
export async function deliverReport(item: OutItem): Promise<Answer<"file_report">> {
  const { report } = item.body as ReportItemBody;
  const { [OWN_PHOTOS]: evidence = [], ...fields } = evidenceByField(item);
  return ask(
    api.POST("/api/v1/reports", {
      params: { header: { "idempotency-key": item.id } },
      body: { ...report, evidence, answers: { ...report.answers, ...fields } },
    }),
  );
}

/**
 * Takes an action. No version is named: an urge or a "me too" meanwhile must not undo an hour's work. Whether the
 * action is still allowed is for the server to say (409).
 */
export async function deliverAction(item: OutItem): Promise<CaseView> {
  const { case_id, action, answers } = item.body as ActionItemBody;
  return ask(
    api.POST("/api/v1/cases/{id}/actions/{action}", {
      params: { path: { id: case_id, action } },
      body: { answers: { ...answers, ...evidenceByField(item) } },
    }),
  );
}
