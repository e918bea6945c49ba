// Reading a page aloud, block by block; the one being read is marked and in view. Only voices that live on the device are
// used: what a page says of somebody must not travel to whoever runs a voice elsewhere.
import { shallowRef } from "vue";
import { preferences } from "./preferences.ts";

/** A piece of a page as it is said. */
export interface Block {
  element: HTMLElement;
  text: string;
  /** Language of the text, as `lang` says it. */
  lang: string;
}

/** Whether this device can read aloud. */
export const canRead = typeof globalThis.speechSynthesis !== "undefined";

export const reading = shallowRef(false);

/** What is said as one: a title, a paragraph, a row of a list, a control. */
const BLOCKS = "h1, h2, h3, h4, p, li, dt, dd, summary, legend, label, button, a, th, td, figcaption, blockquote, pre";

/** Longest piece said at once, characters: voices of some browsers break off after fifteen seconds. */
const PIECE_MAX = 80;

/** Elders hear better when it is said more slowly. */
const RATE = { normal: 1, elder: 0.85 };

/** A voice that has said nothing for this long is not there. */
const PATIENCE_MS = 4_000;

/** What of a page is said, in order. A block within a block is said with the outer one only where that has no others. */
export function blocksOf(root: HTMLElement): Block[] {
  return [...root.querySelectorAll<HTMLElement>(BLOCKS)].flatMap((element) => {
    if (isHidden(element) || (element.querySelector(BLOCKS) && !isPhrase(element)) || isInPhrase(element)) return [];
    const text = (element.getAttribute("aria-label") ?? element.textContent ?? "").replace(/\s+/g, " ").trim();
    const lang = element.closest<HTMLElement>("[lang]")?.lang || document.documentElement.lang;
    return text ? [{ element, text, lang }] : [];
  });
}

/** A block whose inner blocks are links and buttons amid its own words: it is one sentence. */
function isPhrase(element: HTMLElement): boolean {
  const isInner = (inner: Element) => ["A", "BUTTON", "LABEL"].includes(inner.tagName);
  const has_words = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
  return has_words && [...element.querySelectorAll(BLOCKS)].every(isInner);
}

function isInPhrase(element: HTMLElement): boolean {
  const outer = element.parentElement?.closest<HTMLElement>(BLOCKS);
  return !!outer && (isPhrase(outer) || isInPhrase(outer));
}

function isHidden(element: HTMLElement): boolean {
  if (element.closest("[hidden], [aria-hidden=true], [inert]")) return true;
  const closed = element.closest("details:not([open])");
  return !!closed && !element.closest("summary");
}

/** A text cut where people breathe, into pieces of at most {@link PIECE_MAX} characters. */
export function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  for (const sentence of text.match(/[^。！？；.!?;]+[。！？；.!?;]*\s*/g) ?? [text]) {
    for (let rest = sentence; rest; ) {
      const comma = rest.length > PIECE_MAX ? Math.max(rest.lastIndexOf("，", PIECE_MAX), rest.lastIndexOf("、", PIECE_MAX), rest.lastIndexOf(" ", PIECE_MAX)) : -1;
      const cut = rest.length <= PIECE_MAX ? rest.length : comma > 0 ? comma + 1 : PIECE_MAX;
      pieces.push(rest.slice(0, cut).trim());
      rest = rest.slice(cut);
    }
  }
  return pieces.filter((piece) => /[\p{L}\p{N}]/u.test(piece));
}

let stopped = 0;

/** Reads what is below `root` from the first block in view on; ends when all is said, or {@link stopReading}. False when the device has no voice. */
export async function readAloud(root: HTMLElement): Promise<boolean> {
  stopReading();
  const run = stopped;
  reading.value = true;
  try {
    const blocks = blocksOf(root);
    const begin = blocks.findIndex(({ element }) => element.getBoundingClientRect().top >= 0);
    for (const block of blocks.slice(Math.max(begin, 0))) {
      mark(block.element);
      for (const piece of piecesOf(block.text)) {
        if (run !== stopped) return true;
        if (!(await say(piece, block.lang))) return run !== stopped;
      }
      if (run !== stopped) return true;
    }
    return true;
  } finally {
    if (run === stopped) stopReading();
  }
}

/** Ends reading. */
export function stopReading(): void {
  stopped += 1;
  reading.value = false;
  if (canRead) speechSynthesis.cancel();
  mark(undefined);
}

/** The voices of the device. Some browsers know them only a moment after they are first asked. */
async function voices(): Promise<SpeechSynthesisVoice[]> {
  if (speechSynthesis.getVoices().length === 0) {
    await new Promise((done) => {
      speechSynthesis.addEventListener("voiceschanged", done, { once: true });
      setTimeout(done, PATIENCE_MS / 4);
    });
  }
  return speechSynthesis.getVoices().filter((voice) => voice.localService);
}

/** The voice for a language: of the same country if there is one. */
function voiceFor(lang: string, all: SpeechSynthesisVoice[]): SpeechSynthesisVoice | undefined {
  // Android writes zh_CN.
  const of = (voice: SpeechSynthesisVoice) => voice.lang.replace("_", "-").toLowerCase();
  const [wanted, language] = [lang.toLowerCase(), lang.split("-")[0]?.toLowerCase() ?? ""];
  return all.find((voice) => of(voice) === wanted) ?? all.find((voice) => of(voice).split("-")[0] === language);
}

/** Says a piece; false when the device did not. */
async function say(text: string, lang: string): Promise<boolean> {
  const voice = voiceFor(lang, await voices());
  if (!voice) return false;
  return new Promise((done) => {
    const one = new SpeechSynthesisUtterance(text);
    one.lang = lang;
    one.voice = voice;
    one.rate = RATE[preferences.size];
    const patience = setTimeout(() => done(false), PATIENCE_MS);
    one.onstart = () => clearTimeout(patience);
    const end = (was_said: boolean) => {
      clearTimeout(patience);
      done(was_said);
    };
    one.onend = () => end(true);
    one.onerror = () => end(false);
    speechSynthesis.speak(one);
  });
}

let marked: HTMLElement | undefined;

function mark(element: HTMLElement | undefined): void {
  marked?.classList.remove("being-read");
  marked = element;
  element?.classList.add("being-read");
  element?.scrollIntoView({ block: "nearest" });
}
