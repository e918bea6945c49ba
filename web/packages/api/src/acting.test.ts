import { afterEach, expect, it } from "vitest";
import { actingHeaders, nameMandate, recallMandate, setMandate } from "./acting.ts";

const ID = "01M6CWACM00000000000000001";

afterEach(() => setMandate(undefined));

function named(path: string): string | null {
  const request = new Request(`http://city.test${path}`);
  nameMandate(request);
  return request.headers.get("x-acting-for");
}

it("names the mandate with what is done for others, and never with what is one's own", () => {
  setMandate(ID);
  for (const path of ["/session", "/services/parking/draft", "/services/parking/applications", "/services/parking/prefill", "/drafts", "/licences", "/licences/1", "/reports/mine", "/reports/YG1", "/reports/YG1/actions/rate", "/reports/YG1/visit"])
    expect([path, named(`/api/v1${path}`)]).toEqual([path, ID]);
  for (const path of ["/services", "/services/parking", "/reports", "/reports/YG1/joins", "/notifications", "/mandates", "/person/identity", "/accesses", "/security", "/evidence", "/cases"])
    expect([path, named(`/api/v1${path}`)]).toEqual([path, null]);
  expect(actingHeaders()).toEqual({ "x-acting-for": ID });
});

it("is of the tab: recalled after a reload, gone when one goes back to oneself", () => {
  setMandate(ID);
  expect(recallMandate()).toBe(ID);
  setMandate(undefined);
  expect([recallMandate(), named("/api/v1/drafts"), actingHeaders()]).toEqual([undefined, null, {}]);
});
