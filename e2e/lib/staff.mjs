// The people of the fictional city that the stories need, one account a post, and the way of a case through them.
import { addUser, must } from "./dipper.mjs";
import { Visitor } from "./visitor.mjs";

/** A point of 钟楼社区, 鼓楼街道, 天权区, in the middle of the fictional city. */
export const PLACE = { lon: 112.89194, lat: 32.51805 };

/** A street light: 路灯 fall to one office of the whole city, and everybody may see them. */
export const CATEGORY = "b0137";

/** Posts by login. Two collectors, so that one can check what the other saw. */
export const POSTS = {
  acceptor: ["acceptor:supervision_centre:yaoguang"],
  chief: ["duty_chief:supervision_centre:yaoguang"],
  dispatcher: ["dispatcher:command_centre:yaoguang"],
  collector: ["collector:gulou-collectors:gulou"],
  checker: ["collector:gulou-collectors:gulou"],
  handler: ["department_handler:street_lighting:yaoguang"],
  supervisor: ["supervisor:city_committee:yaoguang"],
};

/** Makes the accounts. */
export async function makeStaff(city, logins = Object.keys(POSTS)) {
  const accounts = {};
  for (const login of logins) accounts[login] = await addUser(city, login, POSTS[login]);
  return accounts;
}

/** Signs everybody in. */
export async function signInAll(base, accounts) {
  const people = {};
  for (const [login, account] of Object.entries(accounts)) {
    people[login] = new Visitor(base);
    await people[login].signIn(account);
  }
  return people;
}

/** Registers a client program and gives its key. */
export async function addClient({ data, database }, id) {
  const key = await must(["client", "add", "--data", data, "--id", id, "--title", `${id} program`, ...(database ? ["--database-url", database] : [])]);
  return key.trim();
}
