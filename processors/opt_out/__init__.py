"""opt_out: every way a person says stop, made true everywhere, with the proof kept."""
