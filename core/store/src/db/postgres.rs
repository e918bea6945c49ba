//! PostgreSQL: how it is reached, and how statements run.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use postgres::error::SqlState;
use postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut};
use postgres::{Client, NoTls, Statement};

use super::value::{Row, Value};
use crate::error::{Cause, StoreError};

/// One writer at a time over all replicas, so that positions are in commit order. The number is `dipper` in ASCII.
pub(super) const BEGIN_WRITE: &str = "BEGIN; SELECT pg_advisory_xact_lock(110404020757874)";

/// Statements kept prepared; beyond it the connection forgets all and prepares anew.
const STATEMENTS: usize = 512;

/// How long the server is waited for when connecting.
const CONNECT_WAIT: Duration = Duration::from_secs(5);

/// A connection to a server.
pub(crate) struct PostgresConnection {
    client: Client,
    statements: HashMap<String, Statement>,
    limit: Duration,
}

impl PostgresConnection {
    /// Connects to write: every commit waits for the disk.
    pub(crate) fn open_writer(url: &str) -> Result<Self, StoreError> {
        let mut connection = Self::open(url, Duration::MAX)?;
        connection.batch("SET synchronous_commit = on; SET application_name = 'dipper writer'")?;
        Ok(connection)
    }

    /// Connects to read only; no statement may run longer than `limit`.
    ///
    /// Without its just-in-time compiler: a join with a table of ranges is estimated at thousands of rows a range, and
    /// compiling it took ten times as long as running it.
    pub(crate) fn open_reader(url: &str, limit: Duration) -> Result<Self, StoreError> {
        let mut connection = Self::open(url, limit)?;
        connection.batch(&format!(
            "SET default_transaction_read_only = on; SET jit = off; SET statement_timeout = {}; SET application_name = 'dipper reader'",
            limit.as_millis()
        ))?;
        Ok(connection)
    }

    fn open(url: &str, limit: Duration) -> Result<Self, StoreError> {
        let mut config: postgres::Config = url.parse().map_err(StoreError::faulty)?;
        config.connect_timeout(CONNECT_WAIT);
        let client = config.connect(NoTls).map_err(|error| classify(&error, limit))?;
        Ok(Self { client, statements: HashMap::new(), limit })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.client.batch_execute(sql).map_err(|error| self.classify(&error))
    }

    pub(crate) fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        let statement = self.prepare(sql)?;
        self.client.execute(&statement, &borrowed(params)).map_err(|error| self.classify(&error))
    }

    pub(crate) fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let statement = self.prepare(sql)?;
        let rows = self.client.query(&statement, &borrowed(params)).map_err(|error| self.classify(&error))?;
        rows.iter().map(owned).collect()
    }

    pub(crate) fn query_points(&mut self, sql: &str, params: &[Value]) -> Result<Vec<(f64, f64)>, StoreError> {
        let statement = self.prepare(sql)?;
        let rows = self.client.query(&statement, &borrowed(params)).map_err(|error| self.classify(&error))?;
        let point = |row: &postgres::Row| Ok((row.try_get(0)?, row.try_get(1)?));
        rows.iter().map(point).collect::<Result<_, postgres::Error>>().map_err(StoreError::faulty)
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        if self.statements.len() >= STATEMENTS {
            self.statements.clear();
        }
        let statement = self.client.prepare(sql).map_err(|error| self.classify(&error))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn classify(&self, error: &postgres::Error) -> StoreError {
        if error.code().is_none() && !self.client.is_closed() {
            // Said by the driver, not by the server or the line: a value of the wrong type.
            return StoreError::Faulty { cause: cause(error) };
        }
        classify(error, self.limit)
    }
}

fn borrowed(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// The driver's own Display stops at "db error": its source says what the server said.
fn cause(error: &postgres::Error) -> Cause {
    Cause::new(error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}")))
}

fn owned(row: &postgres::Row) -> Result<Row, StoreError> {
    let values = (0..row.len()).map(|column| row.try_get::<_, Value>(column)).collect::<Result<Vec<_>, _>>();
    values.map(Row::new).map_err(StoreError::faulty)
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *ty {
            Type::BOOL => Self::Bool(bool::from_sql(ty, raw)?),
            Type::INT8 => Self::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Int(i32::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Self::Real(f64::from_sql(ty, raw)?),
            Type::BYTEA => Self::Bytes(Vec::from_sql(ty, raw)?),
            _ => Self::Text(String::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(
            *ty,
            Type::BOOL | Type::INT8 | Type::INT4 | Type::FLOAT8 | Type::BYTEA | Type::TEXT | Type::VARCHAR | Type::NAME
        )
    }
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Bool(value) => value.to_sql(ty, out),
            Self::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql(ty, out),
            Self::Int(value) => value.to_sql(ty, out),
            Self::Real(value) => value.to_sql(ty, out),
            Self::Text(text) => text.to_sql(ty, out),
            Self::Bytes(bytes) => bytes.to_sql(ty, out),
            Self::Ints(values) => values.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let fits = match self {
            Self::Null => true,
            Self::Bool(_) => *ty == Type::BOOL,
            Self::Int(_) => matches!(*ty, Type::INT8 | Type::INT4),
            Self::Real(_) => *ty == Type::FLOAT8,
            Self::Text(_) => matches!(*ty, Type::TEXT | Type::VARCHAR),
            Self::Bytes(_) => *ty == Type::BYTEA,
            Self::Ints(_) => *ty == Type::INT8_ARRAY,
        };
        if fits { self.to_sql(ty, out) } else { Err(format!("a parameter of type {ty} was given another type").into()) }
    }
}

/// What an error of PostgreSQL means to the caller.
fn classify(error: &postgres::Error, limit: Duration) -> StoreError {
    let cause = cause(error);
    let Some(code) = error.code() else {
        return StoreError::Unavailable { cause };
    };
    if *code == SqlState::UNIQUE_VIOLATION {
        let table = error.as_db_error().and_then(|error| error.table());
        return StoreError::Exists { what: table.map_or_else(|| "it".to_owned(), super::value_word) };
    }
    if *code == SqlState::QUERY_CANCELED {
        return StoreError::TooSlow { limit_s: limit.as_secs() };
    }
    // Classes of errcodes-appendix: 08 connection, 40 rollback by the server, 53 resources, 57P shutdown, 58 system.
    match code.code() {
        "53100" => StoreError::Full { cause },
        "XX001" | "XX002" => StoreError::corrupt("database"),
        code if ["08", "40", "53", "57P", "58"].iter().any(|class| code.starts_with(class)) => {
            StoreError::Unavailable { cause }
        }
        _ => StoreError::Faulty { cause },
    }
}
