//! Greenroom: one stage per core.
