// Acting for others: a mandate given, taken and confirmed, and the person who acts under it.

/** The same person, acting under a mandate. */
export function under(visitor, mandate) {
  const headers = { "x-acting-for": mandate };
  return {
    get: (url) => visitor.send("GET", url, { headers }),
    post: (url, body, more = {}) => visitor.send("POST", url, { body, headers: { ...headers, ...more } }),
    put: (url, body) => visitor.send("PUT", url, { body, headers }),
    picture: () => visitor.picture(undefined, headers),
  };
}

/** The giver shows a code, the taker takes it, the giver confirms; the mandate's id. */
export async function mandateOf(giver, taker, input) {
  const { mandate, code } = await giver.post("/mandates", { departments: true, days: 30, ...input });
  await taker.post("/mandates/take", { code });
  await giver.post(`/mandates/${mandate.id}/confirmation`);
  return mandate.id;
}
