// The messages of the person signed in, and how many of them are unread.
import { api, ask, isResident, queries, type MessageItem, type MessageList, type Query } from "@dipper/api";
import { computed, type ComputedRef } from "vue";

/** Messages asked for at a time. */
const PAGE = 30;

/** How many messages are unread; 0 for visitors. */
export function useUnread(): ComputedRef<number> {
  const count = queries.use(() => (isResident.value ? "messages/unread" : undefined), () => ask(api.GET("/api/v1/notifications/unread")), { stale_ms: 10_000 });
  return computed(() => (isResident.value ? count.data.value?.unread ?? 0 : 0));
}

/** The latest messages. */
export function useMessages(): Query<MessageList> {
  return queries.use(() => (isResident.value ? "messages/list" : undefined), () => ask(api.GET("/api/v1/notifications", { params: { query: { limit: PAGE } } })), { stale_ms: 0 });
}

/** The messages before one. */
export function earlier(before: string): Promise<MessageList> {
  return ask(api.GET("/api/v1/notifications", { params: { query: { before, limit: PAGE } } }));
}

/** Marks messages as read, all when none is named. */
export async function markRead(messages: readonly MessageItem[]): Promise<void> {
  const body = { ids: messages.map(({ id }) => id) };
  queries.put("messages/unread", await ask(api.POST("/api/v1/notifications/read", { body })));
  queries.invalidate("messages/list");
}
