import { afterEach, describe, expect, it } from "vitest";
import { ask, createApi, setCsrf } from "./client.ts";
import { uploadEvidence } from "./evidence.ts";
import { readProblem, toProblem } from "./problem.ts";
import { noteServerTime, serverNow } from "./server-clock.ts";

const HEADERS = { "content-type": "application/json" };

function answering(status: number, body: unknown, headers: Record<string, string> = {}) {
  const asked: Request[] = [];
  const api = createApi({
    baseUrl: "http://city.test",
    fetch: async (request) => {
      asked.push(request);
      return new Response(JSON.stringify(body), { status, headers: { ...HEADERS, ...headers } });
    },
  });
  return { api, asked };
}

afterEach(() => setCsrf(undefined));

describe("calls", () => {
  it("carry the token of the session when they change something, and only then", async () => {
    const { api, asked } = answering(200, {});
    setCsrf("token");
    await ask(api.GET("/api/v1/city"));
    await ask(api.POST("/api/v1/session", { body: { login: "li", password: "secret" } }));
    expect(asked.map((request) => request.headers.get("x-csrf-token"))).toEqual([null, "token"]);
  });

  it("give the answer, or throw a problem that says what and which fields", async () => {
    const { api } = answering(422, { code: "invalid", message: "check", fields: [{ field: "note", message: "too long" }] });
    await expect(ask(api.GET("/api/v1/city"))).rejects.toMatchObject({ status: 422, code: "invalid", fields: [{ field: "note" }], passing: false });
  });

  it("that never arrive are told apart from refusals", async () => {
    const api = createApi({ baseUrl: "http://city.test", fetch: () => Promise.reject(new TypeError("failed to fetch")) });
    await expect(ask(api.GET("/api/v1/city"))).rejects.toMatchObject({ status: 0, code: "offline", passing: true });
  });
});

describe("a photo", () => {
  it("goes as a file of a form, under a name that fits its kind", async () => {
    const { api, asked } = answering(201, { id: "e1" });
    await uploadEvidence(new Blob(["x"], { type: "image/webp" }), api);
    expect(asked[0]?.headers.get("content-type")).toMatch(/^multipart\/form-data; boundary=/);
    const file = (await asked[0]?.formData())?.get("file") as File;
    expect([file.name, file.type, file.size]).toEqual(["photo.webp", "image/webp", 1]);
  });
});

describe("problems", () => {
  it.each([
    ["plain text of a proxy", 502, "<html>", { code: "unexpected", passing: true }],
    ["the API's own", 409, { code: "not_allowed", message: "no", allowed: ["handle"] }, { code: "not_allowed", allowed: ["handle"], passing: false }],
    ["nothing at all", 404, undefined, { code: "unexpected", fields: [] }],
  ])("are read from %s", (_what, status, body, expected) => {
    expect(readProblem(new Response(null, { status }), body)).toMatchObject(expected);
  });

  it("say how long to wait", () => {
    expect(readProblem(new Response(null, { status: 429, headers: { "retry-after": "30" } }), {}).retry_after_s).toBe(30);
  });

  it("stay what they are when thrown again", () => {
    const problem = readProblem(new Response(null, { status: 403 }), { code: "forbidden", message: "no" });
    expect(toProblem(problem)).toBe(problem);
  });
});

describe("the server's time", () => {
  it("corrects a phone whose clock is wrong, and ignores a second more or less", () => {
    noteServerTime("2026-11-23T08:10:00Z", Date.parse("2026-11-23T08:00:00Z"));
    expect(serverNow(Date.parse("2026-11-23T08:00:05Z"))).toBe(Date.parse("2026-11-23T08:10:05Z"));
    noteServerTime("2026-11-23T08:10:01Z", Date.parse("2026-11-23T08:00:00Z"));
    expect(serverNow(0)).toBe(600_000);
    noteServerTime("not a time", 0);
    noteServerTime(undefined, 0);
    expect(serverNow(0)).toBe(600_000);
  });
});
