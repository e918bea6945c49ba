// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

/** A device with a voice: what it was asked to say, and when it has said it. */
class Voice {
  said: string[] = [];
  langs: string[] = [];
  works = true;
  lasts_ms = 0;
  voices = [
    { lang: "zh-CN", localService: false, name: "far away" },
    { lang: "zh_CN", localService: true, name: "here" },
    { lang: "en-GB", localService: true, name: "island" },
  ];
  names: string[] = [];
  getVoices = () => this.voices;
  addEventListener = vi.fn();
  cancel = vi.fn();
  speak(one: SpeechSynthesisUtterance): void {
    this.said.push(one.text);
    this.langs.push(one.lang);
    this.names.push(one.voice?.name ?? "");
    const event = {} as SpeechSynthesisEvent & SpeechSynthesisErrorEvent;
    setTimeout(() => (this.works ? (one.onstart?.(event), one.onend?.(event)) : one.onerror?.(event)), this.lasts_ms);
  }
}

const PAGE = `
  <h1>数据使用公示</h1>
  <p lang="en">For everybody to read.</p>
  <p>看不清就<a href="/x">放大</a>再看。</p>
  <ul><li><button type="button" aria-label="返回上一页"><svg></svg></button></li><li>第一项</li></ul>
  <p hidden>藏起来的</p>
  <p aria-hidden="true">装饰</p>
  <details><summary>更多</summary><p>没有展开</p></details>
  <p>…</p>`;

let voice: Voice;

beforeEach(() => {
  vi.resetModules();
  voice = new Voice();
  vi.stubGlobal("speechSynthesis", voice);
  vi.stubGlobal(
    "SpeechSynthesisUtterance",
    class {
      constructor(readonly text: string) {}
    },
  );
  Element.prototype.scrollIntoView = vi.fn();
  document.documentElement.lang = "zh-CN";
  document.body.innerHTML = PAGE;
});

afterEach(() => vi.unstubAllGlobals());

describe("reading aloud", () => {
  it("says what is seen, each once, in its language", async () => {
    const { readAloud, reading } = await import("./aloud.ts");
    expect(await readAloud(document.body)).toBe(true);
    expect(voice.said).toEqual(["数据使用公示", "For everybody to read.", "看不清就放大再看。", "返回上一页", "第一项", "更多"]);
    expect(voice.langs.slice(0, 2)).toEqual(["zh-CN", "en"]);
    expect(voice.names.slice(0, 2)).toEqual(["here", "island"]);
    expect(reading.value).toBe(false);
    expect(document.querySelector(".being-read")).toBeNull();
  });

  it("marks what is being said, and stops when told", async () => {
    const { readAloud, stopReading } = await import("./aloud.ts");
    voice.lasts_ms = 500;
    const done = readAloud(document.body);
    await vi.waitFor(() => expect(voice.said).toHaveLength(1));
    expect(document.querySelector(".being-read")?.textContent).toBe("数据使用公示");
    stopReading();
    expect(await done).toBe(true);
    expect(voice.said).toEqual(["数据使用公示"]);
    expect(voice.cancel).toHaveBeenCalled();
  });

  it("says so when the device has no voice, or only one elsewhere", async () => {
    voice.works = false;
    const { readAloud } = await import("./aloud.ts");
    expect(await readAloud(document.body)).toBe(false);
    expect(voice.said).toHaveLength(1);
    voice.works = true;
    voice.voices = voice.voices.slice(0, 1);
    expect(await readAloud(document.body)).toBe(false);
    expect(voice.said).toHaveLength(1);
  });

  it.each([
    ["一句。两句！", ["一句。", "两句！"]],
    ["One. Two", ["One.", "Two"]],
    ["——", []],
    ["字".repeat(100), ["字".repeat(80), "字".repeat(20)]],
    [`${"前".repeat(50)}，${"后".repeat(50)}`, [`${"前".repeat(50)}，`, "后".repeat(50)]],
  ])("cuts %s where people breathe", async (text, pieces) => {
    const { piecesOf } = await import("./aloud.ts");
    expect(piecesOf(text)).toEqual(pieces);
  });
});
