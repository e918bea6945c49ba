//! The gateway's book: every order and what became of it, in a journal that is synced before anything is answered.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use super::protocol::{Standing, Told, What};
use model::PaymentId;
use serde::{Deserialize, Serialize};

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// How far it is.
    pub standing: Standing,
    /// How much, in the smallest unit.
    pub amount: i64,
    /// ISO 4217.
    pub currency: String,
    /// What is paid for.
    pub subject: String,
    /// Where the payer goes back to.
    pub return_url: String,
    /// The gateway's own number.
    pub reference: String,
    /// How often it changed.
    pub version: u32,
    /// Parts that went back: their numbers and how much each was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<(u32, i64)>,
}

impl Order {
    /// Taken and not given back.
    fn kept(&self) -> i64 {
        let back: i64 = self.parts.iter().map(|(_, amount)| amount).sum();
        if self.standing == Standing::Captured { self.amount - back } else { 0 }
    }
}

/// A line of the journal: an order as it is from here on.
#[derive(Serialize, Deserialize)]
struct Line {
    payment: PaymentId,
    order: Order,
}

/// Orders by payment, with the journal they are read from.
pub struct Book {
    orders: BTreeMap<PaymentId, Order>,
    journal: File,
    /// What the city has been told of each order: its version.
    told: BTreeMap<PaymentId, u32>,
}

impl Book {
    /// Opens the journal of a folder and reads it; a last line that a crash cut off was never answered and is dropped.
    ///
    /// # Errors
    /// When the folder or the file cannot be used.
    pub fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join("journal.jsonl");
        let mut orders = BTreeMap::new();
        let mut whole = 0;
        if path.exists() {
            let mut reader = BufReader::new(File::open(&path)?);
            let mut line = String::new();
            while reader.read_line(&mut line)? > 0 {
                let Ok(Line { payment, order }) = serde_json::from_str(&line) else { break };
                orders.insert(payment, order);
                whole += line.len() as u64;
                line.clear();
            }
        }
        let journal = OpenOptions::new().create(true).append(true).open(&path)?;
        journal.set_len(whole)?;
        Ok(Self { orders, journal, told: BTreeMap::new() })
    }

    /// Answers a question about a payment.
    ///
    /// # Errors
    /// When the journal cannot be written: then nothing has changed.
    pub fn answer(&mut self, payment: PaymentId, what: What, base: &str) -> io::Result<Told> {
        let order = self.orders.get(&payment).cloned();
        match (what, order) {
            (What::Create { amount, currency, subject, return_url }, None) => {
                let reference = format!("G-{:06}", self.orders.len() + 1);
                let (standing, parts) = (Standing::Open, Vec::new());
                let order = Order { standing, amount, currency, subject, return_url, reference, version: 1, parts };
                self.put(payment, order)?;
            }
            // Whoever cancels what was never begun closes the door for a request that is still on its way.
            (What::Cancel, None) => {
                let reference = format!("G-{:06}", self.orders.len() + 1);
                let (currency, subject, return_url) = ("CNY".to_owned(), String::new(), String::new());
                let (standing, amount, parts) = (Standing::Cancelled, 0, Vec::new());
                let order = Order { standing, amount, currency, subject, return_url, reference, version: 1, parts };
                self.put(payment, order)?;
            }
            (What::Cancel, Some(order)) if matches!(order.standing, Standing::Open | Standing::Authorised) => {
                self.set(payment, Standing::Cancelled)?;
            }
            (What::Capture, Some(order)) if order.standing == Standing::Authorised => {
                self.set(payment, Standing::Captured)?;
            }
            (What::RefundPart { part, amount }, Some(mut order)) => {
                // A number that was heard already, and more than is left, change nothing.
                let is_new = order.parts.iter().all(|(known, _)| *known != part);
                if is_new && (1..=order.kept()).contains(&amount) {
                    order.parts.push((part, amount));
                    order.version += 1;
                    self.put(payment, order)?;
                }
            }
            (What::Refund, Some(order)) if order.standing == Standing::Captured => {
                self.set(payment, Standing::Refunded)?;
            }
            _ => {}
        }
        Ok(self.told_of(payment, base))
    }

    /// The payer agrees or refuses; what is not open stays as it is.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn decide(&mut self, payment: PaymentId, agrees: bool) -> io::Result<Option<Order>> {
        let is_open = self.orders.get(&payment).is_some_and(|order| order.standing == Standing::Open);
        if is_open {
            self.set(payment, if agrees { Standing::Authorised } else { Standing::Failed })?;
        }
        Ok(self.orders.get(&payment).cloned())
    }

    /// An order.
    pub fn find(&self, payment: PaymentId) -> Option<&Order> {
        self.orders.get(&payment)
    }

    /// Orders that the payer answered and the city has not been told of since, as they are now.
    pub fn untold(&self, base: &str) -> Vec<(u32, Told)> {
        let is_news = |payment: &PaymentId, order: &Order| {
            order.standing != Standing::Open && self.told.get(payment).is_none_or(|told| *told < order.version)
        };
        let untold = self.orders.iter().filter(|(payment, order)| is_news(payment, order));
        untold.map(|(payment, order)| (order.version, self.told_of(*payment, base))).collect()
    }

    /// The city has heard of an order in a version.
    pub fn heard(&mut self, payment: PaymentId, version: u32) {
        let told = self.told.entry(payment).or_default();
        *told = (*told).max(version);
    }

    /// Money taken and not given back, and how many orders that are.
    pub fn sums(&self) -> (u64, i64) {
        let captured = self.orders.values().filter(|order| order.standing == Standing::Captured);
        captured.fold((0, 0), |(count, sum), order| (count + 1, sum + order.kept()))
    }

    fn told_of(&self, payment: PaymentId, base: &str) -> Told {
        match self.orders.get(&payment) {
            Some(order) => Told {
                payment,
                standing: order.standing,
                amount: order.amount,
                reference: order.reference.clone(),
                pay_url: (order.standing == Standing::Open).then(|| format!("{base}/pay/{payment}")),
                parts: order.parts.clone(),
            },
            None => {
                let (standing, reference) = (Standing::Unknown, String::new());
                Told { payment, standing, amount: 0, reference, pay_url: None, parts: Vec::new() }
            }
        }
    }

    fn set(&mut self, payment: PaymentId, standing: Standing) -> io::Result<()> {
        let Some(order) = self.orders.get(&payment) else { return Ok(()) };
        let order = Order { standing, version: order.version + 1, ..order.clone() };
        self.put(payment, order)
    }

    fn put(&mut self, payment: PaymentId, order: Order) -> io::Result<()> {
        let mut line = serde_json::to_vec(&Line { payment, order: order.clone() })?;
        line.push(b'\n');
        self.journal.write_all(&line)?;
        self.journal.sync_data()?;
        self.orders.insert(payment, order);
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;
    use model::Instant;

    #[test]
    fn a_book_is_read_again_after_a_crash_and_answers_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = [1, 2].map(|number| PaymentId::new(Instant::from_micros(0), number));
        let create = || What::Create {
            amount: 1_000,
            currency: "CNY".to_owned(),
            subject: "工本费".to_owned(),
            return_url: "http://x/".to_owned(),
        };
        let standing = |book: &mut Book, payment, what| book.answer(payment, what, "http://g").unwrap().standing;
        let mut book = Book::open(folder.path()).unwrap();
        assert_eq!(standing(&mut book, one, What::Find), Standing::Unknown);
        assert_eq!(standing(&mut book, one, create()), Standing::Open);
        assert_eq!(standing(&mut book, one, What::Capture), Standing::Open, "nothing is held");
        book.decide(one, true).unwrap();
        assert_eq!(standing(&mut book, other, What::Cancel), Standing::Cancelled);
        assert_eq!(standing(&mut book, other, create()), Standing::Cancelled, "a late request finds the door closed");
        drop(book);
        let journal = folder.path().join("journal.jsonl");
        let mut torn = std::fs::read(&journal).unwrap();
        torn.extend_from_slice(b"{\"payment\":");
        std::fs::write(&journal, torn).unwrap();
        let mut book = Book::open(folder.path()).unwrap();
        assert_eq!(book.untold("http://g").len(), 2, "told again after a restart");
        for _ in 0..2 {
            assert_eq!(standing(&mut book, one, What::Capture), Standing::Captured);
        }
        assert_eq!(book.sums(), (1, 1_000));
        assert_eq!(standing(&mut book, one, What::Cancel), Standing::Captured, "what was taken stays taken");
        for (part, amount, kept) in [(1, 400, 600), (1, 400, 600), (1, 100, 600), (2, 601, 600), (3, 600, 0), (4, 1, 0)]
        {
            book.answer(one, What::RefundPart { part, amount }, "http://g").unwrap();
            assert_eq!(book.sums(), (1, kept), "{part}: {amount}");
        }
        drop(book);
        let mut book = Book::open(folder.path()).unwrap();
        assert_eq!(book.answer(one, What::Find, "http://g").unwrap().parts, [(1, 400), (3, 600)]);
        assert_eq!(standing(&mut book, one, What::Refund), Standing::Refunded);
        assert_eq!(book.sums(), (0, 0));
    }
}
