// The report just sent, for the page that says so. Gone with the page: the number and secret are kept elsewhere.
import type { Answer, Text } from "@dipper/api";
import { shallowRef } from "vue";

export const lastSent = shallowRef<Answer<"file_report"> & { title: Text; at_ms: number }>();
