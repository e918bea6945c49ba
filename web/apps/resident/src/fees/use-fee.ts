// The fee of one's own application, and the way to pay it.
import { api, ask, isResident, Problem, queries, type FeeView, type Query, type ReportView } from "@dipper/api";
import { useI18n } from "vue-i18n";
import { yuan } from "./standing.ts";

/** Below the key of the report: what changes the one makes the other stale. Reports that are no applications have no fee. */
export function useFee(report: () => ReportView | undefined): Query<FeeView> {
  return queries.use(
    () => (isResident.value && report()?.service ? `report/${report()?.case_no}/fee` : undefined),
    () => ask(api.GET("/api/v1/reports/{case_no}/fee", { params: { path: { case_no: report()?.case_no ?? "" } } })),
    { stale_ms: 0 },
  );
}

/** Begins the payment, or goes on with it; the address of the site where it is made. */
export async function beginPayment(case_no: string): Promise<string> {
  const { pay_url } = await ask(api.POST("/api/v1/reports/{case_no}/payment", { params: { path: { case_no } } }));
  // The page goes there: only ever to a site, whatever the gateway says.
  if (!/^https?:\/\//.test(pay_url)) throw new Problem(0, "payments_away", "the payment's address is not one of the web");
  return pay_url;
}

/** An amount in words; the city's fees are in yuan. */
export function useMoney(): (fee: Pick<FeeView, "amount">) => string {
  const { t, locale } = useI18n({ useScope: "global" });
  return ({ amount }) => t("guide.yuan", { n: yuan(amount, locale.value) });
}
