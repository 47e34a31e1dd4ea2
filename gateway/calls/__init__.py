"""What is heard of calls, taken to the desk; what lives in Asterisk, held against it, and what is done to it."""
