"""What recommendations achieve: tokens, the log of shown lists, online measures, experiments."""
