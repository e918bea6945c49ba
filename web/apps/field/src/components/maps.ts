// Maps load when they are first shown.
import { addMessages } from "@dipper/ui";
import { defineAsyncComponent } from "vue";

async function words(): Promise<void> {
  const [{ mapZhCN }, { mapEn }] = await Promise.all([import("@dipper/map/locales/zh-CN"), import("@dipper/map/locales/en")]);
  addMessages({ "zh-CN": mapZhCN, en: mapEn });
}

export const TaskMap = defineAsyncComponent(async () => (await Promise.all([import("./TaskMap.vue"), words()]))[0]);
export const DeviceMap = defineAsyncComponent(async () => (await Promise.all([import("./DeviceMap.vue"), words()]))[0]);
export const PlaceMap = defineAsyncComponent(async () => (await Promise.all([import("@dipper/map/place"), words()]))[0].PlaceMap);
