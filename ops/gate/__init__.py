"""The gate: whoever sends asks it first whether a number may be texted."""
