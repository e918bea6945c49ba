//! A Rust file as the rules see it: its functions, its test code, its words and literals, each with a line.

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, ImplItemFn, ItemFn, ItemMod, ItemUse, ReturnType, Signature, UseTree, Visibility};

/// A function with a body.
pub struct Function {
    /// Its name.
    pub name: String,
    /// Line of its name.
    pub line: usize,
    /// Lines between its braces.
    pub body_lines: usize,
    /// Whether it is test code.
    pub in_test: bool,
    /// Whether it stands free, outside `impl` and `trait`.
    pub free: bool,
    /// Whether it is `pub` without limit.
    pub public: bool,
    /// The types of its parameters, as written without spaces.
    pub parameters: Vec<String>,
    /// Its result type, as written without spaces.
    pub result: String,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A word.
    Word,
    /// A literal, as written.
    Literal,
    /// One sign, or a bracket.
    Sign,
}

/// One token, in reading order.
pub struct Token {
    /// As written.
    pub text: String,
    /// Line, from 1.
    pub line: usize,
    /// What it is.
    pub kind: Kind,
}

/// A parsed file.
pub struct Source {
    /// Every function.
    pub functions: Vec<Function>,
    /// Every token.
    pub tokens: Vec<Token>,
    /// Every path brought in by `use`, whole: `std::fs::File`.
    pub uses: Vec<(String, usize)>,
    /// Lines in all.
    pub lines: usize,
    /// Whether it begins with `//!`.
    pub has_module_docs: bool,
    tests: Vec<(usize, usize)>,
}

impl Source {
    /// Parses a file.
    ///
    /// # Errors
    /// When it is not Rust.
    pub fn parse(text: &str) -> syn::Result<Self> {
        let file = syn::parse_file(text)?;
        let mut walk = Walk::default();
        if file.attrs.iter().any(is_test_only) {
            walk.tests.push((1, usize::MAX));
        }
        walk.visit_file(&file);
        let mut tokens = Vec::new();
        // The file parsed above is the same text, so that this cannot fail.
        if let Ok(stream) = text.parse::<TokenStream>() {
            flatten(stream, &mut tokens);
        }
        Ok(Self {
            functions: walk.functions,
            tokens,
            uses: walk.uses,
            lines: text.lines().count(),
            has_module_docs: file.attrs.first().is_some_and(|attribute| attribute.path().is_ident("doc")),
            tests: walk.tests,
        })
    }

    /// Whether a line is test code.
    pub fn is_test_line(&self, line: usize) -> bool {
        self.tests.iter().any(|(first, last)| (*first..=*last).contains(&line))
    }

    /// Lines of test code.
    pub fn test_lines(&self) -> usize {
        (1..=self.lines).filter(|line| self.is_test_line(*line)).count()
    }

    /// Where the words stand one after another, signs between them included: `["std", ":", ":", "fs"]`.
    pub fn find_words<'a>(&'a self, words: &'a [&str]) -> impl Iterator<Item = usize> + 'a {
        self.tokens
            .windows(words.len())
            .filter(move |window| {
                window.iter().zip(words).all(|(token, word)| token.kind != Kind::Literal && token.text == *word)
            })
            .map(|window| window[0].line)
    }
}

#[derive(Default)]
struct Walk {
    functions: Vec<Function>,
    uses: Vec<(String, usize)>,
    tests: Vec<(usize, usize)>,
    inside_test: bool,
    depth: usize,
}

impl Walk {
    fn add(&mut self, signature: &Signature, block: &Block, visibility: Option<&Visibility>, in_test: bool) {
        let (open, close) = (block.brace_token.span.open().start().line, block.brace_token.span.close().end().line);
        let parameters = signature.inputs.iter().map(|input| match input {
            syn::FnArg::Receiver(_) => "self".to_owned(),
            syn::FnArg::Typed(typed) => written(&typed.ty),
        });
        self.functions.push(Function {
            name: signature.ident.to_string(),
            line: signature.ident.span().start().line,
            body_lines: close.saturating_sub(open + 1),
            in_test,
            free: visibility.is_some() && self.depth == 0,
            public: matches!(visibility, Some(Visibility::Public(_))),
            parameters: parameters.collect(),
            result: match &signature.output {
                ReturnType::Default => String::new(),
                ReturnType::Type(_, result) => written(result),
            },
        });
    }

    /// Notes test-only lines, and says whether what follows is test code.
    fn enter(&mut self, attributes: &[Attribute], span: proc_macro2::Span) -> bool {
        let test = attributes.iter().any(is_test_only);
        if test && !self.inside_test {
            self.tests.push((span.start().line, span.end().line));
        }
        self.inside_test || test
    }
}

impl<'ast> Visit<'ast> for Walk {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let before = self.inside_test;
        self.inside_test = self.enter(&item.attrs, item.span());
        visit::visit_item_mod(self, item);
        self.inside_test = before;
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        let in_test = self.enter(&item.attrs, item.span());
        self.add(&item.sig, &item.block, Some(&item.vis), in_test);
        self.depth += 1;
        visit::visit_item_fn(self, item);
        self.depth -= 1;
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        let in_test = self.enter(&item.attrs, item.span());
        self.add(&item.sig, &item.block, None, in_test);
        self.depth += 1;
        visit::visit_impl_item_fn(self, item);
        self.depth -= 1;
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        expand(&item.tree, String::new(), &mut self.uses);
    }
}

fn expand(tree: &UseTree, before: String, uses: &mut Vec<(String, usize)>) {
    let joined = |ident: &syn::Ident| if before.is_empty() { ident.to_string() } else { format!("{before}::{ident}") };
    match tree {
        UseTree::Path(path) => expand(&path.tree, joined(&path.ident), uses),
        UseTree::Name(name) => uses.push((joined(&name.ident), name.ident.span().start().line)),
        UseTree::Rename(name) => uses.push((joined(&name.ident), name.ident.span().start().line)),
        UseTree::Glob(glob) => uses.push((format!("{before}::*"), glob.star_token.span().start().line)),
        UseTree::Group(group) => group.items.iter().for_each(|item| expand(item, before.clone(), uses)),
    }
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`.
fn is_test_only(attribute: &Attribute) -> bool {
    let path = attribute.path();
    if path.segments.last().is_some_and(|last| last.ident == "test") {
        return true;
    }
    path.is_ident("cfg") && attribute.meta.require_list().is_ok_and(|list| names_test(list.tokens.clone(), false))
}

fn names_test(tokens: TokenStream, mut negated: bool) -> bool {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if ident == "test" => return !negated,
            TokenTree::Ident(ident) => negated = ident == "not",
            TokenTree::Group(group) if names_test(group.stream(), negated) => return true,
            _ => {}
        }
    }
    false
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    for tree in stream {
        let line = tree.span().start().line;
        let mut push = |text: String, kind| tokens.push(Token { text, line, kind });
        match tree {
            TokenTree::Ident(ident) => push(ident.to_string(), Kind::Word),
            TokenTree::Literal(literal) => push(literal.to_string(), Kind::Literal),
            TokenTree::Punct(punct) => push(punct.as_char().to_string(), Kind::Sign),
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    proc_macro2::Delimiter::Parenthesis => ("(", ")"),
                    proc_macro2::Delimiter::Brace => ("{", "}"),
                    proc_macro2::Delimiter::Bracket => ("[", "]"),
                    proc_macro2::Delimiter::None => ("", ""),
                };
                push(open.to_owned(), Kind::Sign);
                flatten(group.stream(), tokens);
                let line = group.span_close().end().line;
                tokens.push(Token { text: close.to_owned(), line, kind: Kind::Sign });
            }
        }
    }
}

/// A type as one writes it, without spaces.
fn written(part: &impl quote::ToTokens) -> String {
    part.to_token_stream().to_string().replace(' ', "")
}
