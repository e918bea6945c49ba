// Maps load when they are first shown: their code is larger than all the rest of the face.
import { addMessages } from "@dipper/ui";
import { defineAsyncComponent } from "vue";

async function words(): Promise<void> {
  const [{ mapZhCN }, { mapEn }] = await Promise.all([import("@dipper/map/locales/zh-CN"), import("@dipper/map/locales/en")]);
  addMessages({ "zh-CN": mapZhCN, en: mapEn });
}

export const PlaceMap = defineAsyncComponent(async () => (await Promise.all([import("@dipper/map/place"), words()]))[0].PlaceMap);
export const GridMap = defineAsyncComponent(async () => (await Promise.all([import("./GridMap.vue"), words()]))[0]);
export const NearbyMap = defineAsyncComponent(async () => (await Promise.all([import("./NearbyMap.vue"), words()]))[0]);
