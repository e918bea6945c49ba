// Names for the generated types, taken from operations so that they follow the API and are never retyped.
import type { operations } from "./generated.ts";

type Json<R> = R extends { content: { "application/json": infer T } } ? T : never;

/** The JSON an operation answers with when it succeeds. */
export type Answer<Id extends keyof operations> = operations[Id] extends { responses: infer R }
  ? Json<R[Extract<keyof R, 200 | 201>]>
  : never;

/** The JSON an operation takes. */
export type Body<Id extends keyof operations> = operations[Id] extends { requestBody?: { content: { "application/json": infer T } } } ? T : never;

/** The query of an operation. */
export type QueryOf<Id extends keyof operations> = operations[Id] extends { parameters: { query?: infer Q } } ? NonNullable<Q> : never;

export type Session = Answer<"get_session">;
export type Grant = Session["grants"][number];
export type City = Answer<"get_city">;
export type Category = Answer<"list_categories">[number];
export type Located = Answer<"locate">;
export type FoundPlace = Answer<"search_places">["items"][number];
export type Evidence = Answer<"upload_evidence">;
export type Similar = Answer<"suggest_duplicates">["items"][number];
export type ReportSummary = Answer<"list_my_reports">["items"][number];
export type ReportView = Answer<"get_report">;
export type TimelineEntry = ReportView["timeline"][number];
export type PublicCase = Answer<"list_public_cases">["items"][number];
export type CaseSummary = Answer<"list_cases">["items"][number];
export type CaseView = Answer<"get_case">;
export type DueState = CaseSummary["due_state"];
export type ActionView = CaseView["actions"][number];
export type Field = ActionView["fields"][number];
export type Catalogue = Answer<"get_catalogue">;
export type CatalogueHeading = Catalogue["groups"][number];
export type CatalogueLink = ServiceGuide["groups"][number];
export type ServiceSearch = QueryOf<"list_services">;
export type ServiceList = Answer<"list_services">;
export type ServiceItem = ServiceList["items"][number];
export type ServiceGuide = Answer<"get_service">;
export type ServiceForm = Answer<"get_service_form">;
export type Draft = Answer<"get_draft">;
export type DraftInput = Body<"save_draft">;
export type DraftSaved = Answer<"save_draft">;
export type DraftLink = Answer<"list_drafts">["items"][number];
export type ApplicationAnswers = Answer<"get_report_application">;
export type MaterialView = ApplicationAnswers["materials"][number];
export type GivenLicence = CaseView["licences"][number];
export type LicenceList = Answer<"list_licences">;
export type LicenceItem = LicenceList["items"][number];
export type Licence = Answer<"get_licence">;
export type SlotList = Answer<"list_slots">;
export type Slot = SlotList["items"][number];
export type Visit = Answer<"book_visit">;
export type VisitPlace = SlotList["place"];
export type Hospital = Answer<"list_hospitals">["items"][number];
export type HospitalAgreement = Answer<"get_hospital_agreement">;
export type Doctor = Answer<"list_doctors">["items"][number];
export type DoctorTimes = Answer<"list_doctor_times">;
export type HospitalVisit = Answer<"get_hospital_visit">;
export type HospitalJourney = NonNullable<HospitalVisit["journey"]>;
export type HospitalBill = HospitalJourney["bills"][number];
export type HospitalReport = HospitalJourney["reports"][number];
export type HospitalValue = HospitalReport["values"][number];
export type DoctorMessage = HospitalJourney["messages"][number];
export type FeeView = Answer<"get_fee">;
export type AccessEntry = Answer<"list_accesses">["items"][number];
export type FetchEntry = Answer<"list_accesses">["fetches"][number];
export type PrefillView = Answer<"get_prefill">;
export type PrefillSource = PrefillView["sources"][number];
export type Provenance = PrefillView["provenance"][string];
export type IdentityView = Answer<"get_identity">;
export type MandateList = Answer<"list_mandates">;
export type Mandate = MandateList["held"][number];
export type MandateAct = MandateList["acts"][number];
export type MandateParty = Mandate["represented"];
export type MandateOffered = Answer<"offer_mandate">;
export type ChildList = Answer<"list_children">;
export type Child = ChildList["items"][number];
export type OrganisationList = Answer<"list_organisations">;
export type Organisation = OrganisationList["items"][number];
export type ReportBody = Body<"file_report">;
export type MessageList = Answer<"list_notifications">;
export type MessageItem = MessageList["items"][number];
export type NotificationSettings = Answer<"get_notification_settings">;
export type NotificationSettingsInput = Body<"save_notification_settings">;
export type ReceiptWords = Answer<"explain_receipt">;

/** A text of the pack by language tag, such as `{"zh-CN": "天枢", "en": "Dipper"}`. */
export type Text = Record<string, string>;
