//! `GET /alarm-rules`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use identity::Permission;

use crate::api::devices::parts::regions;
use crate::app::App;
use crate::caller::Caller;
use crate::convert::text;
use crate::error::Refused;
use crate::wire::*;

/// The rules over readings that the city has.
#[utoipa::path(
    get,
    path = "/alarm-rules",
    tag = "devices",
    responses((status = 200, description = "All of them", body = [AlarmRuleView]), (status = "4XX", description = "Refused", body = Problem))
)]
pub async fn list_alarm_rules(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Json<Vec<AlarmRuleView>>, Refused> {
    regions(&app, &caller, Permission::DeviceRead)?;
    let compiled = app.current();
    let view = |(id, rule): (&model::AlarmRuleId, &pack::AlarmRule)| AlarmRuleView {
        id: id.to_string(),
        title: text(&rule.title),
        classes: rule.selector.classes.iter().map(ToString::to_string).collect(),
        text: pack::write_alarm_rule(rule),
    };
    Ok(Json(compiled.city.alarm_rules.iter().map(view).collect()))
}
