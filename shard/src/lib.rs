//! The production runtime of Greenroom: executors pinned to cores, SPSC rings, io_uring.
