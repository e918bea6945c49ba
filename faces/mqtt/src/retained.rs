//! The last message of each topic that is to be shown to those who subscribe later.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use tokio::time::Instant;

use crate::limits::{Memory, Taken};
use crate::session::Post;
use crate::topic;

/// Retained messages in the order of their topics: a filter finds its own by the part before its first wildcard.
#[derive(Debug, Default)]
pub(crate) struct Retained {
    posts: BTreeMap<Arc<str>, (Arc<Post>, Taken)>,
}

impl Retained {
    /// Keeps a message in the place of the one before; an empty one only clears the place. False when there is no room.
    pub fn keep(&mut self, post: &Arc<Post>, most: usize, memory: &Arc<Memory>) -> bool {
        if post.payload.is_empty() {
            self.posts.remove(&post.topic);
            return true;
        }
        if self.posts.len() >= most && !self.posts.contains_key(&post.topic) {
            return false;
        }
        let Some(taken) = memory.take(post.bytes()) else { return false };
        self.posts.insert(Arc::clone(&post.topic), (Arc::clone(post), taken));
        true
    }

    /// What a filter matches.
    pub fn find(&self, filter: &str, now: Instant) -> Vec<Arc<Post>> {
        let prefix = topic::literal_prefix(filter);
        let range = (Bound::Included(prefix), Bound::Unbounded);
        self.posts
            .range::<str, _>(range)
            .take_while(|(name, _)| name.starts_with(prefix))
            .filter(|(name, (post, _))| topic::matches(filter, name) && !post.is_expired(now))
            .map(|(_, (post, _))| Arc::clone(post))
            .collect()
    }

    /// Forgets what expired.
    pub fn expire(&mut self, now: Instant) {
        self.posts.retain(|_, (post, _)| !post.is_expired(now));
    }

    pub fn len(&self) -> usize {
        self.posts.len()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::codec::Qos;

    fn post(topic: &str, payload: &'static str) -> Arc<Post> {
        let (topic, payload, qos) = (topic.into(), Bytes::from_static(payload.as_bytes()), Qos::AtMostOnce);
        Arc::new(Post { topic, payload, qos, retain: true, properties: None, expires_at: None, ticket: None })
    }

    #[test]
    fn filters_find_their_own() {
        let mut retained = Retained::default();
        let memory = Memory::new(1 << 20);
        for topic in ["a", "a/b", "a/b/c", "ab", "b", "$SYS/a", "a-/x"] {
            assert!(retained.keep(&post(topic, "1"), 100, &memory));
        }
        let now = Instant::now();
        let found = |filter: &str| -> Vec<String> {
            retained.find(filter, now).iter().map(|post| post.topic.to_string()).collect()
        };
        assert_eq!(found("a/#"), ["a", "a/b", "a/b/c"]);
        assert_eq!(found("a/+"), ["a/b"]);
        assert_eq!(found("+"), ["a", "ab", "b"]);
        assert_eq!(found("a"), ["a"]);
        assert_eq!(found("#").len(), 6);
    }

    #[test]
    fn an_empty_message_clears_and_room_is_bounded() {
        let mut retained = Retained::default();
        let memory = Memory::new(1 << 20);
        assert!(retained.keep(&post("a", "1"), 1, &memory));
        assert!(retained.keep(&post("a", "2"), 1, &memory));
        assert!(!retained.keep(&post("b", "1"), 1, &memory));
        assert!(retained.keep(&post("a", ""), 1, &memory));
        assert_eq!((retained.len(), memory.used()), (0, 0));
        assert!(!retained.keep(&post("a", "1"), 1, &Memory::new(1)));
    }
}
