/** The map for choosing a place, apart from the rest: forms fetch nothing of the grid page with it. */
export { default as PlaceMap } from "./PlaceMap.vue";
