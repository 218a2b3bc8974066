"""What several pages show: it knows none of them."""
