//! Fees of services: what is paid for what, by what right, and who pays less.

use std::collections::BTreeMap;

use model::{Application, FeeLine, FormId, Text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Service, ShowIf};

/// A fee.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fee {
    /// Its id within the service, where it is paid online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<FormId>,
    /// What is paid for.
    pub title: Text,
    /// How much, in the smallest unit of the city's money (fen); absent when it depends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// The rate where it depends, and who pays less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Text>,
    /// The law or the standard it rests on (收费依据).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Text>,
    /// After which answer it is owed at all; always when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show_if: Option<ShowIf>,
    /// Who pays less (减免).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reductions: Vec<Reduction>,
}

/// A reduction of a fee (减免).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reduction {
    /// Its id within the fee.
    pub id: FormId,
    /// For whom, and by what right.
    pub title: Text,
    /// The answer that claims it.
    pub show_if: ShowIf,
    /// How much of the fee is still paid, per cent; 0 is free.
    pub pays_percent: u8,
}

impl Fee {
    /// What is paid for it after some answers; `None` where it is not owed. The greatest reduction counts.
    fn line(&self, answers: &BTreeMap<String, Value>) -> Option<FeeLine> {
        let full = self.amount.filter(|amount| *amount > 0)?;
        if self.show_if.as_ref().is_some_and(|show_if| !show_if.holds(answers)) {
            return None;
        }
        let claimed = self.reductions.iter().filter(|reduction| reduction.show_if.holds(answers));
        let reduction = claimed.min_by_key(|reduction| reduction.pays_percent);
        let amount = reduction.map_or(full, |reduction| full * i64::from(reduction.pays_percent) / 100);
        // Services of older packs have one fee, without an id.
        let fee = self.id.clone().unwrap_or_else(|| FormId::new("fee").expect("a word"));
        Some(FeeLine { fee, amount, full, reduction: reduction.map(|reduction| reduction.id.clone()) })
    }
}

impl Service {
    /// What is paid online together after some answers, fee by fee; nothing where nothing is.
    pub fn fee_lines(&self, answers: &BTreeMap<String, Value>) -> Vec<FeeLine> {
        let is_paid_online = self.apply.as_ref().is_some_and(|apply| apply.pay);
        self.fees.iter().filter(|_| is_paid_online).filter_map(|fee| fee.line(answers)).collect()
    }

    /// What is paid online together for an application: as its answers left it, or as the service has it for one that
    /// was handed in before they counted.
    pub fn fees_of(&self, application: Option<&Application>) -> Vec<FeeLine> {
        match application {
            Some(application) if !application.fees.is_empty() => application.fees.clone(),
            _ => self.fee_lines(&BTreeMap::new()),
        }
    }

    /// The sum of that, in the smallest unit of the currency; `None` where nothing is to be paid.
    pub fn fee_due(&self, application: Option<&Application>) -> Option<i64> {
        let lines = self.fees_of(application);
        Some(lines.iter().map(|line| line.amount).sum()).filter(|due| *due > 0)
    }
}
