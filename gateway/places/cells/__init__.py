"""The carriers' antennas: where a cell is that a call names."""
