"""What makes the site of the documentation: its reference, from the code, and its code blocks."""
