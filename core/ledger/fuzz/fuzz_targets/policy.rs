//! Any text is a policy or is refused; a policy decides any set of names.
#![no_main]

use dipper_ledger::policy::Policy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(policy) = Policy::parse(text) {
        // More witnesses never undo a quorum.
        let all = policy.witnesses().iter().map(|w| w.name.as_str());
        assert!(policy.is_quorum(all) || !policy.is_quorum([]));
    }
});
