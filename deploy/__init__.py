"""Ways to run Hookline: on this machine (`local`), in containers, as services."""
