// From the draft to what is sent. Drafts and deliveries meet in the outbox item alone.
import { deliverReport, OWN_PHOTOS, type Answer, type Field, type OutItem, type OutPhoto, type ReportBody, type ReportItemBody, type Text } from "@dipper/api";
import { splitAnswers } from "@dipper/ui";
import { track } from "../tracked.ts";
import type { Draft } from "./draft.ts";

/** A report's item with the category's name, for the list of reports of this phone. */
export interface NamedReport extends ReportItemBody {
  title: Text;
}

/** The item to send for a draft. */
export function itemOf(draft: Draft, fields: readonly Field[], title: Text): { body: NamedReport; photos: OutPhoto[] } {
  const answers = splitAnswers(fields, draft.answers);
  const own = draft.photos.map(({ key, blob }) => ({ key, blob, field: OWN_PHOTOS }));
  const place = draft.lon !== undefined && draft.lat !== undefined ? { lon: draft.lon, lat: draft.lat } : {};
  const contact = draft.contact ? { ...word("name", draft.name), ...word("phone", draft.phone) } : {};
  const report = {
    category: draft.category ?? "",
    description: draft.description.trim(),
    ...place,
    ...word("address", draft.address),
    answers: answers.body as ReportBody["answers"],
    ...(Object.keys(contact).length > 0 ? { contact } : {}),
  };
  return { body: { report: JSON.parse(JSON.stringify(report)) as NamedReport["report"], title }, photos: [...own, ...answers.photos] };
}

function word(key: string, value: string): Record<string, string> {
  return value.trim() ? { [key]: value.trim() } : {};
}

/** Sends a report; keeps the secret of an anonymous one on this phone. */
export async function deliver(item: OutItem): Promise<Answer<"file_report">> {
  const filed = await deliverReport(item);
  const { title } = item.body as NamedReport;
  if (filed.secret) await track({ case_no: filed.case_no, secret: filed.secret, title, added_ms: Date.now() });
  return filed;
}
