"""What a site is: its settings, its folders, what its operator imported."""
