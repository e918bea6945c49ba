//! Where rolled files lie beside the local disk: a bucket of an S3-compatible store, or a folder elsewhere.
//!
//! What is asked is done on the thread that asks, as everything in a lake is. Secrets are in the requests alone: no
//! error, no log line and no `Debug` has them.

use std::future::Future;
use std::ops::Range;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use model::Instant;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, RetryConfig};

use crate::error::LakeError;
use crate::http::Connector;
use crate::span::Spans;

/// Memory for parts of objects that were read.
const SPANS_BYTES: usize = 64 << 20;

/// An object store, for one lake. Clones are the same store.
#[derive(Clone)]
pub struct Objects {
    inner: Arc<Inner>,
}

struct Inner {
    store: Box<dyn ObjectStore>,
    prefix: Key,
    /// The address without a slash at its end.
    url: String,
    spans: Spans,
    /// Objects that no manifest names any more.
    doomed: Mutex<Vec<String>>,
}

impl Objects {
    /// The store at an address: `s3://BUCKET/PREFIX` with the settings of the AWS programs
    /// (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT_URL` …), or `file:///FOLDER`.
    ///
    /// Nothing is asked of it yet.
    ///
    /// # Errors
    /// When the address or a setting is none.
    pub fn new(url: &str, settings: impl IntoIterator<Item = (String, String)>) -> Result<Self, LakeError> {
        let fault = |what: String| LakeError::StoreUrl { url: url.to_owned(), what };
        let (store, prefix): (Box<dyn ObjectStore>, &str) = match url.split_once("://") {
            Some(("s3", place)) => {
                let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
                if bucket.is_empty() {
                    return Err(fault("it names no bucket".to_owned()));
                }
                (Box::new(s3(bucket, settings).map_err(|error| fault(error.to_string()))?), prefix)
            }
            Some(("file", folder)) if folder.starts_with('/') => {
                std::fs::create_dir_all(folder).map_err(|error| fault(error.to_string()))?;
                let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| fault(error.to_string()))?;
                (Box::new(store.with_fsync(true)), "")
            }
            _ => return Err(fault("its kind is not known".to_owned())),
        };
        let inner = Inner {
            store,
            prefix: Key::parse(prefix).map_err(|error| fault(error.to_string()))?,
            url: url.trim_end_matches('/').to_owned(),
            spans: Spans::new(SPANS_BYTES),
            doomed: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.inner.url
    }

    /// Asks whether it answers, and takes our key.
    ///
    /// # Errors
    /// When it does not.
    pub fn probe(&self) -> Result<(), LakeError> {
        self.list("raw").map(drop)
    }

    /// The address of an object.
    pub(crate) fn address(&self, name: &str) -> String {
        format!("{}/{name}", self.inner.url)
    }

    fn key(&self, name: &str) -> Key {
        self.inner.prefix.parts().chain(Key::from(name).parts()).collect()
    }

    /// An object whole; `None` when there is none.
    pub(crate) fn find(&self, name: &str) -> Result<Option<Bytes>, LakeError> {
        let key = self.key(name);
        let found = wait(async { self.inner.store.get(&key).await?.bytes().await });
        match found {
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            found => found.map(Some).map_err(|error| self.fault(name, &error)),
        }
    }

    /// An object whole.
    pub(crate) fn get(&self, name: &str) -> Result<Bytes, LakeError> {
        self.find(name)?.ok_or_else(|| LakeError::Missing { file: self.address(name).into() })
    }

    /// A part of an object.
    pub(crate) fn part(&self, name: &str, range: Range<u64>) -> Result<Bytes, LakeError> {
        wait(self.inner.store.get_range(&self.key(name), range)).map_err(|error| self.fault(name, &error))
    }

    /// Keeps an object, in the place of one there was.
    pub(crate) fn put(&self, name: &str, bytes: Bytes) -> Result<(), LakeError> {
        let kept = wait(self.inner.store.put(&self.key(name), bytes.into()));
        kept.map(drop).map_err(|error| self.fault(name, &error))
    }

    /// Keeps an object where there is none; whether it did.
    pub(crate) fn put_new(&self, name: &str, bytes: Bytes) -> Result<bool, LakeError> {
        match wait(self.inner.store.put_opts(&self.key(name), bytes.into(), PutMode::Create.into())) {
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            kept => kept.map(|_| true).map_err(|error| self.fault(name, &error)),
        }
    }

    /// Names of all objects in a folder of it, each with when it was put there.
    pub(crate) fn list(&self, folder: &str) -> Result<Vec<(String, Instant)>, LakeError> {
        let found = wait(self.inner.store.list(Some(&self.key(folder))).try_collect::<Vec<_>>());
        let found = found.map_err(|error| self.fault(folder, &error))?;
        let names = found.iter().filter_map(|object| {
            let parts: Vec<_> = object.location.prefix_match(&self.inner.prefix)?.collect();
            let name = parts.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join("/");
            Some((name, Instant::from_micros(object.last_modified.timestamp_micros())))
        });
        Ok(names.collect())
    }

    /// Removes an object; what is not there is removed already.
    pub(crate) fn remove(&self, name: &str) -> Result<(), LakeError> {
        match wait(self.inner.store.delete(&self.key(name))) {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            removed => removed.map_err(|error| self.fault(name, &error)),
        }
    }

    /// Notes that an object is to be removed.
    pub(crate) fn doom(&self, name: String) {
        self.doomed().push(name);
    }

    /// Removes what was noted; what cannot be removed stays noted, and is removed when the lake is next opened.
    pub(crate) fn remove_doomed(&self) -> Result<(), LakeError> {
        loop {
            let Some(name) = self.doomed().last().cloned() else { return Ok(()) };
            self.remove(&name)?;
            self.doomed().retain(|other| *other != name);
        }
    }

    fn doomed(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.inner.doomed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Parts of objects in memory.
    pub(crate) fn spans(&self) -> &Spans {
        &self.inner.spans
    }

    fn fault(&self, name: &str, error: &object_store::Error) -> LakeError {
        use object_store::Error::{NotFound, PermissionDenied, Unauthenticated};
        let object = self.address(name);
        match error {
            NotFound { .. } => LakeError::Missing { file: object.into() },
            PermissionDenied { .. } | Unauthenticated { .. } => LakeError::StoreRefused { object },
            // Listing says in words alone what the others say by kind.
            other if innermost(other).contains("403 Forbidden") => LakeError::StoreRefused { object },
            other => LakeError::StoreAway { object, message: innermost(other) },
        }
    }
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Objects").field(&self.inner.url).finish()
    }
}

fn s3(
    bucket: &str,
    settings: impl IntoIterator<Item = (String, String)>,
) -> Result<object_store::aws::AmazonS3, object_store::Error> {
    let mut builder = AmazonS3Builder::new();
    for (name, value) in settings {
        // The environment may have settings of other programs.
        if let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    // Tried again by who asked, who knows whether it can wait; the calls here do not sleep.
    let retry = RetryConfig { max_retries: 0, ..RetryConfig::default() };
    builder
        .with_bucket_name(bucket)
        .with_retry(retry)
        .with_disable_bulk_delete(true)
        .with_http_connector(Connector)
        .build()
}

/// What is at the bottom of an error: the words of the machine, without the layers that passed them on.
fn innermost(error: &object_store::Error) -> String {
    let mut at: &dyn std::error::Error = error;
    while let Some(source) = at.source() {
        at = source;
    }
    at.to_string().chars().take(300).collect()
}

/// Wakes a thread that waits.
struct Sleeper(Thread);

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Does a piece of asynchronous work on this thread.
fn wait<T>(work: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Sleeper(thread::current())));
    let mut work = pin!(work);
    loop {
        match work.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending => thread::park(),
        }
    }
}
