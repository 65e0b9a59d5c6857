"""Whether an installation is as it has to be, and what to do where it is not."""
