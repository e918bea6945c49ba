// Beginning to act for another.
import { actFor, acting } from "@dipper/api";
import { computed } from "vue";
import type { Router } from "vue-router";

/** Acts under a mandate and goes to the services, or where it is asked to. */
export async function beginActing(mandate: string, router: Router, to = "/services"): Promise<void> {
  await actFor(mandate);
  await router.push(to);
}

/** Whether this tab acts for a child: as its guardian, or as who it grew up to be. They see the child's trail. */
export const actsForChild = computed(() => ["guardian", "oneself"].includes(acting.value?.basis ?? ""));
