//! The pure law of clawflow: records, transitions and workflow definitions.
