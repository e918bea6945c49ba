// Beginning to act for another.
import { actFor } from "@dipper/api";
import type { Router } from "vue-router";

/** Acts under a mandate and goes to the services. */
export async function beginActing(mandate: string, router: Router): Promise<void> {
  await actFor(mandate);
  await router.push("/services");
}
