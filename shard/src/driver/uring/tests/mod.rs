//! What only the inside of the driver can test.
