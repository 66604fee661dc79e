//! The code of the guide's chapters: each block of a chapter is a piece of a file here.

mod blocks;
mod simulation;
