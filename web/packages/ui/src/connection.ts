// Whether the phone has a network, as far as the browser knows.
import { readonly, ref, type Ref } from "vue";

const connected = ref(true);

/** False only when there is surely no network; true does not promise that the server answers. */
export const online: Readonly<Ref<boolean>> = readonly(connected);

/** Follows the browser; `back` runs each time the network returns. */
export function watchConnection(back: () => void): void {
  connected.value = navigator.onLine;
  const change = () => {
    connected.value = navigator.onLine;
    if (connected.value) back();
  };
  window.addEventListener("online", change);
  window.addEventListener("offline", change);
}
