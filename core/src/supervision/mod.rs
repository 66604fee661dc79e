//! Supervision: who decides what follows when an actor ends.

mod charge;

pub(crate) use charge::Factory;
