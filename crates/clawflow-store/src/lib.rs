//! Durable stores of clawflow.
