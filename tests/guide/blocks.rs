//! What a chapter shows is what is compiled and run here.

/// A chapter and its code.
const CHAPTERS: [(&str, &str); 1] =
    [(include_str!("../../docs/guide/simulation.md"), include_str!("simulation.rs"))];

/// The blocks of Rust in a page.
fn blocks(page: &str) -> Vec<&str> {
    let parts = page.split("```rust\n").skip(1);
    parts.map(|part| part.split_once("```").expect("a block has an end").0).collect()
}

#[test]
fn every_block_of_a_chapter_is_compiled_and_run() {
    for (page, code) in CHAPTERS {
        let blocks = blocks(page);
        assert!(!blocks.is_empty(), "a chapter shows code");
        for block in blocks {
            assert!(code.contains(block), "this is not in the code of the chapter:\n{block}");
        }
    }
}
