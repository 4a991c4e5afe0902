//! The clawflow binary.
fn main() {}
