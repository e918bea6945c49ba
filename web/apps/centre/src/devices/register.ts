/** A device being registered: what is asked, what is missing or wrong, and the body it becomes. */
import type { Body } from "@dipper/api";
import type { LonLat } from "@dipper/map";

/** What has been written so far; numbers as they were typed. */
export interface DeviceDraft {
  id: string;
  class: string | null;
  title: string;
  lon: string;
  lat: string;
  height: string;
  office: string | null;
}

/** An empty sheet. */
export function blankDevice(): DeviceDraft {
  return { id: "", class: null, title: "", lon: "", lat: "", height: "", office: null };
}

/** Names in the field: what stands in a topic of MQTT and in an address without being escaped. */
const NAME = /^[A-Za-z0-9_.:-]{1,64}$/;

/** A typed number; nothing for anything else. */
function number(text: string): number | null {
  const typed = text.trim();
  return /^[+-]?\d+(\.\d+)?$/.test(typed) ? Number(typed) : null;
}

/** The place that was typed or pressed, once both degrees are numbers on Earth. */
export function placeOf({ lon, lat }: Pick<DeviceDraft, "lon" | "lat">): LonLat | null {
  const [x, y] = [number(lon), number(lat)];
  return x === null || y === null || Math.abs(x) > 180 || Math.abs(y) > 90 ? null : { lon: x, lat: y };
}

/** What is missing or wrong, by field: the message id of why. */
export function faultsOf(draft: DeviceDraft): Partial<Record<"id" | "class" | "place" | "height", string>> {
  const id = draft.id.trim();
  return {
    ...(id === "" ? { id: "form.required" } : NAME.test(id) ? {} : { id: "register.bad_id" }),
    ...(draft.class ? {} : { class: "form.required" }),
    ...(placeOf(draft) ? {} : { place: draft.lon.trim() || draft.lat.trim() ? "register.bad_place" : "register.no_place" }),
    ...(draft.height.trim() === "" || number(draft.height) !== null ? {} : { height: "register.bad_height" }),
  };
}

/** The body of `POST /devices`; of a draft without faults. */
export function deviceBody(draft: DeviceDraft): Body<"register_device"> {
  const [place, height] = [placeOf(draft), number(draft.height)];
  return {
    id: draft.id.trim(),
    class: draft.class ?? "",
    title: draft.title.trim(),
    lon: place?.lon ?? 0,
    lat: place?.lat ?? 0,
    ...(height === null ? {} : { height_m: height }),
    ...(draft.office ? { office: draft.office } : {}),
  };
}
