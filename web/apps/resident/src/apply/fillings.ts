// The forms this page is filling in, by service. They outlive their pages, so that nothing is lost on the way to signing in
// again; they go when somebody else signs in, or nobody is, or when one begins to act for another.
import { acting, session } from "@dipper/api";
import { watch } from "vue";
import { Filling } from "./filling.ts";
import { pendingIn } from "./pending.ts";
import { portOf } from "./port.ts";

const fillings = new Map<string, Filling>();
let owner: string | undefined;

/** Whose forms: a person, acting for themselves or under a mandate. */
function ownerOf(party: string | undefined): string | undefined {
  return party && acting.value ? `${party}/${acting.value.id}` : party;
}

watch(
  session,
  (now) => {
    const next = ownerOf(now?.party?.id);
    if (now && next !== owner) forgetAll(next);
  },
  { flush: "sync" },
);

function forgetAll(next: string | undefined): void {
  fillings.clear();
  owner = next;
}

/** The form of a service as this person fills it in. */
export function fillingOf(party: string, service: string): Filling {
  const whose = ownerOf(party) ?? party;
  if (whose !== owner) forgetAll(whose);
  const filling = fillings.get(service) ?? new Filling(portOf(service, party), pendingIn(sessionStorage, whose, service));
  fillings.set(service, filling);
  return filling;
}

/** Forgets it, so that it is read anew when opened again. */
export function forget(service: string): void {
  fillings.delete(service);
}

/** Reads again what departments answer, once somebody has proved who they are. */
export async function refreshPrefills(): Promise<void> {
  await Promise.all([...fillings.values()].filter(({ state }) => state.ready).map((filling) => filling.refreshPrefill()));
}
