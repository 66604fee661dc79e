//! The function that an attribute stands on.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

use crate::error::{Error, Result};

/// A function with one parameter.
#[derive(Debug)]
pub(crate) struct Function {
    /// Its attributes and docs.
    pub(crate) attributes: TokenStream,
    pub(crate) visibility: TokenStream,
    /// `async`, if it is.
    pub(crate) asyncness: Option<Ident>,
    pub(crate) name: Ident,
    /// The parentheses with the parameter.
    pub(crate) parameters: Group,
    /// Whether the parameter is borrowed.
    pub(crate) borrows: bool,
    /// The arrow and the type of its result; empty if it has none.
    pub(crate) output: TokenStream,
    pub(crate) body: Group,
}

/// What the function may be, for errors.
const FORMS: &str = "`async fn(system: System)` or `fn(sim: &mut TestRuntime)`";

impl Function {
    pub(crate) fn parse(tokens: TokenStream) -> Result<Self> {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        let attributes = attributes(&tokens, &mut at)?;
        let visibility = visibility(&tokens, &mut at);
        let asyncness = take_word(&tokens, &mut at, "async");
        if take_word(&tokens, &mut at, "fn").is_none() {
            let span = span_at(&tokens, at);
            return Err(Error::new(span, format!("a simulation test is a function: {FORMS}")));
        }
        let Some(TokenTree::Ident(name)) = tokens.get(at) else {
            return Err(Error::new(span_at(&tokens, at), "expected the name of a function"));
        };
        at += 1;
        let parameters = match tokens.get(at) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => group,
            other => {
                let span = other.map_or_else(|| name.span(), TokenTree::span);
                return Err(Error::new(span, "a simulation test has no type parameters"));
            }
        };
        at += 1;
        let (output, body) = output_and_body(&tokens[at..])
            .ok_or_else(|| Error::new(span_at(&tokens, at), "a simulation test has a body"))?;
        let borrows = borrows(parameters, asyncness.is_some())?;
        let (name, parameters) = (name.clone(), parameters.clone());
        Ok(Self { attributes, visibility, asyncness, name, parameters, borrows, output, body })
    }
}

/// What stands behind the parameters.
fn output_and_body(tokens: &[TokenTree]) -> Option<(TokenStream, Group)> {
    let (last, output) = tokens.split_last()?;
    match last {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
            Some((output.iter().cloned().collect(), group.clone()))
        }
        _ => None,
    }
}

/// Takes the attributes; none of them may make it a test as well.
fn attributes(tokens: &[TokenTree], at: &mut usize) -> Result<TokenStream> {
    let from = *at;
    while let [TokenTree::Punct(mark), TokenTree::Group(group), ..] = &tokens[*at..]
        && mark.as_char() == '#'
    {
        let mut inside = group.stream().into_iter();
        if let (Some(TokenTree::Ident(word)), None) = (inside.next(), inside.next())
            && word == "test"
        {
            return Err(Error::new(word.span(), "`sim_test` makes a test of it already"));
        }
        *at += 2;
    }
    Ok(tokens[from..*at].iter().cloned().collect())
}

fn visibility(tokens: &[TokenTree], at: &mut usize) -> TokenStream {
    let from = *at;
    if take_word(tokens, at, "pub").is_some()
        && let Some(TokenTree::Group(group)) = tokens.get(*at)
        && group.delimiter() == Delimiter::Parenthesis
    {
        *at += 1;
    }
    tokens[from..*at].iter().cloned().collect()
}

fn take_word(tokens: &[TokenTree], at: &mut usize, word: &str) -> Option<Ident> {
    match tokens.get(*at) {
        Some(TokenTree::Ident(ident)) if ident == word => {
            *at += 1;
            Some(ident.clone())
        }
        _ => None,
    }
}

/// Whether the one parameter is a borrow.
fn borrows(parameters: &Group, is_async: bool) -> Result<bool> {
    let tokens: Vec<TokenTree> = parameters.stream().into_iter().collect();
    let is_mark = |token: &TokenTree, wanted: char| matches!(token, TokenTree::Punct(mark) if mark.as_char() == wanted);
    let wrong = |span| Error::new(span, format!("a simulation test takes one thing: {FORMS}"));
    let colon = tokens.iter().position(|token| is_mark(token, ':'));
    let kind = colon.and_then(|colon| tokens.get(colon + 1));
    let kind = kind.ok_or_else(|| wrong(parameters.span()))?;
    let mut depth = 0_i32;
    for (index, token) in tokens.iter().enumerate() {
        depth += i32::from(is_mark(token, '<')) - i32::from(is_mark(token, '>'));
        if depth == 0 && is_mark(token, ',') && index + 1 < tokens.len() {
            return Err(wrong(tokens[index + 1].span()));
        }
    }
    let borrows = is_mark(kind, '&');
    if !borrows && !is_async {
        let message = "a plain function steps the runtime: it takes `&mut TestRuntime`";
        return Err(Error::new(kind.span(), message));
    }
    Ok(borrows)
}

fn span_at(tokens: &[TokenTree], at: usize) -> Span {
    tokens.get(at).or_else(|| tokens.last()).map_or_else(Span::call_site, TokenTree::span)
}
