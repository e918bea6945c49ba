// Forms declared by the pack: what an answer may be, and what is wrong with one.
import type { Field } from "@dipper/api";
import { hasFormat, isBlank, isDay, isFile, isPlain, tidyText } from "./form-patterns.ts";

/** A photo chosen for a form: on the phone until it is sent. */
export interface Photo {
  key: string;
  blob: Blob;
  /** Object URL for showing it; made again after a reload. */
  url: string;
  /** Where and when it was taken, when the camera wrote it down. */
  lon?: number;
  lat?: number;
}

/** Answers by field id; an evidence field holds photos until they are uploaded, and their ids afterwards. */
export type Answers = Record<string, unknown>;

/** Kinds of time a limit may count, in the order offered. */
export const LIMIT_UNITS = ["working_hour", "working_day", "urgent_hour", "urgent_day", "calendar_day"] as const;

/** A message id under `form.` with its numbers. */
export interface Fault {
  id: string;
  values: Record<string, number | string>;
}

function fault(id: string, values: Fault["values"] = {}): Fault {
  return { id: `form.${id}`, values };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === "string" && isBlank(value)) || (Array.isArray(value) && value.length === 0);
}

/** Whether a field must be answered when it is asked: a least number of files asks for them. */
export function isRequired(field: Field): boolean {
  return field.required || (field.type === "evidence" && field.min > 0);
}

/** Whether a field is asked after these answers, those to fields that are not asked left out. {@link askedFields} leaves them out. */
export function isAsked(field: Field, answers: Answers): boolean {
  const { show_if } = field;
  if (!show_if) return true;
  const answer = answers[show_if.field];
  return (Array.isArray(answer) ? answer : [answer]).some((one) => typeof one === "string" && show_if.is.includes(one));
}

/** The fields that are asked after these answers. A field that is not asked was not answered, so what hangs on it is not asked either. */
export function askedFields(fields: readonly Field[], answers: Answers): Field[] {
  const given: Answers = {};
  return fields.filter((field) => {
    if (!isAsked(field, given)) return false;
    given[field.id] = answers[field.id];
    return true;
  });
}

/** An answer as it is kept once a person is done with it. */
export function tidyAnswer(field: Field, value: unknown): unknown {
  return field.type === "text" && typeof value === "string" ? tidyText(value, field.format) : value;
}

/** Amount and unit of a limit such as `3 working_day`; absent when it is not one. */
export function parseLimit(text: unknown): { amount: number; unit: string } | undefined {
  const match = typeof text === "string" ? /^(\d+) ([a-z_]+)$/.exec(text) : null;
  return match ? { amount: Number(match[1]), unit: match[2] ?? "" } : undefined;
}

/** A limit in the words of the page, "5 working days"; nothing for what is no limit. */
export function limitWords(limit: unknown, t: (id: string, values: { n: number }) => string): string {
  const parsed = parseLimit(limit);
  return parsed ? t(`unit.${parsed.unit}`, { n: parsed.amount }) : "";
}

/** The id of a licence that is given instead of photos. */
export function licenceOf(answer: unknown): string | undefined {
  return onlyMember(answer, "licence");
}

/** The one member of an object, when it is a text. */
function onlyMember(answer: unknown, name: string): string | undefined {
  if (typeof answer !== "object" || answer === null || Object.keys(answer).length !== 1) return undefined;
  const value = (answer as Record<string, unknown>)[name];
  return typeof value === "string" ? value : undefined;
}

/** Whether a licence is given: chosen, or shown as it was handed in. */
export function isLicence(answer: unknown): boolean {
  return licenceOf(answer) !== undefined || /^[A-Za-z0-9._~-]{1,65536}$/.test(onlyMember(answer, "presentation") ?? "");
}

/** What is wrong with one answer, if anything. */
export function checkAnswer(field: Field, value: unknown): Fault | undefined {
  if (field.type === "evidence" && field.licence && isLicence(value)) return undefined;
  if (field.type === "evidence") return checkPhotos(field, Array.isArray(value) ? value : []);
  if (isEmpty(value)) return field.required ? fault("required") : undefined;
  switch (field.type) {
    case "text":
      return checkText(field, String(value));
    case "number": {
      const number = Number(value);
      if (!Number.isSafeInteger(number)) return fault("whole_number");
      return number < field.min || number > field.max ? fault("out_of_range", { min: field.min, max: field.max }) : undefined;
    }
    case "choice":
      return field.options.some(({ id }) => id === value) ? undefined : fault("required");
    case "choices":
      return checkChoices(field, value);
    case "date":
      return isDay(String(value)) ? undefined : fault("not_a_day");
    case "limit":
      return checkLimit(field.max, value);
    case "condition":
      return (value as { category?: string }).category ? undefined : fault("required");
    case "stars":
      return Number(value) >= 1 && Number(value) <= 5 ? undefined : fault("required");
    case "datetime":
      return Number.isNaN(Date.parse(String(value))) ? fault("not_a_time") : undefined;
    default:
      return undefined;
  }
}

function checkText(field: Extract<Field, { type: "text" }>, text: string): Fault | undefined {
  if ([...text].length > field.max) return fault("too_long", { max: field.max });
  if (!isPlain(text)) return fault("not_plain");
  return field.format && !hasFormat(field.format, text) ? fault(`not_${field.format}`) : undefined;
}

/** A list may name a choice that the form has lost since, or one twice: then it is asked again. */
function checkChoices(field: Extract<Field, { type: "choices" }>, value: unknown): Fault | undefined {
  const chosen: unknown[] = Array.isArray(value) ? value : [];
  const known = chosen.every((one) => field.options.some(({ id }) => id === one));
  return known && chosen.length > 0 && new Set(chosen).size === chosen.length ? undefined : fault("required");
}

/** Photos on the phone, or the ids of those that are uploaded. */
function checkPhotos(field: { required: boolean; min: number; max: number }, photos: readonly unknown[]): Fault | undefined {
  const least = field.required ? Math.max(1, field.min) : field.min;
  const files = photos.filter((one) => typeof one !== "string" || isFile(one));
  if (files.length < Math.max(least, photos.length)) return fault("too_few_photos", { min: Math.max(1, least) });
  if (new Set(files).size < files.length) return fault("same_photo");
  return files.length > field.max ? fault("too_many_photos", { max: field.max }) : undefined;
}

function checkLimit(max: string, value: unknown): Fault | undefined {
  const asked = parseLimit(value);
  if (!asked || asked.amount < 1) return fault("required");
  const most = parseLimit(max);
  // Different kinds of time cannot be compared without a calendar; the server does it.
  if (most && most.unit === asked.unit && asked.amount > most.amount) return fault("limit_too_long", { max: most.amount });
  return undefined;
}

/** What is wrong with a form, by field id; what is not asked cannot be wrong. */
export function checkAnswers(fields: readonly Field[], answers: Answers): Record<string, Fault> {
  const faults: Record<string, Fault> = {};
  for (const field of askedFields(fields, answers)) {
    const found = checkAnswer(field, answers[field.id]);
    if (found) faults[field.id] = found;
  }
  return faults;
}

/** Splits answers into what is sent as it is and the photos that are uploaded first. What is not asked is left out. */
export function splitAnswers(fields: readonly Field[], answers: Answers): { body: Answers; photos: { key: string; field: string; blob: Blob }[] } {
  const body: Answers = {};
  const photos: { key: string; field: string; blob: Blob }[] = [];
  for (const field of askedFields(fields, answers)) {
    const value = tidyAnswer(field, answers[field.id]);
    if (isEmpty(value)) continue;
    if (field.type === "evidence" && isPhotos(value)) {
      for (const photo of value) photos.push({ key: photo.key, field: field.id, blob: photo.blob });
    } else {
      body[field.id] = field.type === "number" || field.type === "stars" ? Number(value) : value;
    }
  }
  return { body, photos };
}

function isPhotos(value: unknown): value is Photo[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "object" && one !== null && "blob" in one);
}

function plain(value: unknown): unknown {
  return typeof value === "object" && value !== null ? JSON.parse(JSON.stringify(value)) : value;
}

/** Photos as storage can hold them: without addresses of this page's memory. */
export function photosForStorage(photos: readonly Photo[]): Photo[] {
  return photos.map(({ key, blob, lon, lat }) => ({ key, blob, url: "", ...(lon !== undefined && lat !== undefined ? { lon, lat } : {}) }));
}

/** Stored photos that can be shown again. */
export function photosFromStorage(photos: readonly Photo[], urlOf: (blob: Blob) => string): Photo[] {
  return photos.map((photo) => ({ ...photo, url: urlOf(photo.blob) }));
}

/** Answers as storage can hold them: plain copies, without proxies. */
export function answersForStorage(answers: Answers): Answers {
  return Object.fromEntries(Object.entries(answers).map(([id, value]) => [id, isPhotos(value) ? photosForStorage(value) : plain(value)]));
}

/** Stored answers whose photos can be shown again. */
export function answersFromStorage(answers: Answers, urlOf: (blob: Blob) => string): Answers {
  return Object.fromEntries(Object.entries(answers).map(([id, value]) => [id, isPhotos(value) ? photosFromStorage(value, urlOf) : value]));
}
