"""What every process of ours stands on: its clock, its log, its keeper."""
