//! Sessions: a random token in a cookie, of which only the SHA-256 is kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use model::{Grant, Instant, PartyId};
use store::{PartyKind, SignInMethod};
use subtle::ConstantTimeEq;

use crate::principal::Principal;
use crate::token::{same, sha256};

/// One hour, µs.
const HOUR_US: i64 = 3_600_000_000;

/// How long a session of that kind may rest before it ends: 12 h for staff (a shift), 30 days for residents' phones.
pub const fn idle_us(kind: PartyKind) -> i64 {
    match kind {
        PartyKind::Staff => 12 * HOUR_US,
        PartyKind::Resident => 30 * 24 * HOUR_US,
        // Nobody signs in as an organisation.
        PartyKind::Organisation | PartyKind::Child => 0,
    }
}

/// How long a session at a terminal of a service hall may rest before it ends, 3 min: the page ends it sooner.
const KIOSK_IDLE_US: i64 = HOUR_US / 20;

/// How long a session at such a terminal lasts however busy it is, 30 min.
pub const KIOSK_LIFETIME_US: i64 = HOUR_US / 2;

/// A session at a terminal is marked as seen at most this often, 15 s.
const KIOSK_SEEN_EVERY_US: i64 = HOUR_US / 240;

/// How long a session of that kind lasts however busy it is: 7 days for staff, 180 days for residents.
pub const fn lifetime_us(kind: PartyKind) -> i64 {
    match kind {
        PartyKind::Staff => 7 * 24 * HOUR_US,
        PartyKind::Resident => 180 * 24 * HOUR_US,
        PartyKind::Organisation | PartyKind::Child => 0,
    }
}

/// A session is marked as seen at most this often, 5 min: a write for every request would serve nobody.
pub const SEEN_EVERY_US: i64 = HOUR_US / 12;

/// For how long after signing in somebody counts as present, 10 min: ways to sign in are changed by them alone, not by
/// whoever finds the page open.
const PRESENT_US: i64 = HOUR_US / 6;

/// A session in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The person.
    pub party: PartyId,
    /// Staff or resident.
    pub kind: PartyKind,
    /// The name shown to themselves and colleagues.
    pub display_name: String,
    /// The posts they hold.
    pub grants: Vec<Grant>,
    /// What every change must carry beside the cookie.
    pub csrf: String,
    /// When it ends at the latest.
    pub expires_at: Instant,
    /// When it was last marked as seen.
    pub seen_at: Instant,
    /// How they proved who they are.
    pub method: SignInMethod,
    /// When they did.
    pub signed_in_at: Instant,
    /// SHA-256 of the secret of the terminal it is at; without that terminal's cookie it is nobody's.
    pub kiosk: Option<[u8; 32]>,
}

impl Session {
    /// Who it is, for authorisation.
    pub fn principal(&self) -> Principal {
        match self.kind {
            PartyKind::Resident => Principal::Resident { party: self.party },
            PartyKind::Staff => Principal::Staff { party: self.party, grants: self.grants.clone() },
            PartyKind::Organisation | PartyKind::Child => Principal::Visitor,
        }
    }

    /// True when the token sent with a change is this session's, compared in constant time.
    pub fn has_csrf(&self, token: &str) -> bool {
        same(&self.csrf, token)
    }

    /// True when they proved who they are a moment ago, which changes of ways to sign in ask for. Nobody does that at a
    /// terminal that others use after them.
    pub fn is_present(&self, now: Instant) -> bool {
        self.kiosk.is_none() && (0..PRESENT_US).contains(&now.micros_since(self.signed_in_at))
    }

    /// True until it expires or has rested too long.
    pub fn is_alive(&self, now: Instant) -> bool {
        let idle_us = if self.kiosk.is_some() { KIOSK_IDLE_US } else { idle_us(self.kind) };
        now < self.expires_at && now.micros_since(self.seen_at) < idle_us + self.seen_every_us()
    }

    /// It is marked as seen at most this often.
    pub const fn seen_every_us(&self) -> i64 {
        if self.kiosk.is_some() { KIOSK_SEEN_EVERY_US } else { SEEN_EVERY_US }
    }

    /// Whether a request that carries this terminal's secret, or none, may use it.
    pub fn is_at(&self, terminal: Option<&str>) -> bool {
        match (self.kiosk, terminal) {
            (None, _) => true,
            (Some(kiosk), Some(secret)) => bool::from(kiosk.ct_eq(&sha256(secret))),
            (Some(_), None) => false,
        }
    }
}

/// How long a session read from the store is believed, 3 s: a sign-out on another replica is late by at most this.
const BELIEVED_US: i64 = 3_000_000;

/// Sessions remembered: about 300 bytes each.
const REMEMBERED_MAX: usize = 20_000;

/// A session and when it was read.
type Read = (Arc<Session>, Instant);

/// Sessions read a moment ago, so that a busy screen does not read its session for every request.
#[derive(Debug, Default)]
pub(crate) struct Remembered(Mutex<HashMap<[u8; 32], Read>>);

impl Remembered {
    pub(crate) fn find(&self, token_hash: &[u8; 32], now: Instant) -> Option<Arc<Session>> {
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (session, read_at) = sessions.get(token_hash)?;
        let is_fresh = (0..BELIEVED_US).contains(&now.micros_since(*read_at));
        (is_fresh && session.is_alive(now)).then(|| Arc::clone(session))
    }

    pub(crate) fn keep(&self, token_hash: [u8; 32], session: Arc<Session>, now: Instant) {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= REMEMBERED_MAX {
            sessions.clear();
        }
        sessions.insert(token_hash, (session, now));
    }

    pub(crate) fn forget(&self, token_hash: &[u8; 32]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(token_hash);
    }

    pub(crate) fn forget_party(&self, party: PartyId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, (session, _)| session.party != party);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(kind: PartyKind, expires_at: Instant, seen_at: Instant) -> Session {
        let party = PartyId::new(Instant::from_micros(0), 1);
        Session {
            party,
            kind,
            display_name: String::new(),
            grants: Vec::new(),
            csrf: "token".to_owned(),
            expires_at,
            seen_at,
            method: SignInMethod::Password,
            signed_in_at: Instant::from_micros(0),
            kiosk: None,
        }
    }

    #[test]
    fn a_session_at_a_terminal_is_short_and_used_there_alone() {
        let at = Instant::from_micros;
        let kiosk = Some(sha256("terminal"));
        let session = Session { kiosk, ..session(PartyKind::Resident, at(KIOSK_LIFETIME_US), at(0)) };
        let rest = KIOSK_IDLE_US + KIOSK_SEEN_EVERY_US;
        assert!(session.is_alive(at(rest - 1)) && !session.is_alive(at(rest)));
        let busy = Session { seen_at: at(KIOSK_LIFETIME_US - 1), ..session.clone() };
        assert!(busy.is_alive(at(KIOSK_LIFETIME_US - 1)) && !busy.is_alive(at(KIOSK_LIFETIME_US)));
        assert!(!session.is_present(at(0)), "ways to sign in are not changed there");
        for (terminal, expect) in [(Some("terminal"), true), (Some("other"), false), (None, false)] {
            assert_eq!(session.is_at(terminal), expect, "{terminal:?}");
        }
    }

    #[test]
    fn sessions_end_by_rest_and_by_age() {
        let at = |hours: i64| Instant::from_micros(hours * HOUR_US);
        for (kind, expires_h, seen_h, now_h, expect) in [
            (PartyKind::Staff, 168, 0, 12, true),
            (PartyKind::Staff, 168, 0, 13, false),
            (PartyKind::Staff, 168, 160, 167, true),
            (PartyKind::Staff, 168, 167, 168, false),
            (PartyKind::Resident, 4_320, 0, 13, true),
            (PartyKind::Resident, 4_320, 0, 721, false),
        ] {
            assert_eq!(
                session(kind, at(expires_h), at(seen_h)).is_alive(at(now_h)),
                expect,
                "{kind:?} seen {seen_h} now {now_h}"
            );
        }
    }

    #[test]
    fn somebody_is_present_for_ten_minutes_after_signing_in() {
        let session = session(PartyKind::Resident, Instant::from_micros(i64::MAX), Instant::from_micros(0));
        for (now_us, expect) in [(-1, false), (0, true), (PRESENT_US - 1, true), (PRESENT_US, false)] {
            assert_eq!(session.is_present(Instant::from_micros(now_us)), expect, "{now_us} us");
        }
    }

    #[test]
    fn a_remembered_session_is_believed_for_three_seconds() {
        let remembered = Remembered::default();
        let (at, far) = (Instant::from_micros, Instant::from_micros(i64::MAX));
        remembered.keep([1; 32], Arc::new(session(PartyKind::Staff, far, at(0))), at(0));
        assert!(remembered.find(&[1; 32], at(2_999_999)).is_some());
        assert!(remembered.find(&[1; 32], at(3_000_000)).is_none());
        assert!(remembered.find(&[1; 32], at(-1)).is_none(), "a clock set back believes nothing");
        remembered.forget(&[1; 32]);
        assert!(remembered.find(&[1; 32], at(0)).is_none());
    }

    #[test]
    fn the_token_of_changes_is_compared_whole() {
        let session = session(PartyKind::Staff, Instant::from_micros(1), Instant::from_micros(0));
        assert!(session.has_csrf("token"));
        assert!(!session.has_csrf("toke"));
        assert!(!session.has_csrf(""));
    }
}
