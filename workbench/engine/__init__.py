"""What is heard and seen: scenes, the live graph through them, and the player."""
