"""The console: pages from the server, in two languages."""
