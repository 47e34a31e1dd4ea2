"""What Asterisk says at once and forgets: AMI, and the SIP that it mirrors."""
