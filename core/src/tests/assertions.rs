//! Assertions as production has them: without the feature `sim`.

use crate::assertions::violations;

#[test]
fn what_is_broken_is_counted_and_the_rest_is_nothing() {
    let before = violations();
    crate::always!(1 + 1 == 2, "sums are right");
    assert_eq!(violations(), before);
    crate::always!(1 + 1 == 3, "sums are wrong", "{} is not 3", 2);
    crate::unreachable!("this place is reached");
    assert_eq!(violations(), before + 2);
    let evaluated = std::cell::Cell::new(0);
    let look = || {
        evaluated.set(evaluated.get() + 1);
        evaluated.get()
    };
    crate::sometimes!(look() > 0, "never evaluated");
    crate::watermark!(look(), "never evaluated");
    crate::reachable!("nothing");
    assert_eq!(evaluated.get(), 0);
    assert_eq!(look(), 1);
}

#[test]
fn the_names_of_the_macros_are_their_own() {
    const SITE: i64 = 3;
    let before = violations();
    crate::always!(SITE == 3, "names of the caller's are seen", "{SITE}");
    crate::sometimes!(SITE == 3, "names of the caller's are seen as well");
    crate::watermark!(SITE, "and here");
    assert_eq!(violations(), before);
}
