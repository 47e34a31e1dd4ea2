"""What keeps the evidence: rotated journals, copies and their return, the audit of ledger against store."""
