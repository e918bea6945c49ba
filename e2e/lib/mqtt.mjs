// A small MQTT 3.1.1 client over plain sockets: thousands of them in one process, every acknowledgement on its own.
import { connect } from "node:net";

/** What a client that lost its connection throws. */
export class Lost extends Error {}

const CONNACK = 2;
const PUBLISH = 3;
const PUBACK = 4;
const SUBACK = 9;

/** One connection of a device or a program. */
export class Mqtt {
  #socket;
  #rest = Buffer.alloc(0);
  #waiting = new Map();
  #next = 1;
  #greeted;

  constructor(name, password, client = name) {
    Object.assign(this, { name, password, client, heard: [], isOpen: false });
    this.closed = new Promise((resolve) => (this.ended = resolve));
  }

  /** Connects; the return code of CONNACK, 0 when it is taken. `from` is the own address, where one has too few ports. */
  connect(port, { isClean = true, from } = {}) {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", localAddress: from, noDelay: true });
      this.#socket = socket;
      this.#greeted = resolve;
      socket.on("connect", () => {
        const flags = 0xc0 | (isClean ? 2 : 0);
        socket.write(packet(0x10, [word("MQTT"), Buffer.from([4, flags, 0, 0]), word(this.client), word(this.name), word(this.password)]));
      });
      socket.on("data", (chunk) => this.#read(chunk));
      socket.on("error", () => {});
      socket.on("close", () => {
        this.isOpen = false;
        const lost = new Lost(`${this.name} lost its connection`);
        for (const { reject: fail } of this.#waiting.values()) fail(lost);
        this.#waiting.clear();
        reject(lost);
        this.ended();
      });
    });
  }

  /** Publishes with QoS 1; answers when it is acknowledged. */
  publish(topic, payload, { isAgain = false } = {}) {
    const id = this.#id();
    const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
    return this.#ask(id, packet(isAgain ? 0x3a : 0x32, [word(topic), short(id), bytes]));
  }

  /** Subscribes; answers with the QoS that was granted, 128 for a refusal. */
  subscribe(filter, qos = 1) {
    const id = this.#id();
    return this.#ask(id, packet(0x82, [short(id), word(filter), Buffer.from([qos])]));
  }

  /** Writes bytes as they are. */
  write(bytes) {
    this.#socket.write(bytes);
  }

  /** Reads nothing any more. */
  pause() {
    this.#socket.pause();
  }

  /** The own port. */
  get port() {
    return this.#socket.localPort;
  }

  /** Reads again. */
  resume() {
    this.#socket.resume();
  }

  /** Breaks off, as a device that loses its power does. */
  async drop() {
    this.#socket.destroy();
    await this.closed;
  }

  #id() {
    do this.#next = (this.#next % 65_535) + 1;
    while (this.#waiting.has(this.#next));
    return this.#next;
  }

  #ask(id, bytes) {
    const answered = new Promise((resolve, reject) => {
      if (!this.isOpen) return reject(new Lost(`${this.name} is not connected`));
      this.#waiting.set(id, { resolve, reject });
      this.#socket.write(bytes);
    });
    // Whoever asked may have gone on already.
    answered.catch(() => {});
    return answered;
  }

  #read(chunk) {
    const bytes = this.#rest.length ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = 0;
    for (;;) {
      let [length, shift, from] = [0, 0, at + 1];
      for (; from < bytes.length; from++, shift += 7) {
        length |= (bytes[from] & 127) << shift;
        if (bytes[from] < 128) break;
      }
      if (from >= bytes.length || bytes.length < from + 1 + length) break;
      this.#take(bytes[at], bytes.subarray(from + 1, from + 1 + length));
      at = from + 1 + length;
    }
    this.#rest = Buffer.from(bytes.subarray(at));
  }

  #take(head, body) {
    switch (head >> 4) {
      case CONNACK:
        this.isOpen = body[1] === 0;
        return this.#greeted(body[1]);
      case PUBACK:
      case SUBACK: {
        const id = body.readUInt16BE(0);
        this.#waiting.get(id)?.resolve(body[2] ?? 0);
        return this.#waiting.delete(id);
      }
      case PUBLISH: {
        const topic = body.subarray(2, 2 + body.readUInt16BE(0)).toString();
        const after = 2 + Buffer.byteLength(topic);
        const isAsked = (head & 6) === 2;
        if (isAsked) this.#socket.write(packet(0x40, [body.subarray(after, after + 2)]));
        return this.heard.push({ topic, payload: body.subarray(after + (isAsked ? 2 : 0)).toString() });
      }
    }
  }
}

/** A packet with its length. */
export function packet(head, parts) {
  const body = Buffer.concat(parts);
  const length = [];
  for (let rest = body.length; ; rest >>= 7) {
    if (rest < 128) {
      length.push(rest);
      break;
    }
    length.push((rest & 127) | 128);
  }
  return Buffer.concat([Buffer.from([head, ...length]), body]);
}

/** A string with its length. */
export function word(text) {
  const bytes = Buffer.from(text);
  return Buffer.concat([short(bytes.length), bytes]);
}

function short(number) {
  return Buffer.from([number >> 8, number & 255]);
}

/** The value below which that part of the values lies. */
export function percentile(values, part) {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
