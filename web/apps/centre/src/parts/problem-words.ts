/** Problems of the API as one line of plain words. */
import type { Problem } from "@dipper/api";
import { problemWords } from "@dipper/ui";
import { useI18n } from "vue-i18n";

/** What happened and the way out, in the language of the page. */
export function useProblemWords(): (problem: Problem) => string {
  const { t, te, locale } = useI18n({ useScope: "global" });
  const gap = () => (locale.value.startsWith("zh") ? "\u3002" : ". ");
  return (problem) => {
    const { title, text } = problemWords(problem, t, te);
    return text ? `${title}${gap()}${text}` : title;
  };
}
