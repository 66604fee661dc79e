//! The program as its users call it.

mod instructions;
mod usage;
