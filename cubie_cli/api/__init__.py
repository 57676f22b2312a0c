"""What Python programs call: the same code as the commands."""
