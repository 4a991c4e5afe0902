-- Takes in the log of a copy, so that it is one file.
pragma journal_mode = delete
