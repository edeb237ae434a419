"""Files, checked by their content, and permits, with what was drawn from them."""
