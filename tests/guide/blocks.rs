//! What a chapter shows is what is compiled and run here.

/// A chapter, how those of its blocks begin that are pieces of a program, and that program. What
/// is a program by itself is compiled with the documentation, which takes `rs` for no Rust of its own.
const CHAPTERS: [(&str, &str, &str); 2] = [
    (include_str!("../../docs/guide/simulation.md"), "```rust\n", include_str!("simulation.rs")),
    (
        include_str!("../../docs/guide/supervision.md"),
        "```rs\n",
        include_str!("../../examples/bank/branch.rs"),
    ),
];

/// The blocks in a page that begin like that.
fn blocks<'a>(page: &'a str, fence: &str) -> Vec<&'a str> {
    let parts = page.split(fence).skip(1);
    parts.map(|part| part.split_once("```").expect("a block has an end").0).collect()
}

#[test]
fn every_block_of_a_chapter_is_compiled_and_run() {
    for (page, fence, code) in CHAPTERS {
        let blocks = blocks(page, fence);
        assert!(!blocks.is_empty(), "a chapter shows code");
        for block in blocks {
            assert!(code.contains(block), "this is not in the code of the chapter:\n{block}");
        }
    }
}
