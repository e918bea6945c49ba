//! Every rule refuses what it is there to refuse, and nothing else.

use super::spdx::is_permissive;
use super::{check_file, docs, edges, licences, script};

/// The rules broken, as `line rule`.
fn broken(path: &str, text: &str) -> Vec<String> {
    check_file(path, text).iter().map(|breach| format!("{} {}", breach.line, breach.rule)).collect()
}

#[test]
fn edges_point_down_and_stages_do_not_meet() {
    let table = [
        ("faces/http", "act", "normal", true),
        ("faces/dipper", "core/store", "normal", true),
        ("act", "core/pack", "normal", true),
        ("core/identity", "core/store", "normal", true),
        ("assess", "core/model", "normal", true),
        ("core/store", "testkit", "dev", true),
        ("core/store", "rusqlite", "normal", true),
        ("core/grid", "serde", "normal", true),
        ("core/grid", "h3o", "dev", true),
        ("core/store", "act", "normal", false),
        ("core/store", "act", "dev", false),
        ("core/store", "core/identity", "normal", false),
        ("core/model", "core/pack", "normal", false),
        ("act", "sense", "normal", false),
        ("assess", "sense", "normal", false),
        ("assess", "tokio", "normal", false),
        ("account", "act", "dev", false),
        ("act", "faces/http", "normal", false),
        ("act", "rusqlite", "normal", false),
        ("faces/dipper", "axum", "normal", false),
        ("faces/dipper", "tokio-rustls", "normal", false),
        ("faces/mqtt", "tokio-rustls", "normal", true),
        ("faces/coap", "dimpl", "normal", true),
        ("faces/video", "dimpl", "normal", true),
        ("faces/video", "str0m", "normal", true),
        ("faces/dipper", "dimpl", "normal", false),
        ("faces/http", "str0m", "normal", false),
        ("sense", "utoipa", "normal", false),
        ("core/model", "getrandom", "normal", false),
        ("core/grid", "libm", "normal", false),
        ("act", "testkit", "normal", false),
    ];
    for (from, to, kind, allowed) in table {
        assert_eq!(edges::fault(from, to, kind).is_none(), allowed, "{from} → {to} ({kind})");
    }
}

#[test]
fn long_functions_and_files_are_refused_but_not_long_tests() {
    let long = |lines: usize| format!("//! M.\nfn f() {{\n{}}}\n", "    g();\n".repeat(lines));
    assert!(broken("act/src/a.rs", &long(60)).is_empty());
    assert_eq!(broken("act/src/a.rs", &long(61)), ["2 size"]);
    assert!(broken("act/tests/a.rs", &long(61)).is_empty());
    let tested = format!("//! M.\n#[cfg(test)]\nmod tests {{\n{}}}\n", long(600).replace("//! M.\n", ""));
    assert!(broken("act/src/a.rs", &tested).is_empty());
    let not_test = format!("//! M.\n#[cfg(not(test))]\nmod plain {{\n{}}}\n", long(61).replace("//! M.\n", ""));
    assert_eq!(broken("act/src/a.rs", &not_test), ["4 size"]);
    let file = format!("//! M.\n{}", "const A: u8 = 1;\n".repeat(500));
    assert_eq!(broken("act/src/a.rs", &file), ["1 size"]);
    assert_eq!(broken("web/apps/a/b.ts", &"a();\n".repeat(501)), ["1 size"]);
    assert!(broken("web/packages/api/src/generated.ts", &"a();\n".repeat(501)).is_empty());
}

#[test]
fn pure_crates_name_no_clock_randomness_or_files() {
    for text in [
        "//! M.\nuse std::{fs, fmt};",
        "//! M.\nfn f() { let _ = std::time::SystemTime::now(); }",
        "//! M.\nuse std::io::Read;",
        "//! M.\nfn f() { tokio::spawn(g()); }",
    ] {
        assert_eq!(broken("core/model/src/a.rs", text), ["2 pure"], "{text}");
        assert!(broken("core/store/src/a.rs", text).is_empty(), "{text}");
    }
    assert!(
        broken("core/model/src/a.rs", "//! M.\nuse std::fmt;\n#[cfg(test)]\nmod tests { use std::fs; }").is_empty()
    );
}

#[test]
fn sql_the_environment_and_wire_types_stay_behind_their_fences() {
    let sql = "//! M.\nconst Q: &str = \"SELECT id FROM cases\";";
    assert_eq!(broken("act/src/a.rs", sql), ["2 sql"]);
    assert!(broken("core/store/src/a.rs", sql).is_empty());
    assert!(broken("act/src/a.rs", "//! M.\nconst Q: &str = \"select a case\";").is_empty());
    let environment = "//! M.\nfn f() { let _ = std::env::var(\"A\"); let _ = env!(\"B\"); }";
    assert_eq!(broken("sense/src/a.rs", environment), ["2 environment"]);
    assert!(broken("faces/dipper/src/a.rs", environment).is_empty());
    let wire = "//! M.\n#[derive(Debug, Clone, serde::Serialize)]\nstruct A;";
    assert_eq!(broken("account/src/a.rs", wire), ["2 wire"]);
    assert!(broken("faces/http/src/a.rs", wire).is_empty());
    assert!(broken("sense/src/a.rs", "//! M.\n#[derive(Deserialize)]\nstruct Serialize;").is_empty());
}

#[test]
fn a_public_function_of_a_stage_is_a_use_case() {
    let table = [
        ("pub fn close(ctx: &Context, command: Close) -> Result<Closed, CloseError> {}", true),
        ("pub fn close(command: Close, ctx: &Context) -> Result<Closed, CloseError> {}", false),
        ("pub fn close(ctx: &Context) -> anyhow::Result<()> {}", false),
        ("pub fn close(a: A, b: A, c: A, d: A, e: A, f: A, g: A) {}", false),
        ("pub(crate) fn close(ctx: &Context) -> anyhow::Result<()> {}", true),
    ];
    for (text, allowed) in table {
        assert_eq!(broken("act/src/a.rs", &format!("//! M.\n{text}")).is_empty(), allowed, "{text}");
    }
}

#[test]
fn stubs_and_tests_switched_off_are_refused() {
    assert_eq!(broken("act/src/a.rs", "//! M.\nfn f() { todo!() }"), ["2 stub"]);
    assert_eq!(broken("act/tests/a.rs", "#[test]\n#[ignore = \"slow\"]\nfn f() {}"), ["2 off"]);
    assert_eq!(broken("act/src/a.rs", "fn f() {}"), ["1 docs"]);
    assert_eq!(broken("web/apps/a/b.test.ts", "it.skip('a', f)"), ["1 off"]);
    assert!(broken("web/apps/a/b.ts", "list.skip(3)").is_empty());
}

#[test]
fn paths_of_one_machine_and_hosts_of_mirrors_are_refused() {
    assert_eq!(broken("docs/a.md", "see /home/li/city"), ["1 machine"]);
    assert_eq!(broken("docs/a.md", "`/root/x`"), ["1 machine"]);
    assert!(broken("docs/a.md", "https://example.org/home/page and /home/{user}").is_empty());
    assert_eq!(broken("Cargo.lock", "source = \"registry+https://mirror.example/index\""), ["1 registry"]);
    assert!(broken("Cargo.lock", "source = \"registry+https://github.com/rust-lang/crates.io-index\"").is_empty());
    assert_eq!(broken("web/package-lock.json", "\"resolved\": \"https://npm.example/a.tgz\","), ["1 registry"]);
    assert!(broken("web/package-lock.json", "\"resolved\": \"packages/api\",").is_empty());
}

#[test]
fn code_is_written_in_english_and_texts_are_messages() {
    assert_eq!(broken("act/src/a.rs", "//! 办件。\nfn 办() { g(\"办\"); }"), ["2 identifier"]);
    assert!(broken("act/src/a.rs", "//! 办件。\nfn f() { g(\"办\"); } // 办").is_empty());
    assert_eq!(broken("web/a.ts", "const x = '办'; // 办\nconst 件 = /办\"/;"), ["2 identifier"]);
    let vue = "<script setup>\nconst a = '办';\n</script>\n<template>\n  <!-- 办 -->\n  <p>办件</p>\n</template>";
    assert_eq!(broken("web/a.vue", vue), ["6 identifier"]);
}

#[test]
fn literals_are_cut_out_of_scripts_line_by_line() {
    let text = "a /* x\n y */ b 'c\\'d' `e\n${f}` g / h / 2; i(/[/'\"]/g); j // k\nl";
    assert_eq!(script::without_literals(text), "a \n b  \n g / h / 2; i(g); j \nl");
}

#[test]
fn licences_are_read_as_expressions() {
    for licence in [
        "MIT",
        "MIT OR Apache-2.0",
        "MIT/Apache-2.0",
        "(MIT OR GPL-3.0) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(is_permissive(licence, &[]), "{licence}");
    }
    for licence in ["GPL-3.0-only", "MIT AND LGPL-2.1", "(MIT", "", "MIT Apache-2.0", "none stated", "MPL-2.0"] {
        assert!(!is_permissive(licence, &[]), "{licence}");
    }
    assert!(is_permissive("MPL-2.0", &["MPL-2.0"]));
}

#[test]
fn copyleft_by_file_is_for_tools_only() {
    let lock = |dev: bool| {
        format!(r#"{{"packages": {{"": {{}}, "node_modules/axe-core": {{"license": "MPL-2.0", "dev": {dev}}}}}}}"#)
    };
    assert!(licences::check_lock("a/package-lock.json", &lock(true)).is_empty());
    assert_eq!(licences::check_lock("a/package-lock.json", &lock(false)).len(), 1);
}

#[test]
fn links_are_found_outside_code() {
    let text = "[a](b.md) [w](https://w.example) `[c](d)`\n```\n[e](f)\n```\n[g](#h \"t\")";
    assert_eq!(docs::links(text), [(1, "b.md".to_owned()), (5, "#h".to_owned())]);
}

#[test]
fn a_translation_keeps_headings_commands_and_links() {
    let original = "# A\n\n    make run  # start\n\n## B\n[c](c.md)\n";
    assert!(docs::mirror("t.md", original, "# 甲\n\n    make run  # 启动\n\n## 乙\n[丙](c.md)\n").is_empty());
    assert_eq!(docs::mirror("t.md", original, "# 甲\n\n    make go\n").len(), 4);
}
