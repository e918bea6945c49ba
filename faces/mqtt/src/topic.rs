//! Topics and filters (3.1.1 and 5 §4.7), and the tree that finds the filters a topic matches.

use std::collections::HashMap;

/// Levels a topic or filter may have: what walks down a tree must know how deep it goes. SensorThings needs four.
const LEVELS_MAX: usize = 32;

/// Whether a text may be published to: not empty, no wildcards, no U+0000, at most 32 levels.
pub fn is_name(topic: &str) -> bool {
    !topic.is_empty() && !topic.bytes().any(|byte| matches!(byte, b'+' | b'#' | 0)) && levels(topic) <= LEVELS_MAX
}

/// Whether a text may be subscribed to: wildcards fill a level, `#` is the last one.
pub fn is_filter(filter: &str) -> bool {
    if filter.is_empty() || filter.contains('\0') || levels(filter) > LEVELS_MAX {
        return false;
    }
    let mut ended = false;
    filter.split('/').all(|level| {
        let fits = !ended && (level.len() == 1 || !level.contains(['+', '#']));
        ended = level == "#";
        fits
    })
}

fn levels(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'/').count() + 1
}

/// Whether a filter matches a topic; both are well formed. Topics of servers (`$…`) match no wildcard in front.
pub fn matches(filter: &str, topic: &str) -> bool {
    if topic.starts_with('$') && !filter.starts_with('$') {
        return false;
    }
    let mut topic_levels = topic.split('/');
    for level in filter.split('/') {
        match (level, topic_levels.next()) {
            ("#", _) => return true,
            (_, None) => return false,
            ("+", Some(_)) => {}
            (level, Some(topic_level)) if level == topic_level => {}
            _ => return false,
        }
    }
    topic_levels.next().is_none()
}

/// The part of a filter before its first wildcard: every topic it matches begins so, but for the parent of `a/#`.
pub(crate) fn literal_prefix(filter: &str) -> &str {
    let end = filter.find(['+', '#']).unwrap_or(filter.len());
    let prefix = &filter[..end];
    if filter[end..].starts_with('#') { prefix.strip_suffix('/').unwrap_or(prefix) } else { prefix }
}

/// Filters, each with what is there for it.
#[derive(Debug)]
pub(crate) struct Tree<T> {
    here: Vec<T>,
    below: HashMap<Box<str>, Self>,
}

impl<T> Default for Tree<T> {
    fn default() -> Self {
        Self { here: Vec::new(), below: HashMap::new() }
    }
}

impl<T> Tree<T> {
    /// Puts a value under a filter, in the place of one that is the `same`.
    pub fn insert(&mut self, filter: &str, value: T, same: impl Fn(&T) -> bool) {
        let mut node = self;
        for level in filter.split('/') {
            if !node.below.contains_key(level) {
                node.below.insert(level.into(), Self::default());
            }
            node = node.below.get_mut(level).expect("it was put there");
        }
        match node.here.iter_mut().find(|held| same(held)) {
            Some(held) => *held = value,
            None => node.here.push(value),
        }
    }

    /// Takes values away from under a filter, and branches that are empty then.
    pub fn remove(&mut self, filter: &str, same: &impl Fn(&T) -> bool) {
        self.remove_below(&mut filter.split('/'), same);
    }

    /// Whether a value stands at this very filter.
    pub fn has(&self, filter: &str) -> bool {
        let node = filter.split('/').try_fold(self, |node, level| node.below.get(level));
        node.is_some_and(|node| !node.here.is_empty())
    }

    fn remove_below<'a>(&mut self, levels: &mut impl Iterator<Item = &'a str>, same: &impl Fn(&T) -> bool) {
        let Some(level) = levels.next() else { return self.here.retain(|held| !same(held)) };
        if let Some(node) = self.below.get_mut(level) {
            node.remove_below(levels, same);
            if node.here.is_empty() && node.below.is_empty() {
                self.below.remove(level);
            }
        }
    }

    /// Visits everything under a filter that matches the topic.
    pub fn each_match(&self, topic: &str, visit: &mut impl FnMut(&T)) {
        let levels: Vec<&str> = topic.split('/').collect();
        self.visit(&levels, !topic.starts_with('$'), visit);
    }

    fn visit(&self, levels: &[&str], wild: bool, visit: &mut impl FnMut(&T)) {
        if wild && let Some(all) = self.below.get("#") {
            all.here.iter().for_each(&mut *visit);
        }
        let Some((level, rest)) = levels.split_first() else { return self.here.iter().for_each(visit) };
        if let Some(node) = self.below.get(*level) {
            node.visit(rest, true, visit);
        }
        if wild && let Some(node) = self.below.get("+") {
            node.visit(rest, true, visit);
        }
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.here.is_empty() && self.below.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_and_filters_are_told_apart() {
        for name in ["a", "/", "a//b", "v1.1/Datastreams(1)/Observations?$select=result,resultTime", "灯/'1'", "$SYS/x"]
        {
            assert!(is_name(name) && is_filter(name), "{name}");
        }
        for filter in ["+", "#", "a/+/b", "a/#", "+/+", "/+", "v1.1/Things(1)/#"] {
            assert!(is_filter(filter) && !is_name(filter), "{filter}");
        }
        let deep = "/".repeat(LEVELS_MAX);
        for neither in ["", "a+", "a/b#", "#/a", "a/#/b", "v1.1/Things(+)", "a\0", &deep] {
            assert!(!is_filter(neither) && !is_name(neither), "{neither}");
        }
    }

    #[test]
    fn filters_match_as_the_standard_says() {
        let table = [
            ("sport/#", "sport", true),
            ("sport/#", "sport/tennis/1", true),
            ("sport/#", "sports", false),
            ("sport/+", "sport", false),
            ("sport/+", "sport/", true),
            ("sport/+", "sport/a/b", false),
            ("+/+", "/finance", true),
            ("/+", "/finance", true),
            ("+", "/finance", false),
            ("#", "$SYS/a", false),
            ("+/a", "$SYS/a", false),
            ("$SYS/#", "$SYS/a", true),
            ("a/$b/#", "a/$b/c", true),
            ("a/+/#", "a/b", true),
            ("#", "", true),
        ];
        for (filter, topic, expected) in table {
            assert_eq!(matches(filter, topic), expected, "{filter} {topic}");
            let mut tree = Tree::default();
            tree.insert(filter, 1, |_| false);
            let mut count = 0;
            tree.each_match(topic, &mut |_| count += 1);
            assert_eq!(count == 1, expected, "tree: {filter} {topic}");
            assert!(!expected || topic.starts_with(literal_prefix(filter)), "prefix: {filter} {topic}");
            tree.remove(filter, &|held| *held == 1);
            assert!(tree.is_empty());
        }
    }

    proptest! {
        #[test]
        fn the_tree_finds_what_matches_one_by_one(
            filters in prop::collection::vec("(a|b|\\+|\\$c|)(/(a|b|\\+|)){0,3}(/#)?", 1..12),
            topic in "(a|b|\\$c|)(/(a|b|)){0,4}",
        ) {
            let filters: Vec<String> = filters.into_iter().filter(|filter| is_filter(filter)).collect();
            let mut tree = Tree::default();
            for (number, filter) in filters.iter().enumerate() {
                tree.insert(filter, number, |_| false);
            }
            let mut found = Vec::new();
            tree.each_match(&topic, &mut |number| found.push(*number));
            found.sort_unstable();
            let one_by_one: Vec<usize> =
                (0..filters.len()).filter(|number| matches(&filters[*number], &topic)).collect();
            prop_assert_eq!(found, one_by_one);
        }
    }
}
