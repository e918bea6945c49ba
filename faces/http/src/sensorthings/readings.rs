//! Observations: which readings of which series, in which order, without holding more of the lake than is asked for.
//!
//! What a filter says of time and of Datastreams goes down into the lake; the rest is judged reading by reading. By
//! default Observations come by Datastream, then by time, so that a page begins where the last one ended.

use std::cmp::Ordering;

use model::{Instant, Reading};
use sense::telemetry::{SeriesOf, TimeOrder};

use super::expression::Node;
use super::fault::Fault;
use super::functions::{Function, OfTimes};
use super::options::Options;
use super::value::{Comparison, Value};
use super::world::{BEGIN, END, Entity, World, number, reading_id};

/// Readings taken from the lake at a time: two weeks at one each five minutes.
const CHUNK: usize = 4_096;

/// Readings that are counted: some seconds at 1 µs each.
const COUNT_MAX: u64 = 2_000_000;

/// Where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Behind this Observation.
    After(String),
    /// After so many.
    Skip(usize),
}

/// Observations of one page.
#[derive(Debug)]
pub struct Found {
    /// In their order.
    pub readings: Vec<(SeriesOf, Reading)>,
    /// How many there are on all pages.
    pub count: Option<u64>,
    /// Where the next page begins.
    pub next: Option<Next>,
}

/// What a filter comes to.
struct Plan<'a> {
    /// From an instant, before another.
    span: (Instant, Instant),
    /// Conditions on the reading itself.
    rest: Vec<&'a Node>,
}

/// In which order Observations come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// By Datastream, then by time.
    Natural,
    /// By time first.
    Time(TimeOrder),
    /// By something else.
    Other,
}

impl World {
    /// Observations of series, which are in the order of their numbers.
    ///
    /// # Errors
    /// 400 when the question is too large, 500 when the lake cannot be read.
    pub fn readings(&self, mut series: Vec<SeriesOf>, options: &Options, want: usize) -> Result<Found, Fault> {
        let plan = self.plan(&mut series, options.filter.as_ref())?;
        // What was never heard has nothing to say.
        series.retain(|series| self.heard_at(series).is_some_and(|at| plan.span.0 <= at));
        let count = options.count.then(|| self.count(&series, &plan)).transpose()?;
        let order = order_of(options, series.len());
        if want == 0 {
            return Ok(Found { readings: Vec::new(), count, next: None });
        }
        let is_streamed = order == Order::Natural || (series.len() <= 1 && order != Order::Other);
        let found = if is_streamed {
            self.stream(&series, &plan, order, options, want)?
        } else {
            self.sort(series, &plan, order, options, want)?
        };
        Ok(Found { count, ..found })
    }

    fn heard_at(&self, series: &SeriesOf) -> Option<Instant> {
        self.intake.lake.latest(number(series)).map(|reading| reading.at)
    }

    /// Divides a filter: series that cannot be meant go at once.
    fn plan<'a>(&self, series: &mut Vec<SeriesOf>, filter: Option<&'a Node>) -> Result<Plan<'a>, Fault> {
        let mut plan = Plan { span: (BEGIN, END), rest: Vec::new() };
        let mut parts = Vec::new();
        filter.into_iter().for_each(|filter| divide(filter, &mut parts));
        for part in parts {
            if !is_of_reading(part) {
                let mut kept = Vec::with_capacity(series.len());
                for one in series.drain(..) {
                    if self.holds(part, &nothing_of(&one))? {
                        kept.push(one);
                    }
                }
                *series = kept;
                continue;
            }
            let Some(first) = series.first() else { break };
            match self.narrowed(part, first)? {
                Some((from, to)) => plan.span = (plan.span.0.max(from), plan.span.1.min(to)),
                None => plan.rest.push(part),
            }
            if let Some((no, at)) = id_asked(part) {
                series.retain(|series| number(series) == no);
                plan.span = (plan.span.0.max(at), plan.span.1.min(at.plus_micros(1)));
            }
        }
        Ok(plan)
    }

    /// The time that a condition comes to, where it comes to no more than that.
    fn narrowed(&self, part: &Node, series: &SeriesOf) -> Result<Option<(Instant, Instant)>, Fault> {
        let constant = |node: &Node| -> Result<Option<Value>, Fault> {
            if has_path(node) { Ok(None) } else { self.evaluate(node, &nothing_of(series)).map(Some) }
        };
        let span = match part {
            Node::Call(Function::Times(relation), arguments) if is_time(&arguments[0]) => {
                constant(&arguments[1])?.and_then(|value| value.span()).and_then(|span| within(*relation, span))
            }
            Node::Compare(with, left, right) if is_time(left) => {
                constant(right)?.and_then(|value| value.time()).and_then(|at| bounds(*with, at))
            }
            Node::Compare(with, left, right) if is_time(right) => {
                constant(left)?.and_then(|value| value.time()).and_then(|at| bounds(turned(*with), at))
            }
            _ => None,
        };
        Ok(span)
    }

    fn count(&self, series: &[SeriesOf], plan: &Plan) -> Result<u64, Fault> {
        let mut count = 0;
        if plan.rest.is_empty() {
            let numbers: Vec<_> = series.iter().map(number).collect();
            if !numbers.is_empty() {
                count = self.intake.lake.count(&numbers, plan.span.0, plan.span.1, COUNT_MAX)?;
                self.budget.look(0)?;
            }
        } else {
            for one in series {
                self.each(one, plan, plan.span, TimeOrder::Earliest, CHUNK, &mut |_| {
                    count += 1;
                    true
                })?;
            }
        }
        if count > COUNT_MAX {
            return Err(Fault::bad(format!("$count: there are more than {COUNT_MAX}; narrow phenomenonTime")));
        }
        Ok(count)
    }

    /// Hands out the readings of a series that a plan lets through, until `on` has enough. False when it had.
    fn each(
        &self,
        series: &SeriesOf,
        plan: &Plan,
        (mut from, mut to): (Instant, Instant),
        order: TimeOrder,
        likely: usize,
        on: &mut dyn FnMut(Reading) -> bool,
    ) -> Result<bool, Fault> {
        let limit = if plan.rest.is_empty() { likely.clamp(1, CHUNK) } else { CHUNK };
        while from < to {
            let batch = self.range(series, (from, to), order, limit)?;
            for reading in &batch {
                let entity = Entity::Observation(series.clone(), *reading);
                let mut is_wanted = true;
                for part in &plan.rest {
                    is_wanted = is_wanted && self.holds(part, &entity)?;
                }
                if is_wanted && !on(*reading) {
                    return Ok(false);
                }
            }
            match (batch.last(), order) {
                (Some(last), TimeOrder::Earliest) if batch.len() == limit => from = last.at.plus_micros(1),
                (Some(last), TimeOrder::Latest) if batch.len() == limit => to = last.at,
                _ => break,
            }
        }
        Ok(true)
    }

    /// Series after series.
    fn stream(
        &self,
        series: &[SeriesOf],
        plan: &Plan,
        order: Order,
        options: &Options,
        want: usize,
    ) -> Result<Found, Fault> {
        let time = if let Order::Time(time) = order { time } else { TimeOrder::Earliest };
        if let ([only], 1, 0, None, TimeOrder::Latest) = (series, want, options.skip, options.after, time)
            && let Some(latest) = self.intake.lake.latest(number(only)).filter(|latest| latest.at < plan.span.1)
            && plan.rest.is_empty()
        {
            // The newest value is known without the disk. Whether there are older ones, the next page tells.
            let next = Some(Next::After(super::entities::reading_name(only, &latest)));
            return Ok(Found { readings: vec![(only.clone(), latest)], count: None, next });
        }
        let (mut found, mut skip) = (Vec::new(), options.skip);
        for one in series {
            let (mut from, mut to) = plan.span;
            match options.after {
                Some((no, _)) if number(one) < no => continue,
                Some((no, at)) if number(one) == no => match time {
                    TimeOrder::Earliest => from = from.max(at.plus_micros(1)),
                    TimeOrder::Latest => to = to.min(at),
                },
                _ => {}
            }
            let likely = skip.saturating_add(want + 1 - found.len());
            let goes_on = self.each(one, plan, (from, to), time, likely, &mut |reading| {
                if skip > 0 {
                    skip -= 1;
                } else {
                    found.push((one.clone(), reading));
                }
                found.len() <= want
            })?;
            if !goes_on {
                break;
            }
        }
        let is_more = found.len() > want;
        found.truncate(want);
        let last = found.last().filter(|_| is_more);
        let next = last.map(|(series, reading)| Next::After(super::entities::reading_name(series, reading)));
        Ok(Found { readings: found, count: None, next })
    }

    /// All together, in an order that the lake does not have.
    fn sort(
        &self,
        mut series: Vec<SeriesOf>,
        plan: &Plan,
        order: Order,
        options: &Options,
        want: usize,
    ) -> Result<Found, Fault> {
        let end = options.skip.saturating_add(want);
        // By time, no series gives more than is wanted of all; by anything else, each gives all it has.
        let (time, most) = match order {
            Order::Time(time) => (time, end.saturating_add(1)),
            _ => (TimeOrder::Earliest, usize::MAX),
        };
        if order == Order::Time(TimeOrder::Latest) {
            series.sort_by_key(|series| std::cmp::Reverse(self.heard_at(series)));
        }
        let mut found: Vec<(Vec<Value>, SeriesOf, Reading)> = Vec::new();
        for one in &series {
            if order == Order::Time(TimeOrder::Latest) && found.len() >= most {
                self.rank(options, &mut found);
                found.truncate(most);
                // Series come by their newest reading: none that follows has one that is as new.
                if self.heard_at(one) < found.last().map(|(.., reading)| reading.at) {
                    break;
                }
            }
            let mut of_series = Vec::new();
            self.each(one, plan, plan.span, time, most, &mut |reading| {
                of_series.push(reading);
                of_series.len() < most
            })?;
            for reading in of_series {
                let entity = Entity::Observation(one.clone(), reading);
                let keys = options.orderby.iter().map(|(node, _)| self.evaluate(node, &entity));
                found.push((keys.collect::<Result<_, _>>()?, one.clone(), reading));
            }
        }
        self.rank(options, &mut found);
        let is_more = found.len() > end;
        let page = found.into_iter().skip(options.skip).take(want).map(|(_, series, reading)| (series, reading));
        Ok(Found { readings: page.collect(), count: None, next: is_more.then_some(Next::Skip(end)) })
    }

    fn rank(&self, options: &Options, found: &mut [(Vec<Value>, SeriesOf, Reading)]) {
        found.sort_by(|(one, one_series, one_reading), (other, other_series, other_reading)| {
            let natural = (number(one_series), one_reading.at).cmp(&(number(other_series), other_reading.at));
            compare_keys(options, one, other).then(natural)
        });
    }
}

/// The order of two lists of keys.
pub fn compare_keys(options: &Options, one: &[Value], other: &[Value]) -> Ordering {
    let each = options.orderby.iter().zip(one.iter().zip(other)).map(|((_, is_descending), (one, other))| {
        let order = first(one).rank(first(other));
        if *is_descending { order.reverse() } else { order }
    });
    each.fold(Ordering::Equal, Ordering::then)
}

/// Of many values the first counts.
fn first(value: &Value) -> &Value {
    match value {
        Value::Many(values) => values.first().unwrap_or(&Value::Null),
        value => value,
    }
}

fn order_of(options: &Options, series: usize) -> Order {
    let Some((Node::Path(path), is_descending)) = options.orderby.first() else {
        return if options.orderby.is_empty() { Order::Natural } else { Order::Other };
    };
    // Within one series ids are in the order of time.
    let is_time = path.property == "phenomenonTime" || (path.property == "id" && series <= 1);
    match (is_time && path.relations.is_empty(), is_descending) {
        (false, _) => Order::Other,
        (true, true) => Order::Time(TimeOrder::Latest),
        (true, false) => Order::Time(TimeOrder::Earliest),
    }
}

/// Conditions that must all hold.
fn divide<'a>(node: &'a Node, into: &mut Vec<&'a Node>) {
    match node {
        Node::And(left, right) => {
            divide(left, into);
            divide(right, into);
        }
        other => into.push(other),
    }
}

/// Whether a node, or one within it, is such a one.
fn any_path(node: &Node, is_one: &dyn Fn(&super::expression::Path) -> bool) -> bool {
    match node {
        Node::Literal(_) => false,
        Node::Path(path) => is_one(path),
        Node::Not(inner) | Node::Minus(inner) => any_path(inner, is_one),
        Node::And(left, right)
        | Node::Or(left, right)
        | Node::Compare(_, left, right)
        | Node::Reckon(_, left, right) => any_path(left, is_one) || any_path(right, is_one),
        Node::Call(_, arguments) => arguments.iter().any(|argument| any_path(argument, is_one)),
    }
}

fn has_path(node: &Node) -> bool {
    any_path(node, &|_| true)
}

/// Whether a condition looks at the reading itself, not at its Datastream alone.
fn is_of_reading(node: &Node) -> bool {
    any_path(node, &|path| path.relations.is_empty())
}

fn is_time(node: &Node) -> bool {
    matches!(node, Node::Path(path) if path.relations.is_empty() && path.property == "phenomenonTime")
}

fn id_asked(node: &Node) -> Option<(model::SeriesNo, Instant)> {
    match node {
        Node::Compare(Comparison::Equal, left, right) => match (&**left, &**right) {
            (Node::Path(path), Node::Literal(Value::Text(id)))
                if path.relations.is_empty() && path.property == "id" =>
            {
                reading_id(id)
            }
            _ => None,
        },
        _ => None,
    }
}

/// An Observation of a series that says nothing, for conditions that do not look at it.
fn nothing_of(series: &SeriesOf) -> Entity {
    let cell = series.member.row.cell;
    let reading = Reading { series: number(series), cell, at: BEGIN, received_at: BEGIN, value: 0.0 };
    Entity::Observation(series.clone(), reading)
}

const fn turned(with: Comparison) -> Comparison {
    match with {
        Comparison::Less => Comparison::Greater,
        Comparison::AtMost => Comparison::AtLeast,
        Comparison::Greater => Comparison::Less,
        Comparison::AtLeast => Comparison::AtMost,
        same => same,
    }
}

/// From when, and before when, an instant is so related to a span.
const fn within(relation: OfTimes, (from, to): (Instant, Instant)) -> Option<(Instant, Instant)> {
    match relation {
        OfTimes::During | OfTimes::Overlaps => Some((from, to.plus_micros(1))),
        OfTimes::Before => Some((BEGIN, from)),
        OfTimes::After => Some((to.plus_micros(1), END)),
        OfTimes::Meets | OfTimes::Starts | OfTimes::Finishes => None,
    }
}

/// From when, and before when, a comparison with an instant holds.
const fn bounds(with: Comparison, at: Instant) -> Option<(Instant, Instant)> {
    match with {
        Comparison::Equal => Some((at, at.plus_micros(1))),
        Comparison::Unequal => None,
        Comparison::Less => Some((BEGIN, at)),
        Comparison::AtMost => Some((BEGIN, at.plus_micros(1))),
        Comparison::Greater => Some((at.plus_micros(1), END)),
        Comparison::AtLeast => Some((at, END)),
    }
}
