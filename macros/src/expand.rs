//! What an attribute makes of its function.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::error::{Error, Result};
use crate::function::Function;
use crate::settings::Settings;

/// Expands `#[sim_test(settings)] function`.
pub(crate) fn sim_test(settings: TokenStream, function: TokenStream) -> TokenStream {
    campaign(settings, function).unwrap_or_else(Error::into_tokens)
}

fn campaign(settings: TokenStream, function: TokenStream) -> Result<TokenStream> {
    let function = Function::parse(function)?;
    let settings = Settings::parse(settings)?;
    let Function { attributes, visibility, asyncness, name, parameters, borrows, output, body } =
        function;
    let Settings { nodes, shards, seeds, time, exhaustive } = settings;
    let nodes = nodes.into_iter();
    let shards = shards.into_iter();
    let time = time.unwrap_or_else(|| quote! { ::core::time::Duration::from_secs(3600) });
    let seeds = seeds.into_iter();
    let exhaustive = exhaustive.into_iter();
    // Names that no setting sees, and that hide no test.
    let local = |name| Ident::new(name, Span::mixed_site());
    let (path, campaign, builder, sim) =
        (local("path"), local("campaign"), local("builder"), local("sim"));
    let run = match (asyncness.is_some(), borrows) {
        (true, true) => quote! { ::greenroom_testkit::at_once(#name(#sim)) },
        (true, false) => quote! { #sim.run(#name) },
        (false, _) => quote! { #name(#sim) },
    };
    let run = if output.is_empty() {
        run
    } else {
        quote! { ::greenroom_testkit::passed(#run) }
    };
    Ok(quote! {
        #attributes
        #[test]
        #visibility fn #name() {
            #asyncness fn #name #parameters #output #body
            let #path = ::core::concat!(::core::module_path!(), "::", ::core::stringify!(#name));
            let #campaign = ::greenroom_testkit::Campaign::of_path(#path)
                .runtime(move |#builder, _| {
                    #builder #(.nodes(#nodes))* #(.shards(#shards))* .time_max(#time)
                })
                #(.seeds(#seeds))*
                #(.exhaustive(#exhaustive))*;
            #campaign.run(|#sim| #run);
        }
    })
}
