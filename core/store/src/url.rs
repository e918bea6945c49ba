//! The address of a database.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::OpenError;

/// Which database, and where: `sqlite:/path/file.db` or `postgres://user@host/name`.
///
/// A PostgreSQL server is reached without TLS: on another machine put it behind a private network or a tunnel.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// SQLite in this file.
    Sqlite(PathBuf),
    /// PostgreSQL at this address, as libpq understands it.
    Postgres(String),
}

impl DatabaseUrl {
    /// SQLite in that file.
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self::Sqlite(path.into())
    }

    /// The file, when it is SQLite.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }

    /// `sqlite` or `postgres`, for logs and metrics.
    pub const fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = OpenError;

    fn from_str(text: &str) -> Result<Self, OpenError> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() { Err(OpenError::Url(text.to_owned())) } else { Ok(Self::sqlite(path)) };
        }
        let is_postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
        if is_postgres && text.parse::<postgres::Config>().is_ok() {
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err(OpenError::Url(hide_password(text)))
    }
}

impl fmt::Debug for DatabaseUrl {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&hide_password(url)),
        }
    }
}

/// The address with everything between `user:` and `@` left out, and every parameter.
fn hide_password(url: &str) -> String {
    let url = url.split('?').next().unwrap_or(url);
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    match rest.rsplit_once('@') {
        Some((user, host)) => format!("{scheme}://{}@{host}", user.split(':').next().unwrap_or(user)),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_their_engine_and_hide_their_password() {
        for (text, shown) in [
            ("sqlite:/var/lib/dipper/city.db", "sqlite:/var/lib/dipper/city.db"),
            ("sqlite:///var/lib/city.db", "sqlite:/var/lib/city.db"),
            ("sqlite:city.db", "sqlite:city.db"),
            ("postgres://dipper:secret@db.example/city?password=x", "postgres://dipper@db.example/city"),
        ] {
            assert_eq!(format!("{:?}", text.parse::<DatabaseUrl>().unwrap()), shown, "{text}");
        }
        for text in ["", "sqlite:", "mysql://host/db", "/tmp/city.db"] {
            assert!(text.parse::<DatabaseUrl>().is_err(), "{text}");
        }
        let error = "postgres://dipper:secret@db:notaport/x".parse::<DatabaseUrl>().unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
