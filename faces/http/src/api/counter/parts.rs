//! What the endpoints of windows share.

use identity::{Grant, Permission};
use model::{OfficeId, ServiceId};
use pack::City;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Refused;

/// The posts in which the caller files at windows; at least one.
///
/// # Errors
/// 401 for a visitor, 403 for who has no such post.
pub fn posts(app: &App, caller: &Caller) -> Result<Vec<Grant>, Refused> {
    caller.staff()?;
    let compiled = app.current();
    let posts = app.policy.posts_with(&compiled.city, &caller.principal, Permission::CounterFile);
    let posts: Vec<Grant> = posts.into_iter().cloned().collect();
    if posts.is_empty() { Err(Refused::forbidden()) } else { Ok(posts) }
}

/// What people apply for at an office.
pub fn services_of(city: &City, office: &OfficeId) -> Vec<ServiceId> {
    let here = city.services.iter().filter(|(_, service)| service.office == *office && service.apply.is_some());
    here.map(|(id, _)| id.clone()).collect()
}
