import { expect, it } from "vitest";
import { blankDevice, deviceBody, faultsOf, placeOf } from "./register";
import { exampleMessage, httpLine, installerCode, mqttLine, rtmpServer, streamKey } from "./speak";

const draft = { ...blankDevice(), id: " cover-17 ", class: "manhole_cover", lon: "112.8961", lat: "32.5087" };

it("a sheet that names, classes and places a device is complete", () => {
  expect(faultsOf(draft)).toEqual({});
  expect(deviceBody(draft)).toEqual({ id: "cover-17", class: "manhole_cover", title: "", lon: 112.8961, lat: 32.5087 });
  expect(deviceBody({ ...draft, height: "-1.5", office: "drainage", title: " Cover " })).toMatchObject({ height_m: -1.5, office: "drainage", title: "Cover" });
});

it("an empty sheet says what it needs", () => {
  expect(faultsOf(blankDevice())).toEqual({ id: "form.required", class: "form.required", place: "register.no_place" });
});

it.each(["\u4e95\u76d6", "a/b", "a b", "#", "+", "x".repeat(65)])("%s cannot be the name of a device", (id) => {
  expect(faultsOf({ ...draft, id }).id).toBe("register.bad_id");
});

it.each([
  ["112,8961", "32.5"],
  ["181", "0"],
  ["0", "90.1"],
  ["112.9", ""],
  ["1e2", "3"],
])("%s and %s are no place", (lon, lat) => {
  expect(placeOf({ lon, lat })).toBeNull();
  expect(faultsOf({ ...draft, lon, lat }).place).toBe("register.bad_place");
});

it("a height is a number of metres, or left out", () => {
  expect(faultsOf({ ...draft, height: "8 m" })).toEqual({ height: "register.bad_height" });
});

const values = [{ property: "lit", title: {}, kind: "truth" as const }];

it("what is to be copied speaks for this device alone", () => {
  expect(mqttLine({ id: "lamp-1", values }, "pw", "city.example", 1_883)).toBe(`mosquitto_pub -h city.example -u lamp-1 -P pw -q 1 -t devices/lamp-1/readings -m '{"lit":true}'`);
  expect(mqttLine({ id: "lamp-1", values }, "pw", "city.example", 18_830)).toContain("-h city.example -p 18830 -u lamp-1");
  expect(httpLine({ id: "lamp-1", values }, "pw", "https://city.example")).toContain("https://city.example/api/v1/devices/lamp-1/readings");
  expect(exampleMessage({ values: [{ property: "tilt", title: {}, kind: "measurement" }] })).toBe('{"tilt":1}');
  expect(JSON.parse(installerCode("lamp-1", 'a"b'))).toEqual({ device: "lamp-1", password: 'a"b' });
});

it("a camera is told the server and its key, wherever the page came from", () => {
  expect(rtmpServer("city.example", 1_935)).toBe("rtmp://city.example/live");
  expect(rtmpServer("10.0.0.7", 19_350)).toBe("rtmp://10.0.0.7:19350/live");
  expect(rtmpServer("[::1]", 1_935)).toBe("rtmp://[::1]/live");
  expect(streamKey("cam-17", "pw")).toBe("cam-17?key=pw");
});
