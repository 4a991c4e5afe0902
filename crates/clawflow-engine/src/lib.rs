//! Runs flows: dispatch, timers, and processes under shims that outlive their gateway.
