// Chromium as people use it: a phone or a desk, with everything watched that must not happen.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { userInfo } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { PLACE } from "./staff.mjs";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const screenshots = fileURLToPath(new URL("../screenshots/", import.meta.url));
mkdirSync(screenshots, { recursive: true });

/** The two sizes everything is looked at. */
export const SIZES = { phone: { width: 390, height: 844 }, desk: { width: 1440, height: 900 } };

/** Starts the browser of the system; `more` are switches of its own, as for a filmed camera. */
export async function launch(t, more = []) {
  // Software drawing, so that the map has WebGL on a machine without a graphics card; root has no sandbox.
  const args = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", ...(userInfo().uid === 0 ? ["--no-sandbox"] : []), ...more];
  const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args });
  t.after(() => browser.close());
  return browser;
}

/** One person's browser. `faults` fills with requests to other hosts and with errors of pages. */
export async function person(browser, base, size = "phone", locale = "zh-CN") {
  const context = await browser.newContext({
    baseURL: base,
    viewport: SIZES[size],
    locale,
    timezoneId: "Asia/Shanghai",
    isMobile: size === "phone",
    hasTouch: size === "phone",
    geolocation: { longitude: PLACE.lon, latitude: PLACE.lat },
    permissions: ["geolocation"],
    reducedMotion: "reduce",
  });
  const faults = [];
  context.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(base) && !/^(data|blob|chrome-extension):/.test(url)) faults.push(`asked another host: ${url}`);
  });
  const page = await context.newPage();
  page.setDefaultTimeout(45_000);
  page.on("pageerror", (error) => faults.push(`error on ${page.url()}: ${error.message}`));
  return { context, page, faults };
}

/** Serious faults of accessibility, in words. */
export async function barriers(page) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return serious.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(({ target, failureSummary }) => `${target.join(" ")} (${failureSummary?.split("\n")[1]?.trim()})`).join("; ")}`);
}

/** Whether the page is wider than its window. */
export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}

/** Signs in at the centre by its form, and goes on to a page of it. */
export async function signInAtCentre(page, { login, password }, then) {
  await page.goto(`/centre/sign-in?then=${encodeURIComponent(then)}`);
  await page.locator("input[autocomplete=username]").fill(login);
  await page.locator("input[type=password]").fill(password);
  await page.getByRole("button", { name: /^(登录|Sign in)$/ }).click();
  await page.waitForURL(`**/centre${then.split("?")[0]}*`);
}

/** A picture to look at afterwards; git does not keep it. */
export function shoot(page, name) {
  return page.screenshot({ path: path.join(screenshots, `${name}.png`) });
}
