"""Many movements from one table: read, checked, shown, and filed all together or not at all."""
