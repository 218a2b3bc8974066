"""The models page: all bundles, what they say of themselves, and what can be done with them."""
