/** A call to the hotline being written down: what is asked, what is missing, and the body it becomes. */
import type { ReportBody } from "@dipper/api";
import type { LonLat } from "@dipper/map";

/** What the acceptor has written so far. */
export interface CallDraft {
  category: string | null;
  condition: string | null;
  description: string;
  address: string;
  place: LonLat | null;
  name: string;
  phone: string;
}

/** An empty sheet. */
export function blankCall(): CallDraft {
  return { category: null, condition: null, description: "", address: "", place: null, name: "", phone: "" };
}

/** Longest description the centre writes down, characters. */
export const DESCRIPTION_MAX = 2_000;

/** What is missing, by field: the message id of why. */
export function missing(draft: CallDraft): Partial<Record<keyof CallDraft, string>> {
  return {
    ...(draft.category ? {} : { category: "form.required" }),
    ...(draft.description.trim() ? {} : { description: "form.required" }),
    ...(draft.place || draft.address.trim() ? {} : { place: "call.place_missing" }),
  };
}

/** The body of `POST /reports`. */
export function callBody(draft: CallDraft): ReportBody {
  const [name, phone] = [draft.name.trim(), draft.phone.trim()];
  return {
    category: draft.category ?? "",
    description: draft.description.trim(),
    channel: "phone",
    ...(draft.condition ? { condition: draft.condition } : {}),
    ...(draft.place ? { lon: draft.place.lon, lat: draft.place.lat } : {}),
    ...(draft.address.trim() ? { address: draft.address.trim() } : {}),
    ...(name || phone ? { contact: { ...(name ? { name } : {}), ...(phone ? { phone } : {}) } } : {}),
  };
}
