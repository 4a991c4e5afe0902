//! Faces of clawflow over a wire.
