/** How a device speaks: the lines that its first message is sent with, and what an installer scans. */
import type { Device } from "../types";

/** Name and password as one text for a code that an installer's tool scans. */
export function installerCode(id: string, password: string): string {
  return JSON.stringify({ device: id, password });
}

/** A message such as the device sends: its first property, which is enough to see that it is heard. */
export function exampleMessage({ values }: Pick<Device, "values">): string {
  const [first] = values;
  return first ? JSON.stringify({ [first.property]: first.kind === "truth" ? true : 1 }) : "{}";
}

/** The port that clients take where none is said (IANA). */
const MQTT_PORT = 1_883;

/** The line that publishes a message over MQTT. */
export function mqttLine(device: Pick<Device, "id" | "values">, password: string, host: string, port: number | undefined): string {
  return `mosquitto_pub -h ${host}${port === undefined || port === MQTT_PORT ? "" : ` -p ${port}`} -u ${device.id} -P ${password} -q 1 -t devices/${device.id}/readings -m '${exampleMessage(device)}'`;
}

/** The port of RTMP that clients take where none is said (Adobe). */
const RTMP_PORT = 1_935;

/** The server that a camera sends its picture to; what follows names the camera. */
export function rtmpServer(host: string, port: number): string {
  return `rtmp://${host.includes(":") ? `[${host.replace(/^\[|\]$/g, "")}]` : host}${port === RTMP_PORT ? "" : `:${port}`}/live`;
}

/** Its stream key. */
export function streamKey(id: string, password: string): string {
  return `${id}?key=${password}`;
}

/** The line that sends a message over HTTP. */
export function httpLine(device: Pick<Device, "id" | "values">, password: string, origin: string): string {
  return `curl -u ${device.id}:${password} -H 'content-type: application/json' -d '${exampleMessage(device)}' ${origin}/api/v1/devices/${device.id}/readings`;
}
