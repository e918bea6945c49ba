// The request of a program, as it stands in the address.

/** The request once the person has signed in as it wanted: it is not asked for a second time. */
export function withoutPrompt(query: string): string {
  const left = new URLSearchParams(query);
  const words = (left.get("prompt") ?? "").split(" ").filter((word) => word === "consent");
  left.delete("prompt");
  if (words.length > 0) left.set("prompt", words.join(" "));
  return left.toString();
}
