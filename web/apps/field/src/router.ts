import { signedIn } from "@dipper/api";
import { say, toast } from "@dipper/ui";
import { createRouter, createWebHistory } from "vue-router";
import TasksPage from "./pages/TasksPage.vue";

export const router = createRouter({
  history: createWebHistory("/field/"),
  scrollBehavior: (to, from, kept) => kept ?? (to.path === from.path ? undefined : { top: 0 }),
  routes: [
    { path: "/", component: TasksPage },
    { path: "/cases/:id", component: () => import("./pages/CasePage.vue"), props: true, meta: { bare: true } },
    { path: "/map", component: () => import("./pages/MapPage.vue") },
    { path: "/patrol", component: () => import("./pages/PatrolPage.vue"), meta: { bare: true } },
    { path: "/inspections", component: () => import("./pages/InspectionsPage.vue"), meta: { permission: "inspection.run" } },
    { path: "/inspections/:id", component: () => import("./pages/InspectionPage.vue"), props: true, meta: { bare: true, permission: "inspection.run" } },
    { path: "/devices", component: () => import("./pages/NearbyPage.vue"), meta: { permission: "device.read" } },
    { path: "/devices/:id", component: () => import("./pages/DevicePage.vue"), props: true, meta: { bare: true, permission: "device.read" } },
    { path: "/devices/:id/install", component: () => import("./pages/InstallPage.vue"), props: true, meta: { bare: true, permission: "device.read" } },
    { path: "/scan", component: () => import("./pages/ScanPage.vue"), meta: { bare: true, permission: "device.read" } },
    { path: "/outbox", component: () => import("./pages/OutboxPage.vue") },
    { path: "/me", component: () => import("./pages/MePage.vue") },
    { path: "/me/security", component: () => import("./pages/SecurityPage.vue"), meta: { bare: true } },
    { path: "/sign-in", component: () => import("./pages/SignInPage.vue"), meta: { bare: true, open: true } },
    { path: "/:rest(.*)*", redirect: "/" },
  ],
});

router.beforeEach((to) => {
  if (to.meta["open"] || signedIn.value) return true;
  return { path: "/sign-in", query: to.path === "/" ? {} : { to: to.fullPath } };
});

// A page whose code is neither cached nor reachable: say so instead of doing nothing.
router.onError(() => toast(say("app.chunk"), "late"));
