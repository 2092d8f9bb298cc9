"""The only room that chooses implementations and wires them."""
