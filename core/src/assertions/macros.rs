//! The macros, in two forms: with the simulator's counts, and without.

/// Names the place of an assertion.
#[cfg(feature = "sim")]
#[doc(hidden)]
#[macro_export]
macro_rules! __assertion_site {
    ($asserted:ident, $name:expr) => {
        #[$crate::assertions::linkme::distributed_slice($crate::assertions::SITES)]
        #[linkme(crate = $crate::assertions::linkme)]
        static __GREENROOM_SITE: $crate::assertions::Site = $crate::assertions::Site::new(
            $crate::assertions::Asserted::$asserted,
            $name,
            (::core::module_path!(), ::core::file!(), ::core::line!()),
        );
    };
}

/// Names the place of an assertion.
#[cfg(not(feature = "sim"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __assertion_site {
    ($asserted:ident, $name:expr) => {
        static __GREENROOM_SITE: $crate::assertions::Site = $crate::assertions::Site::new(
            $crate::assertions::Asserted::$asserted,
            $name,
            (::core::module_path!(), ::core::file!(), ::core::line!()),
        );
    };
}

/// Each time it is reached, the condition is true; see [`crate::assertions`].
///
/// A name comes after the condition, and may be followed by a message with arguments.
///
/// # Examples
///
/// ```
/// let (total, limit) = (3, 10);
/// greenroom_core::always!(total <= limit, "the total stays within its limit", "{total}");
/// ```
#[cfg(feature = "sim")]
#[macro_export]
macro_rules! always {
    ($holds:expr, $name:expr $(,)?) => { $crate::always!($holds, $name, "it is false") };
    ($holds:expr, $name:expr, $($detail:tt)+) => {{
        $crate::__assertion_site!(Always, $name);
        if $holds { __GREENROOM_SITE.hit() } else { __GREENROOM_SITE.violated(::core::format_args!($($detail)+)) }
    }};
}

/// Each time it is reached, the condition is true; see [`crate::assertions`].
#[cfg(not(feature = "sim"))]
#[macro_export]
macro_rules! always {
    ($holds:expr, $name:expr $(,)?) => { $crate::always!($holds, $name, "it is false") };
    ($holds:expr, $name:expr, $($detail:tt)+) => {{
        $crate::__assertion_site!(Always, $name);
        if !$holds { __GREENROOM_SITE.violated(::core::format_args!($($detail)+)) }
    }};
}

/// Nobody comes here; see [`crate::assertions`]. Unlike the standard library's macro of that name
/// it does not panic, and has no value.
///
/// # Examples
///
/// ```
/// fn charge(cents: i64) {
///     if cents < 0 {
///         greenroom_core::unreachable!("nobody is charged a negative sum", "{cents}");
///     }
/// }
/// # charge(1);
/// ```
#[macro_export]
macro_rules! unreachable {
    ($name:expr $(,)?) => { $crate::unreachable!($name, "it was reached") };
    ($name:expr, $($detail:tt)+) => {{
        $crate::__assertion_site!(Unreachable, $name);
        __GREENROOM_SITE.violated(::core::format_args!($($detail)+));
    }};
}

/// Under at least one seed of a campaign that asks it, the condition is true; see
/// [`crate::assertions`].
///
/// # Examples
///
/// ```
/// let retries = 2;
/// greenroom_core::sometimes!(retries > 1, "more than one retry is needed");
/// ```
#[cfg(feature = "sim")]
#[macro_export]
macro_rules! sometimes {
    ($holds:expr, $name:expr $(,)?) => {{
        $crate::__assertion_site!(Sometimes, $name);
        if $holds { __GREENROOM_SITE.hit() } else { __GREENROOM_SITE.missed() }
    }};
}

/// Under at least one seed of a campaign that asks it, the condition is true; see
/// [`crate::assertions`].
#[cfg(not(feature = "sim"))]
#[macro_export]
macro_rules! sometimes {
    ($holds:expr, $name:expr $(,)?) => {{
        // Type-checked, where it stands, and never evaluated.
        if false {
            let _: bool = $holds;
            let _: &'static str = $name;
        }
    }};
}

/// Under at least one seed of a campaign that covers this module, this place is reached; see
/// [`crate::assertions`].
///
/// # Examples
///
/// ```
/// greenroom_core::reachable!("a reader finds an old version");
/// ```
#[cfg(feature = "sim")]
#[macro_export]
macro_rules! reachable {
    ($name:expr $(,)?) => {{
        $crate::__assertion_site!(Reachable, $name);
        __GREENROOM_SITE.hit();
    }};
}

/// Under at least one seed of a campaign that covers this module, this place is reached; see
/// [`crate::assertions`].
#[cfg(not(feature = "sim"))]
#[macro_export]
macro_rules! reachable {
    ($name:expr $(,)?) => {{
        let _: &'static str = $name;
    }};
}

/// Keeps the highest value over all seeds of a campaign; see [`crate::assertions`].
///
/// # Examples
///
/// ```
/// let waiting = [1, 2, 3];
/// greenroom_core::watermark!(waiting.len() as i64, "clients that wait");
/// ```
#[cfg(feature = "sim")]
#[macro_export]
macro_rules! watermark {
    ($value:expr, $name:expr $(,)?) => {{
        $crate::__assertion_site!(Watermark, $name);
        __GREENROOM_SITE.saw($value);
    }};
}

/// Keeps the highest value over all seeds of a campaign; see [`crate::assertions`].
#[cfg(not(feature = "sim"))]
#[macro_export]
macro_rules! watermark {
    ($value:expr, $name:expr $(,)?) => {{
        // Type-checked, where it stands, and never evaluated.
        if false {
            let _: i64 = $value;
            let _: &'static str = $name;
        }
    }};
}
