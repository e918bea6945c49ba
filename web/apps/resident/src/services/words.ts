// A service in words. The words come from message ids; this file only decides which one and with which numbers.
import type { Catalogue, ServiceGuide, ServiceItem } from "@dipper/api";
import { type IconName, parseLimit } from "@dipper/ui";

/** A short fact about a service: a message with its numbers, or with a limit to be put in words. */
export interface Fact {
  id: string;
  icon: IconName;
  n?: number | string;
  limit?: string;
}

/** How far a window is: to ten metres near by, to a hundred further off. */
export function distance(metres: number): { id: string; n: string } {
  if (metres < 995) return { id: "services.metres", n: String(Math.max(10, Math.round(metres / 10) * 10)) };
  return { id: "services.kilometres", n: metres < 9_950 ? (metres / 1_000).toFixed(1) : String(Math.round(metres / 1_000)) };
}

/** How long it takes: decided at once, or within what is promised. Nothing where the guide says neither. */
export function promiseFact(service: Pick<ServiceItem, "handling" | "promised_limit">): Fact | undefined {
  if (service.handling === "immediate") return { id: "services.immediate", icon: "instant" };
  return service.promised_limit ? { id: "services.promised", icon: "clock", limit: service.promised_limit } : undefined;
}

export function visitsFact(service: Pick<ServiceItem, "visits">): Fact | undefined {
  if (service.visits === undefined) return undefined;
  return service.visits === 0 ? { id: "services.no_visit", icon: "home" } : { id: "services.visits", icon: "patrol", n: service.visits };
}

/** What a list says about a service, the most useful first. */
export function factsOf(service: ServiceItem): Fact[] {
  const far = service.distance_m === undefined ? undefined : distance(service.distance_m);
  const facts: (Fact | undefined)[] = [
    far && { ...far, icon: "place" },
    promiseFact(service),
    service.apply ? { id: "services.apply", icon: "edit" } : service.online ? { id: "services.online", icon: "online" } : undefined,
    visitsFact(service),
    { id: service.has_fee ? "services.fee" : "services.free", icon: "money" },
  ];
  return facts.filter((fact) => fact !== undefined);
}

/** How much shorter a promise is than the law allows; nothing where it is not, or where the units differ. */
export function saved(promised: string | undefined, legal: string | undefined): string | undefined {
  const [ours, law] = [parseLimit(promised), parseLimit(legal)];
  if (!ours || !law || ours.unit !== law.unit || ours.amount >= law.amount) return undefined;
  return `${law.amount - ours.amount} ${law.unit}`;
}

/** Sentences about the promises of the city; each says only what was counted. */
export function promiseSentences(promise: Catalogue["promise"]): { id: string; values: Record<string, number> }[] {
  const { compared, kept, legal_days, promised_days, immediate, no_visit } = promise;
  const sentences: { id: string; values: Record<string, number> }[] = [];
  if (compared > 0) sentences.push({ id: kept === compared ? "services.promise_all" : "services.promise_some", values: { compared, kept } });
  if (legal_days !== undefined && promised_days !== undefined) sentences.push({ id: "services.promise_days", values: { legal: legal_days, promised: promised_days } });
  if (immediate > 0) sentences.push({ id: "services.promise_immediate", values: { n: immediate } });
  if (no_visit > 0) sentences.push({ id: "services.promise_no_visit", values: { n: no_visit } });
  return sentences;
}

/** Parts of a guide, in the order shown. */
export const PARTS = ["about", "conditions", "materials", "steps", "fees", "channels", "result", "basis", "questions", "item"] as const;
export type Part = (typeof PARTS)[number];

/** The parts of a guide that have something in them. */
export function partsOf(guide: ServiceGuide): Part[] {
  const has: Record<Part, boolean> = {
    about: guide.description !== undefined,
    conditions: guide.conditions.length > 0,
    materials: guide.materials.length > 0,
    steps: guide.steps.length > 0 || guide.special_procedures.length > 0,
    fees: guide.fees.length > 0,
    channels: guide.channels.length > 0,
    result: guide.result !== undefined,
    basis: guide.basis.length > 0,
    questions: guide.questions.length > 0,
    item: true,
  };
  return PARTS.filter((part) => has[part]);
}

/** Ways a service can be had, each once, in the order of its channels. */
export function waysOf(guide: Pick<ServiceGuide, "channels">): ServiceGuide["channels"][number]["kind"][] {
  return [...new Set(guide.channels.map(({ kind }) => kind))];
}

/** A number as telephones dial it. */
export function dialled(phone: string): string {
  return `tel:${phone.replace(/[^\d+*#]/g, "")}`;
}
