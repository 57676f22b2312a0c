"""Pictures of results: what is drawn, and how it is drawn as a file or in a terminal."""
