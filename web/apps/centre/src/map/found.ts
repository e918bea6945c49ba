/** How many cases an area holds, in words. */
import { useI18n } from "vue-i18n";
import { useFormat } from "../format";

/** Says a total of `GET /map/cases/within`; empty while it is on its way. */
export function useFoundWords(): (page: { total: number; total_is_bound: boolean } | undefined) => string {
  const { t } = useI18n();
  const { count } = useFormat();
  return (page) => (page ? t(page.total_is_bound ? "area.found_least" : "area.found", { n: count(page.total) }) : "");
}
