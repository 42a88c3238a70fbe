"""How soon a spoilt camera is noticed, and how often an ordinary one is suspected."""
