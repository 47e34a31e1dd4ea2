"""Where something is: documents of the network, areas, antennas. Pure but for what is kept of imports."""
