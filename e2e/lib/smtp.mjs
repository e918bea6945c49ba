// A mail server that takes every letter and keeps it, for tests: RFC 5321 as far as a client that sends needs it.
import { createServer } from "node:net";

/** An answer that never comes: the letter is kept, and nobody is told. */
export const SILENT = Symbol("silent");

/**
 * Starts it on a port of its own; ends with the test.
 *
 * `answer` may change what is answered to a command (`RCPT`, `DATA`, `END` of a letter), as a server does that is full or refuses.
 */
export async function mailServer(t) {
  const letters = [];
  const server = { letters, url: "", answer: () => undefined, connections: 0 };
  const listener = createServer((socket) => {
    server.connections += 1;
    let text = "";
    let letter = { from: "", to: [] };
    let isData = false;
    const say = (line) => socket.write(`${line}\r\n`);
    say("220 sink ESMTP");
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      for (;;) {
        const end = text.indexOf(isData ? "\r\n.\r\n" : "\r\n");
        if (end < 0) return;
        const line = text.slice(0, end);
        text = text.slice(end + (isData ? 5 : 2));
        if (isData) {
          isData = false;
          const said = server.answer("END", letter) ?? "250 kept";
          if (said === SILENT || said.startsWith("250")) letters.push({ ...letter, ...read(line) });
          letter = { from: "", to: [] };
          if (said !== SILENT) say(said);
          continue;
        }
        const word = line.slice(0, 4).toUpperCase();
        const said = server.answer(word, line);
        if (said) {
          say(said);
        } else if (word === "EHLO") {
          say("250-sink");
          say("250-8BITMIME");
          say("250 SMTPUTF8");
        } else if (word === "MAIL") {
          letter.from = line.match(/<(.*)>/)[1];
          say("250 fine");
        } else if (word === "RCPT") {
          letter.to.push(line.match(/<(.*)>/)[1]);
          say("250 fine");
        } else if (word === "DATA") {
          isData = true;
          say("354 go on");
        } else if (word === "QUIT") {
          say("221 bye");
          socket.end();
        } else {
          say("250 fine");
        }
      }
    });
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  t.after(() => listener.close());
  server.url = `smtp://127.0.0.1:${listener.address().port}`;
  return server;
}

/** Headers by lower-case name, and the text. */
function read(raw) {
  const [head, ...rest] = raw.split("\r\n\r\n");
  const headers = Object.fromEntries(head.replace(/\r\n[ \t]+/g, " ").split("\r\n").map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
  const body = rest.join("\r\n\r\n");
  const bytes = { base64: () => Buffer.from(body, "base64"), "quoted-printable": () => quoted(body) }[headers["content-transfer-encoding"]];
  return { headers, subject: words(headers["subject"] ?? ""), text: (bytes ? bytes() : Buffer.from(body, "latin1")).toString("utf8") };
}

function quoted(text) {
  const bytes = text.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1");
}

/** RFC 2047. */
function words(text) {
  return text.replace(/\?=\s+=\?/g, "?==?").replace(/=\?utf-8\?([bq])\?(.*?)\?=/gi, (_, kind, said) => (kind.toLowerCase() === "b" ? Buffer.from(said, "base64") : quoted(said.replaceAll("_", "=20"))).toString("utf8"));
}
