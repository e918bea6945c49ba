// Failed calls in the reader's words. Codes known here have their own text; others are told by their status.
import type { Problem } from "@dipper/api";

export interface ProblemWords {
  title: string;
  text?: string;
}

function group(status: number): string {
  if (status === 0) return "offline";
  if (status >= 500) return "server";
  return String(status);
}

/** Title and way out for a problem. The server's own words follow only where nothing better is known. */
export function problemWords(problem: Pick<Problem, "status" | "code" | "message">, t: (id: string) => string, te: (id: string) => boolean): ProblemWords {
  for (const key of [problem.code, group(problem.status)]) {
    if (te(`problem.${key}.title`)) {
      const text = te(`problem.${key}.text`) ? t(`problem.${key}.text`) : undefined;
      return text === undefined ? { title: t(`problem.${key}.title`) } : { title: t(`problem.${key}.title`), text };
    }
  }
  return { title: t("problem.other.title"), text: problem.message };
}
