// The receipt of an event of this city, by the address `?event=…#secret` that the other pages link to. What is asked
// for is the file; nothing of it is sent back.
import { take } from "./current.ts";

/** The event named by an address. */
export function eventOf(query: unknown): string | undefined {
  return typeof query === "string" && /^[0-9A-Z]{26}$/.test(query) ? query : undefined;
}

/** Fetches the file and takes it; false when the server does not give it. */
export async function fetchReceipt(event: string, hash: string): Promise<boolean> {
  const secret = hash.replace(/^#/, "");
  const query = /^[\w.~-]{6,200}$/.test(secret) ? `?secret=${encodeURIComponent(secret)}` : "";
  try {
    const answer = await fetch(`/api/v1/receipts/${event}${query}`);
    if (!answer.ok) return false;
    const [, name] = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "") ?? [];
    take(new Uint8Array(await answer.arrayBuffer()), name);
    return true;
  } catch {
    return false;
  }
}
