"""Exchange rates of central banks."""
