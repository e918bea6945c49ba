//! Visits at windows to the wire.

use model::{Booking, Case, VisitEnd, VisitState};
use pack::{City, Service};

use super::{text, time};
use crate::wire;

/// Microseconds of a minute.
const MINUTE_US: i64 = 60_000_000;

/// The windows of a service where times are booked.
pub fn places(service: &Service) -> Vec<wire::VisitPlace> {
    let booked = service.channels.iter().filter(|channel| channel.booking.is_some());
    booked.filter_map(|channel| Some(place(channel.id.as_ref()?, channel))).collect()
}

/// A window.
pub fn place(id: &model::FormId, channel: &pack::Channel) -> wire::VisitPlace {
    wire::VisitPlace {
        id: id.to_string(),
        title: channel.title.as_ref().map(text).unwrap_or_default(),
        address: channel.address.as_ref().map(text),
    }
}

/// The last booking of a case; `None` when there was none or its window is no longer known.
pub fn visit(case: &Case, city: &City) -> Option<wire::VisitView> {
    let booking: &Booking = case.bookings.last()?;
    let (_, service) = city.service_of(&case.category)?;
    let (channel, rules) = service.booking_at(&booking.visit.place)?;
    Some(wire::VisitView {
        place: place(&booking.visit.place, channel),
        starts_at: time(booking.visit.starts_at),
        ends_at: time(booking.visit.ends_at),
        state: match booking.state {
            VisitState::Booked => wire::VisitState::Booked,
            VisitState::Arrived => wire::VisitState::Arrived,
            VisitState::Ended(VisitEnd::Cancelled) => wire::VisitState::Cancelled,
            VisitState::Ended(VisitEnd::Moved) => wire::VisitState::Moved,
            VisitState::Ended(VisitEnd::Missed) => wire::VisitState::Missed,
        },
        ticket: booking.ticket.clone(),
        changeable_until: time(booking.visit.starts_at.plus_micros(-i64::from(rules.notice_minutes) * MINUTE_US)),
    })
}
