/** Keyboard paths of the centre: single keys while nobody is typing. */
import { onScopeDispose } from "vue";

/** What a key does; `false` lets the browser have it. */
export type KeyMap = Readonly<Record<string, (event: KeyboardEvent) => void | false>>;

const TYPING = "input, textarea, select, [contenteditable], [role='listbox'], [role='combobox']";

/** Whether a key press belongs to a field. */
export function isTyping(event: KeyboardEvent): boolean {
  return event.target instanceof Element && event.target.closest(TYPING) !== null;
}

/** The name of a press: `j`, `Enter`, `Ctrl+Enter`. Ctrl stands for Command on Apple keyboards. */
export function nameOfKey(event: KeyboardEvent): string {
  const control = event.ctrlKey || event.metaKey ? "Ctrl+" : "";
  return control + (event.key.length === 1 ? event.key.toLowerCase() : event.key);
}

/** Listens on the window for as long as the calling component lives. Keys with Ctrl work within fields too. */
export function useKeys(keys: KeyMap, enabled: () => boolean = () => true): void {
  const press = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.altKey || !enabled()) return;
    const name = nameOfKey(event);
    const act = keys[name];
    if (!act || (isTyping(event) && !name.startsWith("Ctrl+") && name !== "Escape")) return;
    // A dialog on top keeps the keys to itself.
    const dialog = document.querySelector("dialog[open]");
    if (dialog && !(event.target instanceof Node && dialog.contains(event.target)) && name !== "Escape") return;
    if (act(event) !== false) event.preventDefault();
  };
  window.addEventListener("keydown", press);
  onScopeDispose(() => window.removeEventListener("keydown", press));
}
