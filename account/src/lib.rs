//! Account: was it done, can it be proved.
