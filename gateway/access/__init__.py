"""Who somebody is: passwords and PINs, and how often they may be guessed."""
