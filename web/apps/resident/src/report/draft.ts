// The report being written. Every change is kept on the phone, photos too, so that nothing is lost by a call, a dead
// battery or a tunnel.
import type { Kept } from "@dipper/api";
import { answersForStorage, answersFromStorage, photosForStorage, photosFromStorage, type Answers, type Photo } from "@dipper/ui";
import { reactive, watch } from "vue";

export interface Draft {
  category: string | undefined;
  photos: Photo[];
  lon: number | undefined;
  lat: number | undefined;
  /** How the place was found, to say so. */
  placed_by: "photo" | "locate" | "map" | "address" | undefined;
  address: string;
  description: string;
  answers: Answers;
  name: string;
  phone: string;
  /** Whether the person wants to leave a contact. */
  contact: boolean;
  changed_ms: number;
}

const KEY = "draft";

/** Typing settles before the draft is written. */
const SETTLE_MS = 400;

function blank(): Draft {
  return {
    category: undefined,
    photos: [],
    lon: undefined,
    lat: undefined,
    placed_by: undefined,
    address: "",
    description: "",
    answers: {},
    name: "",
    phone: "",
    contact: false,
    changed_ms: 0,
  };
}

export const draft = reactive<Draft>(blank());
let kept: Kept;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Whether there is anything in it. */
export function isBegun(one: Draft): boolean {
  return one.category !== undefined || one.photos.length > 0 || one.description !== "" || one.address !== "";
}

/** A plain copy that storage can hold. */
export function forStorage(one: Draft): Draft {
  return { ...one, photos: photosForStorage(one.photos), answers: answersForStorage(one.answers) };
}

/** The copy with photos that can be shown again. */
export function fromStorage(one: Draft, urlOf: (blob: Blob) => string): Draft {
  return { ...blank(), ...one, photos: photosFromStorage(one.photos, urlOf), answers: answersFromStorage(one.answers, urlOf) };
}

/** Reads the draft of an earlier visit and keeps every later change. */
export async function openDraft(store: Kept): Promise<void> {
  kept = store;
  const found = await kept.get<Draft>(KEY).catch(() => undefined);
  if (found) Object.assign(draft, fromStorage(found, (blob) => URL.createObjectURL(blob)));
  watch(
    draft,
    () => {
      clearTimeout(timer);
      timer = setTimeout(() => void kept.set(KEY, { ...forStorage(draft), changed_ms: Date.now() }).catch(() => undefined), SETTLE_MS);
    },
    { deep: true },
  );
}

/** Begins again with an empty draft. */
export async function clearDraft(): Promise<void> {
  for (const photo of draft.photos) URL.revokeObjectURL(photo.url);
  Object.assign(draft, blank());
  clearTimeout(timer);
  await kept.remove(KEY);
}
