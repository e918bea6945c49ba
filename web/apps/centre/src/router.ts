/** Addresses of the centre. Each names the permission it needs; without it the page says so instead of failing. */
import { session, signedIn } from "@dipper/api";
import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";

declare module "vue-router" {
  interface RouteMeta {
    /** Shown without signing in. */
    open?: boolean;
    /** Message id of the page's name. */
    title?: string;
    permission?: string;
    /** Without rail and bar. */
    bare?: boolean;
  }
}

const routes: RouteRecordRaw[] = [
  { path: "/", redirect: "/map" },
  { path: "/sign-in", name: "sign-in", component: () => import("./pages/SignInPage.vue"), meta: { open: true, bare: true, title: "nav.sign_in" } },
  { path: "/map", name: "map", component: () => import("./pages/MapPage.vue"), meta: { permission: "case.read", title: "nav.map" } },
  { path: "/queues/:queue?", name: "queues", component: () => import("./pages/QueuePage.vue"), meta: { permission: "case.read", title: "nav.queues" } },
  { path: "/cases/:id", name: "case", component: () => import("./pages/CasePage.vue"), meta: { permission: "case.read", title: "nav.case" } },
  { path: "/report", name: "report", component: () => import("./pages/ReportPage.vue"), meta: { permission: "report.file", title: "nav.report" } },
  { path: "/extract", name: "extract", component: () => import("./pages/ExtractPage.vue"), meta: { permission: "answers.extract", title: "nav.extract" } },
  { path: "/counter", name: "counter", component: () => import("./pages/CounterPage.vue"), meta: { permission: "counter.file", title: "nav.counter" } },
  { path: "/grid", name: "grid", component: () => import("./pages/GridPage.vue"), meta: { permission: "case.read", title: "nav.grid" } },
  { path: "/board", name: "board", component: () => import("./pages/BoardPage.vue"), meta: { permission: "indicator.read", title: "nav.board" } },
  { path: "/devices", name: "devices", component: () => import("./pages/DevicesPage.vue"), meta: { permission: "device.read", title: "nav.devices" } },
  { path: "/devices/new", name: "new-device", component: () => import("./pages/NewDevicePage.vue"), meta: { permission: "device.manage", title: "nav.new_device" } },
  { path: "/devices/:id", name: "device", component: () => import("./pages/DevicePage.vue"), meta: { permission: "device.read", title: "nav.device" } },
  { path: "/tiles", name: "tiles", component: () => import("./pages/TilesPage.vue"), meta: { permission: "device.read", title: "nav.tiles" } },
  { path: "/video", name: "video", component: () => import("./pages/VideoPage.vue"), meta: { permission: "camera.view", title: "nav.video" } },
  { path: "/stickers", name: "stickers", component: () => import("./pages/StickersPage.vue"), meta: { permission: "device.read", bare: true, title: "printed.title" } },
  { path: "/control", name: "control", component: () => import("./pages/ControlPage.vue"), meta: { permission: "device.read", title: "nav.control" } },
  { path: "/inspections", name: "inspections", component: () => import("./pages/InspectionsPage.vue"), meta: { permission: "inspection.read", title: "nav.inspections" } },
  { path: "/inspections/:id", name: "inspection", component: () => import("./pages/InspectionPage.vue"), meta: { permission: "inspection.read", title: "nav.inspection" } },
  { path: "/inspection-runs/:run", name: "inspection-run", component: () => import("./pages/InspectionRunPage.vue"), meta: { permission: "inspection.read", title: "nav.inspection_run" } },
  { path: "/flights", name: "flights", component: () => import("./pages/FlightsPage.vue"), meta: { permission: "flight.read", title: "nav.flights" } },
  { path: "/flights/new", name: "new-flight", component: () => import("./pages/NewFlightPage.vue"), meta: { permission: "flight.import", title: "nav.new_flight" } },
  { path: "/flights/:id", name: "flight", component: () => import("./pages/FlightPage.vue"), meta: { title: "nav.flight" } },
  { path: "/flights/:after/since/:before", name: "flight-changes", component: () => import("./pages/FlightChangesPage.vue"), meta: { title: "nav.flight_changes" } },
  { path: "/alarms", name: "alarms", component: () => import("./pages/AlarmsPage.vue"), meta: { permission: "device.read", title: "nav.alarms" } },
  { path: "/alarms/rules", name: "alarm-rules", component: () => import("./pages/AlarmRulesPage.vue"), meta: { permission: "device.read", title: "nav.alarm_rules" } },
  { path: "/notices", name: "notices", component: () => import("./pages/NoticesPage.vue"), meta: { permission: "device.read", title: "nav.notices" } },
  { path: "/notices/:id", name: "notice", component: () => import("./pages/NoticesPage.vue"), meta: { permission: "device.read", title: "nav.notice" } },
  { path: "/pack/:tab?", name: "pack", component: () => import("./pages/PackPage.vue"), meta: { permission: "pack.read", title: "nav.pack" } },
  { path: "/security", name: "security", component: () => import("./pages/SecurityPage.vue"), meta: { title: "nav.security" } },
  { path: "/wall", name: "wall", component: () => import("./pages/WallPage.vue"), meta: { permission: "case.read", bare: true, title: "nav.wall" } },
  { path: "/:rest(.*)*", name: "lost", component: () => import("./pages/LostPage.vue"), meta: { title: "nav.lost" } },
];

/** The router of the centre. */
export const router = createRouter({ history: createWebHistory("/centre/"), routes });

router.beforeEach((to) => {
  if (to.meta.open) return signedIn.value && to.name === "sign-in" ? { name: "map" } : true;
  if (!signedIn.value) return { name: "sign-in", query: to.fullPath === "/map" ? {} : { then: to.fullPath } };
  return true;
});

/** Whether the session may see a page. */
export function maySee(permission: string | undefined): boolean {
  return permission === undefined || (session.value?.permissions.includes(permission) ?? false);
}
