//! Looking things up in a city: by id, up the trees, and who handles what where.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use model::{
    ActionId, CalendarId, CategoryId, ConditionId, OfficeId, ProcessId, RegionId, RoleId, ServiceId, StageId, StateId,
};

use crate::city::{
    Action, AlarmKind, CalendarRules, Category, CategoryKind, City, Condition, Office, OfficeRule, Process, Region,
    Role, Route, Service, Stage, State,
};

/// Longest walk up a tree. A checked tree is far lower; this only keeps an unchecked one from going round for ever.
const DEPTH_MAX: usize = 64;

impl City {
    /// The city's time zone; UTC where the pack's is not known to this machine.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.timezone).unwrap_or(TimeZone::UTC)
    }

    /// The region of that id.
    pub fn region(&self, id: &RegionId) -> Option<&Region> {
        self.regions.get(id)
    }

    /// The office of that id.
    pub fn office(&self, id: &OfficeId) -> Option<&Office> {
        self.offices.get(id)
    }

    /// The role of that id.
    pub fn role(&self, id: &RoleId) -> Option<&Role> {
        self.roles.get(id)
    }

    /// The category of that id.
    pub fn category(&self, id: &CategoryId) -> Option<&Category> {
        self.categories.get(id)
    }

    /// The process of that id.
    pub fn process(&self, id: &ProcessId) -> Option<&Process> {
        self.processes.get(id)
    }

    /// The rules of the calendar of that id.
    pub fn calendar_rules(&self, id: &CalendarId) -> Option<&CalendarRules> {
        self.calendars.get(id)
    }

    /// The process that cases of a category follow.
    pub fn process_of(&self, category: &CategoryId) -> Option<(&ProcessId, &Process)> {
        let id = &self.category(category)?.process;
        Some((id, self.process(id)?))
    }

    /// The region itself, then every region above it, the root last; empty for an unknown id.
    pub fn region_chain(&self, id: &RegionId) -> Vec<&RegionId> {
        let mut chain = Vec::new();
        let mut next = self.regions.get_key_value(id);
        while let Some((id, region)) = next.filter(|_| chain.len() < DEPTH_MAX) {
            chain.push(id);
            next = region.parent.as_ref().and_then(|parent| self.regions.get_key_value(parent));
        }
        chain
    }

    /// The path of a region, root first, each with a trailing `/`: `yaoguang/d1/s11/`. Empty for an unknown id.
    ///
    /// A region lies within another exactly when its path begins with the other's.
    pub fn region_path(&self, id: &RegionId) -> String {
        let mut path = String::new();
        for region in self.region_chain(id).into_iter().rev() {
            path.push_str(region.as_str());
            path.push('/');
        }
        path
    }

    /// True when `region` is `ancestor` or lies below it.
    pub fn is_within(&self, region: &RegionId, ancestor: &RegionId) -> bool {
        self.distance_up(region, ancestor).is_some()
    }

    /// Steps up from `region` to `ancestor`, 0 when they are the same.
    fn distance_up(&self, region: &RegionId, ancestor: &RegionId) -> Option<usize> {
        let mut here = region;
        for steps in 0..DEPTH_MAX {
            if here == ancestor {
                return Some(steps);
            }
            here = self.regions.get(here)?.parent.as_ref()?;
        }
        None
    }

    /// The office itself, then every office above it, the highest last; empty for an unknown id.
    pub fn office_chain(&self, id: &OfficeId) -> Vec<&OfficeId> {
        let mut chain = Vec::new();
        let mut next = self.offices.get_key_value(id);
        while let Some((id, office)) = next.filter(|_| chain.len() < DEPTH_MAX) {
            chain.push(id);
            next = office.parent.as_ref().and_then(|parent| self.offices.get_key_value(parent));
        }
        chain
    }

    /// Every office with a transparency log of its own, with the offices whose acts it holds: itself and all below.
    pub fn ledgers(&self) -> BTreeMap<&OfficeId, BTreeSet<OfficeId>> {
        let with_log = self.offices.iter().filter(|(_, office)| office.ledger).map(|(id, _)| id);
        with_log
            .map(|id| {
                let below = self.offices.keys().filter(|office| self.office_chain(office).contains(&id));
                (id, below.cloned().collect())
            })
            .collect()
    }

    /// The service that cases of a category apply for; absent for reports.
    pub fn service_of(&self, category: &CategoryId) -> Option<(&ServiceId, &Service)> {
        self.category(category).filter(|category| category.kind == CategoryKind::Service)?;
        self.services.get_key_value(category.as_str())
    }

    /// The processes that applications follow.
    pub fn service_processes(&self) -> BTreeSet<&ProcessId> {
        self.services.values().filter_map(|service| Some(&service.apply.as_ref()?.process)).collect()
    }

    /// The processes whose cases are no reports of the city's things and events, and are not counted among them: those of
    /// applications, of alarms and of extracts.
    pub fn processes_apart(&self) -> BTreeSet<&ProcessId> {
        let is_apart = |category: &&Category| matches!(category.kind, CategoryKind::Alarm | CategoryKind::Extract);
        let apart = self.categories.values().filter(is_apart).map(|category| &category.process);
        self.service_processes().into_iter().chain(apart).collect()
    }

    /// The category of the cases under which extracts are taken; absent where the city takes none.
    pub fn extract(&self) -> Option<(&CategoryId, &StateId)> {
        self.categories.iter().find_map(|(id, category)| Some((id, category.extract_in.as_ref()?)))
    }

    /// The category of the cases that an alarm opens; absent where the city wants none.
    pub fn alarm(&self, kind: AlarmKind) -> Option<&CategoryId> {
        self.categories.iter().find(|(_, category)| category.raised_by == Some(kind)).map(|(id, _)| id)
    }

    /// The offices that may come to handle cases of a process, by routing or as those of its services.
    pub fn handlers_of(&self, process: &ProcessId) -> BTreeSet<&OfficeId> {
        let applied = self
            .services
            .values()
            .filter(|service| service.apply.as_ref().is_some_and(|apply| apply.process == *process));
        let offices: BTreeSet<&OfficeId> = applied.map(|service| &service.office).collect();
        if offices.is_empty() { self.routing.iter().map(|route| &route.office).collect() } else { offices }
    }

    /// The office that handles a category in a region: an application goes to the office of its service, a report by the
    /// first rule that matches, rules being kept most specific first.
    pub fn route(&self, category: &CategoryId, region: &RegionId) -> Option<OfficeId> {
        if let Some((_, service)) = self.service_of(category) {
            return Some(service.office.clone());
        }
        let matches = |route: &&Route| {
            route.matches_category(category)
                && route.region.as_ref().is_none_or(|ancestor| self.is_within(region, ancestor))
        };
        self.routing.iter().find(matches).map(|route| route.office.clone())
    }

    /// Puts the routing rules most specific first: an exact category before a longer prefix before a shorter one before
    /// none, then the deeper region before the higher before none; rules that are equal in both keep their order.
    pub fn sort_routing(&mut self) {
        let mut routing = std::mem::take(&mut self.routing);
        let depth = |route: &Route| route.region.as_ref().map_or(0, |region| self.region_chain(region).len());
        routing.sort_by_cached_key(|route| {
            let (exact, length) = match route.category.as_deref() {
                None => (false, 0),
                Some(text) => text.strip_suffix('*').map_or((true, text.len()), |prefix| (false, prefix.len() + 1)),
            };
            std::cmp::Reverse((exact, length, depth(route)))
        });
        self.routing = routing;
    }

    /// The office a task rule names for a case of `category` in `region` whose handler is `handler`.
    pub fn office_for(
        &self,
        rule: &OfficeRule,
        region: &RegionId,
        handler: Option<&OfficeId>,
        category: &CategoryId,
    ) -> Option<OfficeId> {
        match rule {
            OfficeRule::Handler => handler.cloned().or_else(|| self.route(category, region)),
            OfficeRule::Id(id) => self.offices.contains_key(id).then(|| id.clone()),
            OfficeRule::Kind(kind) => self.nearest_office(kind, region),
        }
    }

    /// The office of a kind whose region is the smallest that holds `region`; the first by id of several.
    pub fn nearest_office(&self, kind: &str, region: &RegionId) -> Option<OfficeId> {
        let of_kind = self.offices.iter().filter(|(_, office)| office.kind == kind);
        let near = of_kind.filter_map(|(id, office)| Some((self.distance_up(region, &office.region)?, id)));
        near.min_by_key(|&(steps, _)| steps).map(|(_, id)| id.clone())
    }
}

impl Route {
    /// True when the rule is for this category, for a prefix of its id, or for all.
    pub fn matches_category(&self, category: &CategoryId) -> bool {
        match self.category.as_deref() {
            None => true,
            Some(text) => {
                text.strip_suffix('*').map_or(text == category.as_str(), |prefix| category.as_str().starts_with(prefix))
            }
        }
    }
}

impl Category {
    /// The filing condition of that id.
    pub fn condition(&self, id: &ConditionId) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.id == *id)
    }
}

impl Process {
    /// The state of that id.
    pub fn state(&self, id: &StateId) -> Option<&State> {
        self.states.get(id)
    }

    /// The action of that id.
    pub fn action(&self, id: &ActionId) -> Option<&Action> {
        self.actions.iter().find(|action| action.id == *id)
    }

    /// The stage of that id.
    pub fn stage(&self, id: &StageId) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.id == *id)
    }

    /// The actions that may be taken in a state, in the order shown.
    pub fn actions_from(&self, state: &StateId) -> impl Iterator<Item = &Action> {
        self.actions.iter().filter(move |action| action.from.contains(state))
    }
}
