//! Other people's servers, as witnesses and auditors meet them. How they are reached is the caller's affair.

/// Reaches servers over HTTP. Blocks; every call ends by itself after a time that the implementation sets.
pub trait Remote: Send + Sync {
    /// Sends a body and reads the answer.
    ///
    /// # Errors
    /// [`RemoteError`] when there is no whole answer; every status is an answer.
    fn post(&self, url: &str, body: &[u8]) -> Result<Reply, RemoteError>;

    /// Reads a resource of at most `limit` bytes.
    ///
    /// # Errors
    /// [`RemoteError`] when there is no whole answer; every status is an answer.
    fn get(&self, url: &str, limit: usize) -> Result<Reply, RemoteError>;
}

/// An answer, read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The media type, empty when none was told.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The beginning of the body for a log line: one line, at most 160 characters, nothing that could pose as another.
    pub fn excerpt(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        text.lines().next().unwrap_or_default().chars().filter(|letter| !letter.is_control()).take(160).collect()
    }
}

/// No whole answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RemoteError(pub String);
