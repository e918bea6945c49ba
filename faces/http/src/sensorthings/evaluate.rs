//! What an expression gives for an entity.

use super::expression::{Arithmetic, Node, Path};
use super::fault::Fault;
use super::value::Value;
use super::world::{BEGIN, Collection, END, Entity, Related, World};

use sense::telemetry::TimeOrder;

/// Readings of one Datastream that a path of a filter goes through.
const READINGS_ON_PATH: usize = 10_000;

impl World {
    /// Whether a condition holds for an entity.
    ///
    /// # Errors
    /// As [`World::range`].
    pub fn holds(&self, node: &Node, entity: &Entity) -> Result<bool, Fault> {
        Ok(self.evaluate(node, entity)?.holds())
    }

    /// The value of an expression for an entity.
    ///
    /// # Errors
    /// As [`World::range`].
    pub fn evaluate(&self, node: &Node, entity: &Entity) -> Result<Value, Fault> {
        Ok(match node {
            Node::Literal(value) => value.clone(),
            Node::Path(path) => self.walk(path, &path.relations, entity)?,
            Node::Not(inner) => match self.evaluate(inner, entity)? {
                Value::Null => Value::Null,
                value => Value::Truth(!value.holds()),
            },
            Node::Minus(inner) => minus(&self.evaluate(inner, entity)?),
            Node::And(left, right) => Value::Truth(self.holds(left, entity)? && self.holds(right, entity)?),
            Node::Or(left, right) => Value::Truth(self.holds(left, entity)? || self.holds(right, entity)?),
            Node::Compare(with, left, right) => {
                let sides = [self.evaluate(left, entity)?, self.evaluate(right, entity)?];
                self.pay(&sides)?;
                Value::Truth(sides[0].compare(*with, &sides[1]))
            }
            Node::Reckon(arithmetic, left, right) => {
                let sides = [self.evaluate(left, entity)?, self.evaluate(right, entity)?];
                self.pay(&sides)?;
                reckon(*arithmetic, &sides[0], &sides[1])
            }
            Node::Call(function, arguments) => {
                let arguments = arguments.iter().map(|argument| self.evaluate(argument, entity));
                let arguments = arguments.collect::<Result<Vec<_>, _>>()?;
                self.pay(&arguments)?;
                function.call(&arguments)
            }
        })
    }

    /// Each of many values meets each of the others: that is paid for before it is done.
    fn pay(&self, values: &[Value]) -> Result<(), Fault> {
        let meetings = values.iter().map(Value::leaves).fold(1, usize::saturating_mul);
        if meetings > 1 { self.budget.step(meetings) } else { Ok(()) }
    }

    /// Goes over relations to a property; over a collection to all of them.
    fn walk(
        &self,
        path: &Path,
        relations: &[&'static super::kinds::Relation],
        entity: &Entity,
    ) -> Result<Value, Fault> {
        let Some((first, rest)) = relations.split_first() else {
            if path.inside.is_empty() {
                return self.value(entity, path.property);
            }
            // Within it stands what the answer shows: `location/type eq 'Point'`, as QGIS asks.
            return Ok(inside(self.json(entity, path.property)?.into(), &path.inside));
        };
        let entities = match self.follow(entity, first)? {
            Related::One(entity) => return self.walk(path, rest, &entity),
            Related::Many(Collection::Listed(entities)) => entities,
            Related::Many(Collection::Tasks(scope)) => self.tasks(&scope, usize::MAX)?,
            Related::Many(Collection::Readings(series)) => {
                let mut entities = Vec::new();
                for series in series {
                    let readings = self.range(&series, (BEGIN, END), TimeOrder::Latest, READINGS_ON_PATH)?;
                    let observation = |reading| Entity::Observation(series.clone(), reading);
                    entities.extend(readings.into_iter().map(observation));
                }
                entities
            }
        };
        self.budget.step(entities.len())?;
        let mut values = Vec::with_capacity(entities.len());
        for entity in &entities {
            match self.walk(path, rest, entity)? {
                Value::Many(more) => values.extend(more),
                value => values.push(value),
            }
        }
        Ok(Value::Many(values))
    }
}

/// What lies within an object.
fn inside(value: Value, names: &[String]) -> Value {
    names.iter().fold(value, |value, name| match value {
        Value::Json(serde_json::Value::Object(mut fields)) => fields.remove(name).map_or(Value::Null, Value::from),
        _ => Value::Null,
    })
}

fn minus(value: &Value) -> Value {
    match value {
        Value::Duration(micros) => Value::Duration(micros.saturating_neg()),
        value => value.number().map_or(Value::Null, |number| Value::Number(-number)),
    }
}

/// Numbers with numbers, times with durations.
fn reckon(arithmetic: Arithmetic, left: &Value, right: &Value) -> Value {
    match (arithmetic, left, right) {
        (_, Value::Many(values), _) => Value::Many(values.iter().map(|left| reckon(arithmetic, left, right)).collect()),
        (_, _, Value::Many(values)) => {
            Value::Many(values.iter().map(|right| reckon(arithmetic, left, right)).collect())
        }
        (Arithmetic::Add, Value::Time(at), Value::Duration(micros))
        | (Arithmetic::Add, Value::Duration(micros), Value::Time(at)) => Value::Time(at.plus_micros(*micros)),
        (Arithmetic::Sub, Value::Time(at), Value::Duration(micros)) => {
            Value::Time(at.plus_micros(micros.saturating_neg()))
        }
        (Arithmetic::Sub, Value::Time(at), Value::Time(earlier)) => Value::Duration(at.micros_since(*earlier)),
        (Arithmetic::Add, Value::Duration(one), Value::Duration(other)) => Value::Duration(one.saturating_add(*other)),
        (Arithmetic::Sub, Value::Duration(one), Value::Duration(other)) => Value::Duration(one.saturating_sub(*other)),
        _ => {
            let (Some(left), Some(right)) = (left.number(), right.number()) else { return Value::Null };
            let number = match arithmetic {
                Arithmetic::Add => left + right,
                Arithmetic::Sub => left - right,
                Arithmetic::Mul => left * right,
                Arithmetic::Div => left / right,
                Arithmetic::Mod => left % right,
            };
            if number.is_finite() { Value::Number(number) } else { Value::Null }
        }
    }
}
