//! The people of the demonstration: one account for every post a process needs, and a few that visitors sign in with.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use identity::{Password, hash_password};
use model::{Grant, Instant, OfficeId, PartyId, RoleId, Text};
use pack::{City, Face, OfficeRule, Who};
use store::{PartyRow, StoreError, Tx};

use super::chance::Chance;

/// The password of every demo account; shown on the sign-in pages of a demonstration and nowhere else.
pub const DEMO_PASSWORD: &str = "yaoguang-demo";

/// Somebody who acts in the story.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their account.
    pub party: PartyId,
    /// Their posts.
    pub grants: Vec<Grant>,
}

/// Everybody, by post.
#[derive(Debug, Clone, Default)]
pub struct People {
    /// Staff by role and office.
    pub by_post: BTreeMap<(RoleId, OfficeId), Vec<Person>>,
    /// Residents with accounts.
    pub residents: Vec<PartyId>,
}

/// A login shown to visitors.
#[derive(Debug, Clone)]
pub struct Login {
    /// Sign-in name.
    pub login: String,
    /// What they are.
    pub title: Text,
    /// Where they work.
    pub face: Face,
}

/// Login name of a role's visitor account: the role's own word.
pub fn logins(city: &City) -> Vec<Login> {
    let staff = city.roles.iter().filter(|(_, role)| role.face != Face::Resident);
    let staff = staff.map(|(id, role)| Login {
        login: id.as_str().replace('_', "-"),
        title: role.title.clone(),
        face: role.face,
    });
    let resident = Login {
        login: "resident".to_owned(),
        title: Text::from([("zh-CN", "市民"), ("en", "Resident")]),
        face: Face::Resident,
    };
    std::iter::once(resident).chain(staff).collect()
}

/// The posts that processes need: each role with the offices its tasks fall to.
pub fn posts(city: &City) -> BTreeSet<(RoleId, OfficeId)> {
    let mut posts = BTreeSet::new();
    for (process_id, process) in &city.processes {
        for rule in process.states.values().filter_map(|state| state.task.as_ref()) {
            let offices: Vec<OfficeId> = match &rule.office {
                OfficeRule::Id(id) => vec![id.clone()],
                OfficeRule::Kind(kind) => {
                    city.offices.iter().filter(|(_, office)| office.kind == *kind).map(|(id, _)| id.clone()).collect()
                }
                OfficeRule::Handler => city.handlers_of(process_id).into_iter().cloned().collect(),
            };
            posts.extend(offices.into_iter().map(|office| (rule.role.clone(), office)));
        }
        let roles = process.actions.iter().flat_map(|action| &action.by).filter_map(|who| match who {
            Who::Role(role) | Who::OfficeRole(role) => Some(role.clone()),
            Who::Task | Who::Reporter => None,
        });
        for role in roles.collect::<BTreeSet<_>>() {
            let has_office = posts.iter().any(|(known, _)| *known == role);
            if let Some(office) = top_office(city).filter(|_| !has_office) {
                posts.insert((role, office));
            }
        }
    }
    posts
}

/// An office to hold a role that no task names: the highest one.
fn top_office(city: &City) -> Option<OfficeId> {
    city.offices.iter().find(|(_, office)| office.parent.is_none()).map(|(id, _)| id.clone())
}

/// Staff per post: two, so that one can check what the other did.
const PER_POST: usize = 2;

/// Residents who report.
const RESIDENTS: usize = 60;

const FAMILY: [&str; 20] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马",
    "罗",
];
const GIVEN: [&str; 24] = [
    "建国", "秀英", "伟", "芳", "娜", "敏", "静", "强", "磊", "洋", "艳", "勇", "杰", "娟", "涛", "明", "超", "秀兰",
    "霞", "平", "刚", "桂英", "文", "玲",
];

pub(super) fn name(chance: &mut Chance) -> String {
    format!("{}{}", FAMILY[chance.place(FAMILY.len())], GIVEN[chance.place(GIVEN.len())])
}

/// Makes every account. Visitors' accounts hold their role in every office that needs it, so that a visitor can
/// follow any case through the house.
///
/// # Errors
/// When an account cannot be written.
pub fn make(tx: &mut Tx, city: &City, now: Instant, chance: &mut Chance) -> Result<People, StoreError> {
    let password = Password::new(DEMO_PASSWORD).expect("the demo password fits the rule");
    // One hash for all: the password is public, and 200 hashes would take seconds at every first start.
    let hash = hash_password(&password, tx.random_bytes());
    let account = |tx: &mut Tx, row: fn(PartyId, &str, &str, Instant) -> PartyRow, login: &str, name: &str| {
        let party = tx.new_party_id(now);
        tx.record_party(&PartyRow { password_hash: hash.clone(), ..row(party, login, name, now) })?;
        Ok::<_, StoreError>(party)
    };
    let posts = posts(city);
    let mut people = People::default();
    for (role, office) in &posts {
        let region = city.office(office).map_or_else(|| city.root.clone(), |office| office.region.clone());
        for number in 1..=PER_POST {
            let party = account(tx, PartyRow::staff, &format!("{role}.{office}.{number}"), &name(chance))?;
            let grant = Grant { role: role.clone(), office: office.clone(), region: region.clone() };
            tx.record_grant(party, &grant)?;
            people
                .by_post
                .entry((role.clone(), office.clone()))
                .or_default()
                .push(Person { party, grants: vec![grant] });
        }
    }
    for login in logins(city).into_iter().filter(|login| login.face != Face::Resident) {
        let party = account(tx, PartyRow::staff, &login.login, &name(chance))?;
        for (role, office) in visitor_posts(city, &posts, &login.login) {
            tx.record_grant(party, &Grant { role, office, region: city.root.clone() })?;
        }
    }
    people.residents.push(account(tx, PartyRow::resident, "resident", &name(chance))?);
    for number in 1..=RESIDENTS {
        people.residents.push(account(tx, PartyRow::resident, &format!("resident{number}"), &name(chance))?);
    }
    Ok(people)
}

fn visitor_posts(city: &City, posts: &BTreeSet<(RoleId, OfficeId)>, login: &str) -> Vec<(RoleId, OfficeId)> {
    let held: Vec<_> = posts.iter().filter(|(role, _)| role.as_str().replace('_', "-") == login).cloned().collect();
    if !held.is_empty() {
        return held;
    }
    let role = city.roles.keys().find(|role| role.as_str().replace('_', "-") == login);
    role.cloned().zip(top_office(city)).into_iter().collect()
}

/// Everybody as the store has them: after a restart the story goes on with the same people.
///
/// # Errors
/// When the store does not answer.
pub fn find(store: &store::Store, city: &City) -> anyhow::Result<People> {
    let posts = posts(city);
    let mut people = People::default();
    let found = store.read_blocking(move |db| {
        let mut staff = Vec::new();
        for (role, office) in posts {
            for number in 1..=PER_POST {
                if let Some(party) = db.find_party_by_login(&format!("{role}.{office}.{number}"))? {
                    staff.push((role.clone(), office.clone(), party.id, db.list_grants(party.id)?));
                }
            }
        }
        let mut residents = Vec::new();
        for number in 1..=RESIDENTS {
            residents.extend(db.find_party_by_login(&format!("resident{number}"))?.map(|party| party.id));
        }
        Ok::<_, StoreError>((staff, residents))
    });
    let (staff, residents) = found.context("the demo accounts cannot be read")?;
    for (role, office, party, grants) in staff {
        people.by_post.entry((role, office)).or_default().push(Person { party, grants });
    }
    people.residents = residents;
    Ok(people)
}
