// The copy of a licence that this device shows: asked for when its page opens, held by the page alone.
import { session, toProblem, type Licence, type Problem } from "@dipper/api";
import type { DeviceKey } from "@dipper/ledger/licence";
import { shallowReactive, watch } from "vue";
import { copyFor, deviceKey, NoKeys } from "./device.ts";

export interface Copy {
  key: DeviceKey | undefined;
  text: string | undefined;
  problem: Problem | undefined;
  /** This browser has no keys of its own. */
  keyless: boolean;
  again: () => Promise<void>;
}

export function useCopy(licence: () => Licence | undefined): Copy {
  const copy = shallowReactive<Copy>({ key: undefined, text: undefined, problem: undefined, keyless: false, again });

  async function again(): Promise<void> {
    const [one, party] = [licence(), session.value?.party?.id];
    if (!one || one.status !== "valid" || !party) return;
    Object.assign(copy, { problem: undefined, keyless: false });
    try {
      copy.key = await deviceKey(party);
      copy.text = await copyFor(copy.key, one.id, one.issuer);
    } catch (cause) {
      if (cause instanceof NoKeys) copy.keyless = true;
      else copy.problem = toProblem(cause);
    }
  }
  watch(() => licence()?.id, () => void again(), { immediate: true });
  return copy;
}
