"""Around every request: who asks, whether they may, what is taken, how a refusal leaves."""
