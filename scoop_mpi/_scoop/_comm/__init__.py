"""`scoop._comm`: only its exceptions."""
