/** Silences of the server, and what is done with them. */
import { api, ask, queries, type Body } from "@dipper/api";
import type { Silence } from "../types";

/** The newest silences. */
export const useSilences = () => queries.use("alarm-silences", () => ask(api.GET("/api/v1/alarm-silences")), { stale_ms: 4_000 });

/** Begins a silence; it may quiet alarms that are listed. */
export async function beginSilence(body: Body<"begin_alarm_silence">): Promise<Silence> {
  try {
    return await ask(api.POST("/api/v1/alarm-silences", { body }));
  } finally {
    queries.invalidate("alarm-silences");
    queries.invalidate("alarms");
  }
}

/** Ends a silence before its time. */
export async function endSilence(silence: Silence): Promise<Silence> {
  try {
    return await ask(api.POST("/api/v1/alarm-silences/{silence}/end", { params: { path: { silence: silence.id } } }));
  } finally {
    queries.invalidate("alarm-silences");
    queries.invalidate("alarms");
  }
}
