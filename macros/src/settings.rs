//! What stands in the parentheses of an attribute: `name = value, ..`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::error::{Error, Result};
use crate::time;

/// The settings of a simulation test, each as the expression it was given.
#[derive(Default, Debug)]
pub(crate) struct Settings {
    pub(crate) nodes: Option<TokenStream>,
    pub(crate) shards: Option<TokenStream>,
    pub(crate) seeds: Option<TokenStream>,
    pub(crate) time: Option<TokenStream>,
    pub(crate) exhaustive: Option<TokenStream>,
}

const NAMES: &str = "nodes, shards, seeds, time and exhaustive";

impl Settings {
    pub(crate) fn parse(tokens: TokenStream) -> Result<Self> {
        let mut settings = Self::default();
        let mut tokens = tokens.into_iter().peekable();
        let (mut seeds, mut exhaustive) = (None, None);
        while tokens.peek().is_some() {
            let (name, value) = setting(&mut tokens)?;
            let place = match name.to_string().as_str() {
                "nodes" => &mut settings.nodes,
                "shards" => &mut settings.shards,
                "seeds" => {
                    seeds = Some(name.span());
                    &mut settings.seeds
                }
                "time" => &mut settings.time,
                "exhaustive" => {
                    exhaustive = Some(name.span());
                    &mut settings.exhaustive
                }
                other => {
                    let message = format!("there is no setting `{other}`; there are {NAMES}");
                    return Err(Error::new(name.span(), message));
                }
            };
            if place.is_some() {
                return Err(Error::new(name.span(), format!("`{name}` is set twice")));
            }
            *place = Some(if name == "time" { duration(&value)? } else { count(&name, &value)? });
        }
        if let (Some(_), Some(span)) = (seeds, exhaustive) {
            let message = "an exhaustive test tries every schedule and has no `seeds`";
            return Err(Error::new(span, message));
        }
        Ok(settings)
    }
}

/// Takes one `name = value` and the comma behind it, if there is one.
fn setting(tokens: &mut impl Iterator<Item = TokenTree>) -> Result<(Ident, Vec<TokenTree>)> {
    let name = match tokens.next() {
        Some(TokenTree::Ident(name)) => name,
        Some(other) => return Err(Error::new(other.span(), "expected a setting: `name = value`")),
        None => unreachable!("a token was seen"),
    };
    match tokens.next() {
        Some(TokenTree::Punct(mark)) if mark.as_char() == '=' => {}
        other => {
            let span = other.map_or_else(|| name.span(), |token| token.span());
            return Err(Error::new(span, format!("expected `{name} = value`")));
        }
    }
    let is_comma =
        |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',');
    let value: Vec<TokenTree> = tokens.take_while(|token| !is_comma(token)).collect();
    if value.is_empty() {
        return Err(Error::new(name.span(), format!("`{name}` has no value")));
    }
    Ok((name, value))
}

/// A number, or an expression that is one.
fn count(name: &Ident, value: &[TokenTree]) -> Result<TokenStream> {
    if let [TokenTree::Literal(literal)] = value {
        let text = literal.to_string();
        if !text.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(Error::new(literal.span(), format!("`{name}` is a number")));
        }
        if text == "0" && name != "exhaustive" {
            return Err(Error::new(literal.span(), format!("`{name}` is at least 1")));
        }
    }
    Ok(stream(value))
}

/// A time in words, or an expression that is a duration.
fn duration(value: &[TokenTree]) -> Result<TokenStream> {
    let [TokenTree::Literal(literal)] = value else { return Ok(stream(value)) };
    let wrong = || {
        let message =
            "expected a time such as \"500ms\", \"60s\", \"10m\" or \"2h\", or a Duration";
        Error::new(literal.span(), message)
    };
    let text = literal.to_string();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).ok_or_else(wrong)?;
    let millis = time::millis(text).ok_or_else(wrong)?;
    Ok(quote! { ::core::time::Duration::from_millis(#millis) })
}

fn stream(tokens: &[TokenTree]) -> TokenStream {
    tokens.iter().map(ToTokens::to_token_stream).collect()
}
