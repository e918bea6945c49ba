//! Every address of this face, in one place.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::{
    account, alarms, applications, cameras, cases, city, control, counter, devices, evidence, extracts, flights,
    hospitals, inspections, kiosk as api_kiosk, licences, mandates, notifications, openid as consents, payments,
    person, place, reports, security, services, session, stream, uploads, visits,
};
use crate::app::App;
use crate::error::Refused;
use crate::{
    BODY_MAX, PICTURE_MAX, faces, harden, kiosk, ledger_files, licence_keys, open311, openid, operate, sensorthings,
};

/// An answer that has not begun after this is given up; pictures from slow phones take their time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Form and headers around a picture, bytes.
const FORM_AROUND: usize = 16 * 1_024;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Dipper API",
        version = "1",
        description = "The interface of the three web faces. A session is a cookie; every change made with one carries its token in `x-csrf-token`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(crate::wire::StreamHello, crate::wire::CaseSort, crate::wire::EvidenceSize, crate::wire::FlightFileSize, crate::wire::IndicatorPart)),
    modifiers(&SessionCookie)
)]
struct Document;

/// Says in the document that a session is a cookie.
struct SessionCookie;

impl utoipa::Modify for SessionCookie {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("dipper_session")));
        document.components.get_or_insert_default().add_security_scheme("session", cookie);
    }
}

/// `/api/v1`, for people and the web faces.
fn api() -> OpenApiRouter<Arc<App>> {
    let pictures = OpenApiRouter::new()
        .routes(routes!(evidence::upload_evidence::upload_evidence))
        .routes(routes!(evidence::get_evidence::get_evidence))
        .layer(DefaultBodyLimit::max(PICTURE_MAX + FORM_AROUND));
    OpenApiRouter::new()
        .routes(routes!(session::get_session::get_session, session::sign_in::sign_in, session::sign_out::sign_out))
        .routes(routes!(session::register_resident::register_resident))
        .merge(ways_to_sign_in())
        .merge(other_programs())
        .routes(routes!(city::get_city::get_city))
        .routes(routes!(city::list_categories::list_categories))
        .routes(routes!(city::list_regions::list_regions))
        .routes(routes!(city::list_region_shapes::list_region_shapes))
        .routes(routes!(city::list_offices::list_offices))
        .routes(routes!(city::list_processes::list_processes))
        .routes(routes!(services::get_catalogue::get_catalogue))
        .routes(routes!(services::export_catalogue::export_catalogue))
        .routes(routes!(services::list_services::list_services))
        .routes(routes!(services::get_service::get_service))
        .routes(routes!(city::get_pack::get_pack))
        .routes(routes!(city::get_basemap_layer::get_basemap_layer))
        .routes(routes!(place::locate::locate))
        .routes(routes!(place::search_places::search_places))
        .routes(routes!(place::list_grid_cells::list_grid_cells))
        .routes(routes!(place::find_grid_cell::find_grid_cell))
        .routes(routes!(place::decode_grid_code::decode_grid_code))
        .routes(routes!(reports::suggest_duplicates::suggest_duplicates))
        .routes(routes!(reports::file_report::file_report))
        .routes(routes!(reports::join_report::join_report))
        .routes(routes!(reports::list_my_reports::list_my_reports))
        .routes(routes!(reports::get_report::get_report))
        .routes(routes!(reports::act_on_report::act_on_report))
        .routes(routes!(reports::list_public_cases::list_public_cases))
        .routes(routes!(cases::list_cases::list_cases))
        .routes(routes!(cases::list_queues::list_queues))
        .routes(routes!(cases::get_case::get_case))
        .routes(routes!(cases::list_case_events::list_case_events))
        .routes(routes!(cases::get_case_contact::get_case_contact))
        .routes(routes!(cases::perform_action::perform_action))
        .routes(routes!(cases::map_cases::map_cases))
        .routes(routes!(cases::list_cases_within::list_cases_within))
        .routes(routes!(extracts::ask_for_extract::ask_for_extract))
        .routes(routes!(extracts::take_extract::take_extract))
        .routes(routes!(stream::stream_changes::stream_changes))
        .merge(accounts_given())
        .merge(services())
        .merge(hospitals())
        .merge(acting_for_others())
        .merge(at_windows())
        .merge(messages())
        .merge(of_devices())
        .merge(of_cameras())
        .merge(of_inspections())
        .merge(of_flights())
        .merge(pictures)
        .fallback(no_such_resource)
        .layer(middleware::from_fn(kiosk::only_what_is_done_at_kiosks))
        .layer(middleware::from_fn(harden::check_origin))
}

/// Large files, which take as long as they take: each answer begins when its piece is on the disk.
fn large_files() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(uploads::create_upload::describe_uploads, uploads::create_upload::create_upload))
        .routes(routes!(uploads::state::head_upload, uploads::piece::send_upload_piece, uploads::state::remove_upload))
        .routes(routes!(flights::import_flight::import_flight, flights::look::get_flight))
        .layer(middleware::from_fn(kiosk::only_what_is_done_at_kiosks))
        .layer(middleware::from_fn(harden::check_origin))
}

/// Passkeys, passwords and authenticator apps.
fn ways_to_sign_in() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(session::ask_to_register::ask_to_register))
        .routes(routes!(session::register_by_passkey::register_by_passkey))
        .routes(routes!(session::ask_to_sign_in::ask_to_sign_in))
        .routes(routes!(session::sign_in_by_passkey::sign_in_by_passkey))
        .routes(routes!(session::begin_upstream::begin_upstream))
        .routes(routes!(security::unlink_upstream::unlink_upstream))
        .routes(routes!(security::get_security::get_security))
        .routes(routes!(security::ask_to_add_passkey::ask_to_add_passkey))
        .routes(routes!(security::add_passkey::add_passkey))
        .routes(routes!(security::remove_passkey::remove_passkey))
        .routes(routes!(
            security::make_authenticator::make_authenticator,
            security::remove_authenticator::remove_authenticator
        ))
        .routes(routes!(security::confirm_authenticator::confirm_authenticator))
        .routes(routes!(security::set_password::set_password))
        .routes(routes!(security::sign_out_elsewhere::sign_out_elsewhere))
}

/// Signing in to other programs.
fn other_programs() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(
            consents::get_authorization::get_authorization,
            consents::decide_authorization::decide_authorization
        ))
        .routes(routes!(consents::list_consents::list_consents))
        .routes(routes!(consents::withdraw_consent::withdraw_consent))
        .routes(routes!(consents::sign_out_onward::sign_out_onward))
}

/// What residents apply for, book and hold.
fn services() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(applications::get_service_form::get_service_form))
        .routes(routes!(
            applications::get_draft::get_draft,
            applications::save_draft::save_draft,
            applications::delete_draft::delete_draft
        ))
        .routes(routes!(applications::list_drafts::list_drafts))
        .routes(routes!(applications::ask_to_present::ask_to_present))
        .routes(routes!(applications::apply_for_service::apply_for_service))
        .routes(routes!(
            applications::get_report_application::get_report_application,
            applications::correct_application::correct_application
        ))
        .routes(routes!(applications::get_case_application::get_case_application))
        .routes(routes!(applications::list_accesses::list_accesses))
        .routes(routes!(payments::get_fee::get_fee))
        .routes(routes!(payments::begin_payment::begin_payment))
        .routes(routes!(applications::get_prefill::get_prefill, applications::fetch_prefill::fetch_prefill))
        .routes(routes!(person::get_identity::get_identity, person::prove_identity::prove_identity))
        .routes(routes!(person::update_person::update_person))
        .routes(routes!(person::export_person::export_person))
        .routes(routes!(person::erase_person::erase_person))
        .routes(routes!(licences::list_licences::list_licences))
        .routes(routes!(licences::get_licence::get_licence))
        .routes(routes!(licences::copy_licence::copy_licence))
        .routes(routes!(licences::print_licence::print_licence))
        .routes(routes!(visits::list_slots::list_slots))
        .routes(routes!(visits::book_visit::book_visit, visits::cancel_visit::cancel_visit))
        .routes(routes!(visits::arrive_at_window::arrive_at_window))
}

/// Seeing a doctor.
fn hospitals() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(hospitals::list_hospitals::list_hospitals))
        .routes(routes!(
            hospitals::get_hospital_agreement::get_hospital_agreement,
            hospitals::agree_with_hospital::agree_with_hospital,
            hospitals::withdraw_from_hospital::withdraw_from_hospital
        ))
        .routes(routes!(hospitals::list_doctors::list_doctors))
        .routes(routes!(hospitals::list_doctor_times::list_doctor_times))
        .routes(routes!(
            hospitals::list_hospital_visits::list_hospital_visits,
            hospitals::book_hospital_visit::book_hospital_visit
        ))
        .routes(routes!(
            hospitals::get_hospital_visit::get_hospital_visit,
            hospitals::cancel_hospital_visit::cancel_hospital_visit
        ))
        .routes(routes!(hospitals::arrive_at_hospital::arrive_at_hospital))
        .routes(routes!(hospitals::pay_hospital_bill::pay_hospital_bill))
        .routes(routes!(hospitals::ask_doctor::ask_doctor))
}

/// Mandates, and organisations that are acted for.
fn acting_for_others() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(mandates::list_mandates::list_mandates, mandates::offer_mandate::offer_mandate))
        .routes(routes!(mandates::find_mandate::find_mandate))
        .routes(routes!(mandates::take_mandate::take_mandate))
        .routes(routes!(mandates::confirm_mandate::confirm_mandate))
        .routes(routes!(mandates::end_mandate::end_mandate))
        .routes(routes!(mandates::list_children::list_children, mandates::find_children::find_children))
        .routes(routes!(
            mandates::list_organisations::list_organisations,
            mandates::claim_organisation::claim_organisation
        ))
}

/// Terminals of service halls, and the phones that people sign in with there.
fn at_kiosks() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(api_kiosk::open_kiosk::open_kiosk))
        .routes(routes!(api_kiosk::ask_at_kiosk::ask_at_kiosk))
        .routes(routes!(api_kiosk::take_kiosk_sign_in::take_kiosk_sign_in))
        .routes(routes!(api_kiosk::find_kiosk::find_kiosk))
        .routes(routes!(api_kiosk::agree_to_kiosk::agree_to_kiosk))
        .routes(routes!(visits::arrive_at_kiosk::arrive_at_kiosk))
}

/// Filing at a window for who stands there.
fn at_windows() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(counter::get_counter::get_counter))
        .routes(routes!(counter::open_sitting::open_sitting))
        .routes(routes!(counter::close_sitting::close_sitting))
        .merge(at_kiosks())
}

/// What is made public of the city's work, and what proves it.
fn accounts_given() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(account::get_indicators::get_indicators))
        .routes(routes!(account::export_indicators::export_indicators))
        .routes(routes!(account::list_indicator_cases::list_indicator_cases))
        .routes(routes!(account::get_trends::get_trends))
        .routes(routes!(account::get_receipt::get_receipt))
        .routes(routes!(account::get_accountability::get_accountability))
        .routes(routes!(account::explain_receipt::explain_receipt))
}

/// Devices, what they measure, and their alarms.
fn of_devices() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(devices::list_device_classes::list_device_classes))
        .routes(routes!(devices::list_devices::list_devices, devices::register_device::register_device))
        .routes(routes!(devices::get_device::get_device))
        .routes(routes!(devices::get_device_series::get_device_series))
        .routes(routes!(devices::list_device_tiles::list_device_tiles))
        .routes(routes!(devices::list_device_trends::list_device_trends))
        .routes(routes!(devices::list_nearby_devices::list_nearby_devices))
        .routes(routes!(devices::installations::install_device, devices::installations::list_device_installations))
        .routes(routes!(devices::labels::list_device_labels, devices::labels::set_device_labels))
        .routes(routes!(devices::list_device_records::list_device_records))
        .routes(routes!(devices::renew_device_secret::renew_device_secret))
        .routes(routes!(devices::change_device::change_device))
        .routes(routes!(devices::send_readings::send_readings))
        .routes(routes!(alarms::list_alarms::list_alarms))
        .routes(routes!(alarms::act_on_alarm::act_on_alarm))
        .routes(routes!(alarms::list_alarm_rules::list_alarm_rules))
        .routes(routes!(alarms::rehearse_alarm_rule::rehearse_alarm_rule))
        .routes(routes!(alarms::silences::list_alarm_silences, alarms::silences::begin_alarm_silence))
        .routes(routes!(alarms::silences::end_alarm_silence))
        .routes(routes!(alarms::notices::list_alarm_notices))
        .routes(routes!(alarms::notices::get_alarm_notice))
        .routes(routes!(alarms::notices::act_on_alarm_notice))
        .routes(routes!(control::list_device_commands::list_device_commands))
        .routes(routes!(control::ask_device_command::ask_device_command))
        .routes(routes!(control::act_on_device_command::act_on_device_command))
        .routes(routes!(control::list_scenes::list_scenes))
        .routes(routes!(control::run_scene::run_scene))
}

/// Cameras, live and as they were recorded.
fn of_cameras() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(cameras::list_cameras::list_cameras))
        .routes(routes!(cameras::get_camera::get_camera))
        .routes(routes!(cameras::camera_stream::get_camera_stream, cameras::camera_stream::set_camera_stream))
        .routes(routes!(cameras::begin_viewing::begin_viewing))
        .routes(routes!(cameras::whip::send_by_webrtc))
        .routes(routes!(cameras::whip::end_sending))
        .routes(routes!(cameras::get_live_file::get_live_file))
        .routes(routes!(cameras::list_recordings::list_recordings))
        .routes(routes!(cameras::get_recording_file::get_recording_file))
}

/// What is looked at regularly.
fn of_inspections() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(inspections::look::list_inspections))
        .routes(routes!(inspections::look::get_inspection))
        .routes(routes!(inspections::baselines::set_inspection_baseline))
        .routes(routes!(inspections::baselines::compare_panel))
        .routes(routes!(inspections::runs::list_inspection_runs))
        .routes(routes!(inspections::runs::begin_inspection, inspections::runs::get_inspection_run))
        .routes(routes!(inspections::runs::end_inspection))
        .routes(routes!(inspections::runs::list_inspection_records))
        .routes(routes!(inspections::runs::get_sealed_answers))
        .routes(routes!(inspections::answers::answer_check))
        .routes(routes!(inspections::answers::list_inspection_answers))
}

/// Evidence from the air.
fn of_flights() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(flights::look::list_flights))
        .routes(routes!(flights::look::list_flight_records))
        .routes(routes!(flights::look::get_flight_manifest))
        .routes(routes!(flights::files::get_flight_file))
        .routes(routes!(flights::package::get_flight_package))
        .routes(routes!(flights::changes::list_flight_changes, flights::changes::compare_flight_pictures))
        .routes(routes!(flights::cases::attach_flight))
        .routes(routes!(flights::cases::list_case_flights))
}

/// What residents are told, and how they want to be told.
fn messages() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(notifications::list_notifications::list_notifications))
        .routes(routes!(notifications::get_unread_notifications::get_unread_notifications))
        .routes(routes!(notifications::mark_notifications_read::mark_notifications_read))
        .routes(routes!(
            notifications::get_notification_settings::get_notification_settings,
            notifications::save_notification_settings::save_notification_settings
        ))
        .routes(routes!(
            notifications::set_notification_address::set_notification_address,
            notifications::remove_notification_address::remove_notification_address
        ))
        .routes(routes!(notifications::confirm_notification_address::confirm_notification_address))
}

/// Everything this face serves.
pub fn router(app: Arc<App>) -> Router {
    let (large_files, document) =
        OpenApiRouter::with_openapi(Document::openapi()).nest("/api/v1", large_files()).split_for_parts();
    let (api, document) = OpenApiRouter::with_openapi(document).nest("/api/v1", api()).split_for_parts();
    let document: &'static str = serde_json::to_string(&document).unwrap_or_default().leak();
    Router::new()
        .merge(api.method_not_allowed_fallback(wrong_method))
        .merge(open311::routes::router())
        .merge(sensorthings::router())
        .merge(openid::router())
        .route("/ledger/checkpoint", get(ledger_files::checkpoint))
        .route("/ledger/key", get(ledger_files::key))
        .route("/ledger/policy", get(ledger_files::policy))
        .route("/ledger/anchors/{name}", get(ledger_files::anchor))
        .route("/ledger/tile/{*path}", get(ledger_files::tile))
        .route("/ledger/{log}/checkpoint", get(ledger_files::checkpoint_of))
        .route("/ledger/{log}/key", get(ledger_files::key_of))
        .route("/ledger/{log}/tile/{*path}", get(ledger_files::tile_of))
        .route("/.well-known/jwt-vc-issuer", get(licence_keys::issuer))
        .route("/licences/keys", get(licence_keys::keys))
        .route("/licences/status", get(licence_keys::status))
        .route("/payments/notify", post(payments::notify::notify))
        .route("/healthz", get(operate::healthz))
        .route("/metrics", get(operate::metrics))
        .route("/openapi.json", get(move || async move { ([("content-type", "application/json")], document) }))
        .fallback_service(get(faces::serve_face))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        // Pictures that move are small already, and parts of a file stay parts.
        .layer(
            CompressionLayer::new().gzip(true).compress_when(
                DefaultPredicate::new()
                    .and(NotForContentType::const_new("video/"))
                    .and(NotForContentType::const_new("application/x-tar")),
            ),
        )
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .merge(large_files.method_not_allowed_fallback(wrong_method))
        .layer(CatchPanicLayer::custom(harden::panicked))
        .layer(middleware::from_fn(harden::add_security_headers))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), harden::observe))
        .with_state(app)
}

/// The OpenAPI document of `/api/v1`.
pub fn openapi() -> utoipa::openapi::OpenApi {
    OpenApiRouter::with_openapi(Document::openapi()).nest("/api/v1", large_files()).nest("/api/v1", api()).to_openapi()
}

async fn no_such_resource() -> Response {
    Refused::not_found("resource").into_response()
}

async fn wrong_method() -> Response {
    Refused::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", "this address does not take that method")
        .into_response()
}
