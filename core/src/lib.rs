//! Actors, mailboxes and the shard state machine of Greenroom: no sockets, no threads, no clock.
