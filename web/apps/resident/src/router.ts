import { say, toast } from "@dipper/ui";
import { createRouter, createWebHistory, type RouteLocationNormalized } from "vue-router";
import { isAtKiosks, isTerminal } from "./kiosk/terminal.ts";
import HomePage from "./pages/HomePage.vue";

/** Whether a page stays where it is: the same page, unless its list (`meta.list`) answers another question. */
function stays(to: RouteLocationNormalized, from: RouteLocationNormalized): boolean {
  const more = Number(to.query["shown"] ?? 0) > Number(from.query["shown"] ?? 0);
  return to.path === from.path && (!to.meta["list"] || more);
}

export const router = createRouter({
  history: createWebHistory("/"),
  scrollBehavior: (to, from, kept) => kept ?? (stays(to, from) ? undefined : { top: 0 }),
  routes: [
    { path: "/", component: HomePage },
    { path: "/report", redirect: "/report/what" },
    { path: "/report/:step(what|where|details|confirm)", component: () => import("./pages/ReportPage.vue"), meta: { own: true, bare: true } },
    { path: "/report/sent/:no", component: () => import("./pages/SentPage.vue"), props: true, meta: { own: true, bare: true } },
    { path: "/report/queued", component: () => import("./pages/QueuedPage.vue"), meta: { own: true, bare: true } },
    { path: "/nearby", component: () => import("./pages/NearbyPage.vue"), meta: { own: true } },
    { path: "/grid", component: () => import("./pages/GridPage.vue"), meta: { bare: true } },
    { path: "/reports", component: () => import("./pages/MyReportsPage.vue") },
    { path: "/reports/:no", component: () => import("./pages/ReportDetailPage.vue"), props: true, meta: { bare: true } },
    { path: "/services", component: () => import("./pages/ServicesPage.vue"), meta: { list: true } },
    { path: "/services/:id", component: () => import("./pages/ServiceGuidePage.vue"), props: true, meta: { bare: true } },
    { path: "/services/:id/apply/:page(q|check)?/:field?", component: () => import("./pages/ApplyPage.vue"), props: true, meta: { bare: true, offline: "apply.offline_bar" } },
    { path: "/services/:id/applied/:no", component: () => import("./pages/AppliedPage.vue"), props: true, meta: { bare: true } },
    { path: "/reports/:no/correct", component: () => import("./pages/CorrectPage.vue"), props: true, meta: { bare: true } },
    { path: "/reports/:no/visit", component: () => import("./pages/VisitPage.vue"), props: true, meta: { bare: true } },
    { path: "/hospitals", component: () => import("./pages/HospitalsPage.vue"), meta: { bare: true } },
    { path: "/hospitals/:id", component: () => import("./pages/HospitalPage.vue"), props: true, meta: { bare: true } },
    { path: "/hospitals/:id/doctors/:role", component: () => import("./pages/HospitalDoctorPage.vue"), props: true, meta: { bare: true } },
    { path: "/hospital-visits/:id", component: () => import("./pages/HospitalVisitPage.vue"), props: true, meta: { bare: true } },
    { path: "/licences", component: () => import("./pages/LicencesPage.vue"), meta: { bare: true } },
    { path: "/licences/:id", component: () => import("./pages/LicencePage.vue"), props: true, meta: { bare: true } },
    { path: "/licences/:id/show", component: () => import("./pages/LicenceShowPage.vue"), props: true, meta: { bare: true } },
    { path: "/licences/:id/print", component: () => import("./pages/LicencePrintPage.vue"), props: true, meta: { bare: true } },
    { path: "/accesses", component: () => import("./pages/AccessesPage.vue"), meta: { own: true, of_child: true, bare: true } },
    { path: "/accountability", component: () => import("./pages/AccountabilityPage.vue"), meta: { bare: true } },
    { path: "/authorize", component: () => import("./pages/AuthorizePage.vue"), meta: { bare: true } },
    { path: "/sign-out", component: () => import("./pages/SignOutPage.vue"), meta: { bare: true } },
    { path: "/me/programs", component: () => import("./pages/ProgramsPage.vue"), meta: { own: true, bare: true } },
    { path: "/me/security", component: () => import("./pages/SecurityPage.vue"), meta: { own: true, bare: true } },
    { path: "/me/identity", component: () => import("./pages/IdentityPage.vue"), meta: { own: true, bare: true } },
    { path: "/me/data", component: () => import("./pages/MyDataPage.vue"), meta: { own: true, bare: true } },
    { path: "/me/data/erase", component: () => import("./pages/ErasePage.vue"), meta: { own: true, bare: true } },
    { path: "/me/data/erased", component: () => import("./pages/ErasedPage.vue"), meta: { bare: true } },
    { path: "/me/mandates", component: () => import("./pages/MandatesPage.vue"), meta: { bare: true, own: true } },
    { path: "/me/mandates/new", component: () => import("./pages/NewMandatePage.vue"), meta: { bare: true, own: true } },
    { path: "/me/mandates/take", component: () => import("./pages/TakeMandatePage.vue"), meta: { bare: true, own: true } },
    { path: "/me/children", component: () => import("./pages/ChildrenPage.vue"), meta: { bare: true, own: true } },
    { path: "/me/organisations", component: () => import("./pages/OrganisationsPage.vue"), meta: { bare: true, own: true } },
    { path: "/messages", component: () => import("./pages/MessagesPage.vue"), meta: { own: true, bare: true } },
    { path: "/messages/settings", component: () => import("./pages/NotificationSettingsPage.vue"), meta: { own: true, bare: true } },
    { path: "/track", component: () => import("./pages/TrackPage.vue") },
    { path: "/verify", component: async () => (await import("@dipper/verify")).VerifyPage, meta: { bare: true } },
    { path: "/verify/print", component: async () => (await import("@dipper/verify")).PrintPage, meta: { bare: true } },
    { path: "/me", component: () => import("./pages/MePage.vue"), meta: { own: true } },
    { path: "/sign-in", component: () => import("./pages/SignInPage.vue"), meta: { bare: true } },
    { path: "/register", component: () => import("./pages/RegisterPage.vue"), meta: { bare: true } },
    { path: "/kiosk", component: () => import("./pages/KioskPage.vue"), meta: { bare: true } },
    { path: "/at-kiosk", component: () => import("./pages/AtKioskPage.vue"), meta: { bare: true, own: true } },
    { path: "/privacy", component: () => import("./pages/PrivacyPage.vue"), meta: { bare: true } },
    { path: "/:rest(.*)*", component: () => import("./pages/NotFoundPage.vue") },
  ],
});

// At a terminal of a service hall the other pages are not there.
router.beforeEach((to) => (isTerminal() && !isAtKiosks(to.path) ? "/kiosk" : true));

// A page whose code is neither cached nor reachable: say so instead of doing nothing.
router.onError(() => toast(say("app.chunk"), "late"));
